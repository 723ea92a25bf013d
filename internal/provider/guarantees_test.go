package provider_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
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

// A saved plan that has gone stale overwrites nothing; a new one starts from
// what the CRM holds then.
func TestAccTextMessageConversation_conflict(t *testing.T) {
	for _, stale := range []string{mockserver.Ignored, mockserver.Refused} {
		t.Run("stale revision "+stale, func(t *testing.T) {
			w := newSpace(t, mockserver.Behavior{StaleRevision: stale}, acme, globex, bob, lead)
			before := w.conversation(`recipient_account_id = "` + acme + `"`)
			after := w.conversation(`recipient_account_id = "` + globex + `"`)
			run(t,
				resource.TestStep{Config: before},
				resource.TestStep{ // the same field
					Config: after,
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
						meanwhile(w.someoneElse(w.id, map[string]any{"recipient_account_id": nil})),
					}},
					ExpectError: says("Conflicting Change of Text Message Conversation", "recipient_account_id = ", "Someone else has changed recipient_account_id",
						"as the plan knew it (revision", acme, "as planned: "+globex, "in the CRM now (revision", "none", "Run terraform plan again", `on_conflict = "overwrite"`),
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
				resource.TestStep{ // another field, and links of a kind that is left out
					Config: before,
					ConfigPlanChecks: planned(plancheck.ResourceActionUpdate,
						meanwhile(w.someoneElse(w.id, map[string]any{"recipient_contact_id": bob, "lead_relations": []string{lead}}))),
					Check: w.holds(map[string]any{"recipient_account_id": acme, "recipient_contact_id": bob, "lead_relations": []string{lead}}),
				},
			)
		})
	}
}

func TestAccTextMessageConversation_conflictOverwritten(t *testing.T) {
	for _, stale := range []string{mockserver.Ignored, mockserver.Refused} {
		t.Run("stale revision "+stale, func(t *testing.T) {
			w := newSpace(t, mockserver.Behavior{StaleRevision: stale}, acme, globex, bob)
			run(t,
				resource.TestStep{Config: w.conversation(`recipient_account_id = "` + acme + `"`)},
				resource.TestStep{
					Config: w.conversation(`recipient_account_id = "`+globex+`"`, `on_conflict = "overwrite"`),
					ConfigPlanChecks: planned(plancheck.ResourceActionUpdate,
						meanwhile(w.someoneElse(w.id, map[string]any{"recipient_account_id": nil, "recipient_contact_id": bob}))),
					Check: w.holds(map[string]any{"recipient_account_id": globex, "recipient_contact_id": bob}),
				},
			)
		})
	}
}

// One entry in conflict is an error at its key; the others are done.
func TestAccTextMessageConversations_conflict(t *testing.T) {
	for _, stale := range []string{mockserver.Ignored, mockserver.Refused} {
		t.Run("stale revision "+stale, func(t *testing.T) {
			w := newWorld(t, mockserver.Behavior{StaleRevision: stale})
			body := func(contact string) string {
				return w.config(fmt.Sprintf(`
resource "pipeliner_text_message_conversations" "test" {
  conversations = {
    for key in ["a", "b", "c"] : key => { phone_id = %q, recipient_contact_id = %q }
  }
}`, phone, contact))
			}
			id := func(i int) func() string {
				return func() string { id, _ := w.Records(conversations)[i]["id"].(string); return id }
			}
			contacts := func(want ...any) resource.TestCheckFunc {
				return func(*terraform.State) error {
					for i, record := range w.Records(conversations) {
						if record["recipient_contact_id"] != want[i] {
							return fmt.Errorf("contact %d is %v; want %v", i, record["recipient_contact_id"], want[i])
						}
					}
					return nil
				}
			}
			run(t,
				resource.TestStep{Config: body(""), Check: contacts(nil, nil, nil)},
				resource.TestStep{
					Config: body(bob),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						meanwhile(w.someoneElse(id(1), map[string]any{"recipient_contact_id": ada})),
						meanwhile(w.someoneElse(id(2), map[string]any{"recipient_account_id": acme})),
					}},
					ExpectError: says("Conflicting Change of Text Message Conversation", `conversations["b"].recipient_contact_id: Someone else has changed recipient_contact_id`, "as planned: "+bob, ada),
				},
				resource.TestStep{
					PreConfig: func() {
						if err := contacts(bob, ada, bob)(nil); err != nil {
							t.Error(err)
						}
						w.ResetRequests()
					},
					Config:           body(bob),
					ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
					Check: resource.ComposeAggregateTestCheckFunc(contacts(bob, bob, bob), func(*terraform.State) error {
						if items, _ := w.sent("batch-modify"); len(items) != 1 {
							return fmt.Errorf("%d items sent; want the one that was in conflict", len(items))
						}
						return nil
					}),
				},
			)
		})
	}
}

// However many are updated, and wherever they are in the space, what the CRM has
// of them by then is one request: the state knows as of when it is.
func TestAccTextMessageConversations_comparison(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	body := func(contact string) string {
		return w.config(fmt.Sprintf(`
resource "pipeliner_text_message_conversations" "test" {
  conversations = {
    for i in range(150) : i => { phone_id = %q, recipient_contact_id = i %% 30 == 0 ? %q : "" }
  }
}`, phone, contact))
	}
	run(t,
		resource.TestStep{Config: body(""), Check: do(w.ResetRequests)},
		resource.TestStep{
			Config:           body(bob),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			// Two pages each for the test's refresh and for the plan; the comparison; the batch; its read-back.
			Check: w.wantOperations(map[string]int{"list": 2 + 2 + 1 + 1, "batch-modify": 1}),
		},
	)
}

// The same for resources of their own, which are compared batch by batch.
func TestAccTextMessageConversation_comparison(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	body := func(contact string) string {
		return w.config(fmt.Sprintf(`
resource "pipeliner_text_message_conversation" "test" {
  count                = 40
  phone_id             = %q
  recipient_contact_id = count.index %% 5 == 0 ? %q : ""
}`, phone, contact), `batch_window = "1s"`) // all of them in one batch, however slow the machine
	}
	nothingLeft := resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	run(t,
		resource.TestStep{Config: body(""), Check: do(w.ResetRequests)},
		resource.TestStep{
			Config:           body(bob),
			ConfigPlanChecks: nothingLeft,
			// The test's refresh and the plan are a get and a page each. One of the
			// eight may be known by the get, and not as of when: it is looked for by itself.
			Check: func(*terraform.State) error {
				got := w.operations()
				if got["batch-modify"] != 1 || got["list"] > 5 || got["get"] > 3 {
					return fmt.Errorf("requests: %v; want one batch, a comparison and a read-back", got)
				}
				return nil
			},
		},
	)
}

// A soft-deleted conversation shows in the plan, and is restored with its id;
// what else differs is put right in the same run.
func TestAccTextMessageConversation_restore(t *testing.T) {
	for get, parameters := range map[string]string{mockserver.NotFound: mockserver.Honoured, mockserver.OK: mockserver.Ignored} {
		t.Run("get of a deleted one "+get+", its parameters "+parameters, func(t *testing.T) {
			w := newSpace(t, mockserver.Behavior{DeletedGet: get, GetParameters: parameters}, everyRecord...)
			comparison := statecheck.CompareValue(compare.ValuesSame())
			same := func() []statecheck.StateCheck {
				return []statecheck.StateCheck{comparison.AddStateValue(address, tfjsonpath.New("id"))}
			}
			deleted := func() {
				if err := w.SoftDelete(conversations, w.id()); err != nil {
					t.Error(err)
				}
				w.ResetRequests()
			}
			restores := func(want int) resource.TestCheckFunc { return w.sentIn("batch-restore", want, want) }
			restored := planned(plancheck.ResourceActionUpdate, append(unknownIfChanged,
				plancheck.ExpectKnownValue(address, tfjsonpath.New("is_deleted"), knownvalue.Bool(false)))...)
			run(t,
				resource.TestStep{Config: w.conversation(everything), ConfigStateChecks: same()},
				resource.TestStep{
					PreConfig: deleted, Config: w.conversation(everything), ConfigPlanChecks: restored, ConfigStateChecks: same(),
					Check: resource.ComposeAggregateTestCheckFunc(w.holds(everythingHeld), restores(1)),
				},
				resource.TestStep{
					PreConfig: deleted, Config: w.conversation(`recipient_account_id = "` + globex + `"`), ConfigPlanChecks: restored, ConfigStateChecks: same(),
					Check: resource.ComposeAggregateTestCheckFunc(w.holds(map[string]any{"recipient_account_id": globex, "quote_relations": []string{quote}}), restores(1)),
				},
				resource.TestStep{PreConfig: deleted, Config: w.config(""), Check: restores(0)},
			)
		})
	}
}

// Where the CRM refuses to restore, the error says how to go on, and that works.
func TestAccTextMessageConversation_restoreRefused(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	run(t,
		resource.TestStep{Config: w.conversation("")},
		resource.TestStep{
			PreConfig: func() {
				if err := w.SoftDelete(conversations, w.id()); err != nil {
					t.Error(err)
				}
				w.Inject(mockserver.Fault{Path: "batch-restore", Kind: mockserver.StatusReply, Status: 403})
			},
			Config: w.conversation(""),
			ExpectError: says("Unable to Update Text Message Conversation", "is deleted in the CRM, and the CRM does not restore it",
				"Restore it in the CRM and apply again, or replace it by a new one: terraform apply -replace=ADDRESS", "Cause:", "HTTP 403"),
		},
		resource.TestStep{ // as with -replace
			Taint:            []string{address},
			Config:           w.conversation(""),
			ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate),
			Check:            w.holds(map[string]any{"phone_id": phone}),
		},
	)
}

// Destroying what the CRM protects says why it can't be, and what to do.
func TestAccTextMessageConversation_deleteProtected(t *testing.T) {
	const protected = "80000000-0000-4000-8000-00000000000a"
	for name, test := range map[string]struct{ with, kept string }{
		"single": {conversationBlock(""), conversationBlock(`deletion_policy = "abandon"`)},
		"bulk": {
			fmt.Sprintf("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = { a = { phone_id = %q } }\n}", phone),
			fmt.Sprintf("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = { a = { phone_id = %q } }\n  deletion_policy = \"abandon\"\n}", phone),
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, mockserver.Behavior{})
			if err := w.Seed(map[string][]map[string]any{conversations: {{"id": protected, "phone_id": phone, "is_delete_protected": true}}}); err != nil {
				t.Fatal(err)
			}
			imported := map[string]string{"single": address, "bulk": bulkAddress}[name]
			run(t,
				resource.TestStep{
					Config: w.config(test.with), ResourceName: imported, ImportState: true, ImportStatePersist: true,
					ImportStateId: map[string]string{"single": protected, "bulk": "a=" + protected}[name],
				},
				resource.TestStep{
					Config:      w.config(""),
					ExpectError: says("Unable to Delete Text Message Conversation", "The CRM protects the conversation against deletion", `apply deletion_policy = "abandon" first`),
				},
				resource.TestStep{Config: w.config(test.kept)},
				resource.TestStep{Config: w.config(""), Check: w.holds(map[string]any{"id": protected})},
			)
		})
	}
}

// Creates whose outcome nobody could see are looked for by the next apply, under
// whatever key: none is made twice, and look-alikes stay two.
func TestAccTextMessageConversations_unsettled(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	five := numbered(4).with("twin", "+15550000000")
	blind := func(skip int) {
		w.Inject(mockserver.Fault{Path: "batch-modify", Skip: skip, Times: 1, Kind: mockserver.DropAfter, Do: func() {
			w.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 502})
		}})
	}
	configuration := func(n numbers) string {
		return w.bulk(n, "rollback_method = 1", "batch_size = 2", "max_concurrent_requests = 1", "max_retries = 0", `request_timeout = "1s"`)
	}
	ids := func(want int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if made := len(w.Records(conversations)); made != want {
				return fmt.Errorf("%d conversations were made; want %d", made, want)
			}
			return nil
		}
	}
	run(t,
		resource.TestStep{ // in a create
			PreConfig: func() { blind(1) },
			Config:    configuration(five),
			Check:     do(w.ClearFaults),
			// What is open is left to the next apply.
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{
			Config:           configuration(five),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check:            resource.ComposeAggregateTestCheckFunc(w.heldNumbers(five), ids(5)),
		},
		resource.TestStep{ // in an update
			PreConfig: func() { blind(0) },
			Config:    configuration(five.with("more", "+1 555 999 0001").with("same", "+1 555 999 0001")),
			ExpectError: says("Unable to Update Text Message Conversations", "may or may not have been created",
				"The next apply looks for it in the CRM first, and adopts it if it is there"),
		},
		resource.TestStep{ // the service is out of order: that settles nothing
			PreConfig: func() {
				w.ClearFaults()
				w.Inject(mockserver.Fault{Method: "GET", Skip: 1, Kind: mockserver.StatusReply, Status: 403})
			},
			Config:      configuration(five.with("more", "+1 555 999 0001").with("same", "+1 555 999 0001")),
			ExpectError: says("may or may not have been created", "the outcome of an earlier attempt is not known"),
		},
		resource.TestStep{
			PreConfig:        w.ClearFaults,
			Config:           configuration(five.with("other", "+1 (555) 999-0001").with("same", "+1 555 999 0001")),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check:            resource.ComposeAggregateTestCheckFunc(ids(7), w.heldNumbers(five.with("more", "+1 555 999 0001").with("same", "+1 555 999 0001"))),
		},
		resource.TestStep{ // deleted and renamed at once
			PreConfig: func() {
				if err := w.SoftDelete(conversations, w.Records(conversations)[0]["id"].(string)); err != nil {
					t.Error(err)
				}
			},
			Config:           configuration(five.without("c000").with("c9", "+15550000000").with("other", "+1 (555) 999-0001").with("same", "+1 555 999 0001")),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check:            ids(7),
		},
	)
}

// Links that others make to kinds that the configuration leaves out survive,
// and what it says is what the server holds.
func TestAccTextMessageConversation_linksOfOthers(t *testing.T) {
	for update, revision := range map[string]string{mockserver.Replace: mockserver.Bump, mockserver.Merge: mockserver.Keep} {
		t.Run(update+", revision "+revision, func(t *testing.T) {
			w := newSpace(t, mockserver.Behavior{ArrayUpdate: update, RelationRevision: revision}, acme, globex, bob, quote)
			link := func(field, id string) func() {
				return func() {
					if _, err := w.Create("TextMessageConversationRelationses", map[string]any{"text_message_conversation_id": w.id(), field: id}); err != nil {
						t.Error(err)
					}
				}
			}
			run(t,
				resource.TestStep{Config: w.conversation(`account_relations = ["` + acme + `"]`)},
				resource.TestStep{
					PreConfig:        link("contact_id", bob),
					Config:           w.conversation(`account_relations = ["` + globex + `"]`),
					ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, meanwhile(link("quote_id", quote))),
					Check:            w.holds(map[string]any{"account_relations": []string{globex}, "contact_relations": []string{bob}, "quote_relations": []string{quote}}),
				},
				resource.TestStep{ // a link of the kind that is declared, of which the revision need not tell
					Config: w.conversation(`account_relations = []`),
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						meanwhile(link("account_id", acme)),
					}},
					ExpectError: says("Conflicting Change of Text Message Conversation", "account_relations = []", "as planned: none", strings.Join(sortedTexts(acme, globex), ", ")),
				},
				resource.TestStep{
					Config:           w.conversation(`account_relations = []`),
					ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
					Check:            w.holds(map[string]any{"account_relations": []string{}, "contact_relations": []string{bob}, "quote_relations": []string{quote}}),
				},
			)
		})
	}
}
