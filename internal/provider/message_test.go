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

// wrote checks the writing requests since its last call.
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
	w.addMessage(w.id(), "stranger", 2)
}

func messagePath(key, attribute string) tfjsonpath.Path {
	return tfjsonpath.New("messages").AtMapKey(key).AtMapKey(attribute)
}

// The life of the messages that Terraform manages, next to one of someone else.
// TestStage_messages has more, for each way in which the service may behave.
func TestAccTextMessageConversation_messages(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
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
				do(w.strangersMessage)),
		},
		resource.TestStep{ // one changes and gets another key, others edit one, one goes, one comes
			PreConfig: func() {
				must(t, w.Edit(textMessages, fmt.Sprint(w.liveMessages()["Hi"]["id"]), map[string]any{"content": "Defaced"}))
			},
			Config: w.conversation(messagesBlock(outgoing("greeting", "Hello"), outgoing("new", "News"),
				`reply = { content = "Hi", direction = "incoming", datetime_sent = "2026-01-02T03:04:05Z" }`)),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check:            w.holdsMessages("Hello", "News", "Hi", "stranger"),
		},
		resource.TestStep{ // an empty map is not the same as no map
			Config:           w.conversation("messages = {}"),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check:            w.holdsMessages("stranger"),
		},
	)
}

// An existing message is attached by its id. TestStage_attach checks that it stays where
// it is afterwards.
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
		resource.TestStep{ // the conversation is created even if a message can't be attached
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
		"neither":             {`{}`, says("Invalid Message", "The message has no content and no direction. Add the content and the direction, or")},
		"no direction":        {`{ content = "x" }`, says("Invalid Message", "The message has no direction. Add the direction, or")},
		"only blanks":         {`{ content = "  ", direction = "outgoing" }`, says("Invalid Attribute Value Length", "value must be more than white space")},
		"id and content":      {`{ id = "` + nobody + `", content = "x" }`, says("Invalid Message", "An id attaches an existing message as it is. Remove content, or remove the id")},
		"null":                {`null`, says("Invalid Message", "The message is null")},
		"unknown direction":   {`{ content = "x", direction = "sideways" }`, says(`must be one of: ["outgoing" "incoming"]`)},
		"unknown status":      {`{ content = "x", direction = "outgoing", status = "2" }`, says(`must be one of: ["sending" "sent" "failed" "received" "seen"]`)},
		"no time":             {`{ content = "x", direction = "outgoing", datetime_sent = "yesterday" }`, says("Invalid Time", "a time in RFC 3339", `got: "yesterday"`)},
		"empty":               {`{ content = "", direction = "outgoing" }`, says("value must be more than white space", `got: ""`)},
		"id of another thing": {`{ id = "https://x/entities/Accounts/` + acme + `" }`, says("Id of Another Entity")},
	} {
		rejections[name] = rejection{config: w.conversation(messagesBlock("m = " + test.message)), want: test.want}
	}
	reject(t, rejections)
	w.asksNothing()
}
