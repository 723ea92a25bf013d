package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const owned = `messages = { hello = { content = "Hello", direction = "outgoing" } }`

// A number that the service writes in another way replaces nothing: not when
// another field changes, nor when the configuration spells it as the CRM does.
// The other ways are those of TestStage_numberRewritten.
func TestAccTextMessageConversation_numberRewritten(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{PhoneFormat: mockserver.Masked})
	numberSteps(t, w, func(number, more string) string {
		return w.conversation(fmt.Sprintf("recipient_phone_number = %q\n%s\n%s", number, owned, more))
	}, rewritings[mockserver.Masked], address)
}

func TestAccTextMessageConversations_numberRewritten(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{PhoneFormat: mockserver.Country})
	numberSteps(t, w, func(number, more string) string {
		return w.config(fmt.Sprintf("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = { a = {\n  phone_id = %q\n  recipient_phone_number = %q\n%s\n%s\n} }\n}",
			phone, number, owned, more))
	}, rewritings[mockserver.Country], bulkAddress)
}

func numberSteps(t *testing.T, w *world, declare func(number, more string) string, n rewriting, resourceAddress string) {
	t.Helper()
	link := fmt.Sprintf("account_relations = [%q]", acme)
	var id string
	expect := func(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{
			PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(resourceAddress, action)},
			PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
		}
	}
	stays := func(*terraform.State) error {
		for _, request := range w.Requests() {
			if strings.Contains(request.Path, "delete") || request.Method == http.MethodDelete {
				return fmt.Errorf("%s %s", request.Method, request.Path)
			}
		}
		if got := w.id(); got != id {
			return fmt.Errorf("the conversation is %s now, and was %s", got, id)
		}
		return w.holds(map[string]any{"recipient_phone_number": n.held})(nil)
	}
	run(t,
		resource.TestStep{Config: declare(n.sent, ""), ConfigPlanChecks: expect(plancheck.ResourceActionCreate), Check: do(func() { id = w.id(); w.ResetRequests() })},
		resource.TestStep{
			Config: declare(n.sent, link), ConfigPlanChecks: expect(plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(w.sentFields("id", "revision", "account_relations"), stays),
		},
		resource.TestStep{RefreshState: true, Check: stays},
		resource.TestStep{Config: declare(n.respelled, link), ConfigPlanChecks: expect(plancheck.ResourceActionNoop), Check: stays},
		resource.TestStep{Config: declare(n.held, link), ConfigPlanChecks: expect(plancheck.ResourceActionNoop), Check: stays},
		resource.TestStep{PreConfig: w.someone(func() error {
			return w.Edit(conversations, id, map[string]any{"recipient_account_id": acme})
		}), Config: declare(n.sent, link+"\nlead_relations = []"), Check: stays},
	)
}

// someone is a change that others make before a step.
func (w *world) someone(change func() error) func() {
	return func() {
		if err := change(); err != nil {
			w.t.Error(err)
		}
	}
}

// What could not be read back is remembered by the next refresh.
func TestAccTextMessageConversation_numberRewrittenUnread(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{PhoneFormat: mockserver.Masked})
	config := w.conversation(`recipient_phone_number = "+1 907 555 0133"`, "max_retries = 0")
	var id string
	run(t,
		resource.TestStep{
			PreConfig: func() {
				w.Inject(mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 403, Times: 1})
			},
			Config: config, Check: do(func() { id = w.id() }),
		},
		resource.TestStep{Config: config, ConfigPlanChecks: planned(plancheck.ResourceActionNoop), Check: func(*terraform.State) error {
			if got := w.id(); got != id {
				return fmt.Errorf("the conversation is %s now, and was %s", got, id)
			}
			return nil
		}},
	)
}

// With a region, a number needs no country to be the one that the CRM has.
func TestAccProvider_defaultRegion(t *testing.T) {
	const region = `default_region = "US"`
	w := newWorld(t, mockserver.Behavior{})
	number := func(number string) string { return fmt.Sprintf("recipient_phone_number = %q", number) }
	lookup := fmt.Sprintf("data \"pipeliner_text_message_conversation\" \"test\" {\n  phone_id = %q\n  recipient_phone_number = \"001 907 555 0133\"\n}", phone)
	run(t,
		resource.TestStep{Config: w.conversation(number("+1 907 555 0133"), `default_region = "us"`), ExpectError: says("Invalid Region")},
		resource.TestStep{Config: w.conversation(number("+1 907 555 0133"), region), ConfigPlanChecks: planned(plancheck.ResourceActionCreate)},
		resource.TestStep{Config: w.conversation(number("(907) 555-0133"), region), ConfigPlanChecks: planned(plancheck.ResourceActionNoop)},
		resource.TestStep{Config: w.conversation(number("011 1 907 555 0133"), region), ConfigPlanChecks: planned(plancheck.ResourceActionNoop)},
		resource.TestStep{
			Config: w.conversation(number("907-555-0133\r"), region) + lookup,
			Check:  resource.TestCheckResourceAttrPair("data.pipeliner_text_message_conversation.test", "id", address, "id"),
		},
		resource.TestStep{Config: w.conversation(number("(907) 555-0134"), region), ConfigPlanChecks: planned(plancheck.ResourceActionReplace)},
	)
}
