package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A conversationModel is a conversation in configuration, plan or state.
type conversationModel struct {
	ID                   types.String `tfsdk:"id"`
	PhoneID              types.String `tfsdk:"phone_id"`
	RecipientPhoneNumber types.String `tfsdk:"recipient_phone_number"`
	RecipientAccountID   types.String `tfsdk:"recipient_account_id"`
	RecipientContactID   types.String `tfsdk:"recipient_contact_id"`
	AccountRelations     types.Set    `tfsdk:"account_relations"`
	ContactRelations     types.Set    `tfsdk:"contact_relations"`
	ProjectRelations     types.Set    `tfsdk:"project_relations"`
	LeadRelations        types.Set    `tfsdk:"lead_relations"`
	OpportunityRelations types.Set    `tfsdk:"opportunity_relations"`
	QuoteRelations       types.Set    `tfsdk:"quote_relations"`
	Revision             types.Int64  `tfsdk:"revision"`
	Created              types.String `tfsdk:"created"`
	Modified             types.String `tfsdk:"modified"`
	IsDeleted            types.Bool   `tfsdk:"is_deleted"`
	IsDeleteProtected    types.Bool   `tfsdk:"is_delete_protected"`
}

// relations returns the set of one kind.
func (m *conversationModel) relations(kind client.RelationKind) *types.Set {
	switch kind.Field {
	case "account_relations":
		return &m.AccountRelations
	case "contact_relations":
		return &m.ContactRelations
	case "project_relations":
		return &m.ProjectRelations
	case "lead_relations":
		return &m.LeadRelations
	case "opportunity_relations":
		return &m.OpportunityRelations
	default:
		return &m.QuoteRelations
	}
}

// toAPI returns what must be written to turn prior into m: all that m sets
// where prior is nil, else the fields that mean something else. What is unknown
// is left to the CRM.
func (m conversationModel) toAPI(n numbers, prior *conversationModel) client.ConversationInput {
	var input client.ConversationInput
	if prior == nil {
		prior = &conversationModel{}
	} else {
		input.ID = client.Value(reference(prior.ID))
		if isKnown(prior.Revision) {
			input.Revision = client.Value(prior.Revision.ValueInt64())
		}
	}
	if isKnown(m.RecipientPhoneNumber) && !n.sameIn(prior.ID)(m.RecipientPhoneNumber, prior.RecipientPhoneNumber) {
		input.RecipientPhoneNumber = client.Value(m.RecipientPhoneNumber.ValueString())
	}
	matches := input.ID.IsZero() || !input.RecipientPhoneNumber.IsZero()
	input.PhoneID = referenceToAPI(m.PhoneID, prior.PhoneID, false)
	input.RecipientAccountID = referenceToAPI(m.RecipientAccountID, prior.RecipientAccountID, matches)
	input.RecipientContactID = referenceToAPI(m.RecipientContactID, prior.RecipientContactID, matches)
	for _, kind := range client.RelationKinds {
		if set := *m.relations(kind); isKnown(set) && !sameReferences(set, *prior.relations(kind)) {
			*kind.Input(&input) = kind.Links(references(set))
		}
	}
	return input
}

// known returns the conversation as the state knows it. As of when, only a
// refresh tells: what an apply leaves in the state is what was planned, whatever
// others have changed beside it.
func (m conversationModel) known(n numbers) *engine.Baseline {
	b := &engine.Baseline{Revision: engine.NoFloor, AsOf: engine.NoFloor, Fields: map[string]string{
		"phone_id":               engine.TextOf(reference(m.PhoneID)),
		"recipient_account_id":   engine.TextOf(reference(m.RecipientAccountID)),
		"recipient_contact_id":   engine.TextOf(reference(m.RecipientContactID)),
		"recipient_phone_number": n.asHeld(reference(m.ID), m.RecipientPhoneNumber.ValueString()),
	}}
	if isKnown(m.Revision) {
		b.Revision = m.Revision.ValueInt64()
	}
	for _, kind := range client.RelationKinds {
		b.Fields[kind.Field] = engine.TextOf(references(*m.relations(kind))...)
	}
	return b
}

// referenceToAPI leaves the field out where it means the same as before. When
// the CRM matches recipients, it is told also that there is to be none.
func referenceToAPI(value, prior types.String, matches bool) client.Field[client.ID] {
	none := isKnown(value) && value.ValueString() == ""
	switch {
	case none && (matches || !sameReference(value, prior)):
		return client.Null[client.ID]()
	case !isKnown(value), sameReference(value, prior):
		return client.Field[client.ID]{}
	}
	return client.Value(reference(value))
}

// conversationFromAPI returns a conversation as Terraform sees it. What means
// the same in like is written as it is there.
func (n numbers) conversationFromAPI(c client.Conversation, like conversationModel) conversationModel {
	c = n.asSent(c)
	m := conversationModel{
		ID:                   keep(like.ID, referenceFromAPI(c.ID), sameReference),
		PhoneID:              keep(like.PhoneID, referenceFromAPI(c.PhoneID), sameReference),
		RecipientPhoneNumber: keep(like.RecipientPhoneNumber, stringFromAPI(c.RecipientPhoneNumber), n.same),
		RecipientAccountID:   keep(like.RecipientAccountID, referenceFromAPI(c.RecipientAccountID), sameReference),
		RecipientContactID:   keep(like.RecipientContactID, referenceFromAPI(c.RecipientContactID), sameReference),
		Revision:             types.Int64Value(c.Revision),
		Created:              timeFromAPI(c.Created),
		Modified:             timeFromAPI(c.Modified),
		IsDeleted:            types.BoolValue(c.IsDeleted),
		IsDeleteProtected:    types.BoolValue(c.IsDeleteProtected),
	}
	for _, kind := range client.RelationKinds {
		*m.relations(kind) = keep(*like.relations(kind), referencesFromAPI(kind.Linked(&c)), sameReferences)
	}
	return m
}

func keep[T attr.Value](like, actual T, same func(T, T) bool) T {
	if isKnown(like) && !hasUnknown(actual) && same(like, actual) {
		return like
	}
	return actual
}

func stringFromAPI(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func referenceFromAPI(id client.ID) types.String {
	if id.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(id.String())
}

func referencesFromAPI(ids []client.ID) types.Set {
	elements := make([]attr.Value, 0, len(ids))
	seen := make(map[client.ID]bool, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			elements = append(elements, referenceFromAPI(id))
		}
	}
	return types.SetValueMust(types.StringType, elements)
}

func timeFromAPI(t client.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.String())
}
