package engine

import (
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A field is one that an input can set. What an input wants and what a record holds
// are compared as texts, which are empty for null.
type field[T, In any] struct {
	name   string
	wanted func(*In) (text string, isSet bool)
	held   func(*T) string                // nil: lists and gets of records leave it out
	same   func(wanted, held string) bool // the difference, if any, means nothing
	spells func(wanted, held string) bool // held may be how the service writes what is wanted; nil: as same
	like   func(wanted, held string) bool // a record that a lost create has made may hold this; nil: any spelling, or nothing yet
	covers func(wanted, held string) bool // held is what is wanted, and perhaps what an update has yet to remove; nil: as same
	leave  func(*In)                      // out of the input
}

// isSpelled reports whether held is how the service writes what is wanted.
func (f field[T, In]) isSpelled(wanted, held string) bool {
	return f.same(wanted, held) || held != "" && f.spells != nil && f.spells(wanted, held)
}

// newField describes a field of an input at a place, whose value has a text.
func newField[T, In, V any](name string, at func(*In) *client.Field[V], text func(V) string, held func(*T) string) field[T, In] {
	return field[T, In]{
		name: name, held: held, same: isSame,
		wanted: func(in *In) (string, bool) { return wantedText(*at(in), text) },
		leave:  func(in *In) { *at(in) = client.Field[V]{} },
	}
}

// wantedText returns the text of what a field is set to, empty for null.
func wantedText[V any](field client.Field[V], text func(V) string) (string, bool) {
	value, isValue := field.Get()
	if !isValue {
		return "", !field.IsZero()
	}
	return text(value), true
}

func asIs(text string) string         { return text }
func isSame(wanted, held string) bool { return wanted == held }
func isAny(_, _ string) bool          { return true }

// TextOf names records by their ids, whatever their order; empty for none.
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

// fields are all that an input can set. The methods compare what it wants, and leave
// alone what it does not set.
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

// texts returns what a record holds, by field.
func (f fields[T, In]) texts(record *T) map[string]string {
	held := make(map[string]string, len(f))
	for _, field := range f {
		if field.held != nil {
			held[field.name] = field.held(record)
		}
	}
	return held
}

// differences returns the names of the fields that the record has otherwise.
func (f fields[T, In]) differences(in *In, record *T, isUpdate bool) []string {
	var names []string
	for _, field := range f {
		same := field.same
		if isUpdate && field.covers != nil {
			same = field.covers
		}
		if wanted, isSet := field.wanted(in); isSet && field.held != nil && !same(wanted, field.held(record)) {
			names = append(names, field.name)
		}
	}
	return names
}

// like reports whether the record differs in nothing but what the service may have
// made of the input, or has not filled in.
func (f fields[T, In]) like(in *In, record *T) bool {
	for _, field := range f {
		wanted, isSet := field.wanted(in)
		if !isSet || field.held == nil {
			continue
		}
		held := field.held(record)
		if field.like == nil && held != "" && !field.isSpelled(wanted, held) || field.like != nil && !field.like(wanted, held) {
			return false
		}
	}
	return true
}

// unspelled returns the input without what the record has, but written in another way.
func (f fields[T, In]) unspelled(in In, record *T) In {
	for _, field := range f {
		wanted, isSet := field.wanted(&in)
		if !isSet || field.spells == nil {
			continue
		}
		if held := field.held(record); field.isSpelled(wanted, held) && !field.same(wanted, held) {
			field.leave(&in)
		}
	}
	return in
}

// missing returns the input without what the record has, in whatever form.
func (f fields[T, In]) missing(in In, record *T) In {
	for _, field := range f {
		if field.held != nil && field.held(record) != "" {
			field.leave(&in)
		}
	}
	return in
}

// conflicts returns which of the fields that the input sets someone else has set to
// something else since the baseline.
func (f fields[T, In]) conflicts(in *In, known Baseline, record *T) []Conflict {
	var found []Conflict
	for _, field := range f {
		wanted, isSet := field.wanted(in)
		before, isKnown := known.Fields[field.name]
		if !isSet || !isKnown || field.held == nil {
			continue
		}
		if held := field.held(record); !field.same(before, held) && !field.same(wanted, held) {
			found = append(found, Conflict{Field: field.name, Known: before, Wanted: wanted, Held: held})
		}
	}
	return found
}

// A Baseline is what the caller of an update knows of the record: changes of others
// are what differs from it.
type Baseline struct {
	Revision int64 // of the record; [NoFloor] where it is not known
	// AsOf is a revision of the space: what nothing newer has changed is still like
	// this. [NoFloor] where it is not known.
	AsOf int64
	// Fields are the texts of what the record holds, by the API's name: ids as of
	// [TextOf], numbers of an [client.Enum] by their names, times in RFC 3339, and "" for null. What is missing
	// is the service's to set.
	Fields map[string]string
}
