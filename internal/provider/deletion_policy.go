package provider

import (
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What destroying a conversation does in the CRM. Terraform deletes by the state alone,
// so the policy that was applied last decides.
const (
	deletionPolicyDelete  = "delete"
	deletionPolicyAbandon = "abandon"
)

func deletionPolicyAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		Optional:   true,
		Validators: []validator.String{stringvalidator.OneOf(deletionPolicyDelete, deletionPolicyAbandon)},
		MarkdownDescription: fmt.Sprintf("What happens to a conversation that you destroy, remove or replace: `%s` (the default) deletes it in the CRM, where it can be restored. "+
			"`%s` only removes it from Terraform's state. A new policy takes effect when it is applied. Apply it first, and then destroy, remove or replace. "+
			"A plan that does both warns.", deletionPolicyDelete, deletionPolicyAbandon),
	}
}

// abandons reports whether a policy leaves conversations in the CRM.
func abandons(policy types.String) bool { return policy.ValueString() == deletionPolicyAbandon }

// warnOfPolicy warns of conversations that are removed by the policy of the state, although the plan sets another
// policy.
func warnOfPolicy(state, plan types.String, names string) (diags diag.Diagnostics) {
	if plan.IsUnknown() || abandons(state) == abandons(plan) {
		return diags
	}
	counts, happens, planned := deletionPolicyDelete, "deletes them in the CRM", deletionPolicyAbandon
	if abandons(state) {
		counts, happens, planned = deletionPolicyAbandon, "leaves them in the CRM", deletionPolicyDelete
	}
	diags.AddAttributeWarning(path.Root("deletion_policy"), "Deletion Policy Not Applied Yet",
		fmt.Sprintf("The new deletion_policy, %q, does not take effect for the conversations that this plan "+
			"removes or replaces: %s. The policy in the state is still %q, so the apply %s. To use the new "+
			"policy, apply it first, without any other change. Then remove or replace the conversations.",
			planned, names, counts, happens))
	return diags
}

// warnOfProtection warns of conversations of a state that the CRM refuses to delete, unless the policy leaves them in
// the CRM.
func (l layout) warnOfProtection(at path.Path, removed entries, policy types.String) (diags diag.Diagnostics) {
	protected := maps.Clone(removed)
	maps.DeleteFunc(protected, func(_ string, entry *ownedModel) bool { return !entry.IsDeleteProtected.ValueBool() })
	if len(protected) > 0 && !abandons(policy) {
		diags.AddAttributeWarning(at, "Protected Text Message Conversation",
			fmt.Sprintf("The CRM protects %s against deletion, so the apply will fail. %s", l.named(protected), protectionAdvice))
	}
	return diags
}

// warnOfRemoved warns of conversations that a plan removes or replaces, if the CRM protects them or if the plan
// changes the deletion policy.
func (l layout) warnOfRemoved(at path.Path, removed entries, policy, next types.String) diag.Diagnostics {
	diags := l.warnOfProtection(at, removed, policy)
	if len(removed) > 0 {
		diags.Append(warnOfPolicy(policy, next, l.named(removed))...)
	}
	return diags
}

// named returns the conversations of a state as diagnostics name them. The conversations of a map are named by their
// keys.
func (l layout) named(e entries) string {
	if l.isSingle {
		return e[""].ID.ValueString()
	}
	return quoted(e.keys())
}

const protectionAdvice = "Remove the protection in the CRM (is_delete_protected). Or leave the conversation " +
	"there, and only remove it from the state: apply deletion_policy = \"abandon\" first."
