package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const bulkAddress = "pipeliner_text_message_conversations.test"

// numbers are the recipients' numbers of conversations, by key.
type numbers map[string]string

// numbered returns n conversations.
func numbered(n int) numbers {
	made := numbers{}
	for i := range n {
		made[fmt.Sprintf("c%03d", i)] = fmt.Sprintf("+1555%07d", i)
	}
	return made
}

// with returns the conversations with this one added or changed.
func (n numbers) with(key, number string) numbers {
	more := maps.Clone(n)
	more[key] = number
	return more
}

func (n numbers) without(key string) numbers {
	fewer := maps.Clone(n)
	delete(fewer, key)
	return fewer
}

// bulk returns a configuration of the conversations in one resource.
func (s *space) bulk(n numbers, attributes string, settings ...string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(n)) {
		fmt.Fprintf(&b, "    %q = { phone_id = %q, recipient_phone_number = %q }\n", key, phone, n[key])
	}
	return s.config(fmt.Sprintf("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = {\n%s  }\n  %s\n}", b.String(), attributes), settings...)
}

// heldNumbers checks that the server has exactly these conversations, each once, and that
// the state has the id of each.
func (s *space) heldNumbers(want numbers) resource.TestCheckFunc {
	return func(*terraform.State) error {
		got := []string{}
		for _, record := range s.live() {
			number, _ := record["recipient_phone_number"].(string)
			got = append(got, number)
		}
		slices.Sort(got)
		expected := []string{}
		for number := range maps.Values(want) {
			expected = append(expected, s.shown(number))
		}
		slices.Sort(expected)
		if diff := cmp.Diff(expected, got); diff != "" {
			return fmt.Errorf("numbers on the server (-want +got):\n%s", diff)
		}
		return nil
	}
}

// bulkPlanned expects this action on the resource, and an empty plan afterwards.
func bulkPlanned(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(bulkAddress, action)},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
}

// operations counts the requests by kind since its last call.
func (s *space) operations() map[string]int {
	counts := map[string]int{}
	for _, request := range s.Requests() {
		below := strings.TrimPrefix(request.Path, "/entities/"+conversations)
		switch {
		case request.Method == http.MethodGet && below == "":
			counts["list"]++
		case request.Method == http.MethodGet:
			counts["get"]++
		default:
			counts[strings.TrimPrefix(below, "/")]++
		}
	}
	s.ResetRequests()
	return counts
}

func (s *space) wantOperations(want map[string]int) resource.TestCheckFunc {
	return s.inMock(func() error {
		if diff := cmp.Diff(want, s.operations()); diff != "" {
			return fmt.Errorf("requests (-want +got):\n%s", diff)
		}
		return nil
	})
}

func entryID(key string) tfjsonpath.Path {
	return tfjsonpath.New("conversations").AtMapKey(key).AtMapKey("id")
}

// More conversations than fit into a batch. TestStage_sizes has other numbers.
func TestAccTextMessageConversations_basic(t *testing.T) {
	const size = 101
	w := newSpace(t)
	run(t, resource.TestStep{
		Config:           w.bulk(numbered(size), ""),
		ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionCreate),
		Check: resource.ComposeAggregateTestCheckFunc(
			w.wantOperations(map[string]int{"list": 3, "batch-modify": 2}), w.heldNumbers(numbered(size))),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(bulkAddress, tfjsonpath.New("conversations"), knownvalue.MapSizeExact(size)),
			statecheck.ExpectKnownValue(bulkAddress, tfjsonpath.New("failed"), knownvalue.MapSizeExact(0)),
		},
	})
	if left := len(w.live()); left != 0 {
		t.Errorf("%d conversations left after the destroy", left)
	}
	if err := w.sentIn("batch-delete", size, 2)(nil); err != nil {
		t.Error(err)
	}
}

// Additions and changes share a request, and removals share one. Only the entry with
// another number gets a new conversation.
func TestAccTextMessageConversations_update(t *testing.T) {
	w := newSpace(t, acme)
	before := numbered(10)
	after := before.with("new", "+1 555 999 0000").without("c000").with("c001", "+1 555 999 0001")
	kept, replaced := statecheck.CompareValue(compare.ValuesSame()), statecheck.CompareValue(compare.ValuesDiffer())
	run(t,
		resource.TestStep{
			Config:            w.bulk(before, ""),
			Check:             do(w.ResetRequests),
			ConfigStateChecks: []statecheck.StateCheck{kept.AddStateValue(bulkAddress, entryID("c005")), replaced.AddStateValue(bulkAddress, entryID("c001"))},
		},
		resource.TestStep{
			Config:           strings.Replace(w.bulk(after, ""), w.own(`"+15550000002"`), w.own(`"+15550000002"`)+`, account_relations = ["`+acme+`"]`, 1),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check: resource.ComposeAggregateTestCheckFunc(
				w.heldNumbers(after),
				w.sentIn("batch-modify", 3, 1), // the new one, the changed one, and the one with another number
				w.sentIn("batch-delete", 2, 1), // the removed one, and the one whose number changed
			),
			ConfigStateChecks: []statecheck.StateCheck{kept.AddStateValue(bulkAddress, entryID("c005")), replaced.AddStateValue(bulkAddress, entryID("c001"))},
		},
		resource.TestStep{
			PreConfig:        w.ResetRequests,
			Config:           w.bulk(numbers{}, ""),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check:            w.heldNumbers(numbers{}),
		},
	)
}

func TestAccTextMessageConversations_keys(t *testing.T) {
	w := newSpace(t)
	odd := numbers{}
	for i, key := range []string{"with space", `with "quotes"`, "with.dot", "with/slash", "🦊", "ключ", "a=b", "a,b", "100%"} {
		odd[key] = fmt.Sprintf("+1555010%04d", i)
	}
	run(t, resource.TestStep{Config: w.bulk(odd, ""), ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionCreate), Check: w.heldNumbers(odd)})
}

// All or nothing, across requests: a batch holds two of the ten conversations.
func TestAccTextMessageConversations_allOrNothing(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	run(t,
		resource.TestStep{
			Config:      w.bulk(numbered(10).with("c004", "nonsense"), "", "batch_size = 2"),
			ExpectError: says("Unable to Create Text Message Conversation", `"c004"`, "The CRM refuses"),
		},
		resource.TestStep{
			PreConfig: func() {
				if left := len(w.live()); left != 0 {
					t.Errorf("%d conversations left of an all-or-nothing create that failed", left)
				}
			},
			Config:           w.bulk(numbered(10), "", "batch_size = 2"),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionCreate),
			Check:            w.heldNumbers(numbered(10)),
		},
	)
}

func TestAccTextMessageConversations_unknown(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	body := func(number string) string {
		return w.config(fmt.Sprintf(`
resource "terraform_data" "one" { input = { phone_id = %q, recipient_phone_number = %q } }
resource "terraform_data" "map" { input = { a = { phone_id = %q } } }
resource "pipeliner_text_message_conversations" "test" {
  conversations = {
    whole = { phone_id = terraform_data.one.output.phone_id, recipient_phone_number = terraform_data.one.output.recipient_phone_number }
    known = { phone_id = %q }
  }
}
resource "pipeliner_text_message_conversations" "of_unknown_keys" {
  conversations = { for key, value in terraform_data.map.output : key => { phone_id = value.phone_id } }
}`, phone, number, phone, phone))
	}
	run(t,
		resource.TestStep{Config: body("+1 555 010 0001"), ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionCreate)},
		resource.TestStep{
			Config:           body("+1 555 010 0002"),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check: func(*terraform.State) error {
				if live := len(w.live()); live != 3 {
					return fmt.Errorf("%d conversations; want three", live)
				}
				return nil
			},
		},
	)
}

func TestAccTextMessageConversations_badInput(t *testing.T) {
	tests := map[string]struct {
		entry string
		want  *regexp.Regexp
	}{
		"phone that is no uuid":  {`{ phone_id = "sales" }`, says("Invalid Id", `"sales" is neither a UUID`)},
		"link of another kind":   {`{ phone_id = "` + phone + `", quote_relations = ["https://x/entities/Accounts/` + acme + `"] }`, says("Id of Another Entity")},
		"null":                   {`null`, says("Missing Conversation")},
		"number the CRM refuses": {`{ phone_id = "` + phone + `", recipient_phone_number = "x" }`, says("Unable to Create Text Message Conversation", `"bad"`, "The CRM refuses")},
		"account does not exist": {`{ phone_id = "` + phone + `", recipient_account_id = "` + nobody + `" }`, says("Unable to Create Text Message Conversation", `"bad"`, "does not exist in this space")},
	}
	w := newWorld(t, mockserver.Behavior{})
	rejections := map[string]rejection{}
	for name, test := range tests {
		rejections[name] = rejection{
			config: w.config("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = {\n    bad = " + test.entry + "\n  }\n}"),
			want:   test.want,
		}
	}
	reject(t, rejections)
}

// TestStage_importOfBulk has other forms of the id, and refused ones.
func TestAccTextMessageConversations_import(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	two := numbers{"alice": "+15550100001", "bob": "+15550100002"}
	importID := func(*terraform.State) (string, error) { return w.importID(two), nil }
	run(t,
		resource.TestStep{Config: w.bulk(two, "")},
		resource.TestStep{
			ResourceName: bulkAddress, ImportState: true, ImportStateIdFunc: importID,
			ImportStateCheck: func(states []*terraform.InstanceState) error {
				if len(states) != 1 || states[0].Attributes["conversations.%"] != "2" {
					return fmt.Errorf("imported %v; want one resource of two conversations", states)
				}
				return nil
			},
		},
		resource.TestStep{ // the block of Terraform 1.5, which must plan nothing else
			ResourceName: bulkAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateIdFunc: importID,
		},
		resource.TestStep{ResourceName: bulkAddress, ImportState: true, ImportStateId: "phone_id=" + otherPhone, ExpectError: says("Nothing to Import")},
	)
}

// importID returns the import id of the conversations on the server, by the keys of their
// numbers.
func (w *world) importID(n numbers) string {
	var items []string
	for key, number := range n {
		for _, record := range w.live() {
			if record["recipient_phone_number"] == number {
				items = append(items, fmt.Sprintf("%s=%s", key, record["id"]))
			}
		}
	}
	return strings.Join(items, ",")
}

// The configuration that Terraform generates for an import changes nothing.
func TestAccTextMessageConversations_generatedConfiguration(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	ids := make([]string, 3)
	for i, fields := range []map[string]any{
		{"phone_id": phone, "recipient_phone_number": adasNumber},
		{"phone_id": phone},
		{"phone_id": phone, "recipient_phone_number": "+1 (555) 010-0009", "recipient_account_id": acme},
	} {
		created, err := w.Create(conversations, fields)
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = created
	}
	generated := func(t *testing.T, importID string) {
		t.Helper()
		// Older versions of Terraform treat the computed attributes of entries as required
		// (github.com/hashicorp/terraform/issues/35478), and don't quote keys.
		checks := []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)}
		resource.ParallelTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, TerraformVersionChecks: checks, Steps: []resource.TestStep{{
			Config: w.config(""), ImportStateId: importID,
			ResourceName: bulkAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithID, GenerateConfig: true,
			ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(bulkAddress, plancheck.ResourceActionNoop)}},
		}}})
	}
	t.Run("keys", func(t *testing.T) {
		generated(t, fmt.Sprintf("ada=%s,empty=%s,acme=%s", ids[0], ids[1], ids[2]))
	})
	// The keys are numbers and ids, which must be quoted. OpenTofu doesn't quote them
	// (github.com/opentofu/opentofu/issues/3978).
	t.Run("phone", func(t *testing.T) {
		skipOpenTofu(t, "it does not quote keys")
		generated(t, "phone_id="+phone)
	})
}

// A postcondition on failed makes an incomplete apply fail, and taints nothing.
func TestAccTextMessageConversations_postcondition(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	const attributes = `rollback_method = 1
  lifecycle {
    postcondition {
      condition     = length(self.failed) == 0
      error_message = "Not created: ${join(", ", keys(self.failed))}"
    }
  }`
	run(t,
		resource.TestStep{Config: w.bulk(numbered(3).with("c001", "nonsense"), attributes), ExpectError: says("Not created: c001")},
		resource.TestStep{
			Config:           w.bulk(numbered(3), attributes),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check:            w.heldNumbers(numbered(3)),
		},
	)
}

// Conversations move from single resources to one map and back, without any change in the
// CRM.
func TestAccTextMessageConversations_movingBetween(t *testing.T) {
	w := newSpace(t)
	number := `recipient_phone_number = "+1 555 010 0001"`
	untouched := func(*terraform.State) error {
		for operation, count := range w.operations() {
			if strings.HasPrefix(operation, "batch") {
				return fmt.Errorf("%d requests of %s; want the CRM untouched", count, operation)
			}
		}
		return nil
	}
	forgotten := "removed {\n  from = %s\n  lifecycle {\n    destroy = false\n  }\n}\n"
	run(t,
		resource.TestStep{Config: w.conversation(number), Check: do(w.ResetRequests)},
		resource.TestStep{
			Config: w.config(fmt.Sprintf(forgotten, "pipeliner_text_message_conversation.test")),
			Check:  untouched,
		},
		resource.TestStep{
			Config:       w.bulk(numbers{"alice": "+1 555 010 0001"}, ""),
			ResourceName: bulkAddress, ImportState: true, ImportStatePersist: true,
			ImportStateIdFunc: func(*terraform.State) (string, error) { return "alice=" + w.id(), nil },
		},
		resource.TestStep{
			Config:           w.bulk(numbers{"alice": "+1 555 010 0001"}, ""),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionNoop),
			Check:            untouched,
		},
	)
}
