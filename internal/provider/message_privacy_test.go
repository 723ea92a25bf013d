package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// replies are the bodies that a server has sent.
type replies struct {
	mu     sync.Mutex
	bodies []string
}

// recorded returns the world of a mock, with all replies that the mock sends.
func recorded(t *testing.T) (*world, *replies) {
	t.Helper()
	server, err := newMock(mockserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sent := &replies{}
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.ServeHTTP(&replyRecorder{w, sent, r.Method + " " + r.URL.String()}, r)
	}))
	t.Cleanup(listener.Close)
	return &world{Server: server, space: &space{crm: server, t: t, url: listener.URL, spaceID: "my_space"}}, sent
}

type replyRecorder struct {
	http.ResponseWriter
	*replies
	request string
}

func (r *replyRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *replyRecorder) Write(body []byte) (int, error) {
	r.mu.Lock()
	r.bodies = append(r.bodies, r.request+": "+string(body))
	r.mu.Unlock()
	return r.ResponseWriter.Write(body)
}

// lack checks that no reply contains these texts.
func (r *replies) lack(texts ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.bodies) == 0 {
			return fmt.Errorf("nothing was recorded")
		}
		for _, body := range r.bodies {
			for _, text := range texts {
				if strings.Contains(body, text) {
					return fmt.Errorf("a reply holds what others have written: %s", body)
				}
			}
		}
		return nil
	}
}

// No reply contains what other users have written, neither in a conversation that Terraform manages nor in a message
// that is only attached.
func TestAccTextMessages_othersAreNeverRead(t *testing.T) {
	w, sent := recorded(t)
	existing, err := w.Create(textMessages, map[string]any{"content": "attached by id", "direction": 1})
	if err != nil {
		t.Fatal(err)
	}
	unread := sent.lack("stranger", "attached by id")
	const source = `
data "pipeliner_text_message_conversation" "test" {
  id = pipeliner_text_message_conversation.test.id
}
`
	attached := fmt.Sprintf("old = { id = %q }", existing)
	bulk := func(content string) string {
		return fmt.Sprintf("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = {\n    for i in range(3) : i => { phone_id = %q, messages = { m = { content = \"%s ${i}\", direction = \"outgoing\" } } }\n  }\n}\n", otherPhone, content)
	}
	body := func(content string) string {
		return w.config(conversationBlock(messagesBlock(outgoing("a", content), attached)) + "\n" + bulk(content) + source)
	}
	addStrangers := func() {
		for id := range w.idsOfLive() {
			if _, err := w.Create(textMessages, map[string]any{"text_message_conversation_id": id, "content": "stranger's", "direction": 1}); err != nil {
				t.Error(err)
			}
		}
	}
	lose := func() {
		w.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 2})
	}
	run(t,
		resource.TestStep{PreConfig: lose, Config: body("one"), Check: resource.ComposeAggregateTestCheckFunc(do(addStrangers), unread)},
		resource.TestStep{ // compared with what others have changed
			PreConfig: addStrangers,
			Config:    body("two"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{meanwhile(func() {
				addStrangers()
				lose()
			})}},
			Check: unread,
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"messages", "deletion_policy"},
		},
		resource.TestStep{Config: body("two"), Check: unread},
	)
}

// idsOfLive returns the ids of the conversations that are not deleted.
func (w *world) idsOfLive() map[string]bool {
	ids := map[string]bool{}
	for _, record := range w.live() {
		ids[fmt.Sprint(record["id"])] = true
	}
	return ids
}
