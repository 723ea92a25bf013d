//go:build unix

package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const sharedNumber = "+1 555 010 0042"

// incoming is what an incoming message of the number makes of it.
var incoming = createBy(map[string]any{
	"phone_id": phone, "recipient_phone_number": sharedNumber,
	"messages": []any{map[string]any{"content": "Hello?", "direction": 2}},
})

// The reply to a create is lost, and somebody with the same number has written just
// before it: two conversations are alike, and Terraform takes none of them.
func TestAccMalice_incomingMessage(t *testing.T) { //nolint:tparallel // the binary is built before, in an environment of its own
	built := newBinary(t, "")
	for form, declare := range shapes {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mockserver.Behavior{})
			s := built.scene(t, w)
			lost := mockserver.Fault{Kind: mockserver.DropAfter, Before: incoming}
			w.lose("batch-modify", lost)
			configuration := declare(w.space, numbers{"a": sharedNumber}, recoversSoon)
			output := s.plays(configuration, 1, applies, "Error: Unable to Create Text Message Conversation",
				"several conversations may be the one that was created", "Terraform took none of them")
			untouched := s.others()
			for id := range w.idsOfLive() {
				if !strings.Contains(output, id) {
					t.Errorf("the error does not name %s:\n%s", id, output)
				}
			}
			theirs, ours := w.liveIDs()[0], w.liveIDs()[1]
			s.plays(configuration, 1, destroys, theirs)
			s.made(0, 2, 2)
			untouched()

			// Somebody looks, and deletes the one that nobody needs, as the error says.
			must(t, w.SoftDelete(conversations, ours))
			untouched = s.others()
			s.plays(configuration, 2, plans, "Text Message Conversation Adopted", theirs)
			untouched()
		})
	}
}

// liveIDs returns the ids of the live conversations, the oldest first.
func (w *world) liveIDs() (ids []string) {
	for _, record := range w.live() {
		ids = append(ids, fmt.Sprint(record["id"]))
	}
	return ids
}

// Several are sent, and somebody has written who has the number of one of them: the
// others are adopted.
func TestAccMalice_incomingMessageAmongMany(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	s := newBinary(t, "").scene(t, w)
	w.lose("batch-modify", mockserver.Fault{Kind: mockserver.DropAfter, Before: incoming})
	configuration := w.bulk(numbered(3).with("open", sharedNumber), "rollback_method = 1", recoversSoon)
	s.plays(configuration, 0, applies, "Text Message Conversation May Have Been Created", `conversations["open"]`)
	untouched := s.others()
	s.made(0, 5, 5)
	s.plays(configuration, 1, applies, "several conversations may be the one that was created")
	s.made(0, 5, 5)
	if owned := len(s.ids()); owned != 3 {
		t.Errorf("%d conversations are in the state; want 3", owned)
	}
	untouched()
}

// A request never arrived, and somebody has made a conversation of the same phone and
// number that belongs to another account: it is theirs, whatever becomes of ours.
func TestAccMalice_anotherAccount(t *testing.T) { //nolint:tparallel // the binary is built before, in an environment of its own
	built := newBinary(t, "")
	theirs := createBy(map[string]any{"phone_id": phone, "recipient_phone_number": sharedNumber, "recipient_account_id": globex})
	lost := mockserver.Fault{Kind: mockserver.DropBefore, Before: theirs}
	declare := func(s *space, more string) string {
		return s.config(fmt.Sprintf("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = {\n"+
			"    a = { phone_id = %q, recipient_phone_number = %q, recipient_account_id = %q }\n%s  }\n}", phone, sharedNumber, acme, more), recoversSoon)
	}
	t.Run("bulk", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		w.lose("batch-modify", lost)
		s.plays(declare(w.space, ""), 0, applies, "Apply complete!")
		s.made(1, 1, 1)
		s.owns(w.liveIDs()[0])
		s.ofAccount(t, globex, acme)
		s.plays(declare(w.space, ""), 0, plans)
		s.plays(declare(w.space, ""), 0, destroys)
		s.ofAccount(t, globex)
	})
	t.Run("single", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		w.lose("batch-modify", lost)
		configuration := w.conversation(fmt.Sprintf("recipient_phone_number = %q\nrecipient_account_id = %q", sharedNumber, acme), recoversSoon)
		s.plays(configuration, 0, applies, "Apply complete!")
		s.made(1, 1, 1)
		s.ofAccount(t, globex, acme)
		s.plays(configuration, 0, plans)
		s.plays(configuration, 0, destroys)
		s.ofAccount(t, globex)
	})
	t.Run("undone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		w.lose("batch-modify", lost)
		bad := fmt.Sprintf("    bad = { phone_id = %q, recipient_phone_number = \"nonsense\" }\n", phone)
		configuration := strings.Replace(declare(w.space, bad), recoversSoon, recoversSoon+"\n  batch_size = 1", 1)
		s.plays(configuration, 1, applies, "The CRM refuses")
		s.ofAccount(t, globex)
	})
}

// ofAccount checks the accounts of the live conversations, the oldest first.
func (s *scene) ofAccount(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, record := range s.live() {
		got = append(got, fmt.Sprint(record["recipient_account_id"]))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the accounts of the conversations are %s; want %s", got, want)
	}
}

// A create is sent again, and while that is under way its first request is carried out
// as well: the warning names both.
func TestAccMalice_lateTwin(t *testing.T) { //nolint:tparallel // the binary is built before, in an environment of its own
	built := newBinary(t, "")
	for form, declare := range shapes {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mockserver.Behavior{})
			s := built.scene(t, w)
			w.lose("batch-modify", mockserver.Fault{Kind: mockserver.CommitLater, Status: 504, CommitAfter: 5 * time.Second})
			w.Inject(mockserver.Fault{Method: http.MethodPost, Path: "batch-modify", Times: 1, Kind: mockserver.Latency, Do: w.AwaitCommits})
			configuration := declare(w.space, numbers{"a": sharedNumber}, recoversSoon)
			output := s.plays(configuration, 0, applies, "Text Message Conversation May Exist Twice", "recovery_timeout", "Delete the other one")
			s.made(0, 2, 2)
			for _, id := range w.liveIDs() {
				if !strings.Contains(output, id) {
					t.Errorf("the warning does not name %s:\n%s", id, output)
				}
			}
			s.plays(configuration, 0, plans)
			if owned := len(s.ids()); owned != 1 {
				t.Errorf("%d conversations are in the state; want 1", owned)
			}
		})
	}
}

// A reply says that there was no success, and has the results of all: each counts.
func TestAccMalice_noSuccess(t *testing.T) { //nolint:tparallel // the binary is built before, in an environment of its own
	built := newBinary(t, "")
	mixed := mockserver.Behavior{BatchSuccess: mockserver.MixedFalse}
	t.Run("singles", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mixed)
		s := built.scene(t, w)
		s.plays(w.singles(numbered(3).with("bad", "nonsense"), "", recoversSoon), 1, applies, `test["bad"]`, "The CRM refuses what the configuration says")
		s.made(0, 3, 3)
		s.owns()
		s.plays(w.singles(numbered(4), "", recoversSoon), 0, applies)
		s.made(0, 4, 4)
	})
	t.Run("bulk", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mixed)
		s := built.scene(t, w)
		s.plays(w.bulk(numbered(3).with("bad", "nonsense"), "rollback_method = 1", recoversSoon), 0, applies, "Some Text Message Conversations Not Created", `"bad"`)
		s.made(0, 3, 3)
		s.owns()
		s.plays(w.bulk(numbered(3).with("bad", "+1 555 010 0009"), "rollback_method = 1", recoversSoon), 0, applies)
		s.made(0, 4, 4)
		s.owns()
	})
	t.Run("all or nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{BatchSuccess: mockserver.MixedFalse, RollbackReply: mockserver.Items})
		s := built.scene(t, w)
		s.plays(w.bulk(numbered(3).with("bad", "nonsense"), "", recoversSoon), 1, applies, `conversations["bad"]`, "The CRM refuses what the configuration says", "ERROR_ENTITY_VALIDATION")
		s.made(0, 0, 0)
		s.plays(w.bulk(numbered(3), "", recoversSoon), 0, applies)
		s.made(0, 3, 3)
	})
}
