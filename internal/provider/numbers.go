package provider

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// numbers compares phone numbers. It uses the region of the provider, and what the private state of a resource
// remembers of each conversation.
type numbers struct {
	client.PhoneNumbers

	respellings respellings // nil: nothing is remembered
	isUnknown   bool        // the region is not known yet
}

// respellings are the numbers that the CRM holds in a different spelling from the one that was sent, by the id of the
// conversation. The CRM may keep only the digits, or mask some of them. Then only this memory shows that the number
// is the configured one, and that the conversation need not be replaced.
type respellings map[client.ID]respelling

// A respelling is one number in two spellings.
type respelling struct {
	Sent string `json:"sent"`
	Held string `json:"held"` // empty: whatever the next read shows

	// Open means that the outcome of the update that set the number is unknown. The next read may show a number that
	// someone else has set.
	Open bool `json:"open,omitempty"`
}

// identity returns the identity of the conversations with this phone and number.
func (n numbers) identity(phone client.ID, number string) engine.Identity {
	return engine.Identity{Place: phone, Name: n.Canonical(number)}
}

func (n numbers) identityOf(m conversationModel) engine.Identity {
	return n.identity(reference(m.PhoneID), m.RecipientPhoneNumber.ValueString())
}

// same reports whether two values are the same number, or both null.
func (n numbers) same(a, b attr.Value) bool {
	return a.IsNull() == b.IsNull() && n.Same(textOf(a), textOf(b))
}

// sameIn is same for a conversation, whose number may be spelled differently in the CRM.
func (n numbers) sameIn(id types.String) func(a, b attr.Value) bool {
	return func(a, b attr.Value) bool {
		if n.same(a, b) {
			return true
		}
		respelled, found := n.respellings[reference(id)]
		return found && isKnown(a) && isKnown(b) && respelled.Held != "" &&
			n.Same(respelled.sent(n, textOf(a)), respelled.sent(n, textOf(b)))
	}
}

// sent returns the number that was sent, if number is the spelling in which the CRM holds
// it. Otherwise, it returns number.
func (r respelling) sent(n numbers, number string) string {
	if n.Same(number, r.Held) {
		return r.Sent
	}
	return number
}

// asSent returns a conversation of the CRM with the number as it was sent. known is the number in the state, or empty.
// The number of a conversation can't change once it has started. So if the CRM begins to show it in another
// spelling, asSent remembers that one.
func (n numbers) asSent(c client.Conversation, known string) client.Conversation {
	id, number := c.ID, c.RecipientPhoneNumber
	respelled, found := n.respellings[id]
	if !found && n.respellings != nil && known != "" {
		respelled = respelling{Sent: known}
	}
	switch {
	case respelled.Sent == "" || number == "":
		return c
	case n.Same(respelled.Sent, number):
		delete(n.respellings, id) // it needs no memory
		return c
	case (!found || respelled.Open) && !n.MayBeSpelling(respelled.Sent, number):
		delete(n.respellings, id)
		return c
	case respelled.Held == "" || !n.Same(respelled.Held, number) && n.MayBeSpelling(respelled.Sent, number):
		respelled.Held, respelled.Open = number, false
		n.respellings[id] = respelled
	}
	c.RecipientPhoneNumber = respelled.sent(n, number)
	return c
}

// asHeld returns the number of a conversation in the spelling in which the CRM holds it.
func (n numbers) asHeld(id client.ID, number string) string {
	if respelled, found := n.respellings[id]; found && respelled.Held != "" && n.Same(respelled.Sent, number) {
		return respelled.Held
	}
	return number
}

// remember notes the CRM's spelling of the number that was written, or an empty text if the number could not be read
// back. It reports whether the spelling differs. After a create, the number in the CRM always corresponds to the one
// that was sent. After an update, someone else may have set it.
func (n numbers) remember(sent client.ConversationInput, id client.ID, held string) bool {
	number, isSet := sent.RecipientPhoneNumber.Get()
	if !isSet || n.respellings == nil || n.Same(number, held) {
		return false
	}
	if held != "" && !sent.ID.IsZero() && !n.MayBeSpelling(number, held) {
		return false
	}
	n.respellings[id] = respelling{Sent: number, Held: held}
	return held != ""
}

// rememberOpen notes the number of an update that failed, but may have been carried out at least in part. The next
// read shows whether the CRM holds the number, and in which spelling.
func (n numbers) rememberOpen(sent client.ConversationInput, err error) {
	id, isUpdate := sent.ID.Get()
	number, isSet := sent.RecipientPhoneNumber.Get()
	isOpen := client.ProblemOf(err) == client.OutcomeUnknown || errors.Is(err, engine.ErrLinksLeft)
	if isUpdate && isSet && n.respellings != nil && isOpen {
		n.respellings[id] = respelling{Sent: number, Open: true}
	}
}
