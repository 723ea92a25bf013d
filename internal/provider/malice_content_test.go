//go:build unix

package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// spellings contains what the service may turn a content into.
var spellings = map[string]struct {
	form  string
	alone bool // the messages are created for a conversation that is there, not along with one
	kept  bool // the difference means nothing
}{
	mockserver.Trimmed:  {form: "single", alone: true, kept: true},
	mockserver.CRLF:     {form: "bulk", kept: true},
	mockserver.NFD:      {form: "single"},
	mockserver.Entities: {form: "bulk", alone: true},
}

// declaring declares one conversation with attributes, as a single resource or as an
// entry of a map.
var declaring = map[string]func(s *space, attributes string, settings ...string) string{
	"single": (*space).conversation,
	"bulk": func(s *space, attributes string, settings ...string) string {
		entry := fmt.Sprintf("a = {\nphone_id = %q\n%s\n}", phone, attributes)
		return s.config("resource \"pipeliner_text_message_conversations\" \"test\" {\nconversations = {\n"+entry+"\n}\n}", settings...)
	},
}

const spelt = "Ol\u00e1 <b>& bem-vindo</b>\n\"Pipeliner\" "

// The reply to the create of two messages is lost, and the service has changed the
// spelling of their contents. The provider recognizes them, and does not send them again.
func TestAccMalice_spelling(t *testing.T) {
	t.Parallel()
	for format, test := range spellings {
		t.Run(format+"/"+test.form, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mockserver.Behavior{ContentFormat: format})
			s := newBinary(t, "").scene(t, w)
			declare, entity := declaring[test.form], conversations
			if test.alone {
				s.plays(declare(w.space, ""), 0, applies)
				entity = textMessages
			}
			w.lose(entity+"/batch-modify", mockserver.Fault{Kind: mockserver.DropAfter})
			configuration := declare(w.space, messagesBlock(outgoing("a", spelt), outgoing("b", "Hi! "+spelt)))
			if test.kept {
				s.plays(configuration, 0, applies)
				s.plays(configuration, 0, plans)
			} else {
				s.plays(configuration, 0, applies, "Warning: Value Not Kept by the CRM")
			}
			s.made(0, 1, 1)
			made := w.Records(textMessages)
			if len(made) != 2 {
				t.Errorf("%d messages were made; want 2", len(made))
			}
			for _, message := range made {
				s.ownsMessage(fmt.Sprint(message["id"]))
			}
		})
	}
}

// ownsMessage checks that the state has the message.
func (s *scene) ownsMessage(id string) {
	s.t.Helper()
	state, err := os.ReadFile(filepath.Join(s.dir, "terraform.tfstate"))
	if err != nil || !strings.Contains(string(state), id) {
		s.t.Errorf("the message %s is not in the state (%v):\n%s", id, err, state)
	}
}
