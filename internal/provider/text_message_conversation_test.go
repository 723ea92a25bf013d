package provider_test

import (
	"fmt"
	"regexp"
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
	w := newSpace(t, everyRecord...)
	run(t,
		resource.TestStep{
			Config:           w.conversation(everything),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
			Check: resource.ComposeAggregateTestCheckFunc(
				w.holds(everythingHeld),
				// The newest record of the space, the batch, and its read-back.
				w.requests("GET ", "POST /batch-modify", "GET "),
			),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringFunc(func(id string) error {
					if want := w.id(); id != want {
						return fmt.Errorf("the server has the conversation %s", want)
					}
					return nil
				})),
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

// TestStage_update has an update of each field.
func TestAccTextMessageConversation_update(t *testing.T) {
	w := newSpace(t, acme, globex, bob, otherPhone)
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
		step(`recipient_account_id = "`+acme+`"
			account_relations = ["`+globex+`"]
			contact_relations = ["`+bob+`"]`,
			w.sentFields("id", "revision", "recipient_account_id", "account_relations", "contact_relations"),
			w.holds(map[string]any{"recipient_account_id": acme, "account_relations": []string{globex}, "contact_relations": []string{bob}})),
		func() resource.TestStep { // also to another phone; omitted attributes stay
			step := step(`recipient_account_id = ""
				account_relations = []`,
				w.sentFields("id", "revision", "phone_id", "recipient_account_id", "account_relations"),
				w.holds(map[string]any{"phone_id": otherPhone, "recipient_account_id": nil, "account_relations": []string{}, "contact_relations": []string{bob}}))
			step.Config = strings.ReplaceAll(step.Config, phone, otherPhone)
			return step
		}(),
	)
}

// unknownIfChanged checks the two attributes that a change makes unknown.
var unknownIfChanged = []plancheck.PlanCheck{
	plancheck.ExpectUnknownValue(address, tfjsonpath.New("revision")),
	plancheck.ExpectUnknownValue(address, tfjsonpath.New("modified")),
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
			Check:            w.sentFields("id", "revision", "recipient_phone_number"),
			ConfigStateChecks: []statecheck.StateCheck{
				id.AddStateValue(address, at), newID.AddStateValue(address, at),
				statecheck.ExpectKnownValue(address, tfjsonpath.New("recipient_contact_id"), knownvalue.StringExact(ada)),
			},
		},
		resource.TestStep{Config: w.conversation(`recipient_phone_number = "+1 (555) 010-0001"`), PlanOnly: true}, // another spelling is no difference
		resource.TestStep{ // another number needs a new conversation
			Config:            w.conversation(`recipient_phone_number = "+1 555 010 0002"`),
			ConfigPlanChecks:  planned(plancheck.ResourceActionReplace),
			Check:             w.holds(map[string]any{"recipient_phone_number": "+1 555 010 0002", "recipient_contact_id": nil}),
			ConfigStateChecks: []statecheck.StateCheck{newID.AddStateValue(address, at)},
		},
		resource.TestStep{Config: w.conversation(""), PlanOnly: true}, // an omitted number stays
	)
}

func TestAccTextMessageConversation_spelling(t *testing.T) {
	w := newSpace(t, acme, globex)
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
		resource.TestStep{Config: w.conversation(plain), PlanOnly: true},
	)
}

func TestAccTextMessageConversation_import(t *testing.T) {
	w := newSpace(t, everyRecord...)
	configuration := w.conversation(strings.ReplaceAll(strings.ReplaceAll(everything, "validation_level       = 2", ""), `deletion_policy        = "delete"`, ""))
	importByID := func(id func() string) resource.TestStep {
		return resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true,
			ImportStateIdFunc: func(*terraform.State) (string, error) { return id(), nil },
			// The number has the CRM's spelling, and means the same.
			ImportStateVerifyIgnore: []string{"recipient_phone_number"},
		}
	}
	refused := func(id, message string) resource.TestStep {
		return resource.TestStep{ResourceName: address, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(message)}
	}
	run(t,
		resource.TestStep{Config: configuration},
		importByID(w.id),
		resource.TestStep{ // the block of Terraform 1.5, which must plan nothing else
			ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithID,
			ImportStateIdFunc: func(*terraform.State) (string, error) { return w.id(), nil },
		},
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

// The CRM has the declared links. Links of kinds that the configuration omits stay.
// TestStage_relations has the ways in which a service may change them.
func TestAccTextMessageConversation_relations(t *testing.T) {
	w := newSpace(t, acme, globex, lead, quote)
	run(t,
		resource.TestStep{
			Config: w.conversation(fmt.Sprintf("account_relations = [%q, %q]", acme, globex)),
			Check: do(func() {
				if _, err := w.Create("TextMessageConversationRelationses", map[string]any{"text_message_conversation_id": w.id(), "quote_id": quote}); err != nil {
					t.Fatal(err)
				}
			}),
		},
		resource.TestStep{
			Config:           w.conversation(fmt.Sprintf("account_relations = [%q]\n lead_relations = [%q]", globex, lead)),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check:            w.holds(map[string]any{"account_relations": []string{globex}, "lead_relations": []string{lead}, "quote_relations": []string{quote}}),
		},
	)
}

func TestAccTextMessageConversation_deletionPolicy(t *testing.T) {
	w := newSpace(t)
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

// An unknown id plans, and applies.
func TestAccTextMessageConversation_unknown(t *testing.T) {
	w := newSpace(t, acme, globex)
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
