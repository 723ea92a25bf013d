package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// If the service spells a number differently, nothing is replaced: neither when another field changes, nor when the
// configuration uses the CRM's spelling. TestStage_numberRewritten covers the other spellings, more steps, and a map.
func TestAccTextMessageConversation_numberRewritten(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{PhoneFormat: mockserver.Masked})
	n := rewritings[mockserver.Masked]
	declare := func(number, more string) string {
		return w.conversation(fmt.Sprintf("recipient_phone_number = %q\n%s", number, more))
	}
	link := fmt.Sprintf("account_relations = [%q]", acme)
	var id string
	run(t,
		resource.TestStep{Config: declare(n.sent, ""), ConfigPlanChecks: planned(plancheck.ResourceActionCreate), Check: do(func() { id = w.id(); w.ResetRequests() })},
		resource.TestStep{
			Config: declare(n.respelled, link), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check: resource.ComposeTestCheckFunc(w.sentFields("id", "revision", "account_relations"), w.holds(map[string]any{"recipient_phone_number": n.held}), func(*terraform.State) error {
				if got := w.id(); got != id {
					return fmt.Errorf("the conversation is %s now, and was %s", got, id)
				}
				return nil
			}),
		},
		resource.TestStep{Config: declare(n.held, link), PlanOnly: true},
	)
}

// With a region, a number without a country code is the same as the CRM's number with
// one.
func TestAccProvider_defaultRegion(t *testing.T) {
	const region = `default_region = "US"`
	w := newWorld(t, mockserver.Behavior{})
	number := func(number string) string { return fmt.Sprintf("recipient_phone_number = %q", number) }
	lookup := fmt.Sprintf("data \"pipeliner_text_message_conversation\" \"test\" {\n  phone_id = %q\n  recipient_phone_number = \"001 907 555 0133\"\n}", phone)
	run(t,
		resource.TestStep{Config: w.conversation(number("+1 907 555 0133"), `default_region = "us"`), ExpectError: says("Invalid Region")},
		resource.TestStep{Config: w.conversation(number("+1 907 555 0133"), region), ConfigPlanChecks: planned(plancheck.ResourceActionCreate)},
		resource.TestStep{Config: w.conversation(number("(907) 555-0133"), region), PlanOnly: true},
		resource.TestStep{Config: w.conversation(number("011 1 907 555 0133"), region), PlanOnly: true},
		resource.TestStep{
			Config: w.conversation(number("907-555-0133\r"), region) + lookup,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.CompareValuePairs(dataAddress, tfjsonpath.New("id"), address, tfjsonpath.New("id"), compare.ValuesSame()),
			},
		},
		resource.TestStep{Config: w.conversation(number("(907) 555-0134"), region), ConfigPlanChecks: planned(plancheck.ResourceActionReplace)},
	)
}
