package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// probes contains the probe of each switch. The probes create and change their own conversations, each to a fictional
// number, and send no message.
var probes = map[string]func(*Prober, context.Context) (string, error){
	"revision-filter":   (*Prober).revisionFilter,
	"stale-revision":    (*Prober).staleRevision,
	"rollback-reply":    (*Prober).rollbackReply,
	"array-update":      (*Prober).arrayUpdate,
	"deleted-get":       (*Prober).deletedGet,
	"deleted-revision":  (*Prober).deletedRevision,
	"recipient-match":   (*Prober).recipientMatch,
	"get-parameters":    (*Prober).getParameters,
	"phone-format":      (*Prober).phoneFormat,
	"relation-error":    (*Prober).relationError,
	"relation-revision": (*Prober).relationRevision,
	"message-revision":  (*Prober).messageRevision,
	"time-format":       (*Prober).timeFormat,
	"create-status":     (*Prober).createStatus,
	"content-format":    (*Prober).contentFormat,
	"time-precision":    (*Prober).timePrecision,
	"batch-success":     (*Prober).batchSuccess,
	"order-by":          (*Prober).orderBy,
	"created-clock":     (*Prober).createdClock,

	"duplicate-conversations": (*Prober).duplicateConversations,
	"include-deleted":         (*Prober).includeDeleted,
}

// either returns yes or no, or "" with an error.
func either(is bool, yes, no string, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case is:
		return yes, nil
	}
	return no, nil
}

// revisionFilter sends a list with two filters: the id of the older of two conversations, and revisions above its
// own. A service that honors the filter on the revision finds nothing.
func (p *Prober) revisionFilter(ctx context.Context) (string, error) {
	older, olderID, err := p.create(ctx, nil)
	if err != nil {
		return "", err
	}
	revision, isNumber := older.record()["revision"].(float64)
	if !isNumber {
		return "", fmt.Errorf("a created conversation has the revision %v", older.record()["revision"])
	}
	_, newerID, err := p.create(ctx, nil)
	if err != nil {
		return "", err
	}
	floor := fmt.Sprintf("gt %.0f", revision)
	got, found, err := p.list(ctx, conversations, map[string]string{"id": olderID, "revision": floor})
	switch {
	case err != nil:
		return "", err
	case got.isRefusal():
		return mockserver.Refused, nil
	case !got.isOK():
		return "", got.unexpected()
	case len(found) > 0:
		return mockserver.Ignored, nil
	}
	_, found, err = p.list(ctx, conversations, map[string]string{"id": newerID, "revision": floor})
	if err == nil && len(found) != 1 {
		err = errors.New("a filter on revision finds neither what is older nor what is newer")
	}
	return mockserver.Honoured, err
}

func (p *Prober) staleRevision(ctx context.Context) (string, error) {
	made, id, err := p.create(ctx, nil)
	if err != nil {
		return "", err
	}
	revision, _ := made.record()["revision"].(float64)
	update := map[string]any{"revision": revision, "recipient_contact_id": nil}
	if p.space.Account != "" {
		update["recipient_account_id"] = p.space.Account // a real change
	}
	if _, err := p.ok(ctx, http.MethodPatch, conversations+"/"+id, update); err != nil {
		return "", fmt.Errorf("an update with the current revision: %w", err)
	}
	update["revision"], update["recipient_account_id"] = revision-1, nil
	got, err := p.do(ctx, http.MethodPatch, conversations+"/"+id, update)
	if err == nil && !got.isOK() && !got.isRefusal() {
		err = got.unexpected()
	}
	return either(got.isOK(), mockserver.Ignored, mockserver.Refused, err)
}

// rollbackReply sends two items, and one of them names a phone that does not exist.
func (p *Prober) rollbackReply(ctx context.Context) (string, error) {
	good := p.freshNumber()
	batch := []map[string]any{
		{"phone_id": p.space.Phone, "recipient_phone_number": good},
		{"phone_id": nobody, "recipient_phone_number": p.freshNumber()},
	}
	got, err := p.do(ctx, http.MethodPost, conversations+"/batch-modify?validation-level=0&rollback-method=0", batch)
	if err != nil {
		return "", err
	}
	if items, ok := got.body["data"].([]any); ok && got.isOK() {
		if written := p.note(items); len(written) > 0 {
			return "", fmt.Errorf("%d items of a batch were written that must be rolled back", len(written))
		}
		return mockserver.Items, nil
	}
	if got.status != http.StatusUnprocessableEntity {
		return "", got.unexpected()
	}
	all, err := p.ofPhone(ctx)
	for _, conversation := range all {
		if !conversation.IsDeleted && Digits(conversation.RecipientPhoneNumber) == Digits(good) {
			p.made = append(p.made, conversations+"/"+conversation.ID.String())
			err = errors.New("a batch is answered with an error, and written all the same")
		}
	}
	return either(got.body["entity_index"] == nil, mockserver.ErrorReply, mockserver.Indexed, err)
}

// arrayUpdate sends an update with an empty array. A service that merges arrays keeps the
// link.
func (p *Prober) arrayUpdate(ctx context.Context) (string, error) {
	if p.space.Account == "" {
		return "", errNoAccount
	}
	_, id, err := p.create(ctx, map[string]any{"account_relations": []any{map[string]any{"account_id": p.space.Account}}})
	if err != nil {
		return "", err
	}
	links := func() (int, error) {
		got, found, err := p.list(ctx, relations, map[string]string{"text_message_conversation_id": id})
		if err == nil && !got.isOK() {
			err = got.unexpected()
		}
		return len(found), err
	}
	before, err := links()
	if err == nil && before != 1 {
		err = fmt.Errorf("a conversation created with a link has %d", before)
	}
	if err != nil {
		return "", err
	}
	if _, err := p.ok(ctx, http.MethodPatch, conversations+"/"+id, map[string]any{"account_relations": []any{}}); err != nil {
		return "", err
	}
	after, err := links()
	return either(after == 0, mockserver.Replace, mockserver.Merge, err)
}

// deletedGet creates a conversation, deletes it and reads it. It also reads it before the deletion: if reads lag
// behind writes, the conversation is not there yet.
func (p *Prober) deletedGet(ctx context.Context) (string, error) {
	_, id, err := p.create(ctx, nil)
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if err == nil {
			_, err = p.ok(ctx, method, conversations+"/"+id, nil)
		}
	}
	if err != nil {
		return "", err
	}
	got, err := p.do(ctx, http.MethodGet, conversations+"/"+id, nil)
	if err == nil && got.status != http.StatusNotFound && got.record()["is_deleted"] != true {
		err = got.unexpected()
	}
	return either(got.isOK(), mockserver.OK, mockserver.NotFound, err)
}

func (p *Prober) deletedRevision(ctx context.Context) (string, error) {
	_, id, err := p.create(ctx, nil)
	if err != nil {
		return "", err
	}
	moves, err := p.revisionMoves(ctx, id, func() error {
		_, err := p.ok(ctx, http.MethodDelete, conversations+"/"+id, nil)
		return err
	})
	return either(moves, mockserver.Bump, mockserver.Keep, err)
}

// recipientMatch creates a conversation with the number of the contact, if that number is fictional.
func (p *Prober) recipientMatch(ctx context.Context) (string, error) {
	numbers, err := p.contactNumbers(ctx)
	if err != nil {
		return "", err
	}
	if len(numbers) == 0 {
		return "", errNoContact
	}
	made, _, err := p.create(ctx, map[string]any{"recipient_phone_number": numbers[0]})
	return either(made.record()["recipient_contact_id"] != nil, mockserver.On, mockserver.Off, err)
}

// contactNumbers returns the numbers of the contact that are fictional.
func (p *Prober) contactNumbers(ctx context.Context) (numbers []string, err error) {
	if p.space.Contact == "" {
		return nil, nil
	}
	contact, err := p.ok(ctx, http.MethodGet, "Contacts/"+p.space.Contact, nil)
	for i := range 5 {
		number, _ := contact.record()[fmt.Sprintf("phone%d", i+1)].(string)
		if IsFictional(number) {
			numbers = append(numbers, number)
		}
	}
	return numbers, err
}

func (p *Prober) getParameters(ctx context.Context) (string, error) {
	_, id, err := p.create(ctx, nil)
	if err != nil {
		return "", err
	}
	got, err := p.do(ctx, http.MethodGet, conversations+"/"+id+"?expand=phone&load-only=id,phone", nil)
	if err != nil {
		return "", err
	}
	_, expands := got.record()["phone"].(map[string]any)
	_, hasMore := got.record()["created"]
	switch {
	case got.isRefusal():
		return mockserver.Refused, nil
	case !got.isOK():
		return "", got.unexpected()
	case expands && !hasMore:
		return mockserver.Honoured, p.heedsIncludeDeleted(ctx, id)
	case !expands && hasMore:
		return mockserver.Ignored, nil
	}
	return "", fmt.Errorf("a get heeds expand: %t, load-only: %t", expands, !hasMore)
}

// heedsIncludeDeleted deletes the conversation, and returns an error if a get ignores include-deleted.
func (p *Prober) heedsIncludeDeleted(ctx context.Context, id string) error {
	if _, err := p.ok(ctx, http.MethodDelete, conversations+"/"+id, nil); err != nil {
		return err
	}
	var err error
	for _, parameter := range deletedToo {
		if _, err = p.ok(ctx, http.MethodGet, conversations+"/"+id+"?"+parameter, nil); err == nil {
			return nil
		}
	}
	return fmt.Errorf("a get heeds expand and load-only, but not include-deleted: %w", err)
}

// includeDeleted lists a deleted conversation with each spelling of the parameter.
func (p *Prober) includeDeleted(ctx context.Context) (string, error) {
	_, id, err := p.create(ctx, nil)
	if err == nil {
		_, err = p.ok(ctx, http.MethodDelete, conversations+"/"+id, nil)
	}
	var shown [2]string // what a list does with each spelling
	for i, parameter := range deletedToo {
		if err != nil {
			return "", err
		}
		var got answer
		var found []map[string]any
		switch got, found, err = p.list(ctx, conversations, map[string]string{"id": id}, parameter); {
		case got.isRefusal():
			shown[i] = mockserver.Refused
		case err == nil && !got.isOK():
			err = got.unexpected()
		case len(found) > 0:
			shown[i] = mockserver.Honoured
		default:
			shown[i] = mockserver.Ignored
		}
	}
	value, isKnown := map[[2]string]string{
		{mockserver.Honoured, mockserver.Honoured}: mockserver.Either,
		{mockserver.Honoured, mockserver.Ignored}:  mockserver.Hyphen,
		{mockserver.Ignored, mockserver.Honoured}:  mockserver.Underscore,
		{mockserver.Honoured, mockserver.Refused}:  mockserver.HyphenOnly,
		{mockserver.Refused, mockserver.Honoured}:  mockserver.UnderscoreOnly,
	}[shown]
	if err == nil && !isKnown {
		err = fmt.Errorf("a list of deleted conversations with include-deleted is %s, with include_deleted %s", shown[0], shown[1])
	}
	return value, err
}

func (p *Prober) relationError(ctx context.Context) (string, error) {
	got, err := p.do(ctx, http.MethodPost, conversations, map[string]any{"phone_id": nobody, "recipient_phone_number": p.freshNumber()})
	if err != nil {
		return "", err
	}
	p.note([]any{got.body["data"]})
	if !got.isRefusal() {
		return "", got.unexpected()
	}
	fields, _ := got.body["field_errors"].([]any)
	return either(len(fields) == 0, mockserver.MessageOnly, mockserver.FieldToo, nil)
}

func (p *Prober) relationRevision(ctx context.Context) (string, error) {
	if p.space.Account == "" {
		return "", errNoAccount
	}
	return p.childRevision(ctx, relations, map[string]any{"account_id": p.space.Account})
}

func (p *Prober) messageRevision(ctx context.Context) (string, error) {
	return p.childRevision(ctx, messages, incomingMessage(MessageContent))
}

// childRevision finds out whether creating a record of a conversation gives the conversation a new revision.
func (p *Prober) childRevision(ctx context.Context, entity string, fields map[string]any) (string, error) {
	_, id, err := p.create(ctx, nil)
	if err != nil {
		return "", err
	}
	fields["text_message_conversation_id"] = id
	moves, err := p.revisionMoves(ctx, id, func() error {
		_, _, err := p.createIn(ctx, entity, fields)
		return err
	})
	return either(moves, mockserver.Bump, mockserver.Keep, err)
}
