package engine

import "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"

// An Identity tells the records of one entity apart before they have an id: a
// conversation by its phone and its canonical number, a message by its conversation,
// its direction and its canonical content.
type Identity struct {
	Place client.ID // the phone or the conversation that the record belongs to
	Name  string
}

// tail returns the last four digits of the name, empty for one that ends otherwise: no
// spelling of a number that shows them changes them. Hyphens only group the digits.
func (of Identity) tail() string {
	const length = 4
	end := ""
	for i := len(of.Name) - 1; i >= 0 && len(end) < length; i-- {
		switch c := of.Name[i]; {
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

// withTail stands for all identities of the place whose names have that tail.
func (of Identity) withTail(tail string) Identity { return Identity{of.Place, tail} }

// orZero returns the value of a field, the zero value for none.
func orZero[V any](field client.Field[V]) V {
	value, _ := field.Get()
	return value
}
