package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"pipeliner": func() (tfprotov6.ProviderServer, error) { return provider.NewServer("test"), nil },
}

// Records that every space has. In a real space, environment variables name them.
var (
	phone       = recordID("PIPELINER_ACC_PHONE_ID", "10000000-0000-4000-8000-00000000000a")
	otherPhone  = recordID("PIPELINER_ACC_OTHER_PHONE_ID", "10000000-0000-4000-8000-00000000000b")
	ada         = recordID("PIPELINER_ACC_CONTACT_ID", "20000000-0000-4000-8000-00000000000a") // with a number
	bob         = recordID("PIPELINER_ACC_OTHER_CONTACT_ID", "20000000-0000-4000-8000-00000000000b")
	acme        = recordID("PIPELINER_ACC_ACCOUNT_ID", "30000000-0000-4000-8000-00000000000a")
	globex      = recordID("PIPELINER_ACC_OTHER_ACCOUNT_ID", "30000000-0000-4000-8000-00000000000b")
	lead        = recordID("PIPELINER_ACC_LEAD_ID", "40000000-0000-4000-8000-00000000000a")
	opportunity = recordID("PIPELINER_ACC_OPPORTUNITY_ID", "50000000-0000-4000-8000-00000000000a")
	project     = recordID("PIPELINER_ACC_PROJECT_ID", "60000000-0000-4000-8000-00000000000a")
	quote       = recordID("PIPELINER_ACC_QUOTE_ID", "70000000-0000-4000-8000-00000000000a")
)

// everyRecord contains the records that [everything] needs.
var everyRecord = []string{ada, bob, acme, globex, lead, opportunity, project, quote}

const (
	adasNumber = "+1 555 010 0001"
	nobody     = "f0000000-0000-4000-8000-00000000000f" // no record has it

	conversations = "TextMessageConversations" // the entity
	address       = "pipeliner_text_message_conversation.test"
	password      = "correct horse battery staple"
)

// A space is the CRM of a test that needs nothing but the API, so that the test can also run against a real one. It
// shows the test only the test's own records.
type space struct {
	crm
	t       *testing.T
	url     string     // of the service
	spaceID string     // of the space
	real    *realSpace // nil for a mock
}

// crm is what a test does in a space on behalf of other users, and what it sees there. A real space does not show its
// requests, so the checks of requests work only with the mock.
type crm interface {
	Create(entity string, fields map[string]any) (id string, err error)
	Edit(entity, id string, fields map[string]any) error
	SoftDelete(entity, id string) error
	Records(entity string) []map[string]any
	Links(conversationID, field string) []string
	Requests() []mockserver.Request
	ResetRequests()
}

// A world is a mock for one test. The test orders faults, chooses how the service
// behaves, or looks at all records.
type world struct {
	*space
	*mockserver.Server
}

// Purge removes a record for good, and then edits another one, because people go on working in the CRM. If the newest
// record is gone and nothing has changed since, the space looks like one that was restored from a backup.
func (w *world) Purge(entity, id string) error {
	if err := w.Server.Purge(entity, id); err != nil {
		return err
	}
	return w.space.Edit("Accounts", acme, map[string]any{"name": "Acme"})
}

// newSpace returns the real space if the environment names one, and otherwise a mock that
// behaves like one. The test needs these records.
func newSpace(t *testing.T, records ...string) *space {
	t.Helper()
	if isReal() {
		return newRealSpace(t, records)
	}
	return newWorld(t, mockserver.Behavior{}).space
}

// newWorld skips the test if the environment names a real space.
func newWorld(t *testing.T, behavior mockserver.Behavior) *world {
	t.Helper()
	if isReal() {
		t.Skip("needs the mock: it orders faults, chooses how the service behaves, or takes the space for its own")
	}
	server, err := newMock(mockserver.Options{Behavior: behavior})
	if err != nil {
		t.Fatal(err)
	}
	return newWorldOf(t, server)
}

// newWorldOf returns the world of a mock, which listens until the test ends.
func newWorldOf(t *testing.T, server *mockserver.Server) *world {
	t.Helper()
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return &world{Server: server, space: &space{crm: server, t: t, url: listener.URL, spaceID: "my_space"}}
}

// newMock returns a mock with the records of every space.
func newMock(options mockserver.Options) (*mockserver.Server, error) {
	options.Username, options.Password, options.Space = "terraform", password, "my_space"
	server, err := mockserver.New(options)
	if err != nil {
		return nil, err
	}
	return server, server.Seed(seed())
}

// seed returns the records that every space has.
func seed() map[string][]map[string]any {
	return map[string][]map[string]any{
		"Phones":        {{"id": phone, "name": "Sales"}, {"id": otherPhone, "name": "Support"}},
		"Contacts":      {{"id": ada, "first_name": "Ada", "phone1": adasNumber, "phone2": "+1 907 555 0199"}, {"id": bob, "first_name": "Bob"}},
		"Accounts":      {{"id": acme, "name": "Acme"}, {"id": globex, "name": "Globex"}},
		"Leads":         {{"id": lead, "name": "A lead"}},
		"Opportunities": {{"id": opportunity, "name": "An opportunity"}},
		"Projects":      {{"id": project, "name": "A project"}},
		"Quotes":        {{"id": quote, "name": "A quote"}},
	}
}

// config returns a configuration with a provider block for this space, and further
// settings.
func (s *space) config(body string, settings ...string) string {
	credentials := fmt.Sprintf("username    = %q\n  password    = %q", "terraform", password)
	if s.real != nil {
		credentials = "" // they are in the environment, so that no file has them
	}
	if !strings.Contains(strings.Join(settings, "\n"), "recovery_timeout") {
		settings = append(settings, `recovery_timeout = "1s"`) // a mock replies at once
	}
	return fmt.Sprintf(`
provider "pipeliner" {
  service_url = %q
  space_id    = %q
  %s
  %s
}
%s
`, s.url, s.spaceID, credentials, strings.Join(settings, "\n"), s.own(body))
}

// conversation returns a configuration of one conversation of the phone. In a real space,
// it always has a number, which shows that it belongs to the test.
func (s *space) conversation(attributes string, settings ...string) string {
	if s.real != nil && !strings.Contains(attributes, "recipient_phone_number") {
		attributes += "\n  recipient_phone_number = \"+1 555 010 0000\""
	}
	return s.config(conversationBlock(attributes), settings...)
}

func conversationBlock(attributes string) string {
	return fmt.Sprintf("resource \"pipeliner_text_message_conversation\" \"test\" {\n  phone_id = %q\n  %s\n}", phone, attributes)
}

// run applies the steps in order, and then destroys. No error may show the password.
func run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	runFrom(t, nil, steps...)
}

// runFrom does the same as run, only with versions of Terraform that pass the checks.
func runFrom(t *testing.T, versions []tfversion.TerraformVersionCheck, steps ...resource.TestStep) {
	t.Helper()
	skipInShort(t)
	for i, step := range steps {
		if step.Config != "" && !step.Destroy && !step.ImportState && !step.Query {
			steps[i] = checkedInPlan(step)
		}
	}
	resource.ParallelTest(t, resource.TestCase{
		TerraformVersionChecks:   versions,
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

// checkedInPlan moves the checks of an apply to the plan without a refresh that follows.
// That plan has the state too, and checking the state twice would start Terraform twice.
func checkedInPlan(step resource.TestStep) resource.TestStep {
	before := step.ConfigPlanChecks.PostApplyPreRefresh
	step.ConfigPlanChecks.PostApplyPreRefresh = append([]plancheck.PlanCheck{afterApply{step.Check, step.ConfigStateChecks}}, before...)
	step.Check, step.ConfigStateChecks = nil, nil
	return step
}

// afterApply contains the checks of the world, which get no state, and the checks of the state.
type afterApply struct {
	world resource.TestCheckFunc
	state []statecheck.StateCheck
}

func (a afterApply) CheckPlan(ctx context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	if a.world != nil {
		resp.Error = a.world(nil)
	}
	if len(a.state) == 0 {
		return
	}
	text, err := json.Marshal(req.Plan.PriorState)
	resp.Error = errors.Join(resp.Error, err)
	var state tfjson.State
	state.UseJSONNumber(true) // as the checks expect it
	resp.Error = errors.Join(resp.Error, state.UnmarshalJSON(text))
	for _, check := range a.state {
		var checked statecheck.CheckStateResponse
		check.CheckState(ctx, statecheck.CheckStateRequest{State: &state}, &checked)
		resp.Error = errors.Join(resp.Error, checked.Error)
	}
}

// A rejection is a configuration that causes an error.
type rejection struct {
	config  string
	want    *regexp.Regexp
	prepare func() // may be nil
}

// reject tries the configurations one by one, in one folder, because a separate test case for each would start
// Terraform five times as often. A failure shows the expected error.
func reject(t *testing.T, rejections map[string]rejection) {
	t.Helper()
	var steps []resource.TestStep
	for _, name := range slices.Sorted(maps.Keys(rejections)) {
		r := rejections[name]
		steps = append(steps, resource.TestStep{Config: "# " + name + "\n" + r.config, ExpectError: r.want, PreConfig: r.prepare})
	}
	run(t, steps...)
}

// happyPaths are the acceptance tests of a short run.
var happyPaths = []string{
	"TestAccTextMessageConversation_basic", "TestAccTextMessageConversations_basic", "TestAccTextMessageConversationData_byID",
	"TestAccTextMessageConversationsData_deleted", "TestAccRecordsData_pages",
}

// skipInShort skips a test that starts Terraform, unless it is a happy path.
func skipInShort(t *testing.T) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	if testing.Short() && !slices.Contains(happyPaths, name) {
		t.Skip("a short run starts Terraform for one happy path of each resource only")
	}
}

// planned expects this action on the conversation in the plan of a step.
func planned(action plancheck.ResourceActionType, more ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply:             append(more, plancheck.ExpectResourceAction(address, action)),
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
}

// do returns a check that changes the world after a step and checks nothing.
func do(change func()) resource.TestCheckFunc {
	return func(*terraform.State) error {
		change()
		return nil
	}
}

// live returns the conversations that are not deleted.
func (s *space) live() []map[string]any {
	return slices.DeleteFunc(s.Records(conversations), func(record map[string]any) bool { return record["is_deleted"] == true })
}

// the returns the only conversation.
func (s *space) the() map[string]any {
	s.t.Helper()
	live := s.live()
	if len(live) != 1 {
		s.t.Fatalf("%d conversations on the server; want one", len(live))
	}
	return live[0]
}

func (s *space) id() string {
	s.t.Helper()
	id, _ := s.the()["id"].(string)
	return id
}

// holds checks the fields of the only conversation on the server.
func (s *space) holds(want map[string]any) resource.TestCheckFunc {
	return func(*terraform.State) error {
		live := s.live()
		if len(live) != 1 {
			return fmt.Errorf("%d conversations on the server; want one", len(live))
		}
		id, _ := live[0]["id"].(string)
		wanted, got := maps.Clone(want), map[string]any{}
		for field := range want {
			got[field] = live[0][field]
			if links, ok := want[field].([]string); ok {
				wanted[field] = sortedTexts(links...) // a real space returns them in another order
				got[field] = s.Links(id, field)
			}
		}
		if diff := cmp.Diff(wanted, got, cmpopts.EquateEmpty()); diff != "" {
			return fmt.Errorf("the server's conversation (-want +got):\n%s", diff)
		}
		return nil
	}
}

// requests checks the requests since its last call, as "METHOD path" below the entity,
// with "*" for an id.
func (s *space) requests(want ...string) resource.TestCheckFunc {
	return s.inMock(func() error {
		got := []string{}
		for _, request := range s.Requests() {
			below := strings.TrimPrefix(request.Path, "/entities/"+conversations)
			if len(below) == 37 {
				below = "/*"
			}
			got = append(got, request.Method+" "+below)
		}
		s.ResetRequests()
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("requests (-want +got):\n%s", diff)
		}
		return nil
	})
}

// inMock limits a check of requests to the mock, because a real space doesn't show them.
func (s *space) inMock(check func() error) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if s.real != nil {
			return nil
		}
		return check()
	}
}

// sent returns the items of all requests to a batch operation since the last
// reset, and how many requests there were.
func (s *space) sent(operation string) (items []json.RawMessage, requests int) {
	s.t.Helper()
	for _, request := range s.Requests() {
		if request.Path != "/entities/"+conversations+"/"+operation {
			continue
		}
		requests++
		var batch []json.RawMessage
		if err := json.Unmarshal(request.Body, &batch); err != nil {
			s.t.Errorf("the body of a %s: %v", operation, err)
		}
		items = append(items, batch...)
	}
	return items, requests
}

// sentFields checks the names of the fields of the only item that was sent in
// the only batch-modify since the last reset.
func (s *space) sentFields(want ...string) resource.TestCheckFunc {
	return s.inMock(func() error {
		items, requests := s.sent("batch-modify")
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
	})
}

// sentIn checks how many items were sent to a batch operation since the last
// reset, and in how many requests.
func (s *space) sentIn(operation string, wantItems, wantRequests int) resource.TestCheckFunc {
	return s.inMock(func() error {
		if items, requests := s.sent(operation); len(items) != wantItems || requests != wantRequests {
			return fmt.Errorf("%d items in %d requests of %s; want %d in %d", len(items), requests, operation, wantItems, wantRequests)
		}
		return nil
	})
}

// lose orders a fault for the next request of the operation.
func (w *world) lose(operation string, fault mockserver.Fault) {
	fault.Method, fault.Path, fault.Times = "POST", operation, 1
	w.Inject(fault)
}

// faultsBeside injects a fault into the create that links bob, and another one into the create next to it.
func (w *world) faultsBeside(ofBob, other mockserver.Kind) {
	fault := func(body string, kind mockserver.Kind) mockserver.Fault {
		f := mockserver.Fault{Method: "POST", Path: "batch-modify", Body: body, Times: 1, Kind: kind}
		if kind == mockserver.Latency {
			f.Latency = time.Second
		}
		return f
	}
	w.Inject(fault(bob, ofBob), fault("", other))
}
