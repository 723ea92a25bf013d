package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const dataAddress = "data.pipeliner_text_message_conversation.test"

func conversationData(attributes string) string {
	return fmt.Sprintf("data \"pipeliner_text_message_conversation\" \"test\" {\n  %s\n}", attributes)
}

// The data source shows the same as the resource, including what has just changed.
func TestAccTextMessageConversationData_likeTheResource(t *testing.T) {
	w := newSpace(t, everyRecord...)
	same := func(names ...string) (checks []statecheck.StateCheck) {
		for _, name := range names {
			checks = append(checks, statecheck.CompareValuePairs(address, tfjsonpath.New(name), dataAddress, tfjsonpath.New(name), compare.ValuesSame()))
		}
		return checks
	}
	all := same("id", "phone_id", "recipient_phone_number", "recipient_account_id", "recipient_contact_id", "account_relations", "contact_relations",
		"project_relations", "lead_relations", "opportunity_relations", "quote_relations", "revision", "created", "modified", "is_deleted", "is_delete_protected")
	data := conversationData(`id = pipeliner_text_message_conversation.test.id` + "\n  depends_on = [pipeliner_text_message_conversation.test]")
	run(t,
		resource.TestStep{Config: w.conversation(everything) + data, ConfigStateChecks: all[:2]},
		resource.TestStep{
			Config: strings.ReplaceAll(w.conversation(everything), acme, globex) + data,
			// The number has the CRM's spelling, which may be a different one.
			ConfigStateChecks: append(all[3:], statecheck.ExpectKnownValue(dataAddress, tfjsonpath.New("recipient_account_id"), knownvalue.StringExact(globex))),
		},
	)
}

func TestAccTextMessageConversationData_byID(t *testing.T) {
	w := newSpace(t, acme)
	id := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+12025550100"})
	uri := "https://crm.example/entities/TextMessageConversations/" + strings.ToUpper(id)
	shows := func(written string, deleted bool) []statecheck.StateCheck {
		return []statecheck.StateCheck{
			statecheck.ExpectKnownValue(dataAddress, tfjsonpath.New("id"), knownvalue.StringExact(written)),
			statecheck.ExpectKnownValue(dataAddress, tfjsonpath.New("recipient_phone_number"), knownvalue.StringExact(w.own("+12025550100"))),
			statecheck.ExpectKnownValue(dataAddress, tfjsonpath.New("is_deleted"), knownvalue.Bool(deleted)),
		}
	}
	const get = "GET TextMessageConversations/*?include-deleted=true&include_deleted=true"
	run(t,
		resource.TestStep{
			Config: w.config(conversationData(fmt.Sprintf("id = %q", id))), ConfigStateChecks: shows(id, false),
			Check: resource.ComposeAggregateTestCheckFunc(w.asks(get), do(func() { _ = w.SoftDelete(conversations, id) })),
		},
		resource.TestStep{Config: w.config(conversationData(fmt.Sprintf("id = %q", uri))), ConfigStateChecks: shows(uri, true)},
		resource.TestStep{
			Config:      w.config(conversationData(fmt.Sprintf("id = %q", nobody))),
			ExpectError: says("No Such Text Message Conversation", `id = "`+nobody, "no conversation with the id "+nobody, "Cause: HTTP 404"),
		},
		resource.TestStep{
			Config:      w.config(conversationData(fmt.Sprintf("id = %q", acme))),
			ExpectError: says("No Such Text Message Conversation", "another kind of record"),
		},
	)
}

func TestAccTextMessageConversationData_byNumber(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	w.addMany(101)
	wanted := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+1 303-555-0100"})
	w.add(map[string]any{"phone_id": otherPhone, "recipient_phone_number": "+13035550100"})
	twin := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+13035550101"})
	otherTwin := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+1 (303) 555-0101"})
	gone := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+13035550102"})
	if err := w.SoftDelete(conversations, gone); err != nil {
		t.Fatal(err)
	}
	find := func(number string) string {
		return w.config(conversationData(fmt.Sprintf("phone_id = %q\n  recipient_phone_number = %q", phone, number)))
	}
	pageOne := "GET TextMessageConversations?filter[phone_id]=" + phone + "&first=100&order-by=created"
	pageTwo := "GET TextMessageConversations?after=*&filter[phone_id]=" + phone + "&first=100&order-by=created"
	run(t,
		resource.TestStep{
			Config: find("+1 (303) 555 0100"),
			Check:  w.asks(pageOne, pageTwo),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(dataAddress, tfjsonpath.New("id"), knownvalue.StringExact(wanted)),
				statecheck.ExpectKnownValue(dataAddress, tfjsonpath.New("recipient_phone_number"), knownvalue.StringExact("+1 (303) 555 0100")),
			},
		},
		resource.TestStep{
			Config: find("+1 303 555 0101"),
			ExpectError: says("Several Text Message Conversations", `recipient_phone_number = "+1 303 555 0101"`, "has 2 conversations with the number",
				"Set the id of one of them instead:", twin+", "+otherTwin),
		},
		resource.TestStep{Config: find("+13035550102"), ExpectError: says("No Such Text Message Conversation", `recipient_phone_number = "+13035550102"`, "To find a deleted conversation, set its id instead")},
		resource.TestStep{Config: find("+13035550103"), ExpectError: says("No Such Text Message Conversation", `has no conversation with the number "+13035550103"`)},
	)
}

// Mistakes are found before any request.
func TestAccTextMessageConversationData_badInput(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	rejections := map[string]rejection{}
	for name, test := range map[string]struct {
		attributes string
		want       *regexp.Regexp
	}{
		"nothing":            {``, says("Missing Attribute Configuration", "Exactly one of these attributes must be configured: [id,phone_id]")},
		"only a phone":       {`phone_id = "` + phone + `"`, says("Invalid Attribute Combination", "must be configured together: [phone_id,recipient_phone_number]")},
		"only a number":      {`recipient_phone_number = "+15550100000"`, says("Invalid Attribute Combination", "must be configured together: [phone_id,recipient_phone_number]")},
		"too much":           {`id = "` + nobody + "\"\n  phone_id = \"" + phone + `"`, says("Invalid Attribute Combination", "Exactly one of these attributes must be configured: [id,phone_id]")},
		"an id and a number": {`id = "` + nobody + "\"\n  recipient_phone_number = \"+15550100000\"", says("Invalid Attribute Combination", "cannot be configured together: [id,recipient_phone_number]")},
		"no uuid":            {`id = "x"`, says("Invalid Id", `id = "x"`, "is neither a UUID")},
		"a phone's uuid":     {`id = "https://x/entities/Phones/` + phone + `"`, says("Id of Another Entity", "Use the id of a record of TextMessageConversations")},
		"of another space":   {`id = "` + otherSpaceURI + nobody + `"`, says("Id of Another Space", `names the space "theirs"`)},
		"phone of another":   {"phone_id = \"" + inOtherSpace("Phones", phone) + "\"\n  recipient_phone_number = \"+1\"", says("Id of Another Space", "phone_id: ", `names the space "theirs"`)},
		"no phone's uuid":    {"phone_id = \"https://x/entities/Accounts/" + acme + "\"\n  recipient_phone_number = \"+1\"", says("Id of Another Entity", "Use the id of a record of Phones")},
		"an empty number":    {"phone_id = \"" + phone + "\"\n  recipient_phone_number = \"\"", says("Invalid Phone Number", "recipient_phone_number = ", "is not a phone number. Correct it")},
		"a placeholder":      {"phone_id = \"" + phone + "\"\n  recipient_phone_number = \"n/a\"", says("Invalid Phone Number", "recipient_phone_number = ")},
		"what is only shown": {`revision = 7`, says("Invalid Configuration for Read-Only Attribute", "revision = 7")},
	} {
		rejections[name] = rejection{config: w.config(conversationData(test.attributes)), want: test.want}
	}
	reject(t, rejections)
	w.asksNothing()
}

func TestAccTextMessageConversationData_trouble(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	rejections := map[string]rejection{}
	for name, test := range map[string]struct {
		fault mockserver.Fault
		want  *regexp.Regexp
	}{
		"wrong credentials": {mockserver.Fault{Kind: mockserver.StatusReply, Status: 401}, says("Unable to Find Text Message Conversation", "does not accept the provider's user name and password")},
		"no permission":     {mockserver.Fault{Kind: mockserver.StatusReply, Status: 403}, says("Unable to Find Text Message Conversation", "give the permission to read TextMessageConversations to the Application", "Cause: HTTP 403")},
		"HTML":              {mockserver.Fault{Kind: mockserver.ReplaceReply, Reply: "<html>Log in</html>"}, says("Unable to Find Text Message Conversation", "does not match the Pipeliner API", "it begins: <html>Log in")},
	} {
		for criteria, attributes := range map[string]string{
			"id":     `id = "` + nobody + `"`,
			"number": "phone_id = \"" + phone + "\"\n  recipient_phone_number = \"+15550100000\"",
		} {
			rejections[name+", by "+criteria] = rejection{
				config: w.config(conversationData(attributes), "max_retries = 0"), want: test.want,
				prepare: func() { w.ClearFaults(); w.Inject(test.fault) },
			}
		}
	}
	reject(t, rejections)
}
