package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// planConversation returns the plan of a conversation. prior is nil for a new one. If the configuration omits a
// value, the value stays. If the configuration spells a value differently, the prior spelling stays, so that there is
// no difference. A soft-deleted conversation is restored. Revision and modified are unknown exactly if the apply
// writes something.
//
// If replace is true, the configuration needs a new conversation, and the plan is the plan of a new one.
func (n numbers) planConversation(config conversationModel, prior *conversationModel) (planned conversationModel, replace bool) {
	if prior == nil {
		return planNew(config), false
	}
	if n.needsNewConversation(config.RecipientPhoneNumber, *prior) {
		return planNew(config), true
	}
	planned = *prior
	planned.IsDeleted = restored(prior.IsDeleted)
	for _, field := range configurableFields {
		if value := field.get(&config); !value.IsNull() { // what the configuration omits stays
			field.set(&planned, keepSpelling(field.get(prior), value, field.same(n, prior.ID)))
		}
	}
	if !n.same(planned.RecipientPhoneNumber, prior.RecipientPhoneNumber) {
		for _, field := range configurableFields {
			if field.isMatched && field.get(&config).IsNull() {
				field.set(&planned, field.unknown)
			}
		}
	}
	if planned.hasUnknown() || isRestored(planned.IsDeleted, prior.IsDeleted) || len(planned.changedFields(n, prior)) > 0 {
		planned.Revision, planned.Modified = types.Int64Unknown(), types.StringUnknown()
	}
	return planned, false
}

// restored plans is_deleted: a soft-deleted record is restored.
func restored(prior types.Bool) types.Bool {
	if prior.ValueBool() {
		return types.BoolValue(false)
	}
	return prior
}

// isRestored reports whether a record is deleted in the prior state and not in the plan.
func isRestored(planned, prior types.Bool) bool { return prior.ValueBool() && !planned.ValueBool() }

// needsNewConversation reports whether the configuration changes a number that is already set.
func (n numbers) needsNewConversation(config types.String, prior conversationModel) bool {
	number := prior.RecipientPhoneNumber
	return isKnown(number) && !config.IsNull() && (config.IsUnknown() || !n.sameIn(prior.ID)(config, number))
}

func planNew(config conversationModel) (planned conversationModel) {
	for _, field := range conversationFields {
		field.set(&planned, field.unknown)
	}
	planned.spelledAs(config)
	return planned
}

// spelledAs gives the values the spelling of the configuration.
func (m *conversationModel) spelledAs(config conversationModel) {
	for _, field := range configurableFields {
		field.set(m, planComputed(field.get(&config), field.get(m)))
	}
}

// planComputed plans an attribute that the CRM sets if the configuration omits it.
func planComputed[T attr.Value](config, otherwise T) T {
	if config.IsNull() {
		return otherwise
	}
	return config
}

// hasUnknown reports whether any value that is written is unknown.
func (m *conversationModel) hasUnknown() bool {
	return slices.ContainsFunc(configurableFields, func(field conversationField) bool { return hasUnknown(field.get(m)) })
}

// applied returns the state after an apply. As Terraform requires, it has the known values of the plan. The rest is
// what the CRM holds. The next plan shows any difference.
func (m conversationModel) applied(actual conversationModel) conversationModel {
	for _, field := range conversationFields {
		field.set(&m, planned(field.get(&m), field.get(&actual)))
	}
	return m
}

func planned[T attr.Value](plan, actual T) T {
	if hasUnknown(plan) {
		return actual
	}
	return plan
}
