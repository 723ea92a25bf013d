package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// numbers compares phone numbers: by the region of the provider, and by what the private
// state of a resource remembers of each conversation.
type numbers struct {
	client.PhoneNumbers

	kept      keptNumbers // nil: nothing is remembered
	isUnknown bool        // the region is not known yet
}

// keptNumbers are the numbers that the CRM holds in another spelling than was sent, by
// the id of the conversation. The CRM may keep only the digits, or mask some of them.
// Then only this memory tells that the number is the configured one, and that the
// conversation need not be replaced.
type keptNumbers map[client.ID]keptNumber

// A keptNumber is one number in two spellings.
type keptNumber struct {
	Sent string `json:"sent"`
	Held string `json:"held"` // empty: whatever the next read shows

	// Open means that the outcome of the update that set the number is unknown. The next
	// read may then show a number that someone else has set.
	Open bool `json:"open,omitempty"`
}

// numbers returns the comparison of numbers, with what a resource remembers.
func (p *providerData) numbers(kept keptNumbers) numbers {
	if p == nil {
		return numbers{kept: kept}
	}
	region := p.settings.DefaultRegion
	return numbers{PhoneNumbers: client.PhoneNumbers{Region: region.ValueString()}, kept: kept, isUnknown: region.IsUnknown()}
}

// same reports whether two values are the same number, or both null.
func (n numbers) same(a, b attr.Value) bool {
	return a.IsNull() == b.IsNull() && n.Same(textOf(a), textOf(b))
}

// sameIn is same for a conversation, whose number the CRM may hold in another spelling.
func (n numbers) sameIn(id types.String) func(a, b attr.Value) bool {
	return func(a, b attr.Value) bool {
		if n.same(a, b) {
			return true
		}
		kept, found := n.kept[reference(id)]
		return found && isKnown(a) && isKnown(b) && kept.Held != "" &&
			n.Same(kept.sent(n, textOf(a)), kept.sent(n, textOf(b)))
	}
}

// sent returns the number that was sent, if number is the spelling in which the CRM holds
// it. Otherwise, it returns number.
func (k keptNumber) sent(n numbers, number string) string {
	if n.Same(number, k.Held) {
		return k.Sent
	}
	return number
}

// asSent returns a conversation of the CRM with the number as it was sent. If the CRM's
// spelling could not be read back before, asSent remembers it.
func (n numbers) asSent(c client.Conversation) client.Conversation {
	id, number := c.ID, c.RecipientPhoneNumber
	kept, found := n.kept[id]
	switch {
	case !found || number == "":
		return c
	case n.Same(kept.Sent, number):
		delete(n.kept, id) // it needs no memory
		return c
	case kept.Open && !n.MayBeSpelling(kept.Sent, number):
		delete(n.kept, id)
		return c
	case kept.Held == "":
		kept.Held, kept.Open = number, false
		n.kept[id] = kept
	}
	c.RecipientPhoneNumber = kept.sent(n, number)
	return c
}

// asHeld returns the number of a conversation in the spelling in which the CRM holds it.
func (n numbers) asHeld(id client.ID, number string) string {
	if kept, found := n.kept[id]; found && kept.Held != "" && n.Same(kept.Sent, number) {
		return kept.Held
	}
	return number
}

// remember notes the spelling in which the CRM holds the number that was written, empty
// if that could not be read. It reports whether the spelling is another one. After a
// create, the number is always the conversation's, whatever the CRM has made of it. After
// an update, it may be one that someone else has set.
func (n numbers) remember(sent client.ConversationInput, id client.ID, held string) bool {
	number, isSet := sent.RecipientPhoneNumber.Get()
	if !isSet || n.kept == nil || n.Same(number, held) {
		return false
	}
	if held != "" && !sent.ID.IsZero() && !n.MayBeSpelling(number, held) {
		return false
	}
	n.kept[id] = keptNumber{Sent: number, Held: held}
	return held != ""
}

// rememberOpen notes the number of an update whose outcome is unknown. The next read
// shows whether the CRM holds it, and in which spelling.
func (n numbers) rememberOpen(sent client.ConversationInput, err error) {
	id, isUpdate := sent.ID.Get()
	number, isSet := sent.RecipientPhoneNumber.Get()
	if isUpdate && isSet && n.kept != nil && client.ProblemOf(err) == client.OutcomeUnknown {
		n.kept[id] = keptNumber{Sent: number, Open: true}
	}
}
