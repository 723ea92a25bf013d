package engine

import (
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// An Identity distinguishes the records of one entity before they have an id: a conversation by its phone and its
// canonical number, a message by its conversation, its direction and its canonical content.
type Identity struct {
	Place client.ID // the phone or the conversation that the record belongs to
	Name  string
}

// tail returns the last four digits of the name, or "" if the name does not end in four digits. A spelling of a
// number may mask these digits, but never changes them. Characters that group digits or mark an extension do not
// count.
func (of Identity) tail() string {
	const length = 4
	end, name := "", strings.Replace(of.Name, ";ext=", "-", 1)
	for i := len(name) - 1; i >= 0 && len(end) < length; i-- {
		switch c := name[i]; {
		case c >= '0' && c <= '9':
			end = string(c) + end
		case c != '-':
			return ""
		}
	}
	if len(end) < length {
		return ""
	}
	return end
}

// tails returns the tail of the name, and the tail without the extension of a number, which a service may omit.
func (of Identity) tails() []string {
	tails := []string{of.tail()}
	if number, _, hasExtension := strings.Cut(of.Name, ";ext="); hasExtension {
		tails = append(tails, Identity{Name: number}.tail())
	}
	return tails
}

// withTail returns the key of all identities of the place whose names have that tail.
func (of Identity) withTail(tail string) Identity { return Identity{of.Place, tail} }

// end returns the key of all identities with the same place and tail.
func (of Identity) end() Identity { return of.withTail(of.tail()) }

// orZero returns the value of a field, or the zero value if it has none.
func orZero[V any](field client.Field[V]) V {
	value, _ := field.Get()
	return value
}
