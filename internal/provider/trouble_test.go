package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// says matches words in order, however Terraform breaks the lines.
func says(texts ...string) *regexp.Regexp {
	var patterns []string
	for _, text := range texts {
		words := strings.Fields(text)
		for j, word := range words {
			words[j] = regexp.QuoteMeta(word)
		}
		patterns = append(patterns, strings.Join(words, `\s+`))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(patterns, `.*`))
}

// What is wrong is said at the attribute: Terraform quotes its line.
func TestAccTextMessageConversation_badInput(t *testing.T) {
	const summary = "Unable to Create Text Message Conversation"
	tests := map[string]struct {
		fieldToo   bool // the error names the field
		attributes string
		want       *regexp.Regexp
		sends      bool // a batch-modify
	}{
		"account that is no uuid": {
			attributes: `recipient_account_id = "acme"`,
			want:       says("Invalid Id", `recipient_account_id = "acme"`, `"acme" is neither a UUID`, "nor a URI that ends in one"),
		},
		"link that is no uuid": {
			attributes: `project_relations = ["p"]`,
			want:       says("Invalid Id", `project_relations = ["p"]`, `"p" is neither a UUID`),
		},
		"null link": {
			attributes: `project_relations = [null]`,
			want:       says("Invalid Id", `project_relations = [null]`, "One of the ids is null"),
		},
		"empty link": {
			attributes: `project_relations = [""]`,
			want:       says("Invalid Id", `project_relations = [""]`),
		},
		"link of an impossible kind": {
			attributes: `account_relations = ["https://x/entities/Contacts/` + ada + `"]`,
			want:       says("Id of Another Entity", "account_relations =", "names a record of Contacts, but ids of Accounts belong here"),
		},
		"unknown validation bits": {
			attributes: `validation_level = 33`,
			want:       says("Invalid Validation Level", "validation_level = 33", "a sum of different ones of 0, 2, 4, 8, 16, got: 33"),
		},
		"negative validation level": {
			attributes: `validation_level = -2`,
			want:       says("Invalid Validation Level", "got: -2"),
		},
		"unknown deletion policy": {
			attributes: `deletion_policy = "forget"`,
			want:       says(`deletion_policy = "forget"`, `must be one of: ["delete" "abandon"]`),
		},
		"empty number": {
			attributes: `recipient_phone_number = ""`,
			want:       says(`recipient_phone_number = ""`, "string length must be at least 1"),
		},
		"number that the CRM refuses": {
			attributes: `recipient_phone_number = "call me"`,
			want: says(summary, `recipient_phone_number = "call me"`, "The CRM refuses what the configuration says",
				"Cause: HTTP 422, error 40000 ERROR_ENTITY_VALIDATION"),
			sends: true,
		},
		"account that does not exist": {
			attributes: `recipient_account_id = "` + nobody + `"`,
			want: says(summary, "recipient_account_id = ", "A record that the conversation refers to does not exist in this space",
				"error 120 ERROR_RELATIONS_DOESNT_EXIST"),
			sends: true,
		},
		"link to what does not exist": {
			attributes: `lead_relations = ["` + nobody + `"]`,
			want:       says(summary, "lead_relations = ", "does not exist in this space", "error 120"),
			sends:      true,
		},
		"link to what does not exist, said with the field": {
			fieldToo:   true,
			attributes: `lead_relations = ["` + nobody + `"]`,
			want:       says(summary, "lead_relations = ", "does not exist in this space", "error 120"),
			sends:      true,
		},
	}
	fieldToo := newWorld(t, mockserver.Behavior{RelationError: mockserver.FieldToo})
	usual := newWorld(t, mockserver.Behavior{})
	rejections := map[string]rejection{}
	sending := 0
	for name, test := range tests {
		w := usual
		if test.fieldToo {
			w = fieldToo
		}
		if test.sends {
			sending++
		}
		rejections[name] = rejection{config: w.conversation(test.attributes), want: test.want}
	}
	reject(t, rejections)
	_, requests := usual.sent("batch-modify")
	_, more := fieldToo.sent("batch-modify")
	if made := len(usual.Records(conversations)) + len(fieldToo.Records(conversations)); requests+more != sending || made != 0 {
		t.Errorf("%d batch-modify requests made %d conversations; want %d and none", requests+more, made, sending)
	}
}

// A bad neighbour in the batch sinks nobody, and is made good alone.
func TestAccTextMessageConversation_badNeighbour(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	configuration := func(number string) string {
		return w.config(fmt.Sprintf(`
resource "pipeliner_text_message_conversation" "test" {
  count                  = 3
  phone_id               = %q
  recipient_phone_number = ["+1 555 010 0010", "+1 555 010 0011", %q][count.index]
}`, phone, number), `batch_window = "1s"`) // all of them in one batch, however slow the machine
	}
	run(t,
		resource.TestStep{
			Config:      configuration("nonsense"),
			ExpectError: says(`with pipeliner_text_message_conversation.test[2]`, "The CRM refuses"),
		},
		resource.TestStep{
			PreConfig: func() {
				if items, requests := w.sent("batch-modify"); len(items) != 3 || requests != 1 || len(w.live()) != 2 {
					t.Errorf("%d items in %d requests made %d conversations; want 3 in 1 that make 2", len(items), requests, len(w.live()))
				}
				w.ResetRequests()
			},
			Config:           configuration("+1 555 010 0012"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
			Check: func(*terraform.State) error {
				if items, _ := w.sent("batch-modify"); len(items) != 1 || len(w.live()) != 3 {
					return fmt.Errorf("%d items sent, %d conversations; want the missing one only", len(items), len(w.live()))
				}
				return nil
			},
		},
	)
}

func TestAccTextMessageConversation_lostReply(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	fault := mockserver.Fault{Kind: mockserver.DropAfter}
	w.lose("batch-modify", fault)
	run(t,
		resource.TestStep{
			Config:           w.conversation(everything),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
			Check: resource.ComposeAggregateTestCheckFunc(w.holds(everythingHeld), func(s *terraform.State) error {
				return resource.TestCheckResourceAttr(address, "id", w.id())(s)
			}),
		},
		resource.TestStep{
			PreConfig:        func() { w.lose("batch-modify", fault) },
			Config:           w.conversation(strings.ReplaceAll(everything, acme, globex)),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check:            w.holds(map[string]any{"recipient_account_id": globex, "account_relations": []string{globex}}),
		},
		resource.TestStep{
			PreConfig: func() { w.lose("batch-delete", fault) },
			Config:    w.config(""),
		},
	)
	if all := w.Records(conversations); len(all) != 1 || len(w.live()) != 0 {
		t.Errorf("%d conversations were made, %d are left; want one and none", len(all), len(w.live()))
	}
}

// Even looking fails: the resource is tainted and has no id, and the next plan finds
// what was created. It is replaced, not left behind.
func TestAccTextMessageConversation_outcomeUnknown(t *testing.T) {
	for name, kind := range map[string]mockserver.Kind{"carried out": mockserver.DropAfter, "not carried out": mockserver.DropBefore} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, mockserver.Behavior{})
			w.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: kind, Do: func() {
				w.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 502})
			}})
			configuration := w.config(conversationBlock(`recipient_phone_number = "+1 555 010 0000"`), "max_retries = 0", `request_timeout = "1s"`)
			run(t,
				resource.TestStep{
					Config: configuration,
					ExpectError: says("Unable to Create Text Message Conversation", "may or may not have been created",
						"in the state without an id, and its resource is tainted", "terraform untaint", "Cause:", "looking for what it did failed too"),
				},
				resource.TestStep{
					PreConfig:        w.ClearFaults,
					Config:           configuration,
					ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate),
					Check:            w.holds(map[string]any{"phone_id": phone}),
				},
			)
			if live := len(w.live()); live != 0 {
				t.Errorf("%d conversations are left", live)
			}
		})
	}
}

// A destroy finds what was created too.
func TestAccTextMessageConversation_outcomeUnknownDestroyed(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	w.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter, Do: func() {
		w.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 502})
	}})
	configuration := w.config(conversationBlock(`recipient_phone_number = "+1 555 010 0000"`), "max_retries = 0", `request_timeout = "1s"`)
	run(t,
		resource.TestStep{Config: configuration, ExpectError: says("may or may not have been created")},
		resource.TestStep{PreConfig: w.ClearFaults, Config: configuration, Destroy: true},
	)
	if live := len(w.live()); live != 0 {
		t.Errorf("%d conversations are left", live)
	}
}

// What a destroy finds may be somebody else's: it lacks something of what was sent.
func TestAccTextMessageConversation_outcomeUnknownOfOthers(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	w.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Do: func() {
		w.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 502})
	}})
	configuration := w.config(conversationBlock(fmt.Sprintf("recipient_phone_number = \"+1 555 010 0000\"\n recipient_account_id = %q", acme)), "max_retries = 0", `request_timeout = "1s"`)
	var theirs string
	run(t,
		resource.TestStep{Config: configuration, ExpectError: says("may or may not have been created")},
		resource.TestStep{
			PreConfig: func() {
				w.ClearFaults()
				theirs = w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+1 555 010 0000"})
			},
			Config: configuration, Destroy: true,
			ExpectError: says("Unable to Delete Text Message Conversation", "or somebody else's", "terraform state rm"),
		},
		resource.TestStep{PreConfig: func() { must(t, w.Purge(conversations, theirs)) }, Config: configuration, Destroy: true},
	)
}

// Another space holds nothing of the state, and that means nothing.
func TestAccTextMessageConversation_anotherSpace(t *testing.T) {
	server, err := newMock(mockserver.Options{OtherSpaces: []string{"your_space"}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOf(t, server)
	mine := w.conversation(`recipient_phone_number = "+1 555 010 0000"`)
	yours := strings.ReplaceAll(mine, `"my_space"`, `"your_space"`)
	run(t,
		resource.TestStep{Config: mine},
		resource.TestStep{Config: yours, ExpectError: says("Another Space", `"my_space"`, `"your_space"`)},
		resource.TestStep{Config: yours, Destroy: true, ExpectError: says("Another Space", `"my_space"`, `"your_space"`)},
		resource.TestStep{Config: mine, ConfigPlanChecks: planned(plancheck.ResourceActionNoop)},
	)
}

// A restored backup shows less than the state has seen: nothing there counts as gone.
func TestAccTextMessageConversation_restoredBackup(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	w.Backup()
	configuration := w.conversation(`recipient_phone_number = "+1 555 010 0000"`)
	run(t,
		resource.TestStep{Config: configuration},
		resource.TestStep{
			PreConfig: func() {
				if err := w.RestoreBackup(); err != nil {
					t.Fatal(err)
				}
			},
			Config:      configuration,
			ExpectError: says("shows less than Terraform's state has already seen", "Nothing was changed"),
		},
		resource.TestStep{ // as time goes by, there is more than that
			PreConfig: func() {
				for range 20 {
					if err := w.Edit("Accounts", acme, map[string]any{"name": "Acme"}); err != nil {
						t.Fatal(err)
					}
				}
			},
			Config:           configuration,
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
		},
	)
}

// A copy that lags behind what was just written is waited for.
func TestAccTextMessageConversation_lag(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	w.SetLag(time.Second)
	configuration := w.config(conversationBlock(`recipient_phone_number = "+1 555 010 0000"`), `recovery_timeout = "10s"`)
	run(t,
		resource.TestStep{Config: configuration},
		resource.TestStep{Config: configuration, ConfigPlanChecks: planned(plancheck.ResourceActionNoop)},
	)
	if made := len(w.Records(conversations)); made != 1 {
		t.Errorf("%d conversations were made", made)
	}
}

// What was created and can't be read back is in the state, and is not tainted.
func TestAccTextMessageConversation_notReadBack(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	w.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Times: 1, Do: func() {
		w.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 502})
	}})
	configuration := w.config(conversationBlock(`recipient_account_id = "`+acme+`"`), "max_retries = 0")
	run(t,
		resource.TestStep{
			Config: configuration,
			Check:  resource.ComposeAggregateTestCheckFunc(resource.TestCheckResourceAttrSet(address, "id"), do(w.ClearFaults)),
		},
		resource.TestStep{
			Config:           configuration,
			ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
			Check: resource.ComposeAggregateTestCheckFunc(
				w.holds(map[string]any{"recipient_account_id": acme}),
				resource.TestCheckResourceAttrSet(address, "revision")),
		},
	)
	if all := w.Records(conversations); len(all) != 1 {
		t.Errorf("%d conversations were made; want one", len(all))
	}
}

// A wrong space, or what looks like one, never counts as a deletion.
func TestAccTextMessageConversation_wrongSpaceKeepsState(t *testing.T) {
	notFound := `{"success":false,"http_status":404,"code":2000,"name":"ERROR_NOT_FOUND","message":"no such space"}`
	for name, reply := range map[string]string{"the API's envelope": notFound, "another 404": `{"status":404,"message":"not found"}`} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, mockserver.Behavior{})
			run(t,
				resource.TestStep{Config: w.conversation("")},
				resource.TestStep{
					PreConfig: func() {
						w.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: 404, Reply: reply, ContentType: "application/json"})
					},
					Config:      w.conversation(""),
					ExpectError: says("Unable to Read Text Message Conversation"),
				},
				resource.TestStep{
					PreConfig:        w.ClearFaults,
					Config:           w.conversation(""),
					ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
				},
			)
		})
	}
}

func TestAccProvider_access(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	tests := map[string]struct {
		change func(string) string
		want   *regexp.Regexp
	}{
		"wrong password": {
			func(c string) string { return strings.ReplaceAll(c, password, "wrong") },
			says("Unable to Create Text Message Conversation", `in resource "pipeliner_text_message_conversation" "test"`, "does not accept the provider's user name and password", "PIPELINER_PASSWORD", "Cause: HTTP 401"),
		},
		"wrong space": {
			func(c string) string { return strings.ReplaceAll(c, "my_space", "your_space") },
			says("There is no such space at this address", "service_url and space_id"),
		},
		"space that is a path": {
			func(c string) string { return strings.ReplaceAll(c, "my_space", "my/space") },
			says("Invalid Provider Setting", `space_id = "my/space"`, "a space id has no slash"),
		},
		"another host": {
			func(c string) string { return strings.ReplaceAll(c, w.url, "http://crm.example") },
			says("Invalid Provider Setting", "service_url", "plain http to crm.example would send the password unencrypted"),
		},
		"nobody listens": {
			func(c string) string {
				return strings.ReplaceAll(strings.ReplaceAll(c, w.url, "http://127.0.0.1:1"), "# more", "max_retries = 0")
			},
			says("There is no connection to the CRM, and nothing has changed there", "Cause: cannot connect to 127.0.0.1:1"),
		},
		"no password": {
			func(c string) string { return regexp.MustCompile(`(?m)^\s*password.*$`).ReplaceAllString(c, "") },
			says("Missing Provider Setting", `provider "pipeliner"`, "The provider needs password to reach the CRM", "PIPELINER_PASSWORD"),
		},
		"bad window": {
			func(c string) string { return strings.ReplaceAll(c, "# more", `batch_window = "20"`) },
			says("Invalid Duration", `batch_window = "20"`, `such as "500ms" or "1m30s"`),
		},
		"bad size": {
			func(c string) string { return strings.ReplaceAll(c, "# more", `batch_size = 0`) },
			says("batch_size = 0", "must be between 1 and 1000"),
		},
		"bad policy for conflicts": {
			func(c string) string { return strings.ReplaceAll(c, "# more", `on_conflict = "ask"`) },
			says(`on_conflict = "ask"`, `must be one of: ["fail" "overwrite"]`),
		},
		"bad level": {
			func(c string) string { return strings.ReplaceAll(c, "# more", `validation_level = 1`) },
			says("Invalid Validation Level", "validation_level = 1"),
		},
	}
	rejections := map[string]rejection{}
	for name, test := range tests {
		rejections[name] = rejection{config: test.change(w.config(conversationBlock(""), "# more")), want: test.want}
	}
	reject(t, rejections)
}

// A password that is not known while planning does not fail the plan.
func TestAccProvider_unknownSetting(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	configuration := w.config(`resource "terraform_data" "password" { input = "` + password + "\" }\n" + conversationBlock(""))
	configuration = strings.Replace(configuration, fmt.Sprintf("password    = %q", password), "password = terraform_data.password.output", 1)
	run(t, resource.TestStep{
		Config:           configuration,
		ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
		Check:            w.holds(map[string]any{"phone_id": phone}),
	})
}
