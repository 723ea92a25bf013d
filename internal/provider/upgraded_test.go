package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// If a state comes from an older version and has all attributes of each entry, there is nothing to do, with or
// without a refresh.
func TestUpgradeBulkState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	id := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+15550100000"})
	r := w.rpc()
	of, _ := r.schemas.ResourceSchemas[bulkType].ValueType().(tftypes.Object)
	state := fmt.Sprintf(`{
		"conversations": {
			"a": {
				"id": %q, "phone_id": %q, "recipient_phone_number": "+1 555 010 0000", "recipient_account_id": null, "recipient_contact_id": null,
				"account_relations": [], "contact_relations": [], "project_relations": [], "lead_relations": [], "opportunity_relations": [], "quote_relations": [],
				"revision": 17, "created": "2026-01-02T15:04:05Z", "modified": "2026-01-02T15:04:05Z", "is_deleted": false, "is_delete_protected": false, "messages": null
			}
		},
		"validation_level": null, "rollback_method": 1, "deletion_policy": null, "failed": {}, "revision": 17
	}`, id, phone)
	upgraded, err := r.UpgradeResourceState(t.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: bulkType, RawState: &tfprotov6.RawState{JSON: []byte(state)}})
	must(t, err)
	r.wantDiagnostics(upgraded.Diagnostics)
	read, err := r.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: bulkType, CurrentState: upgraded.UpgradedState})
	must(t, err)
	r.wantDiagnostics(read.Diagnostics)
	for name, prior := range map[string]*tfprotov6.DynamicValue{"without a refresh": upgraded.UpgradedState, "refreshed": read.NewState} {
		before, err := prior.Unmarshal(of)
		must(t, err)
		var attributes map[string]tftypes.Value
		must(t, before.As(&attributes))
		entry := plainly(t, attributes["conversations"]).(map[string]any)["a"].(map[string]any)
		if entry["id"] != id || entry["recipient_phone_number"] != "+1 555 010 0000" {
			t.Errorf("%s: the entry is %v", name, entry)
		}
		entries := attributes["conversations"].Type()
		full := fill(entries.(tftypes.Map).ElementType, map[string]any{"phone_id": phone, "recipient_phone_number": "+1 (555) 010-0000"})
		config := r.encode(of, map[string]any{"rollback_method": 1, "conversations": tftypes.NewValue(entries, map[string]tftypes.Value{"a": full})})
		plan, err := r.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: bulkType, PriorState: prior, ProposedNewState: prior, Config: config, PriorPrivate: read.Private,
		})
		must(t, err)
		r.wantDiagnostics(plan.Diagnostics)
		after, err := plan.PlannedState.Unmarshal(of)
		must(t, err)
		if !after.Equal(before) {
			t.Errorf("%s: the plan is  %s\nthe state was %s", name, after, before)
		}
	}
}

// fill returns an object of the type. Missing attributes are null.
func fill(of tftypes.Type, given map[string]any) tftypes.Value {
	object, _ := of.(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, attribute := range object.AttributeTypes {
		values[name] = tftypes.NewValue(attribute, given[name])
	}
	return tftypes.NewValue(object, values)
}

// A single resource warns if it creates a message that may reach people.
func TestPlanOutgoing(t *testing.T) {
	t.Parallel()
	r := newWorld(t, mockserver.Behavior{}).rpc()
	of, _ := r.resourceType().(tftypes.Object)
	messages, _ := of.AttributeTypes["messages"].(tftypes.Map)
	for direction, want := range map[string][]string{
		"outgoing": {"messages: Outgoing Messages Will Be Created: The apply creates outgoing messages. The CRM may send them…"}, "incoming": nil,
	} {
		value := r.encode(of, map[string]any{"phone_id": phone, "messages": tftypes.NewValue(messages, map[string]tftypes.Value{
			"m": fill(messages.ElementType, map[string]any{"content": "Hello", "direction": direction}),
		})})
		prior, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, nil))
		must(t, err)
		plan, err := r.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: conversationType, PriorState: &prior, ProposedNewState: value, Config: value})
		must(t, err)
		r.wantDiagnostics(plan.Diagnostics, want...)
	}
}
