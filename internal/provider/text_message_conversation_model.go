package provider

import (
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

type (
	conversationChange = engine.Change[client.ConversationInput]
	messageChange      = engine.Change[client.MessageInput]
)

// change returns the write that turns prior into m, and what the state knows of the conversation as of a revision of
// the space. If prior is nil, the write contains everything that m sets.
func (m conversationModel) change(n numbers, prior *conversationModel, asOf int64) conversationChange {
	change := conversationChange{Input: m.toAPI(n, prior)}
	change.Restore = prior != nil && isRestored(m.IsDeleted, prior.IsDeleted)
	if prior != nil && change.IsNeeded() { // most entries of a map stay as they are
		change.Baseline = prior.baseline(n, asOf)
	}
	return change
}

// toAPI returns the write that turns prior into m: everything that m sets if prior is nil, otherwise the fields whose
// meaning changes. It omits unknown values, which the CRM sets.
func (m conversationModel) toAPI(n numbers, prior *conversationModel) client.ConversationInput {
	var input client.ConversationInput
	if prior != nil {
		input.ID = client.Value(reference(prior.ID))
		if isKnown(prior.Revision) {
			input.Revision = client.Value(prior.Revision.ValueInt64())
		}
	}
	for _, field := range m.changedFields(n, prior) {
		field.write(&input, field.get(&m))
	}
	return input
}

// changedFields returns the fields to write to turn prior, which may be nil, into m. If a write makes the CRM match
// recipients by the number, it must also say which recipients the conversation doesn't have.
func (m conversationModel) changedFields(n numbers, prior *conversationModel) (changed []conversationField) {
	matches := prior == nil
	if prior == nil {
		prior = &conversationModel{}
	}
	number := m.RecipientPhoneNumber
	matches = matches || isKnown(number) && !n.sameIn(prior.ID)(number, prior.RecipientPhoneNumber)
	for _, field := range configurableFields {
		value := field.get(&m)
		if !isKnown(value) {
			continue
		}
		before := field.get(prior)
		if !field.same(n, prior.ID)(value, before) || prior.isPart && before.IsNull() || field.isMatched && matches && textOf(value) == "" {
			changed = append(changed, field)
		}
	}
	return changed
}

// baseline returns what the state knows of the conversation. Only a refresh knows the as-of: an apply leaves the
// planned values in the state, whatever other users have changed.
func (m conversationModel) baseline(n numbers, asOf int64) *engine.Baseline {
	b := &engine.Baseline{Revision: engine.NoFloor, AsOf: asOf, Fields: m.texts(n)}
	b.Fields["recipient_phone_number"] = n.asHeld(reference(m.ID), textOf(m.RecipientPhoneNumber))
	for _, field := range configurableFields {
		if m.isPart && field.get(&m).IsNull() {
			delete(b.Fields, field.name)
		}
	}
	if isKnown(m.Revision) {
		b.Revision = m.Revision.ValueInt64()
	}
	return b
}

// conversationFromAPI returns a conversation as Terraform sees it. A value that means the
// same as in like keeps the spelling of like.
func (n numbers) conversationFromAPI(c client.Conversation, like conversationModel) (m conversationModel) {
	c = n.asSent(c, like.RecipientPhoneNumber.ValueString()) // from here on, the number needs no memory
	m.isPart = like.isPart
	for _, field := range conversationFields {
		value := field.get(&like)
		// The number is read even if the entry omits it, because a different number needs a new conversation.
		if !like.isPart || field.write == nil || !value.IsNull() || field.name == numberAttribute {
			value = keepSpelling(value, field.read(&c), field.same(n, types.StringNull()))
		}
		field.set(&m, value)
	}
	return m
}

// unreadConversation returns what is known of a conversation that was written but not
// read back. The next refresh reads the rest.
func unreadConversation(id client.ID, prior *conversationModel) conversationModel {
	if prior != nil {
		return *prior
	}
	m := emptyConversation()
	m.ID = referenceFromAPI(id)
	return m
}

// notKept returns the names of the fields whose value in the CRM differs from the one that was sent.
func (m conversationModel) notKept(n numbers, sent client.ConversationInput, actual conversationModel) (names []string) {
	for _, field := range m.changedFields(n, &actual) {
		if slices.Contains(sent.Fields(), field.name) {
			names = append(names, field.name)
		}
	}
	return names
}

// warnOfNotKept warns of fields whose value in the CRM differs from the one that was sent.
func warnOfNotKept(at path.Path, thing string, id client.ID, fields []string) (diags diag.Diagnostics) {
	for _, field := range fields {
		at := at.AtName(field)
		diags.AddAttributeWarning(at, "Value Not Kept by the CRM",
			located(at, fmt.Sprintf("The CRM accepted %s of the %s %s, but shows a different value.", field, thing, id)))
	}
	return diags
}

// emptyConversation returns a conversation whose attributes are all null.
func emptyConversation() (m conversationModel) {
	for _, field := range conversationFields {
		field.set(&m, field.null)
	}
	return m
}
