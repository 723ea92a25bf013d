package provider_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The output contains the records as JSON, the form in which they came.
func recordsData(attributes string) string {
	return fmt.Sprintf(`
data "pipeliner_records" "test" {
  %s
}
output "ids" { value = data.pipeliner_records.test.ids }
output "records" { value = jsonencode(data.pipeliner_records.test.records) }
`, attributes)
}

// isJSON expects the output "records" to be this JSON.
func isJSON(want string) statecheck.StateCheck {
	return statecheck.ExpectKnownOutputValue("records", knownvalue.StringFunc(func(got string) error {
		if got != want {
			return fmt.Errorf("got  %s\nwant %s", got, want)
		}
		return nil
	}))
}

func TestAccRecordsData_basic(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	run(t,
		resource.TestStep{
			Config: w.config(recordsData("entity = \"Accounts\"\n  filter = { name = \"A\" }\n  filter_op = { name = \"istarts\" }\n  fields = [\"name\"]\n  limit = 5")),
			Check:  w.asks("GET Accounts?filter-op[name]=istarts&filter[name]=A&first=5&load-only=id,name"),
			ConfigStateChecks: []statecheck.StateCheck{
				outputs("ids", acme), isJSON(`[{"id":"` + acme + `","name":"Acme"}]`),
			},
		},
		resource.TestStep{
			PreConfig:         w.ResetRequests,
			Config:            w.config(recordsData("entity = \"Phones\"\n  order_by = [\"-name\"]\n  include_deleted = true\n  fields = [\"id\"]")),
			Check:             w.asks("GET Phones?first=100&include-deleted=true&include_deleted=true&load-only=id&order-by=-name"),
			ConfigStateChecks: []statecheck.StateCheck{outputs("ids", otherPhone, phone), isJSON(`[{"id":"` + otherPhone + `"},{"id":"` + phone + `"}]`)},
		},
		resource.TestStep{
			PreConfig:         w.ResetRequests,
			Config:            w.config(recordsData("entity = \"Quotes\"\n  filter = { name = \"nothing\" }")),
			Check:             w.asks("GET Quotes?filter[name]=nothing&first=100"),
			ConfigStateChecks: []statecheck.StateCheck{outputs("ids"), isJSON(`[]`)},
		},
	)
}

func TestAccRecordsData_pages(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	for i := range 150 {
		if _, err := w.Create("Projects", map[string]any{"name": fmt.Sprintf("Project %03d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	const query = "filter-op[name]=starts&filter[name]=Project&first=100&load-only=id&order-by=name"
	run(t, resource.TestStep{
		Config:            w.config(recordsData("entity = \"Projects\"\n  filter = { name = \"Project\" }\n  filter_op = { name = \"starts\" }\n  order_by = [\"name\"]\n  fields = [\"id\"]\n  limit = 120")),
		Check:             w.asks("GET Projects?"+query, "GET Projects?after=*&"+query),
		ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("ids", knownvalue.ListSizeExact(120))},
	})
}

// The data source shows records of any shape as they came. With fields, it shows only
// those, even if the service returns others.
func TestAccRecordsData_shapes(t *testing.T) {
	reply := `{"success":true,"total":2,"data":[
		{"id":"` + acme + `","revision":9223372036854775807,"score":0.1,"name":"Acme","tags":["a",1,null,{"b":[]}],"owner":null,"owners":{"id":"x","e` + "\u0301" + `":true}},
		{"name":["Globex","Inc"],"id":"` + globex + `","revision":-9223372036854775808,"owner":{"id":"y"},"empty":{},"big":123456789012345678901234567890}]}`
	want := `[{"id":"` + acme + `","name":"Acme","owner":null,"owners":{"id":"x","` + "\u00e9" + `":true},"revision":9223372036854775807,"score":0.1,"tags":["a",1,null,{"b":[]}]},` +
		`{"big":123456789012345678901234567890,"empty":{},"id":"` + globex + `","name":["Globex","Inc"],"owner":{"id":"y"},"revision":-9223372036854775808}]`
	w := newWorld(t, mockserver.Behavior{})
	w.Inject(mockserver.Fault{Path: "Accounts", Kind: mockserver.ReplaceReply, Reply: reply})
	run(t,
		resource.TestStep{Config: w.config(recordsData(`entity = "Accounts"`)), ConfigStateChecks: []statecheck.StateCheck{isJSON(want), outputs("ids", acme, globex)}},
		resource.TestStep{
			Config:            w.config(recordsData("entity = \"Accounts\"\n  fields = [\"owner.id\", \"name\"]")),
			ConfigStateChecks: []statecheck.StateCheck{isJSON(`[{"id":"` + acme + `","name":"Acme","owner":null},{"id":"` + globex + `","name":["Globex","Inc"],"owner":{"id":"y"}}]`)},
		},
	)
}

func TestAccRecordsData_trouble(t *testing.T) {
	replying := func(records ...string) mockserver.Fault {
		return mockserver.Fault{Path: "Phones", Kind: mockserver.ReplaceReply, Reply: `{"success":true,"data":[` + strings.Join(records, ",") + `]}`}
	}
	envelope, err := json.Marshal(map[string]any{"success": false, "http_status": 404, "code": 1, "name": "X", "message": "no space"})
	if err != nil {
		t.Fatal(err)
	}
	const phones = `entity = "Phones"`
	asked, unasked := newWorld(t, mockserver.Behavior{}), newWorld(t, mockserver.Behavior{})
	rejections := map[string]rejection{}
	for name, test := range map[string]struct {
		attributes string
		fault      mockserver.Fault
		want       *regexp.Regexp
		before     bool // before any request
	}{
		"an unknown entity":       {attributes: `entity = "Phone"`, want: says("No Such Entity", `entity = "Phone"`, `The CRM has no entity "Phone"`, "in the plural", "error 2006 ERROR_UNKNOWN_TYPE")},
		"no entity":               {want: says("Missing required argument", `The argument "entity" is required`), before: true},
		"no name of an entity":    {attributes: `entity = "../spaces"`, want: says(`entity = "../spaces"`, "must be the API's name of an entity in the plural"), before: true},
		"no name of a field":      {attributes: phones + "\n  filter = { \"a]b\" = 1 }", want: says("filter = ", `value must be the name of a field`), before: true},
		"no name of an order":     {attributes: phones + "\n  order_by = [\"created,-modified\"]", want: says("order_by = ", "must be the name of a field", "or -name for descending"), before: true},
		"no name of a field more": {attributes: phones + "\n  fields = [\"a,b\"]", want: says("fields = ", "must be the name of a field"), before: true},
		"no field":                {attributes: phones + "\n  fields = []", want: says("fields = ", "at least 1 elements"), before: true},
		"a filter by half":        {attributes: phones + "\n  filter_op = { name = \"gt\" }", want: says("Filter Without a Value"), before: true},
		"an unknown filter":       {attributes: phones + "\n  filter = { nothing = 1 }", want: says("Unable to Find Records", "filter = ", "The CRM refuses the query", "filter names the unknown field 'nothing'")},
		"an unknown order":        {attributes: phones + "\n  order_by = [\"nothing\"]", want: says("Unable to Find Records", "order_by = ", "order-by names the unknown field 'nothing'")},
		"an unknown field":        {attributes: phones + "\n  fields = [\"nothing\"]", want: says("Unable to Find Records", "fields = ", "Parameter 'load-only'")},
		"a wrong space":           {attributes: phones, fault: mockserver.Fault{Kind: mockserver.StatusReply, Status: 404, Reply: string(envelope)}, want: says("Unable to Find Records", "There is no such space at this address")},
		"a login page":            {attributes: phones, fault: mockserver.Fault{Kind: mockserver.ReplaceReply, Reply: "<html>"}, want: says("Unable to Find Records", "does not match the Pipeliner API")},
		"a record without an id":  {attributes: phones, fault: replying(`{"name":"x"}`), want: says("Unable to Find Records", "contains a record without an id")},
		"what is no record":       {attributes: phones, fault: replying(`"x"`), want: says("Unable to Find Records", "contains data that does not have the form of the API")},
		"a number beyond all":     {attributes: phones, fault: replying(`{"id":"` + phone + `","n":1e999999999}`), want: says("Unable to Show a Record", phone, "n: the number 1e999999999 is too large or too small", "list the other fields in fields")},
		"nests within nests":      {attributes: phones, fault: replying(`{"id":"` + phone + `","n":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`), want: says("Unable to Show a Record", "n: arrays and objects are nested more than 64 deep")},
	} {
		w := asked
		if test.before {
			w = unasked
		}
		rejections[name] = rejection{
			config: w.config(recordsData(test.attributes), "max_retries = 0"), want: test.want,
			prepare: func() {
				w.ClearFaults()
				if test.fault.Kind != "" {
					w.Inject(test.fault)
				}
			},
		}
	}
	reject(t, rejections)
	unasked.asksNothing()
}
