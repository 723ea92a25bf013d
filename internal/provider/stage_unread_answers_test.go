package provider_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// unread makes the CRM answer the next batch of the entity with other ids. From then on, no read succeeds, so that
// the apply can't check them.
func (l *liar) unread(entity string, lie func(ids []any)) { l.unreadAt("", entity, lie) }

// unreadAt does the same, but only reads at paths that contain this text fail.
func (l *liar) unreadAt(unreadable, entity string, lie func(ids []any)) {
	isSent := false
	l.lie = func(r *http.Request, answer map[string]any) int {
		switch {
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, entity+"/batch-modify") && !isSent:
			isSent = true
			lie(answer["data"].([]any))
		case r.Method == http.MethodGet && strings.Contains(r.URL.Path, unreadable) && isSent:
			return http.StatusBadGateway
		}
		return 0
	}
}

// A create is answered with the id of another conversation, and the apply can't read it. The next refresh sees that
// the create can't have made that conversation: it existed before, or belongs to another phone or number. The refresh
// does not change or delete it, and finds what was created.
func TestStage_unreadAnswer(t *testing.T) {
	t.Parallel()
	const theirs, none = "80000000-0000-4000-8000-0000000000f1", "80000000-0000-4000-8000-0000000000f2"
	for form, bulk := range map[string]bool{"single": false, "map": true} {
		for name, of := range map[string]struct {
			answer string
			record map[string]any
		}{
			"an older one of the same number": {theirs, map[string]any{"phone_id": phone, number: "+15550000000", "recipient_contact_id": ada}},
			"of another number":               {theirs, map[string]any{"phone_id": phone, number: "+15550000777"}},
			"of another phone":                {theirs, map[string]any{"phone_id": otherPhone, number: "+15550000000"}},
			"that does not exist":             {none, map[string]any{"phone_id": phone, number: "+15550000777"}},
		} {
			runOnStage(t, form+", "+name, mockserver.Behavior{}, map[string]any{"recovery_timeout": "2s", "max_retries": 0}, func(s *stage) {
				config := func(more declared) map[string]block {
					d := declared{"phone_id": phone, number: "+15550000000"}
					maps.Copy(d, more)
					if bulk {
						return s.bulk(map[string]declared{"k": d}, map[string]any{"rollback_method": 1})
					}
					return s.single(d)
				}
				record := map[string]any{"id": theirs}
				maps.Copy(record, of.record)
				must(s.t, s.Seed(map[string][]map[string]any{conversations: {record}}))
				before, _ := s.Record(conversations, theirs)
				s.unread(conversations, func(ids []any) { ids[0] = of.answer })
				_, _ = s.apply(config(nil))
				s.lie = nil
				for _, at := range []string{address, bulkAddress} {
					if instance, exists := s.core.state[at]; exists {
						instance.tainted = false
						s.core.state[at] = instance
					}
				}
				_, _ = s.apply(config(nil))
				_, _ = s.apply(config(declared{"recipient_account_id": globex}))
				made := slices.DeleteFunc(s.live(), func(r map[string]any) bool { return r["id"] == theirs })
				if len(made) != 1 {
					s.t.Errorf("there are %d conversations beside that of others; want 1", len(made))
				}
				s.destroys()
				after, _ := s.Record(conversations, theirs)
				if diff := cmp.Diff(before, after); diff != "" {
					s.t.Errorf("the conversation of others is another one (-was +is):\n%s", diff)
				}
			})
		}
	}
}

// Two creates are answered with each other's ids, and the apply can't read them. The next refresh
// sees that: each entry gets its own.
func TestStage_unreadAnswersSwapped(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"recovery_timeout": "2s", "max_retries": 0}, func(s *stage) {
		entries := numbered(2).entries()
		config := s.bulk(entries, map[string]any{"rollback_method": 1})
		s.unread(conversations, slices.Reverse[[]any])
		_, _ = s.apply(config)
		s.lie = nil
		_, _ = s.apply(config)
		entries["c000"]["recipient_contact_id"] = bob
		_, _ = s.apply(s.bulk(entries, map[string]any{"rollback_method": 1}))
		for _, r := range s.live() {
			if isOfFirst := r[number] == "+15550000000"; isOfFirst != (r["recipient_contact_id"] == bob) {
				s.t.Errorf("the contact of %s is %v", r[number], r["recipient_contact_id"])
			}
		}
	})
}

// A message is answered with the id of another one, and the apply can't read it. The next
// refresh sees that: the other message is neither changed nor deleted, and no message is sent twice.
func TestStage_unreadMessageAnswer(t *testing.T) {
	t.Parallel()
	const theirs = "90000000-0000-4000-8000-0000000000f1"
	for name, isInside := range map[string]bool{"of the conversation": true, "of another conversation": false} {
		runOnStage(t, name, mockserver.Behavior{}, map[string]any{"recovery_timeout": "2s", "max_retries": 0}, func(s *stage) {
			s.applies(s.single(declared{"phone_id": phone, number: "+15550000000"}), address, create)
			owner := s.live()[0]["id"]
			if !isInside {
				owner = s.add(map[string]any{"phone_id": phone, number: "+15550000777"})
			}
			must(s.t, s.Seed(map[string][]map[string]any{textMessages: {{"id": theirs, "text_message_conversation_id": owner, "content": "theirs", "direction": 2}}}))
			before, _ := s.Record(textMessages, theirs)
			s.unread(textMessages, func(ids []any) { ids[0] = theirs })
			config := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000000"})
			_, _ = s.apply(config)
			s.lie = nil
			_, _ = s.apply(config)
			made := slices.DeleteFunc(s.Records(textMessages), func(r map[string]any) bool { return r["id"] == theirs })
			if len(made) != 1 {
				s.t.Errorf("%d messages were created; want 1", len(made))
			}
			_, _ = s.apply(s.single(declared{"phone_id": phone, number: "+15550000000"}))
			after, _ := s.Record(textMessages, theirs)
			if diff := cmp.Diff(before, after); diff != "" {
				s.t.Errorf("the message of others is another one (-was +is):\n%s", diff)
			}
		})
	}
}
