package provider_test

import (
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/probe"
)

// inReal are some of the tests that run in a real space. Together, they use everything
// that a [realSpace] can do.
var inReal = []string{
	"TestAccContract", "TestAccTextMessageConversation_conflict", "TestAccTextMessageConversation_relations",
	"TestAccTextMessageConversation_restore", "TestAccTextMessageConversation_deletionPolicy",
	"TestAccTextMessageConversations_update", "TestAccTextMessageConversationData_byID",
}

// A mock with other people's conversations replaces a real space, and a new process of this test binary tests and
// sweeps it. Other people's conversations must stay unchanged, and the conversations of the tests must be gone.
func TestAccRealSpace(t *testing.T) {
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skipf("acceptance tests run where %s is set", resource.EnvTfAcc)
	}
	t.Parallel()
	var behavior mockserver.Behavior
	for _, choice := range mockserver.Switches {
		*choice.Field(&behavior) = choice.Values[len(choice.Values)-1]
	}
	w := newWorld(t, behavior)
	foreign := w.populate()
	before := w.everything()

	output, err := w.asReal("-test.v", "-test.run", "^("+strings.Join(inReal, "|")+"|TestAccTextMessageConversation_disappears)$")
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	for _, name := range inReal {
		if !strings.Contains(output, "--- PASS: "+name+" (") {
			t.Errorf("%s has not passed", name)
		}
	}
	for _, choice := range mockserver.Switches {
		if flag := "--" + choice.Name + "=" + choice.Values[len(choice.Values)-1]; !strings.Contains(output, flag) {
			t.Errorf("the contract is printed without %s", flag)
		}
	}
	if !strings.Contains(output, "--- SKIP: TestAccTextMessageConversation_disappears (") || !strings.Contains(output, "needs the mock") {
		t.Error("what needs the mock is not skipped, or not said why")
	}
	if strings.Contains(output, password) {
		t.Error("the output shows the password")
	}
	w.wantUntouched(foreign, before)
	w.sweeps(foreign, before)
}

// sweeps checks that the sweeper deletes only what belongs to the tests.
func (w *world) sweeps(foreign []string, before map[string]any) {
	w.t.Helper()
	leave := func(fields map[string]any) string {
		w.t.Helper()
		fields["phone_id"] = elsewhere(phone)
		return w.add(fields)
	}
	probed := []any{map[string]any{"content": probe.MessageContent, "direction": 2}}
	left := []string{
		leave(map[string]any{"recipient_phone_number": "+1 907 555 0142"}),
		leave(map[string]any{"recipient_phone_number": "+1 907 555 0143", "messages": probed}),
	}
	if output, err := w.asReal("-sweep=other_space"); err == nil || !strings.Contains(output, `-sweep names the space "other_space"`) {
		w.t.Errorf("sweeping another space: %v\n%s", err, output)
	}
	if live := len(w.live()); live != len(foreign)+len(left) {
		w.t.Errorf("%d conversations after the sweep of another space; want all", live)
	}
	if output, err := w.asReal("-sweep=my_space"); err != nil {
		w.t.Errorf("sweeping: %v\n%s", err, output)
	}
	for _, id := range left {
		if record, _ := w.Record(conversations, id); record["is_deleted"] != true {
			w.t.Errorf("what tests have left is there after the sweep: %v", record)
		}
	}
	w.wantUntouched(foreign, before)
}

// elsewhere returns an id of the mock that replaces a real space.
func elsewhere(id string) string { return strings.Replace(id, "-4000-8000-", "-4abc-8abc-", 1) }

// populate adds the records that the environment names, and other people's conversations,
// each of which resembles one of a test in some way. It returns the ids of these.
func (w *world) populate() (foreign []string) {
	w.t.Helper()
	records := seed()
	for _, of := range records {
		for _, record := range of {
			record["id"] = elsewhere(record["id"].(string))
		}
	}
	for _, number := range probe.FictionalNumbers() { // of earlier runs, in the bin
		records[conversations] = append(records[conversations], map[string]any{
			"phone_id": elsewhere(phone), "recipient_phone_number": number, "is_deleted": true,
		})
	}
	if err := w.Seed(records); err != nil {
		w.t.Fatal(err)
	}
	said := []any{map[string]any{"content": "Hello", "direction": 2}}
	for _, fields := range []map[string]any{
		{"phone_id": elsewhere(phone), "recipient_phone_number": "+1 202 456 1111", "account_relations": []string{elsewhere(acme)}},
		{"phone_id": elsewhere(phone), "recipient_phone_number": "+1 907 555 0150", "messages": said},
		{"phone_id": elsewhere(phone), "recipient_phone_number": "+1 202 555 0150"}, // fictional, and not the tests' area code
		{"phone_id": elsewhere(otherPhone), "recipient_phone_number": "+1 907 555 1150"},
		{"phone_id": elsewhere(phone)},
		{"phone_id": phone, "recipient_phone_number": "+1 907 555 0150"}, // another phone than the tests'
	} {
		foreign = append(foreign, w.add(fields))
	}
	return foreign
}

// everything returns all records, by entity and id.
func (w *world) everything() map[string]any {
	all := map[string]any{}
	for _, entity := range slices.Concat(slices.Collect(maps.Keys(seed())), []string{conversations, relations, "TextMessages"}) {
		for _, record := range w.Records(entity) {
			all[entity+" "+record["id"].(string)] = record
		}
	}
	return all
}

// wantUntouched checks that all records are as before, that no request tried to write to
// the foreign conversations, and that there are no others.
func (w *world) wantUntouched(foreign []string, before map[string]any) {
	w.t.Helper()
	now := w.everything()
	for key, record := range before {
		if diff := cmp.Diff(record, now[key]); diff != "" {
			w.t.Errorf("%s was touched (-before +now):\n%s", key, diff)
		}
	}
	for _, request := range w.Requests() {
		for _, id := range foreign {
			if request.Method != http.MethodGet && strings.Contains(request.Path+string(request.Body), id) {
				w.t.Errorf("%s %s names the foreign conversation %s", request.Method, request.Path, id)
			}
		}
	}
	if live := len(w.live()); live != len(foreign) {
		w.t.Errorf("%d conversations; want the %d foreign ones", live, len(foreign))
	}
}

// asReal runs this test binary with the world instead of the real space.
func (w *world) asReal(arguments ...string) (output string, err error) {
	w.t.Helper()
	command := exec.CommandContext(w.t.Context(), os.Args[0], arguments...) //nolint:gosec // itself
	command.Env = append(os.Environ(), accServiceURL+"="+w.url, accSpaceID+"="+w.spaceID, accUsername+"=terraform", accPassword+"="+password)
	for variable, id := range recordVariables {
		command.Env = append(command.Env, variable+"="+strings.ToUpper(elsewhere(id)))
	}
	text, err := command.CombinedOutput()
	return string(text), err
}
