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

// meanwhile checks nothing: it is what someone else does between a plan, which
// is saved, and its apply.
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

// A saved plan that has gone stale overwrites nothing; a new one starts from what the CRM
// holds then. What else may happen meanwhile is in TestStage_conflict, and for entries of
// a map in TestStage_conflictOfBulk.
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

// A soft-deleted conversation shows in the plan, and is restored with its id. What else
// may be there to do, and a destroy, are in TestStage_restore.
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
