package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

func conversationsData(attributes string) string {
	return fmt.Sprintf(`
data "pipeliner_text_message_conversations" "test" {
  %s
}
output "ids" { value = data.pipeliner_text_message_conversations.test.ids }
output "numbers" { value = data.pipeliner_text_message_conversations.test.conversations[*].recipient_phone_number }
`, attributes)
}

func TestAccTextMessageConversationsData_pages(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	ids := w.addMany(120)
	const list = "GET TextMessageConversations?"
	backwards := slices.Clone(ids)
	slices.Reverse(backwards)
	run(t,
		resource.TestStep{
			Config: w.config(conversationsData("")), ConfigStateChecks: []statecheck.StateCheck{outputs("ids", ids...)},
			Check: w.asks(list+"first=100&order-by=created", list+"after=*&first=100&order-by=created"),
		},
		resource.TestStep{
			PreConfig: w.ResetRequests,
			Config:    w.config(conversationsData("limit = 5\n  order_by = [\"-recipient_phone_number\", \"created\"]")),
			Check:     w.asks(list + "first=5&order-by=-recipient_phone_number,created"),
			ConfigStateChecks: []statecheck.StateCheck{
				outputs("ids", backwards[:5]...), outputs("numbers", "+12025550119", "+12025550118", "+12025550117", "+12025550116", "+12025550115"),
			},
		},
		resource.TestStep{
			PreConfig: w.ResetRequests,
			Config:    w.config(conversationsData(`filter = { recipient_phone_number = "+1202555001" }` + "\n  filter_op = { recipient_phone_number = \"starts\", recipient_account_id = \"null\" }\n  limit = 100")),
			Check: w.asks(list + "filter-op[recipient_account_id]=null&filter-op[recipient_phone_number]=starts&" +
				"filter[recipient_account_id]=&filter[recipient_phone_number]=+1202555001&first=100&order-by=created"),
			ConfigStateChecks: []statecheck.StateCheck{outputs("ids", ids[10:20]...)},
		},
		resource.TestStep{
			Config:            w.config(conversationsData(`filter = { phone_id = "` + otherPhone + `" }`)),
			ConfigStateChecks: []statecheck.StateCheck{outputs("ids"), outputs("numbers")},
		},
	)
}

// Every operator of the API, in one configuration.
func TestAccTextMessageConversationsData_operators(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	one := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+12025550101", "recipient_account_id": acme})
	two := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+12025550102"})
	three := w.add(map[string]any{"phone_id": otherPhone, "recipient_phone_number": "+13035550103"})
	none := w.add(map[string]any{"phone_id": otherPhone})
	revision := func(id string) string {
		record, _ := w.Record(conversations, id)
		return fmt.Sprint(record["revision"])
	}
	const number = "recipient_phone_number"
	tests := []struct {
		field, op, value string
		want             []string
	}{
		{number, "eq", "+12025550101", []string{one}},
		{number, "ieq", "+12025550101", []string{one}},
		{number, "not-eq", "+12025550101", []string{two, three, none}},
		{number, "not-ieq", "+12025550101", []string{two, three, none}},
		{number, "contains", "555010", []string{one, two, three}},
		{number, "icontains", "202", []string{one, two}},
		{number, "starts", "+1303", []string{three}},
		{number, "istarts", "+1202", []string{one, two}},
		{number, "ends", "2", []string{two}},
		{number, "iends", "3", []string{three}},
		{number, "null", "", []string{none}},
		{number, "not-null", "", []string{one, two, three}},
		{"recipient_account_id", "empty", "", []string{two, three, none}},
		{"recipient_account_id", "not-empty", "", []string{one}},
		{"revision", "gt", revision(two), []string{three, none}},
		{"revision", "gte", revision(two), []string{two, three, none}},
		{"revision", "lt", revision(two), []string{one}},
		{"revision", "lte", revision(two), []string{one, two}},
		{"revision", "between", revision(two) + "," + revision(three), []string{two, three}},
	}
	var configuration strings.Builder
	var checks []statecheck.StateCheck
	for _, test := range tests {
		filter := "{}"
		if test.value != "" {
			filter = fmt.Sprintf("{ %s = %q }", test.field, test.value)
		}
		fmt.Fprintf(&configuration, `
data "pipeliner_text_message_conversations" %[1]q {
  filter    = %[2]s
  filter_op = { %[3]s = %[1]q }
}
output %[1]q { value = join(" ", sort(data.pipeliner_text_message_conversations.%[1]s.ids)) }
`, test.op, filter, test.field)
		checks = append(checks, statecheck.ExpectKnownOutputValue(test.op, knownvalue.StringExact(strings.Join(sortedTexts(test.want...), " "))))
	}
	run(t, resource.TestStep{Config: w.config(configuration.String()), ConfigStateChecks: checks})
}

func TestAccTextMessageConversationsData_deleted(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	ids := w.addMany(2)
	if err := w.SoftDelete(conversations, ids[0]); err != nil {
		t.Fatal(err)
	}
	run(t,
		resource.TestStep{Config: w.config(conversationsData("")), ConfigStateChecks: []statecheck.StateCheck{outputs("ids", ids[1])}},
		resource.TestStep{
			PreConfig: w.ResetRequests,
			Config:    w.config(conversationsData("include_deleted = true")),
			Check:     w.asks("GET TextMessageConversations?first=100&include-deleted=true&include_deleted=true&order-by=created"),
			ConfigStateChecks: []statecheck.StateCheck{
				outputs("ids", ids...),
				statecheck.ExpectKnownValue("data.pipeliner_text_message_conversations.test", tfjsonpath.New("conversations").AtSliceIndex(0).AtMapKey("is_deleted"), knownvalue.Bool(true)),
			},
		},
		resource.TestStep{Config: w.config(conversationsData("include_deleted = false")), ConfigStateChecks: []statecheck.StateCheck{outputs("ids", ids[1])}},
	)
}

// A value that is known only after a resource was created, written as a URI.
func TestAccTextMessageConversationsData_afterTheResource(t *testing.T) {
	w := newSpace(t)
	data := conversationsData(`filter = { id = "https://crm.example/entities/TextMessageConversations/${upper(pipeliner_text_message_conversation.test.id)}" }`)
	run(t, resource.TestStep{
		Config: w.conversation(`recipient_phone_number = "+12025550100"`) + data,
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownOutputValue("ids", knownvalue.ListSizeExact(1)),
		},
	})
}

func TestAccTextMessageConversationsData_badInput(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	rejections := map[string]rejection{}
	for name, test := range map[string]struct {
		attributes string
		want       *regexp.Regexp
	}{
		"an unknown field":      {`filter = { number = "+1" }`, says("filter = ", "value must be one of", "recipient_phone_number")},
		"a field of many":       {`filter = { account_relations = "x" }`, says("filter = ", `got: "account_relations"`)},
		"no id":                 {`filter = { phone_id = "Sales" }`, says("Invalid Id", `filter["phone_id"]: "Sales" is neither a UUID`)},
		"id of another space":   {`filter = { phone_id = "` + inOtherSpace("Phones", phone) + `" }`, says("Id of Another Space", `filter["phone_id"]: "https://crm.example`, `names the space "theirs"`)},
		"an unknown operator":   {"filter = { created = \"x\" }\n  filter_op = { created = \"like\" }", says("filter_op = ", "value must be one of", `"between"`, `got: "like"`)},
		"no value":              {`filter_op = { created = "gt" }`, says("Filter Without a Value", `filter_op = { created = "gt" }`, `The operator "gt" of the field "created" needs a value`)},
		"a needless value":      {"filter = { created = \"x\" }\n  filter_op = { created = \"null\" }", says("Filter With an Unused Value", `filter = { created = "x" }`, "takes no value")},
		"one value for between": {"filter = { revision = 7 }\n  filter_op = { revision = \"between\" }", says("Filter Without Two Values", "filter = { revision = 7 }", "needs two values, separated by a comma", `got: "7"`)},
		"null":                  {`filter = { created = null }`, says("Null Map Value", "filter = ")},
		"a negative limit":      {`limit = -1`, says("limit = -1", "must be between 1 and")},
		"a limit of nothing":    {`limit = 0`, says("limit = 0", "must be between 1 and")},
		"an unknown order":      {`order_by = ["-number"]`, says("order_by = ", "value must be one of", `"-created"`, `got: "-number"`)},
		"no order":              {`order_by = []`, says("order_by = ", "at least 1 elements")},
		"an order twice":        {`order_by = ["created", "created"]`, says("order_by = ", "duplicate")},
	} {
		rejections[name] = rejection{config: w.config(conversationsData(test.attributes)), want: test.want}
	}
	reject(t, rejections)
	w.asksNothing()
}

func TestAccTextMessageConversationsData_refused(t *testing.T) {
	const summary = "Unable to Find Text Message Conversations"
	rejections := map[string]rejection{}
	for name, test := range map[string]struct {
		behavior   mockserver.Behavior
		attributes string
		want       *regexp.Regexp
	}{
		"a value of another kind": {mockserver.Behavior{}, `filter = { revision = "seven" }`, says(summary, "filter = ", "The CRM refuses the query", "Cause: HTTP 400", "'seven' is not a value of field 'revision'")},
		"a filter on revision":    {mockserver.Behavior{RevisionFilter: mockserver.Refused}, `filter = { revision = 7 }`, says(summary, "filter = ", "Field 'revision' can't be filtered")},
		"one that is not heeded":  {mockserver.Behavior{RevisionFilter: mockserver.Ignored}, `filter = { revision = 0 }`, says(summary, "the service ignores the filter on revision")},
	} {
		w := newWorld(t, test.behavior)
		w.addMany(1)
		rejections[name] = rejection{config: w.config(conversationsData(test.attributes)), want: test.want}
	}
	reject(t, rejections)
}
