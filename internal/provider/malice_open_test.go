//go:build unix

package provider_test

import (
	"fmt"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Creates of unknown outcome, beside other resources, incoming messages and refusals, with the
// real Terraform.
func TestAccMalice_open(t *testing.T) { //nolint:tparallel // the binary is built before, in an environment of its own
	built := newBinary(t, "")
	impatiently := []string{`recovery_timeout = "2s"`, `max_retries = 0`}
	single := func(attributes string) string {
		return fmt.Sprintf("\nresource \"pipeliner_text_message_conversation\" \"one\" {\n  phone_id = %q\n  %s\n}\n", phone, attributes)
	}
	t.Run("open entry", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		s.plays(w.bulk(numbered(1), "", impatiently...), 0, applies)
		both := w.config(fmt.Sprintf("resource \"pipeliner_text_message_conversations\" \"test\" {\n  conversations = {\n    c000 = { phone_id = %q, recipient_phone_number = \"+15550000000\" }\n"+
			"    c001 = { phone_id = %q, recipient_phone_number = \"+15550000001\", recipient_contact_id = %q }\n  }\n}\n", phone, phone, bob)+single(`recipient_phone_number = "+15550000001"`), impatiently...)
		w.faultsBeside(mockserver.DropBefore, mockserver.Latency)
		s.plays(both, 1, applies, "may or may not have been created")
		w.ClearFaults()
		output := s.repeats(applies...)
		if live := s.live(); len(live) != 3 {
			t.Errorf("%d are live; want 3: %v\n%s", len(live), live, output)
		}
	})
	t.Run("incoming message", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		config := w.config(single("recipient_phone_number = \"+15550000001\"\n  messages = { hello = { content = \"Hello\", direction = \"outgoing\" } }"), impatiently...)
		w.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Times: 1, Kind: mockserver.DropBefore})
		s.plays(config, 1, applies, "may or may not have been created")
		_, err := w.Act(mockserver.Act{Create: &mockserver.Target{Entity: conversations, Values: map[string]any{
			"phone_id": phone, number: "+15550000001", "messages": []any{map[string]any{"content": "Please call me", "direction": 2}},
		}}})
		must(t, err)
		theirs := w.id()
		output := s.plays(config, 1, applies, theirs, "may be it")
		if r, _ := w.Record(conversations, theirs); r["is_deleted"] == true {
			t.Errorf("the customer's conversation is deleted:\n%s", output)
		}
	})
	t.Run("look refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		s.plays(w.bulk(numbered(1), "", impatiently...), 0, applies)
		w.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Times: 1, Kind: mockserver.DropAfter},
			mockserver.Fault{Method: "GET", Path: conversations, Skip: 2, Kind: mockserver.StatusReply, Status: 502})
		s.plays(w.bulk(numbered(2), "", impatiently...), 1, applies, "may or may not have been created")
		w.ClearFaults()
		w.Inject(mockserver.Fault{Method: "GET", Path: conversations, Skip: 2, Kind: mockserver.StatusReply, Status: 422, Envelope: true})
		output := s.plays(w.bulk(numbered(2), "", impatiently...), 1, applies)
		w.ClearFaults()
		s.plays(w.bulk(numbered(2), "", impatiently...), 0, applies)
		if live := s.live(); len(live) != 2 {
			t.Errorf("%d are live; want 2: %v\n%s", len(live), live, output)
		}
	})
	t.Run("message refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		id := w.add(map[string]any{"phone_id": phone, number: "+15550000001"})
		theirs := w.addMessage(id, "Hello", 1)
		config := func(messages string) string {
			return w.config(single("recipient_phone_number = \"+15550000001\"\n  adopt_existing = true\n  messages = {"+messages+"}"), impatiently...)
		}
		w.Inject(mockserver.Fault{Method: "POST", Path: textMessages + "/batch-modify", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply, Times: 1})
		output := s.plays(config(` hello = { content = "Hello", direction = "outgoing" } `), 0, applies)
		output += s.plays(config(` hello = { content = "Hello", direction = "outgoing" } `), 0, applies)
		output += s.plays(config(""), 0, applies)
		if r, _ := w.Record(textMessages, theirs); r["is_deleted"] == true {
			t.Errorf("the message of others is deleted:\n%s", output)
		}
	})
	t.Run("found in another spelling", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{PhoneFormat: mockserver.Digits})
		s := built.scene(t, w)
		config := w.config(single("recipient_phone_number = \"+15550000001\"\n  messages = { hello = { content = \"Hello\", direction = \"outgoing\" } }"), impatiently...)
		w.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Times: 1, Kind: mockserver.DropAfter},
			mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 502})
		s.plays(config, 1, applies, "may or may not have been created")
		w.ClearFaults()
		s.plays(config, 0, []string{"untaint", "pipeliner_text_message_conversation.one"})
		output := s.plays(config, 0, applies)
		if sent := len(w.Records(textMessages)); sent != 1 {
			t.Errorf("sent %d times:\n%s", sent, output)
		}
	})
	// The edit between the plan and the apply of it.
	t.Run("edited before the replacement", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		both := w.bulk(numbered(1).with("c000", "+15550000001"), "", impatiently...) + single("recipient_phone_number = \"+15550000001\"\n  recipient_contact_id = \""+bob+"\"")
		w.faultsBeside(mockserver.Latency, mockserver.DropBefore)
		s.plays(both, 1, applies, "may or may not have been created")
		w.ClearFaults()
		id := w.id()
		s.repeats("plan", "-out=saved")
		must(t, w.Edit(conversations, id, map[string]any{"recipient_account_id": acme}))
		output, _ := s.run(nil, "apply", "saved")
		if r, _ := w.Record(conversations, id); r["is_deleted"] == true {
			t.Errorf("the conversation of the other resource is deleted:\n%s", output)
		}
	})
	t.Run("passed by one of two", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		both := w.bulk(numbered(2), "", impatiently...) + single("recipient_phone_number = \"+15550000000\"\n  recipient_contact_id = \""+bob+"\"")
		w.faultsBeside(mockserver.Latency, mockserver.DropBefore)
		s.plays(both, 1, applies, "may or may not have been created")
		w.ClearFaults()
		id := w.id()
		output := s.repeats(applies...)
		if r, _ := w.Record(conversations, id); r["is_deleted"] == true {
			t.Errorf("the conversation of the other resource is deleted:\n%s", output)
		}
	})
	t.Run("abandoned, created before destroyed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, mockserver.Behavior{})
		s := built.scene(t, w)
		config := w.config(single("recipient_phone_number = \"+15550000001\"\n  deletion_policy = \"abandon\"\n  lifecycle {\n    create_before_destroy = true\n  }"), impatiently...)
		w.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Times: 1, Kind: mockserver.DropAfter},
			mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 502})
		s.plays(config, 1, applies, "may or may not have been created")
		w.ClearFaults()
		s.plays(config, 0, applies, "Text Message Conversation May Have Been Left", "create_before_destroy") // a limit: at least it is told
	})
}
