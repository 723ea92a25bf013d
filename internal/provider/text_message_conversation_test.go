package provider_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
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

// everything sets every attribute that can be set.
var everything = fmt.Sprintf(`
  recipient_phone_number = "+1 (555) 010-0000"
  recipient_account_id   = %q
  recipient_contact_id   = %q
  account_relations      = [%q, %q]
  contact_relations      = [%q]
  project_relations      = [%q]
  lead_relations         = [%q]
  opportunity_relations  = [%q]
  quote_relations        = [%q]
  validation_level       = 2
  deletion_policy        = "delete"`, acme, bob, acme, globex, ada, project, lead, opportunity, quote)

var everythingHeld = map[string]any{
	"phone_id": phone, "recipient_account_id": acme, "recipient_contact_id": bob,
	"account_relations": []string{acme, globex}, "contact_relations": []string{ada}, "project_relations": []string{project},
	"lead_relations": []string{lead}, "opportunity_relations": []string{opportunity}, "quote_relations": []string{quote},
}

func TestAccTextMessageConversation_basic(t *testing.T) {
	w := newSpace(t, mockserver.Behavior{}, everyRecord...)
	run(t,
		resource.TestStep{
			Config:           w.conversation(everything),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
			Check: resource.ComposeAggregateTestCheckFunc(
				w.holds(everythingHeld),
				// What is newest in the space, the batch, and its read-back.
				w.requests("GET ", "POST /batch-modify", "GET "),
				func(s *terraform.State) error {
					return resource.TestCheckResourceAttr(address, "id", w.id())(s)
				},
			),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("revision"), knownvalue.NotNull()),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("created"), knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`))),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("modified"), knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`))),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("is_deleted"), knownvalue.Bool(false)),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("is_delete_protected"), knownvalue.Bool(false)),
			},
		},
	)
	if live := w.live(); len(live) != 0 {
		t.Errorf("%d conversations left after the destroy", len(live))
	}
}

func TestAccTextMessageConversation_update(t *testing.T) {
	w := newSpace(t, mockserver.Behavior{}, acme, globex, bob)
	sameID := statecheck.CompareValue(compare.ValuesSame())
	same := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{sameID.AddStateValue(address, tfjsonpath.New("id"))}
	}
	step := func(attributes string, check ...resource.TestCheckFunc) resource.TestStep {
		return resource.TestStep{
			PreConfig:        w.ResetRequests,
			Config:           w.conversation(attributes),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, unknownIfChanged...),
			Check:            resource.ComposeAggregateTestCheckFunc(check...), ConfigStateChecks: same(),
		}
	}
	run(t,
		resource.TestStep{Config: w.conversation(""), ConfigStateChecks: same()},
		step(`recipient_account_id = "`+acme+`"`,
			w.sentFields("id", "revision", "recipient_account_id"), w.holds(map[string]any{"recipient_account_id": acme})),
		step(`recipient_account_id = ""`,
			w.sentFields("id", "revision", "recipient_account_id"), w.holds(map[string]any{"recipient_account_id": nil})),
		step(`recipient_account_id = ""
			account_relations = ["`+acme+`"]`,
			w.sentFields("id", "revision", "account_relations"), w.holds(map[string]any{"account_relations": []string{acme}})),
		step(`recipient_account_id = ""
			account_relations = ["`+globex+`"]
			contact_relations = ["`+bob+`"]`,
			w.sentFields("id", "revision", "account_relations", "contact_relations"),
			w.holds(map[string]any{"account_relations": []string{globex}, "contact_relations": []string{bob}})),
		step(`recipient_account_id = ""
			account_relations = []`,
			w.sentFields("id", "revision", "account_relations"),
			w.holds(map[string]any{"account_relations": []string{}, "contact_relations": []string{bob}})),
	)
}

// unknownIfChanged are the two attributes that only a change makes unknown.
var unknownIfChanged = []plancheck.PlanCheck{
	plancheck.ExpectUnknownValue(address, tfjsonpath.New("revision")),
	plancheck.ExpectUnknownValue(address, tfjsonpath.New("modified")),
}

func TestAccTextMessageConversation_phone(t *testing.T) {
	w := newSpace(t, mockserver.Behavior{}, otherPhone)
	run(t,
		resource.TestStep{Config: w.conversation("")},
		resource.TestStep{
			PreConfig:        w.ResetRequests,
			Config:           strings.ReplaceAll(w.conversation(""), phone, otherPhone),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, unknownIfChanged...),
			Check: resource.ComposeAggregateTestCheckFunc(
				w.sentFields("id", "revision", "phone_id"), w.holds(map[string]any{"phone_id": otherPhone})),
		},
	)
}

// Settings of the resource itself are no change in the CRM.
func TestAccTextMessageConversation_resourceSettings(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	run(t,
		resource.TestStep{Config: w.conversation("")},
		resource.TestStep{
			PreConfig: w.ResetRequests,
			Config:    w.conversation(`validation_level = 4`),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate,
				plancheck.ExpectKnownValue(address, tfjsonpath.New("revision"), knownvalue.NotNull())),
			Check: w.requests("GET "), // the refresh, which lists first
		},
		resource.TestStep{
			PreConfig: w.ResetRequests,
			Config:    w.conversation("validation_level = 4\n recipient_account_id = \"" + acme + `"`),
			Check: func(*terraform.State) error {
				for _, request := range w.Requests() {
					if request.Method == http.MethodPost && request.Query.Get("validation-level") != "4" {
						return fmt.Errorf("validation-level %q was sent; want 4", request.Query.Get("validation-level"))
					}
				}
				return w.sentFields("id", "revision", "recipient_account_id")(nil)
			},
		},
	)
}

func TestAccTextMessageConversation_number(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	id, newID := statecheck.CompareValue(compare.ValuesSame()), statecheck.CompareValue(compare.ValuesDiffer())
	at := tfjsonpath.New("id")
	run(t,
		resource.TestStep{Config: w.conversation(""), ConfigStateChecks: []statecheck.StateCheck{id.AddStateValue(address, at)}},
		resource.TestStep{ // the first number is an update, and the CRM finds whose it is
			PreConfig:        w.ResetRequests,
			Config:           w.conversation(`recipient_phone_number = "` + adasNumber + `"`),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, unknownIfChanged...),
			Check: resource.ComposeAggregateTestCheckFunc(
				w.sentFields("id", "revision", "recipient_phone_number"),
				resource.TestCheckResourceAttr(address, "recipient_contact_id", ada)),
			ConfigStateChecks: []statecheck.StateCheck{id.AddStateValue(address, at), newID.AddStateValue(address, at)},
		},
		resource.TestStep{ // another spelling is no difference
			Config:            w.conversation(`recipient_phone_number = "+1 (555) 010-0001"`),
			ConfigPlanChecks:  planned(plancheck.ResourceActionNoop),
			ConfigStateChecks: []statecheck.StateCheck{id.AddStateValue(address, at)},
		},
		resource.TestStep{ // another number is another conversation
			Config:            w.conversation(`recipient_phone_number = "+1 555 010 0002"`),
			ConfigPlanChecks:  planned(plancheck.ResourceActionReplace),
			Check:             w.holds(map[string]any{"recipient_phone_number": "+1 555 010 0002", "recipient_contact_id": nil}),
			ConfigStateChecks: []statecheck.StateCheck{newID.AddStateValue(address, at)},
		},
		resource.TestStep{ // left out, it is what the CRM has
			Config:           w.conversation(""),
			ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
			Check:            w.holds(map[string]any{"recipient_phone_number": "+1 555 010 0002"}),
		},
	)
}

func TestAccTextMessageConversation_spelling(t *testing.T) {
	w := newSpace(t, mockserver.Behavior{}, acme, globex)
	attributes := fmt.Sprintf("recipient_account_id = %q\n account_relations = [%q, %q]",
		"https://us-east.api.pipelinersales.com/api/v100/rest/spaces/my_space/entities/Accounts/"+acme,
		strings.ToUpper(acme), "urn:uuid:"+globex)
	plain := fmt.Sprintf("recipient_account_id = %q\n account_relations = [%q, %q]", acme, globex, acme)
	run(t,
		resource.TestStep{
			Config:           strings.ReplaceAll(w.conversation(attributes), phone, strings.ToUpper(phone)),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
			Check:            w.holds(map[string]any{"phone_id": phone, "recipient_account_id": acme, "account_relations": []string{acme, globex}}),
		},
		resource.TestStep{Config: w.conversation(plain), ConfigPlanChecks: planned(plancheck.ResourceActionNoop)},
	)
}

func TestAccTextMessageConversation_recipients(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	number := `recipient_phone_number = "` + adasNumber + `"`
	run(t,
		resource.TestStep{ // left out: the CRM's choice
			Config: w.conversation(number),
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(address, "recipient_contact_id", ada),
				resource.TestCheckNoResourceAttr(address, "recipient_account_id")),
		},
		resource.TestStep{ // none, on purpose
			Config: w.conversation(number + "\n recipient_contact_id = \"\""),
			Check:  w.holds(map[string]any{"recipient_contact_id": nil}),
		},
		resource.TestStep{ // also from the start
			Config:           strings.ReplaceAll(w.conversation("recipient_phone_number = \"+15550100001\"\n recipient_contact_id = \"\""), `" "test"`, `" "other"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			Check:            w.holds(map[string]any{"recipient_contact_id": nil, "recipient_phone_number": "+15550100001"}),
		},
	)
}

// "None" also holds when a first number makes the CRM look for a recipient.
func TestAccTextMessageConversation_noRecipientWithFirstNumber(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	run(t,
		resource.TestStep{Config: w.conversation(`recipient_contact_id = ""`)},
		resource.TestStep{
			Config:           w.conversation("recipient_contact_id = \"\"\n recipient_phone_number = \"" + adasNumber + `"`),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check:            w.holds(map[string]any{"recipient_phone_number": adasNumber, "recipient_contact_id": nil}),
		},
	)
}

// A number that the CRM got from someone else costs nobody the conversation.
func TestAccTextMessageConversation_numberOfOthers(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	id := statecheck.CompareValue(compare.ValuesSame())
	run(t,
		resource.TestStep{Config: w.conversation(""), ConfigStateChecks: []statecheck.StateCheck{id.AddStateValue(address, tfjsonpath.New("id"))}},
		resource.TestStep{
			PreConfig: func() {
				if err := w.Edit(conversations, w.id(), map[string]any{"recipient_phone_number": adasNumber}); err != nil {
					t.Fatal(err)
				}
			},
			Config:            w.conversation(""),
			ConfigPlanChecks:  planned(plancheck.ResourceActionNoop),
			ConfigStateChecks: []statecheck.StateCheck{id.AddStateValue(address, tfjsonpath.New("id"))},
		},
	)
}

func TestAccTextMessageConversation_import(t *testing.T) {
	w := newSpace(t, mockserver.Behavior{}, everyRecord...)
	configuration := w.conversation(strings.ReplaceAll(strings.ReplaceAll(everything, "validation_level       = 2", ""), `deletion_policy        = "delete"`, ""))
	importByID := func(id func() string) resource.TestStep {
		return resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true,
			ImportStateIdFunc: func(*terraform.State) (string, error) { return id(), nil },
			// The number is written as the CRM writes it, and means the same.
			ImportStateVerifyIgnore: []string{"recipient_phone_number"},
		}
	}
	refused := func(id, message string) resource.TestStep {
		return resource.TestStep{ResourceName: address, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(message)}
	}
	run(t,
		resource.TestStep{Config: configuration},
		importByID(w.id),
		importByID(func() string { return strings.ToUpper(w.id()) }),
		importByID(func() string {
			return "https://eu-central.api.pipelinersales.com/api/v100/rest/spaces/my_space/entities/TextMessageConversations/" + w.id()
		}),
		resource.TestStep{ // the block of Terraform 1.5, which must plan nothing else
			ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithID,
			ImportStateIdFunc: func(*terraform.State) (string, error) { return w.id(), nil },
		},
		refused("alice", `"alice" is\s+neither a UUID`),
		refused("https://x/entities/Contacts/"+ada, `names a\s+record of Contacts`),
		refused("https://x/entities/TextMessages/"+nobody, `names\s+a\s+record\s+of\s+TextMessages`),
		refused(nobody, "Cannot import non-existent remote object"),
	)
}

func TestAccTextMessageConversation_disappears(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	run(t,
		resource.TestStep{Config: w.conversation("")},
		resource.TestStep{
			PreConfig: func() {
				if err := w.Purge(conversations, w.id()); err != nil {
					t.Fatal(err)
				}
			},
			Config:           w.conversation(""),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
			Check:            w.holds(map[string]any{"phone_id": phone}),
		},
	)
}

func TestAccTextMessageConversation_drift(t *testing.T) {
	w := newSpace(t, mockserver.Behavior{}, acme, globex, bob)
	attributes := `recipient_account_id = "` + acme + `"`
	edit := func(fields map[string]any) func() {
		return func() {
			if err := w.Edit(conversations, w.id(), fields); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(t,
		resource.TestStep{Config: w.conversation(attributes)},
		resource.TestStep{ // what is declared is put right
			PreConfig:        edit(map[string]any{"recipient_account_id": globex}),
			Config:           w.conversation(attributes),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, unknownIfChanged...),
			Check:            w.holds(map[string]any{"recipient_account_id": acme}),
		},
		resource.TestStep{ // what is left out stays
			PreConfig:        edit(map[string]any{"recipient_contact_id": bob}),
			Config:           w.conversation(attributes),
			ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
			Check: resource.ComposeAggregateTestCheckFunc(
				w.holds(map[string]any{"recipient_contact_id": bob}),
				resource.TestCheckResourceAttr(address, "recipient_contact_id", bob)),
		},
		resource.TestStep{ // a new revision alone is nothing to do
			PreConfig:        edit(map[string]any{"phone_id": phone}),
			Config:           w.conversation(attributes),
			ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
		},
	)
}

// What the configuration says of links is what the CRM holds, whether it
// replaces an array or merges into it; links of kinds that are left out stay.
func TestAccTextMessageConversation_relations(t *testing.T) {
	for _, mode := range []string{mockserver.Replace, mockserver.Merge} {
		t.Run(mode, func(t *testing.T) {
			w := newSpace(t, mockserver.Behavior{ArrayUpdate: mode}, acme, globex, lead, quote)
			relation := ""
			step := func(attributes string, want map[string]any) resource.TestStep {
				want["quote_relations"] = []string{quote}
				return resource.TestStep{
					Config:           w.conversation(attributes),
					ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
					Check:            w.holds(want),
				}
			}
			run(t,
				resource.TestStep{
					Config: w.conversation(fmt.Sprintf("account_relations = [%q]", acme)),
					Check: do(func() {
						if _, err := w.Create("TextMessageConversationRelationses", map[string]any{"text_message_conversation_id": w.id(), "quote_id": quote}); err != nil {
							t.Fatal(err)
						}
						relation, _ = w.Records("TextMessageConversationRelationses")[0]["id"].(string)
					}),
				},
				step(fmt.Sprintf("account_relations = [%q, %q]", acme, globex), map[string]any{"account_relations": []string{acme, globex}}),
				resource.TestStep{
					RefreshState: true,
					Check: func(*terraform.State) error {
						kept := slices.ContainsFunc(w.Records("TextMessageConversationRelationses"), func(r map[string]any) bool {
							return r["id"] == relation && r["is_deleted"] != true
						})
						if !kept {
							return fmt.Errorf("the link to %s was made anew; want it kept", acme)
						}
						return nil
					},
				},
				step(fmt.Sprintf("account_relations = [%q]", globex), map[string]any{"account_relations": []string{globex}}),
				step(fmt.Sprintf("account_relations = []\n lead_relations = [%q]", lead), map[string]any{"account_relations": []string{}, "lead_relations": []string{lead}}),
			)
		})
	}
}

func TestAccTextMessageConversation_deletionPolicy(t *testing.T) {
	w := newSpace(t, mockserver.Behavior{})
	run(t, resource.TestStep{
		Config: w.conversation(`deletion_policy = "abandon"`),
		Check:  do(w.ResetRequests),
	})
	if len(w.live()) != 1 {
		t.Errorf("%d conversations after abandoning one", len(w.live()))
	}
	if err := w.sentIn("batch-delete", 0, 0)(nil); err != nil {
		t.Error(err)
	}
}

func TestAccTextMessageConversation_destroyOfWhatIsGone(t *testing.T) {
	for name, remove := range map[string]func(*world, string) error{
		"purged":       func(w *world, id string) error { return w.Purge(conversations, id) },
		"soft-deleted": func(w *world, id string) error { return w.SoftDelete(conversations, id) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, mockserver.Behavior{})
			w.Inject(mockserver.Fault{Path: "batch-delete", Do: func() {
				if err := remove(w, w.id()); err != nil {
					t.Error(err)
				}
			}, Times: 1})
			run(t, resource.TestStep{Config: w.conversation("")})
			if _, requests := w.sent("batch-delete"); requests != 1 {
				t.Errorf("%d batch-delete requests; want one, so that the deletion comes between refresh and request", requests)
			}
		})
	}
}

// An id that is not known while planning plans, and applies.
func TestAccTextMessageConversation_unknown(t *testing.T) {
	w := newSpace(t, mockserver.Behavior{}, acme, globex)
	body := func(account string) string {
		return fmt.Sprintf(`
resource "terraform_data" "ids" { input = { phone = %q, account = %q } }
resource "pipeliner_text_message_conversation" "test" {
  phone_id               = terraform_data.ids.output.phone
  recipient_phone_number = "+1 555 010 0009"
  recipient_account_id   = terraform_data.ids.output.account
  account_relations      = [terraform_data.ids.output.account, %q]
}`, phone, account, acme)
	}
	run(t,
		resource.TestStep{
			Config:           w.config(body(globex)),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate, plancheck.ExpectUnknownValue(address, tfjsonpath.New("phone_id"))),
			Check:            w.holds(map[string]any{"phone_id": phone, "account_relations": []string{acme, globex}}),
		},
		resource.TestStep{
			Config:           w.config(body(acme)),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate, unknownIfChanged...),
			Check:            w.holds(map[string]any{"phone_id": phone, "account_relations": []string{acme}, "recipient_account_id": acme}),
		},
		resource.TestStep{
			Config:      w.config(body("nonsense")),
			ExpectError: regexp.MustCompile(`"nonsense" is\s+neither a UUID`),
		},
	)
}
