package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"pipeliner": providerserver.NewProtocol6WithError(provider.New("test")()),
}

// Records that every world holds.
const (
	phone       = "10000000-0000-4000-8000-00000000000a"
	otherPhone  = "10000000-0000-4000-8000-00000000000b"
	ada         = "20000000-0000-4000-8000-00000000000a" // a contact with a number
	adasNumber  = "+1 555 010 0001"
	bob         = "20000000-0000-4000-8000-00000000000b" // a contact without one
	acme        = "30000000-0000-4000-8000-00000000000a"
	globex      = "30000000-0000-4000-8000-00000000000b"
	lead        = "40000000-0000-4000-8000-00000000000a"
	opportunity = "50000000-0000-4000-8000-00000000000a"
	project     = "60000000-0000-4000-8000-00000000000a"
	quote       = "70000000-0000-4000-8000-00000000000a"
	nobody      = "f0000000-0000-4000-8000-00000000000f" // no record has it
)

const (
	conversations = "TextMessageConversations" // the entity
	address       = "pipeliner_text_message_conversation.test"
	password      = "correct horse battery staple"
)

// A world is a CRM of its own for one test.
type world struct {
	*mockserver.Server
	t   *testing.T
	url string
}

func newWorld(t *testing.T, behavior mockserver.Behavior) *world {
	t.Helper()
	server, err := newSpace(mockserver.Options{Behavior: behavior})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return &world{Server: server, t: t, url: listener.URL}
}

// newSpace returns a CRM that holds the records of every world.
func newSpace(options mockserver.Options) (*mockserver.Server, error) {
	options.Username, options.Password, options.Space = "terraform", password, "my_space"
	server, err := mockserver.New(options)
	if err != nil {
		return nil, err
	}
	return server, server.Seed(map[string][]map[string]any{
		"Phones":        {{"id": phone, "name": "Sales"}, {"id": otherPhone, "name": "Support"}},
		"Contacts":      {{"id": ada, "first_name": "Ada", "phone1": adasNumber}, {"id": bob, "first_name": "Bob"}},
		"Accounts":      {{"id": acme, "name": "Acme"}, {"id": globex, "name": "Globex"}},
		"Leads":         {{"id": lead, "name": "A lead"}},
		"Opportunities": {{"id": opportunity, "name": "An opportunity"}},
		"Projects":      {{"id": project, "name": "A project"}},
		"Quotes":        {{"id": quote, "name": "A quote"}},
	})
}

// config returns a configuration with the provider set up for this world, and
// further settings.
func (w *world) config(body string, settings ...string) string {
	return fmt.Sprintf(`
provider "pipeliner" {
  service_url = %q
  space_id    = "my_space"
  username    = "terraform"
  password    = %q
  %s
}
%s
`, w.url, password, strings.Join(settings, "\n"), body)
}

// conversation returns a configuration of one conversation of the phone.
func (w *world) conversation(attributes string) string {
	return w.config(conversationBlock(attributes))
}

func conversationBlock(attributes string) string {
	return fmt.Sprintf("resource \"pipeliner_text_message_conversation\" \"test\" {\n  phone_id = %q\n  %s\n}", phone, attributes)
}

// run applies the steps one after the other, and afterwards destroys. No error
// may show the password.
func run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps:                    steps,
		ErrorCheck: func(err error) error {
			if err != nil && strings.Contains(err.Error(), password) {
				return fmt.Errorf("an error shows the password: %w", err)
			}
			return err
		},
	})
}

// planned expects what the plan of a step does with the conversation.
func planned(action plancheck.ResourceActionType, more ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply:             append(more, plancheck.ExpectResourceAction(address, action)),
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
}

// do is a check that makes no check: it changes the world after a step.
func do(change func()) resource.TestCheckFunc {
	return func(*terraform.State) error {
		change()
		return nil
	}
}

// live returns the conversations that are not deleted.
func (w *world) live() []map[string]any {
	return slices.DeleteFunc(w.Records(conversations), func(record map[string]any) bool { return record["is_deleted"] == true })
}

// the returns the only conversation there is.
func (w *world) the() map[string]any {
	w.t.Helper()
	live := w.live()
	if len(live) != 1 {
		w.t.Fatalf("%d conversations on the server; want one", len(live))
	}
	return live[0]
}

func (w *world) id() string {
	w.t.Helper()
	id, _ := w.the()["id"].(string)
	return id
}

// holds checks fields of the only conversation on the server.
func (w *world) holds(want map[string]any) resource.TestCheckFunc {
	return func(*terraform.State) error {
		live := w.live()
		if len(live) != 1 {
			return fmt.Errorf("%d conversations on the server; want one", len(live))
		}
		got := map[string]any{}
		for field := range want {
			got[field] = live[0][field]
			if strings.HasSuffix(field, "_relations") {
				id, _ := live[0]["id"].(string)
				got[field] = w.Links(id, field)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("the server's conversation (-want +got):\n%s", diff)
		}
		return nil
	}
}

// requests checks which requests there were since the last look at them, as
// "METHOD path" below the entity, "*" for an id.
func (w *world) requests(want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		got := []string{}
		for _, request := range w.Requests() {
			below := strings.TrimPrefix(request.Path, "/entities/"+conversations)
			if len(below) == 37 {
				below = "/*"
			}
			got = append(got, request.Method+" "+below)
		}
		w.ResetRequests()
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("requests (-want +got):\n%s", diff)
		}
		return nil
	}
}

// sent returns the items of all requests to a batch operation since the last
// reset, and how many requests there were.
func (w *world) sent(operation string) (items []json.RawMessage, requests int) {
	w.t.Helper()
	for _, request := range w.Requests() {
		if request.Path != "/entities/"+conversations+"/"+operation {
			continue
		}
		requests++
		var batch []json.RawMessage
		if err := json.Unmarshal(request.Body, &batch); err != nil {
			w.t.Errorf("the body of a %s: %v", operation, err)
		}
		items = append(items, batch...)
	}
	return items, requests
}

// sentFields checks the names of the fields of the only item that was sent in
// the only batch-modify since the last reset.
func (w *world) sentFields(want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		items, requests := w.sent("batch-modify")
		if len(items) != 1 || requests != 1 {
			return fmt.Errorf("%d items in %d batch-modify requests; want one in one", len(items), requests)
		}
		var item map[string]any
		if err := json.Unmarshal(items[0], &item); err != nil {
			return err
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(item))); diff != "" {
			return fmt.Errorf("fields sent (-want +got):\n%s", diff)
		}
		return nil
	}
}

// lose orders a fault for the next request to the operation.
func (w *world) lose(operation string, fault mockserver.Fault) {
	fault.Method, fault.Path, fault.Times = "POST", operation, 1
	w.Inject(fault)
}
