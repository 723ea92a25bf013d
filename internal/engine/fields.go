package engine

import (
	"iter"
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A field describes one field that an input can set. It compares the value that an input wants with the value that a
// record holds, both as texts. The text of null is empty.
type field[T, In any] struct {
	name   string
	isSet  func(*In) bool
	wanted func(*In) string               // empty if the input does not set it
	held   func(*T) string                // nil: replies don't show the field
	equals func(*In, *T) bool             // the record holds the wanted value itself; nil: only the texts tell
	same   func(wanted, held string) bool // both mean the same
	spells func(wanted, held string) bool // held may be a spelling of wanted; nil: as same
	like   func(wanted, held string) bool // the result of a lost create may hold this; nil: any spelling, or empty
	covers func(wanted, held string) bool // held is wanted, and perhaps what an update removes; nil: as same
	leave  func(*In)                      // unsets the field
	isLink bool                           // the service does not fill it in by itself
}

// isSpelled reports whether held is wanted or a spelling of it.
func (f field[T, In]) isSpelled(wanted, held string) bool {
	return f.same(wanted, held) || held != "" && f.spells != nil && f.spells(wanted, held)
}

// newField returns a field. at returns a pointer to it in an input, and text returns the text of its value.
func newField[T, In, V any](name string, at func(*In) *client.Field[V], text func(V) string, held func(*T) string) field[T, In] {
	return field[T, In]{
		name: name, held: held, same: isSame,
		isSet: func(in *In) bool { return !at(in).IsZero() },
		wanted: func(in *In) string {
			if value, isValue := at(in).Get(); isValue {
				return text(value)
			}
			return ""
		},
		leave: func(in *In) { *at(in) = client.Field[V]{} },
	}
}

// referenceField returns a field that holds the id of a record.
func referenceField[T, In any](name string, at func(*In) *client.Field[client.ID], held func(*T) client.ID) field[T, In] {
	f := newField(name, at, func(id client.ID) string { return TextOf(id) }, func(record *T) string { return TextOf(held(record)) })
	f.equals = func(in *In, record *T) bool { return orZero(*at(in)) == held(record) }
	return f
}

func asIs(text string) string         { return text }
func isSame(wanted, held string) bool { return wanted == held }
func isAny(_, _ string) bool          { return true }

// TextOf returns the ids as one sorted text, without zero ids and duplicates. It is empty
// if there are none.
func TextOf(ids ...client.ID) string {
	texts := make([]string, 0, len(ids))
	for _, id := range ids {
		if !id.IsZero() {
			texts = append(texts, id.String())
		}
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ", ")
}

// fields are all fields that an input can set. The comparing methods ignore fields that the input does not set.
type fields[T, In any] []field[T, In]

// read returns the names of the fields that records show.
func (f fields[T, In]) read() []string {
	var names []string
	for _, field := range f {
		if field.held != nil {
			names = append(names, field.name)
		}
	}
	return names
}

// setIn returns the fields that the input sets and that records show.
func (f fields[T, In]) setIn(in *In) iter.Seq[field[T, In]] {
	return func(yield func(field[T, In]) bool) {
		for _, field := range f {
			if field.held != nil && field.isSet(in) && !yield(field) {
				return
			}
		}
	}
}

// differences returns the names of the fields that the input sets to a value different from the record's.
func (f fields[T, In]) differences(in *In, record *T, isUpdate bool) []string {
	var names []string
	for field := range f.setIn(in) {
		same := field.same
		if isUpdate && field.covers != nil {
			same = field.covers
		}
		isEqual := field.equals != nil && field.equals(in, record)
		if !isEqual && !same(field.wanted(in), field.held(record)) {
			names = append(names, field.name)
		}
	}
	return names
}

// like reports whether a lost create with this input may have made the record: it differs
// only in fields that the service may have changed or not filled in yet.
func (f fields[T, In]) like(in *In, record *T) bool {
	for field := range f.setIn(in) {
		wanted, held := field.wanted(in), field.held(record)
		if field.like == nil && held != "" && !field.isSpelled(wanted, held) || field.like != nil && !field.like(wanted, held) {
			return false
		}
	}
	return true
}

// hasMore reports whether the record has a value in one of these fields that no input sets. Someone else may
// have set it, unless the service fills in the field.
func (f fields[T, In]) hasMore(inputs []*In, record *T, isMeant func(field[T, In]) bool) bool {
	return slices.ContainsFunc(f, func(field field[T, In]) bool {
		return !slices.ContainsFunc(inputs, field.isSet) && field.held != nil && isMeant(field) && field.held(record) != ""
	})
}

func anyField[T, In any](field[T, In]) bool     { return true }
func isLink[T, In any](field field[T, In]) bool { return field.isLink }

// without returns the input without the fields for which isLeftOut returns true. It calls isLeftOut for each field
// that is set.
func (f fields[T, In]) without(in In, isLeftOut func(f field[T, In]) bool) In {
	for _, field := range f {
		if field.isSet(&in) && isLeftOut(field) {
			field.leave(&in)
		}
	}
	return in
}

// valued returns the input without the fields that it sets to null, because the service may fill them in.
func (f fields[T, In]) valued(in In) In {
	return f.without(in, func(f field[T, In]) bool { return f.wanted(&in) == "" })
}

// unspelled returns the input without the fields that the record holds in another spelling.
func (f fields[T, In]) unspelled(in In, record *T) In {
	return f.without(in, func(f field[T, In]) bool {
		return f.spells != nil && f.isSpelled(f.wanted(&in), f.held(record)) && !f.same(f.wanted(&in), f.held(record))
	})
}

// An attempted is what an earlier attempt at a create has sent, or nil. isProven means that messages prove that the
// attempt has made a record, so that values that it did not send were filled in later.
type attempted[In any] struct {
	sent     *In
	isProven bool
}

// missing returns the input without the fields that have a value in the record, unless that value comes from the
// attempt.
func (f fields[T, In]) missing(in In, by attempted[In], record *T) In {
	return f.without(in, func(f field[T, In]) bool {
		return f.held != nil && f.held(record) != "" && !f.isOf(by, record)
	})
}

// untried returns the input without the fields for which the record holds the value of the attempt.
func (f fields[T, In]) untried(in In, by attempted[In], record *T) In {
	return f.without(in, func(f field[T, In]) bool { return f.isOf(by, record) })
}

// isOf reports whether the record holds the value that the attempt has sent, or a value that was filled in after it.
func (f field[T, In]) isOf(by attempted[In], record *T) bool {
	if by.sent == nil || f.held == nil {
		return false
	}
	sent := f.wanted(by.sent)
	return by.isProven && !f.isSet(by.sent) || sent != "" && f.isSpelled(sent, f.held(record))
}

// A Conflict is one field that the update and someone else have changed to different values. The values are texts, as
// in [Baseline].
type Conflict struct {
	Field  string // such as "recipient_contact_id"
	Known  string // what the caller knows
	Wanted string // what the update sets
	Held   string // what the CRM holds
	Unread bool   // the caller does not know the field
}

// conflicts returns the fields that the input sets and that someone else has set to another value since the baseline.
// If the record has changed since, that includes values of fields that the baseline lacks.
func (f fields[T, In]) conflicts(in *In, baseline Baseline, record *T, hasChanged bool) []Conflict {
	var found []Conflict
	for field := range f.setIn(in) {
		wanted, held := field.wanted(in), field.held(record)
		before, isKnown := baseline.Fields[field.name]
		if (isKnown || hasChanged) && !field.same(before, held) && !field.same(wanted, held) {
			found = append(found, Conflict{Field: field.name, Known: before, Wanted: wanted, Held: held, Unread: !isKnown})
		}
	}
	return found
}

// A Baseline is what the caller of an update knows of the record. If the CRM holds
// something else, someone else has changed it.
type Baseline struct {
	Revision int64 // of the record, or [NoFloor] if unknown
	// AsOf is the as-of of the read, or [NoFloor] if unknown. The record is unchanged if nothing newer has changed it.
	AsOf int64
	// Fields are the texts of the record's fields, by their names in the API: ids as [TextOf] returns them, numbers of
	// a [client.Enum] by their names, times in RFC 3339, and "" for null. A missing field is in
	// conflict only if the record has changed since the read and has a value there.
	Fields map[string]string
}
