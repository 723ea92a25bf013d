package provider_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// meanwhile is a check that checks nothing. It acts as another user between a saved plan and its apply.
type meanwhile func()

func (m meanwhile) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	m()
}

// someoneElse changes a conversation.
func (s *space) someoneElse(id func() string, fields map[string]any) func() {
	return func() {
		if err := s.Edit(conversations, id(), fields); err != nil {
			s.t.Error(err)
		}
	}
}

// A stale saved plan overwrites nothing. A new plan starts from what the CRM has by then. TestStage_conflict covers
// other changes, and TestStage_conflictOfBulk covers the entries of a map.
func TestAccTextMessageConversation_conflict(t *testing.T) {
	w := newSpace(t, acme, globex)
	before := w.conversation(`recipient_account_id = "` + acme + `"`)
	after := w.conversation(`recipient_account_id = "` + globex + `"`)
	run(t,
		resource.TestStep{Config: before},
		resource.TestStep{
			Config: after,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				meanwhile(w.someoneElse(w.id, map[string]any{"recipient_account_id": nil})),
			}},
			ExpectError: says(conflictOfAccounts...),
		},
		resource.TestStep{
			PreConfig: func() {
				if held := w.the()["recipient_account_id"]; held != nil {
					t.Errorf("the account is %v; want what someone else made of it", held)
				}
			},
			Config:           after,
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check:            w.holds(map[string]any{"recipient_account_id": globex}),
		},
	)
}

// The plan shows a soft-deleted conversation, and the apply restores it with its id.
// TestStage_restore has other changes at the same time, and a destroy.
func TestAccTextMessageConversation_restore(t *testing.T) {
	w := newSpace(t, everyRecord...)
	same := statecheck.CompareValue(compare.ValuesSame())
	run(t,
		resource.TestStep{Config: w.conversation(everything), ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(address, tfjsonpath.New("id"))}},
		resource.TestStep{
			PreConfig: func() {
				if err := w.SoftDelete(conversations, w.id()); err != nil {
					t.Error(err)
				}
				w.ResetRequests()
			},
			Config: w.conversation(everything),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, append(unknownIfChanged,
				plancheck.ExpectKnownValue(address, tfjsonpath.New("is_deleted"), knownvalue.Bool(false)))...),
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(address, tfjsonpath.New("id"))},
			Check:             resource.ComposeAggregateTestCheckFunc(w.holds(everythingHeld), w.sentIn("batch-restore", 1, 1)),
		},
	)
}
