package client

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A ConflictError says that an update was not sent, because someone else has
// changed what it was to change since the caller last knew the conversation.
type ConflictError struct {
	ID      ID
	Known   int64 // revision that the caller knows; [NoFloor] where it knows none
	Current int64 // revision in the CRM
	Fields  []Conflict
}

// A Conflict is one field that the update and someone else have changed to
// different values, in words.
type Conflict struct {
	Field  string // of the conversation, such as "recipient_contact_id"
	Known  string // what the caller knows
	Wanted string // what the update was to set
	Held   string // what the CRM holds
}

func (e *ConflictError) Error() string {
	names := make([]string, len(e.Fields))
	for i, field := range e.Fields {
		names[i] = field.Field
	}
	return fmt.Sprintf("the conversation %s has got revision %d meanwhile, with another %s", e.ID, e.Current, strings.Join(names, ", "))
}

// A GoneError says that there is nothing to update: the conversation has been
// deleted, for good unless Restorable.
type GoneError struct {
	ID         ID
	Restorable bool
}

func (e *GoneError) Error() string {
	if e.Restorable {
		return fmt.Sprintf("the conversation %s is deleted", e.ID)
	}
	return fmt.Sprintf("the conversation %s does not exist any more", e.ID)
}

// compare holds the updates among the items against what the CRM has now. Those
// that are in conflict with it, or have nothing left to update, get an error; the
// others are brought up to date: with the current revision, and the ids of the
// links that they keep. It returns those of them that the CRM has at another
// revision than the one given.
//
// Where trusted, what is known as of some revision, and what nothing newer has
// changed, counts as current: that is one request for all of them.
func (w *writing) compare(ctx context.Context, items []int, trusted bool) (changed []int) {
	open := slices.DeleteFunc(slices.Clone(items), func(i int) bool { return !w.isUpdate(i) })
	if trusted {
		changed, open = w.compareWithMirror(ctx, open)
	}
	floor := int64(math.MaxInt64)
	ids := make([]ID, len(open))
	for n, i := range open {
		ids[n], _ = w.inputs[i].ID.Get()
		revision, _ := w.inputs[i].Revision.Get()
		floor = min(floor, revision-1)
	}
	current, err := w.client.FetchMany(ctx, ids, floor)
	for n, i := range open {
		conversation, found := current[ids[n]]
		if !found {
			w.results[i].Err = firstError(w.results[i].Err, err)
			if err == nil {
				w.results[i].Err = &GoneError{ID: ids[n]}
			}
			continue
		}
		if w.bringUpToDate(i, conversation) {
			changed = append(changed, i)
		}
	}
	return changed
}

// compareWithMirror is compare of those items of which the mirror knows whether
// they have changed; it also returns the others.
func (w *writing) compareWithMirror(ctx context.Context, items []int) (changed, others []int) {
	m := w.client.mirror
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		w.fail(items, context.Cause(ctx))
		return nil, nil
	}
	if m.base == NoFloor {
		for _, i := range items {
			m.base = max(m.base, w.knownAsOf(i))
		}
		m.upTo = m.base
	}
	var known []int
	for _, i := range items {
		if asOf := w.knownAsOf(i); asOf > NoFloor && asOf >= m.base {
			known = append(known, i)
		} else {
			others = append(others, i)
		}
	}
	if len(known) == 0 {
		return nil, others
	}
	switch current, err := m.catchUp(ctx, w.client, len(known)); {
	case err != nil:
		w.fail(known, err)
		return nil, others
	case !current:
		return nil, items
	}
	for _, i := range known {
		id, _ := w.inputs[i].ID.Get()
		if conversation, found := m.changed[id]; found && w.bringUpToDate(i, conversation) {
			changed = append(changed, i)
		}
	}
	return changed, others
}

// knownAsOf returns the revision of the space as of which the item's
// conversation is known well enough to update it, [NoFloor] for none. The links
// that an update keeps have ids that only the CRM knows; what has just been
// restored is not what it was.
func (w *writing) knownAsOf(i int) int64 {
	input := w.inputs[i]
	if input.Known == nil || input.Restore || input.setsRelations() {
		return NoFloor
	}
	return input.Known.AsOf
}

// bringUpToDate is compare of one item; it reports whether its revision is
// another one now.
func (w *writing) bringUpToDate(i int, current Conversation) bool {
	input := &w.inputs[i]
	known, _ := input.Revision.Get()
	if current.IsDeleted {
		w.results[i].Err = &GoneError{ID: current.ID, Restorable: true}
		return false
	}
	if fields := conflicts(*input, current); len(fields) > 0 && !w.client.config.Overwrite {
		w.results[i].Err = &ConflictError{ID: current.ID, Known: input.Known.Revision, Current: current.Revision, Fields: fields}
		return false
	}
	*input = w.client.keepLinks(*input, current)
	input.Revision = Value(current.Revision)
	return known != current.Revision
}

// conflicts returns the fields that the input sets to something, and someone
// else has set to something else. The revision does not matter: that a link was
// made need not show in it.
func conflicts(input ConversationInput, current Conversation) []Conflict {
	if input.Known == nil {
		return nil
	}
	var found []Conflict
	add := func(field string, isSet bool, known, wanted, held string) {
		if isSet && held != known && held != wanted {
			found = append(found, Conflict{Field: field, Known: known, Wanted: wanted, Held: held})
		}
	}
	addID := func(field string, wanted Field[ID], known, held ID) {
		id, _ := wanted.Get()
		add(field, !wanted.IsZero(), textOf(known), textOf(id), textOf(held))
	}
	addID("phone_id", input.PhoneID, input.Known.PhoneID, current.PhoneID)
	addID("recipient_account_id", input.RecipientAccountID, input.Known.RecipientAccountID, current.RecipientAccountID)
	addID("recipient_contact_id", input.RecipientContactID, input.Known.RecipientContactID, current.RecipientContactID)
	number, isSet := input.RecipientPhoneNumber.Get()
	add("recipient_phone_number", isSet, CanonicalPhoneNumber(input.Known.RecipientPhoneNumber),
		CanonicalPhoneNumber(number), CanonicalPhoneNumber(current.RecipientPhoneNumber))
	for _, kind := range RelationKinds {
		items, isSet := kind.Input(&input).Get()
		wanted := make([]ID, len(items))
		for i, item := range items {
			wanted[i] = item.target()
		}
		add(kind.Field, isSet, textOf(kind.Linked(input.Known)...), textOf(wanted...), textOf(kind.Linked(&current)...))
	}
	return found
}

// textOf names records, whatever their order; "none" for none.
func textOf(ids ...ID) string {
	var texts []string
	for _, id := range ids {
		if !id.IsZero() {
			texts = append(texts, id.String())
		}
	}
	if len(texts) == 0 {
		return "none"
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ", ")
}

// stale returns those of the items to send again which have been refused only
// because something has changed since they were compared: the service may refuse
// an update that names an old revision, and rolls back the others of its request
// where the rollback method says so.
func (w *writing) stale(ctx context.Context, items []int) []int {
	refused := slices.DeleteFunc(slices.Clone(items), func(i int) bool {
		err := w.results[i].Err
		return ProblemOf(err) != Refused && !errors.Is(err, ErrRolledBack)
	})
	again := w.compare(ctx, refused, false)
	if len(again) > 0 && w.options.RollbackMethod != rollbackFailed {
		again = refused // they stand or fall together
	}
	again = slices.DeleteFunc(slices.Clone(again), func(i int) bool {
		err := w.results[i].Err
		return errors.As(err, new(*ConflictError)) || errors.As(err, new(*GoneError))
	})
	for _, i := range again {
		w.results[i].Err = nil
	}
	return again
}
