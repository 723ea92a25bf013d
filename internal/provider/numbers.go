package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// numbers says which phone numbers are one number: by what the provider is set to
// for all, and by what the private state of a resource remembers of each
// conversation.
type numbers struct {
	client.PhoneNumbers

	kept      keptNumbers // nil: nothing is remembered
	isUnknown bool        // the region is not known yet
}

// keptNumbers are the numbers that the CRM holds in another way than they were
// sent, by the id of the conversation. It may keep digits only, or mask some of
// them: then nothing but this memory tells that the number is the one of the
// configuration, and the conversation need not be replaced.
type keptNumbers map[string]keptNumber

// A keptNumber is one number, twice.
type keptNumber struct {
	Sent string `json:"sent"`
	Held string `json:"held"` // empty: whatever the next read shows

	// Open says that nobody knows whether the update that set the number was carried out.
	// What the next read shows may be the number of someone else then.
	Open bool `json:"open,omitempty"`
}

// numbers returns what compares numbers, with what a resource remembers.
func (p *providerData) numbers(kept keptNumbers) numbers {
	if p == nil {
		return numbers{kept: kept}
	}
	region := p.settings.DefaultRegion
	return numbers{PhoneNumbers: client.PhoneNumbers{Region: region.ValueString()}, kept: kept, isUnknown: region.IsUnknown()}
}

// same reports whether two values are one number, or both none.
func (n numbers) same(a, b attr.Value) bool {
	return a.IsNull() == b.IsNull() && n.Same(textOf(a), textOf(b))
}

// sameIn is same for a conversation, whose number the CRM may hold in another way.
func (n numbers) sameIn(id types.String) func(a, b attr.Value) bool {
	return func(a, b attr.Value) bool {
		if n.same(a, b) {
			return true
		}
		kept, found := n.kept[reference(id).String()]
		return found && isKnown(a) && isKnown(b) && kept.Held != "" &&
			n.Same(kept.sent(n, textOf(a)), kept.sent(n, textOf(b)))
	}
}

// sent returns the number that was sent where the CRM holds this one instead.
func (k keptNumber) sent(n numbers, number string) string {
	if n.Same(number, k.Held) {
		return k.Sent
	}
	return number
}

// asSent returns a conversation of the CRM with the number as it was sent, and
// remembers how the CRM holds it where that was not read back before.
func (n numbers) asSent(c client.Conversation) client.Conversation {
	id, number := c.ID.String(), c.RecipientPhoneNumber
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

// asHeld returns the number of a conversation as the CRM holds it.
func (n numbers) asHeld(id client.ID, number string) string {
	if kept, found := n.kept[id.String()]; found && kept.Held != "" && n.Same(kept.Sent, number) {
		return kept.Held
	}
	return number
}

// remember takes note of how the CRM holds the number that was written, empty
// where that could not be read, and reports whether that is another way. A number
// that a create was sent is the conversation's, whatever the CRM has made of it;
// after an update it may be one that someone else has set.
func (n numbers) remember(sent client.ConversationInput, id client.ID, held string) bool {
	number, isSet := sent.RecipientPhoneNumber.Get()
	if !isSet || n.kept == nil || n.Same(number, held) {
		return false
	}
	if held != "" && !sent.ID.IsZero() && !n.MayBeSpelling(number, held) {
		return false
	}
	n.kept[id.String()] = keptNumber{Sent: number, Held: held}
	return held != ""
}

// rememberOpen takes note of the number of an update whose outcome is not known. The next
// read shows whether the CRM holds it, and how.
func (n numbers) rememberOpen(sent client.ConversationInput, err error) {
	id, isUpdate := sent.ID.Get()
	number, isSet := sent.RecipientPhoneNumber.Get()
	if isUpdate && isSet && n.kept != nil && client.ProblemOf(err) == client.OutcomeUnknown {
		n.kept[id.String()] = keptNumber{Sent: number, Open: true}
	}
}

// keep forgets other conversations than these.
func (k keptNumbers) keep(conversations []*ownedModel) {
	left := make(map[string]bool, len(conversations))
	for _, conversation := range conversations {
		left[reference(conversation.ID).String()] = true
	}
	maps.DeleteFunc(k, func(id string, _ keptNumber) bool { return !left[id] })
}
