package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// planConversation returns what a conversation is to become. prior is nil for
// a new one. What the configuration leaves out stays as it is; what it only
// spells in another way keeps its spelling, so that it is no difference.
// What is soft-deleted is to be restored. Revision and modified are unknown
// exactly if something is to be written.
//
// replace says that only a new conversation can be what is configured; then
// the plan is that of a new one.
func (n numbers) planConversation(config conversationModel, prior *conversationModel) (planned conversationModel, replace bool) {
	if prior == nil {
		return planNew(config), false
	}
	if n.needsNewConversation(config.RecipientPhoneNumber, *prior) {
		return planNew(config), true
	}
	planned = *prior
	if prior.IsDeleted.ValueBool() {
		planned.IsDeleted = types.BoolValue(false) // it is restored
	}
	planned.PhoneID = keep(prior.PhoneID, config.PhoneID, sameReference)
	planned.RecipientPhoneNumber = planOptional(config.RecipientPhoneNumber, prior.RecipientPhoneNumber, n.sameIn(prior.ID))
	planned.RecipientAccountID = planOptional(config.RecipientAccountID, prior.RecipientAccountID, sameReference)
	planned.RecipientContactID = planOptional(config.RecipientContactID, prior.RecipientContactID, sameReference)
	for _, kind := range client.RelationKinds {
		*planned.relations(kind) = planOptional(*config.relations(kind), *prior.relations(kind), sameReferences)
	}
	if !n.same(planned.RecipientPhoneNumber, prior.RecipientPhoneNumber) {
		// The CRM may find the recipient by the new number.
		if config.RecipientAccountID.IsNull() {
			planned.RecipientAccountID = types.StringUnknown()
		}
		if config.RecipientContactID.IsNull() {
			planned.RecipientContactID = types.StringUnknown()
		}
	}
	if planned.hasUnknown() || planned.change(n, prior).IsNeeded() {
		planned.Revision, planned.Modified = types.Int64Unknown(), types.StringUnknown()
	}
	return planned, false
}

// needsNewConversation reports whether the number, once there, is to be another.
func (n numbers) needsNewConversation(config types.String, prior conversationModel) bool {
	number := prior.RecipientPhoneNumber
	return isKnown(number) && !config.IsNull() && (config.IsUnknown() || !n.sameIn(prior.ID)(config, number))
}

func planNew(config conversationModel) conversationModel {
	planned := config
	planned.ID, planned.Revision = types.StringUnknown(), types.Int64Unknown()
	planned.Created, planned.Modified = types.StringUnknown(), types.StringUnknown()
	planned.IsDeleted, planned.IsDeleteProtected = types.BoolUnknown(), types.BoolUnknown()
	planned.RecipientPhoneNumber = planComputed(config.RecipientPhoneNumber, types.StringUnknown())
	planned.RecipientAccountID = planComputed(config.RecipientAccountID, types.StringUnknown())
	planned.RecipientContactID = planComputed(config.RecipientContactID, types.StringUnknown())
	for _, kind := range client.RelationKinds {
		*planned.relations(kind) = planComputed(*config.relations(kind), types.SetUnknown(types.StringType))
	}
	return planned
}

// planOptional plans an attribute that, left out, stays as it is.
func planOptional[T attr.Value](config, prior T, same func(T, T) bool) T {
	if config.IsNull() {
		return prior
	}
	return keep(prior, config, same)
}

// planComputed plans an attribute that, left out, is up to the CRM.
func planComputed[T attr.Value](config, otherwise T) T {
	if config.IsNull() {
		return otherwise
	}
	return config
}

func (m *conversationModel) hasUnknown() bool {
	values := []attr.Value{m.PhoneID, m.RecipientPhoneNumber, m.RecipientAccountID, m.RecipientContactID}
	for _, kind := range client.RelationKinds {
		values = append(values, *m.relations(kind))
	}
	return slices.ContainsFunc(values, hasUnknown)
}

// applied returns the state behind a plan that has been carried out: what the
// plan knew, as Terraform demands, and for the rest what the CRM holds. A
// difference between the two shows in the next plan.
func (m conversationModel) applied(actual conversationModel) conversationModel {
	m.ID = planned(m.ID, actual.ID)
	m.RecipientPhoneNumber = planned(m.RecipientPhoneNumber, actual.RecipientPhoneNumber)
	m.RecipientAccountID = planned(m.RecipientAccountID, actual.RecipientAccountID)
	m.RecipientContactID = planned(m.RecipientContactID, actual.RecipientContactID)
	for _, kind := range client.RelationKinds {
		*m.relations(kind) = planned(*m.relations(kind), *actual.relations(kind))
	}
	m.Revision, m.Modified = planned(m.Revision, actual.Revision), planned(m.Modified, actual.Modified)
	m.Created = planned(m.Created, actual.Created)
	m.IsDeleted = planned(m.IsDeleted, actual.IsDeleted)
	m.IsDeleteProtected = planned(m.IsDeleteProtected, actual.IsDeleteProtected)
	return m
}

func planned[T attr.Value](plan, actual T) T {
	if hasUnknown(plan) {
		return actual
	}
	return plan
}
