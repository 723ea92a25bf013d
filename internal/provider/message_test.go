package provider_test

import (
	"fmt"
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

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const textMessages = "TextMessages" // the entity

var anyID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// messagesBlock declares messages, each "key = { … }".
func messagesBlock(items ...string) string {
	return "messages = {\n" + strings.Join(items, "\n") + "\n}"
}

func outgoing(key, content string) string {
	return fmt.Sprintf("%s = { content = %q, direction = \"outgoing\" }", key, content)
}

// liveMessages returns the messages that are not deleted, by content.
func (w *world) liveMessages() map[string]map[string]any {
	found := map[string]map[string]any{}
	for _, record := range w.Records(textMessages) {
		if record["is_deleted"] != true {
			content, _ := record["content"].(string)
			found[content] = record
		}
	}
	return found
}

func (w *world) holdsMessages(want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		got := []string{}
		for _, record := range w.Records(textMessages) {
			if record["is_deleted"] != true {
				got = append(got, fmt.Sprint(record["content"]))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("messages on the server (-want +got):\n%s", diff)
		}
		return nil
	}
}

// wrote checks the requests that wrote something since the last look.
func (w *world) wrote(want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		var got []string
		for _, request := range w.Requests() {
			if request.Method != http.MethodGet {
				got = append(got, strings.TrimPrefix(request.Path, "/entities/"))
			}
		}
		w.ResetRequests()
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("requests that wrote (-want +got):\n%s", diff)
		}
		return nil
	}
}

func (w *world) strangersMessage() {
	if _, err := w.Create(textMessages, map[string]any{"text_message_conversation_id": w.id(), "content": "stranger", "direction": 2}); err != nil {
		w.t.Error(err)
	}
}

func messagePath(key, attribute string) tfjsonpath.Path {
	return tfjsonpath.New("messages").AtMapKey(key).AtMapKey(attribute)
}

// The life of the messages that Terraform owns, beside one of somebody else.
func TestAccTextMessageConversation_messages(t *testing.T) {
	for update, revision := range map[string]string{mockserver.Replace: mockserver.Keep, mockserver.Merge: mockserver.Bump} {
		t.Run(update+", revision "+revision, func(t *testing.T) {
			w := newWorld(t, mockserver.Behavior{ArrayUpdate: update, MessageRevision: revision})
			comparison := statecheck.CompareValue(compare.ValuesSame())
			same := func(key string) []statecheck.StateCheck {
				return []statecheck.StateCheck{comparison.AddStateValue(address, messagePath(key, "id"))}
			}
			run(t,
				resource.TestStep{
					Config: w.conversation(messagesBlock(outgoing("hello", "Hello"), outgoing("again", "Hello"),
						`reply = { content = "Hi", direction = "incoming", status = "received", message_sid = "SM1", datetime_sent = "2026-01-02T04:04:05+01:00" }`)),
					ConfigPlanChecks:  planned(plancheck.ResourceActionCreate),
					ConfigStateChecks: same("hello"),
					Check: resource.ComposeAggregateTestCheckFunc(w.holdsMessages("Hello", "Hello", "Hi"), w.wrote(conversations+"/batch-modify"),
						func(*terraform.State) error {
							reply := w.liveMessages()["Hi"]
							if reply["direction"] != 2 || reply["status"] != 4 || reply["message_sid"] != "SM1" || !strings.HasPrefix(fmt.Sprint(reply["datetime_sent"]), "2026-01-02 03:04:05") {
								return fmt.Errorf("the reply is %v", reply)
							}
							return nil
						}, do(w.strangersMessage)),
				},
				resource.TestStep{ // one is changed, one goes, one comes; a field of the conversation, too
					Config: w.conversation(`recipient_contact_id = "` + bob + "\"\n" + messagesBlock(outgoing("hello", "Hello, Bob"), outgoing("new", "News"),
						`reply = { content = "Hi", direction = "incoming", datetime_sent = "2026-01-02T03:04:05Z" }`)),
					ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
					ConfigStateChecks: same("hello"),
					Check: resource.ComposeAggregateTestCheckFunc(w.holdsMessages("Hello, Bob", "News", "Hi", "stranger"), func(*terraform.State) error {
						requests := w.Requests()
						w.ResetRequests()
						for _, request := range requests {
							if strings.Contains(request.Path, conversations+"/batch-modify") && strings.Contains(string(request.Body), "messages") {
								return fmt.Errorf("the update of the conversation holds messages: %s", request.Body)
							}
						}
						return nil
					}),
				},
				resource.TestStep{ // only a key is another one
					Config: w.conversation(`recipient_contact_id = "` + bob + "\"\n" + messagesBlock(outgoing("greeting", "Hello, Bob"), outgoing("new", "News"),
						`reply = { content = "Hi", direction = "incoming" }`)),
					ConfigPlanChecks:  planned(plancheck.ResourceActionUpdate),
					ConfigStateChecks: same("greeting"),
					Check:             w.wrote(),
				},
				resource.TestStep{ // edited, deleted, and gone
					PreConfig: func() {
						live := w.liveMessages()
						id := func(content string) string { return fmt.Sprint(live[content]["id"]) }
						for _, err := range []error{
							w.Edit(textMessages, id("Hello, Bob"), map[string]any{"content": "Defaced"}),
							w.SoftDelete(textMessages, id("News")),
							w.Purge(textMessages, id("Hi")),
						} {
							if err != nil {
								t.Error(err)
							}
						}
						w.ResetRequests()
					},
					Config: w.conversation(`recipient_contact_id = "` + bob + "\"\n" + messagesBlock(outgoing("greeting", "Hello, Bob"), outgoing("new", "News"),
						`reply = { content = "Hi", direction = "incoming" }`)),
					ConfigPlanChecks: planned(plancheck.ResourceActionUpdate,
						plancheck.ExpectKnownValue(address, messagePath("new", "is_deleted"), knownvalue.Bool(false)),
						plancheck.ExpectUnknownValue(address, messagePath("reply", "id"))),
					ConfigStateChecks: same("greeting"),
					Check: resource.ComposeAggregateTestCheckFunc(w.holdsMessages("Hello, Bob", "News", "Hi", "stranger"), func(*terraform.State) error {
						if made := len(w.Records(textMessages)); made != 5 {
							return fmt.Errorf("%d messages were made; want five, of which one is deleted", made)
						}
						return nil
					}),
				},
				resource.TestStep{ // none any more is not the same as none declared
					Config:           w.conversation(`recipient_contact_id = "` + bob + "\"\n" + "messages = {}"),
					ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
					Check:            w.holdsMessages("stranger"),
				},
			)
		})
	}
}

// An existing message is attached by its id, and left where it is afterwards.
func TestAccTextMessageConversation_attach(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	var ids [2]string
	for i := range ids {
		var err error
		if ids[i], err = w.Create(textMessages, map[string]any{"content": fmt.Sprint("existing ", i), "direction": 1}); err != nil {
			t.Fatal(err)
		}
	}
	attached := func(want int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			got := 0
			for _, record := range w.Records(textMessages) {
				if record["text_message_conversation_id"] == w.id() && record["is_deleted"] == false {
					got++
				}
			}
			if got != want {
				return fmt.Errorf("%d messages of the conversation; want %d", got, want)
			}
			return nil
		}
	}
	byID := func(key, id string) string { return fmt.Sprintf("%s = { id = %q }", key, id) }
	run(t,
		resource.TestStep{
			Config:           w.conversation(messagesBlock(byID("a", strings.ToUpper(ids[0])), outgoing("b", "own"))),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate), Check: attached(2),
		},
		resource.TestStep{
			Config:           w.conversation(messagesBlock(byID("a", ids[0]), byID("c", "https://x/entities/TextMessages/"+ids[1]))),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate), Check: attached(2),
		},
		resource.TestStep{
			Config:           w.conversation(""),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate), Check: attached(2),
		},
		resource.TestStep{ // what can't be attached when the conversation is created does not sink it
			Config:      w.config(conversationBlock(messagesBlock(byID("a", nobody))) + "\n" + strings.ReplaceAll(conversationBlock(messagesBlock(byID("x", nobody))), `"test"`, `"other"`)),
			ExpectError: says("Unable to Attach Text Message", "Cause:"),
		},
	)
}

func TestAccTextMessageConversation_badMessages(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	rejections := map[string]rejection{}
	for name, test := range map[string]struct {
		message string
		want    *regexp.Regexp
	}{
		"neither":             {`{}`, says("Invalid Message", "The message has no")},
		"no direction":        {`{ content = "x" }`, says("Invalid Message", "The message has no direction")},
		"id and content":      {`{ id = "` + nobody + `", content = "x" }`, says("Invalid Message", "which is attached as it is: remove content, or the id")},
		"null":                {`null`, says("Invalid Message", "The message is null")},
		"unknown direction":   {`{ content = "x", direction = "sideways" }`, says(`must be one of: ["outgoing" "incoming"]`)},
		"unknown status":      {`{ content = "x", direction = "outgoing", status = "2" }`, says(`must be one of: ["sending" "sent" "failed" "received" "seen"]`)},
		"no time":             {`{ content = "x", direction = "outgoing", datetime_sent = "yesterday" }`, says("Invalid Time", "a time in RFC 3339", `got: "yesterday"`)},
		"empty":               {`{ content = "", direction = "outgoing" }`, says("string length must be at least 1")},
		"id of another thing": {`{ id = "https://x/entities/Accounts/` + acme + `" }`, says("Id of Another Entity")},
	} {
		rejections[name] = rejection{config: w.conversation(messagesBlock("m = " + test.message)), want: test.want}
	}
	reject(t, rejections)
	w.asksNothing()
}

// Someone else's change of the same message is not overwritten, and what did not
// work is in the state as it was.
func TestAccTextMessageConversation_messageConflict(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	body := func(first, second string) string {
		return w.conversation(messagesBlock(outgoing("a", first), outgoing("b", second)))
	}
	run(t,
		resource.TestStep{Config: body("one", "two")},
		resource.TestStep{
			Config: body("one, ours", "two, ours"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{meanwhile(func() {
				if err := w.Edit(textMessages, fmt.Sprint(w.liveMessages()["one"]["id"]), map[string]any{"content": "one, theirs"}); err != nil {
					t.Error(err)
				}
			})}},
			ExpectError: says("Conflicting Change of Text Message", `messages["a"].content: Someone else has changed content of the message`, "a text of 3 characters", "as planned: a text of 9 characters", "a text of 11 characters"),
		},
		resource.TestStep{
			PreConfig: func() {
				if err := w.holdsMessages("one, theirs", "two, ours")(nil); err != nil {
					t.Error(err)
				}
			},
			Config:           body("one, ours", "two, ours"),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check:            w.holdsMessages("one, ours", "two, ours"),
		},
		resource.TestStep{ // refused by the CRM
			PreConfig: func() {
				w.Inject(mockserver.Fault{Path: textMessages + "/batch-modify", Kind: mockserver.StatusReply, Status: 403, Times: 1})
			},
			Config:      body("one, ours", "three"),
			ExpectError: says("Unable to Update Text Message", "does not permit this"),
		},
		resource.TestStep{ // a lost reply makes none twice
			PreConfig: func() {
				w.Inject(mockserver.Fault{Path: textMessages + "/batch-modify", Kind: mockserver.DropAfter, Times: 1})
			},
			Config:           w.conversation(messagesBlock(outgoing("a", "one, ours"), outgoing("b", "three"), outgoing("c", "three"))),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check:            w.holdsMessages("one, ours", "three", "three"),
		},
	)
}

// Messages of many conversations cost as much again as the conversations.
func TestAccTextMessageConversations_messages(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	body := func(text string) string {
		return w.config(fmt.Sprintf(`
resource "pipeliner_text_message_conversations" "test" {
  conversations = {
    for i in range(120) : i => { phone_id = %q, messages = { m = { content = "%s ${i}", direction = "outgoing" } } }
  }
}`, phone, text))
	}
	requests := func(want map[string]int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			got := map[string]int{}
			for _, request := range w.Requests() {
				got[request.Method+" "+anyID.ReplaceAllString(strings.TrimPrefix(request.Path, "/entities/"), "{id}")]++
			}
			w.ResetRequests()
			if diff := cmp.Diff(want, got); diff != "" {
				return fmt.Errorf("requests (-want +got):\n%s", diff)
			}
			return nil
		}
	}
	run(t,
		resource.TestStep{
			Config: body("Hello"), ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionCreate),
			// What is newest, the batches, and both read back: contents one by one, so that none of others is read.
			Check: requests(map[string]int{
				"GET " + conversations: 1 + 2, "POST " + conversations + "/batch-modify": 2,
				"GET " + textMessages: 2, "GET " + textMessages + "/{id}": 120,
			}),
		},
		resource.TestStep{
			PreConfig: w.ResetRequests,
			Config:    body("Bye"), ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			// The refresh; then the comparisons, the batches, and their read-back.
			Check: resource.ComposeAggregateTestCheckFunc(
				requests(map[string]int{
					"GET " + conversations: 2, "GET " + textMessages: 2 + 2,
					"POST " + textMessages + "/batch-modify": 2, "GET " + textMessages + "/{id}": 120,
				}),
				func(*terraform.State) error {
					if live := w.liveMessages(); len(live) != 120 || live["Bye 77"] == nil {
						return fmt.Errorf("%d messages", len(live))
					}
					return nil
				}),
		},
		resource.TestStep{
			Config: w.config(fmt.Sprintf(`
resource "pipeliner_text_message_conversations" "test" {
  conversations = {
    for i in range(120) : "moved ${i}" => { phone_id = %q, messages = i == 7 ? {} : { x = { content = "Bye ${i}", direction = "outgoing" } } }
  }
}`, phone)),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check: func(*terraform.State) error {
				// The one that is to have no message is another one.
				if all := len(w.Records(conversations)); all != 121 || len(w.live()) != 120 || len(w.Records(textMessages)) != 120 {
					return fmt.Errorf("%d conversations were made, %d are left, with %d messages", all, len(w.live()), len(w.Records(textMessages)))
				}
				return nil
			},
		},
	)
}

// What is only yet to be declared of a message was the CRM's so far: that it has
// set it is no conflict. A message that becomes an attached one stays.
func TestAccTextMessageConversation_messageTakenOver(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	message := func() map[string]any { return w.liveMessages()["Hello"] }
	var id string
	run(t,
		resource.TestStep{
			Config: w.conversation(messagesBlock(outgoing("a", "Hello"))),
			Check: do(func() {
				id = fmt.Sprint(message()["id"])
				if err := w.Edit(textMessages, id, map[string]any{"status": 2}); err != nil {
					t.Error(err)
				}
			}),
		},
		resource.TestStep{
			Config:           w.conversation(messagesBlock(`a = { content = "Hello", direction = "outgoing", status = "seen" }`)),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check: func(*terraform.State) error {
				if message()["status"] != 5 || message()["id"] != id {
					return fmt.Errorf("the message is %v", message())
				}
				return nil
			},
		},
		resource.TestStep{
			Config:           w.config(conversationBlock(messagesBlock("b = { id = local.id }")) + "\nlocals {\n  id = one([for m in data.pipeliner_records.messages.ids : m])\n}\ndata \"pipeliner_records\" \"messages\" {\n  entity = \"TextMessages\"\n}"),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check:            resource.ComposeAggregateTestCheckFunc(w.holdsMessages("Hello"), func(s *terraform.State) error { return resource.TestCheckResourceAttr(address, "messages.b.id", id)(s) }),
		},
	)
}

// A create whose outcome nobody could see is looked for before it is repeated.
func TestAccTextMessageConversation_messageUnsettled(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	body := func(items ...string) string {
		return w.config(conversationBlock(messagesBlock(items...)), "max_retries = 0", `request_timeout = "1s"`)
	}
	run(t,
		resource.TestStep{Config: body(outgoing("a", "one"))},
		resource.TestStep{
			PreConfig: func() {
				w.Inject(mockserver.Fault{Path: textMessages + "/batch-modify", Times: 1, Kind: mockserver.DropAfter, Do: func() {
					w.Inject(mockserver.Fault{Method: http.MethodGet, Path: textMessages, Kind: mockserver.StatusReply, Status: 502})
				}})
			},
			Config:      body(outgoing("a", "one"), outgoing("b", "two")),
			ExpectError: says("Unable to Create Text Message", "may or may not have been created", "makes it again only if it is not there"),
		},
		resource.TestStep{
			PreConfig:        w.ClearFaults,
			Config:           body(outgoing("a", "one"), outgoing("b", "two")),
			ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
			Check:            w.holdsMessages("one", "two"),
		},
		resource.TestStep{ // written, and not read back
			PreConfig: func() {
				w.Inject(mockserver.Fault{Path: textMessages + "/batch-modify", Times: 1, Do: func() {
					w.Inject(mockserver.Fault{Method: http.MethodGet, Path: textMessages, Kind: mockserver.StatusReply, Status: 502})
				}})
			},
			Config: body(outgoing("a", "one"), outgoing("b", "two"), outgoing("c", "three")),
			Check:  do(w.ClearFaults),
		},
		resource.TestStep{
			Config:           body(outgoing("a", "one"), outgoing("b", "two"), outgoing("c", "three")),
			ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
			Check:            w.holdsMessages("one", "two", "three"),
		},
	)
}

// An entry that is refused keeps all that was planned of its messages, so that
// the resource is not tainted; a message that moves to another entry is not
// deleted behind it.
func TestAccTextMessageConversations_messagesOfFailed(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	existing, err := w.Create(textMessages, map[string]any{"content": "existing", "direction": 1})
	if err != nil {
		t.Fatal(err)
	}
	entry := func(key, number, messages string) string {
		return fmt.Sprintf("    %s = { phone_id = %q, recipient_phone_number = %q, messages = { %s } }\n", key, phone, number, messages)
	}
	body := func(entries ...string) string {
		return w.config("resource \"pipeliner_text_message_conversations\" \"test\" {\n  rollback_method = 1\n  conversations = {\n" + strings.Join(entries, "") + "  }\n}")
	}
	attached := fmt.Sprintf("m = { id = %q }", existing)
	owned := `n = { content = "own", direction = "outgoing" }`
	var ownID string
	run(t,
		resource.TestStep{
			Config: body(entry("good", "+1 555 010 0001", owned), entry("bad", "nonsense", attached+", "+owned)),
			// What was refused is left to the next apply.
			ExpectNonEmptyPlan: true,
		},
		resource.TestStep{
			Config:           body(entry("good", "+1 555 010 0001", owned), entry("bad", "+1 555 010 0002", attached)),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check: resource.ComposeAggregateTestCheckFunc(w.holdsMessages("own", "existing"), do(func() {
				ownID = fmt.Sprint(w.liveMessages()["own"]["id"])
			})),
		},
		resource.TestStep{
			Config: w.config("data \"pipeliner_records\" \"own\" {\n  entity = \"TextMessages\"\n  filter = { content = \"own\" }\n}\n" +
				"resource \"pipeliner_text_message_conversations\" \"test\" {\n  rollback_method = 1\n  conversations = {\n" +
				entry("good", "+1 555 010 0001", "") + entry("bad", "+1 555 010 0002", attached+", o = { id = data.pipeliner_records.own.ids[0] }") + "  }\n}"),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
			Check: resource.ComposeAggregateTestCheckFunc(w.holdsMessages("own", "existing"), func(*terraform.State) error {
				if now := fmt.Sprint(w.liveMessages()["own"]["id"]); now != ownID {
					return fmt.Errorf("the message is %s; want %s", now, ownID)
				}
				return nil
			}),
		},
	)
}
