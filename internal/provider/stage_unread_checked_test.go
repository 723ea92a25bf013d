package provider_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const theirsUnread = "80000000-0000-4000-8000-0000000000f1"

// seedsTheirs makes a conversation of others with the number.
func (s *stage) seedsTheirs() {
	s.t.Helper()
	must(s.t, s.Seed(map[string][]map[string]any{conversations: {{"id": theirsUnread, "phone_id": phone, number: "+15550000000", "recipient_contact_id": ada}}}))
}

// answersWithTheirs applies one conversation. The CRM answers with the id of an older one of the
// same number, and the apply can't read it.
func (s *stage) answersWithTheirs(config map[string]block) (theirs map[string]any) {
	s.t.Helper()
	if _, exists := s.Record(conversations, theirsUnread); !exists {
		s.seedsTheirs()
	}
	theirs, _ = s.Record(conversations, theirsUnread)
	s.unread(conversations, func(ids []any) { ids[0] = theirsUnread })
	if _, errors := s.apply(config); errors != "" {
		s.t.Fatalf("the apply fails: %s", errors)
	}
	s.lie = nil
	return theirs
}

// wantTheirs checks that the other user's conversation is unchanged, and that there are this many further
// conversations.
func (s *stage) wantTheirs(theirs map[string]any, others int) {
	s.t.Helper()
	now, _ := s.Record(conversations, theirsUnread)
	if diff := cmp.Diff(theirs, now); diff != "" {
		s.t.Errorf("the conversation of others is another one (-was +is):\n%s", diff)
	}
	if made := len(s.live()) - 1; made != others {
		s.t.Errorf("there are %d conversations beside that of others; want %d", made, others)
	}
}

// ofGlobex is oneConversation with an account.
func (s *stage) ofGlobex(at string) map[string]block {
	d := declared{"phone_id": phone, number: "+15550000000", "recipient_account_id": globex}
	if at == address {
		return s.single(d)
	}
	return s.bulk(map[string]declared{"c000": d}, nil)
}

// The CRM has answered with the id of a conversation. An apply without a refresh checks whose conversation it is
// before it changes or deletes it.
func TestStage_unreadAnswerWithoutRefresh(t *testing.T) {
	t.Parallel()
	for at, of := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			config := of(s)
			theirs := s.answersWithTheirs(config)
			changed := s.ofGlobex(at)
			errors := strings.Join(s.appliesOnly(at, changed).errors(), "\n")
			if !says("Plan Made for Another Record", "The provider changed nothing").MatchString(errors) {
				s.t.Errorf("the errors are %q", errors)
			}
			s.wantTheirs(theirs, 1)
			if errors := s.appliesOnly(at, changed).errors(); len(errors) > 0 { // it does not ask again
				s.t.Errorf("the next apply fails: %q", errors)
			}
			s.nothingLeft(changed)
			s.wantTheirs(theirs, 1)
			s.destroys()
			s.wantTheirs(theirs, 0)
		})
		runOnStage(t, at+", destroy", mockserver.Behavior{}, impatient, func(s *stage) {
			theirs := s.answersWithTheirs(of(s))
			applying := s.appliesOnly(at, nil)
			if errors := applying.errors(); len(errors) > 0 {
				s.t.Errorf("the destroy fails: %q", errors)
			}
			if warnings := applying.warnings(); !says("May Have Been Left").MatchString(warnings) {
				s.t.Errorf("the warnings are %q", warnings)
			}
			s.wantTheirs(theirs, 1) // no refresh has told what other resources have
		})
	}
}

// If a destroy finds that the conversation is not its own and then fails, it forgets the id all the same.
func TestStage_unreadAnswerInAFailedDestroy(t *testing.T) {
	t.Parallel()
	for at, of := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			theirs := s.answersWithTheirs(of(s))
			plan := s.plansOnly(at, nil)
			plan.changes[0].private = s.core.state[at].private // of a plan that has looked
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-delete", Kind: mockserver.StatusReply, Status: 503})
			applying := s.core.walk()
			applying.apply(plan)
			if len(applying.errors()) == 0 {
				s.t.Error("the destroy does not fail")
			}
			s.ClearFaults()
			s.destroys()
			s.wantTheirs(theirs, 0)
		})
	}
}

// The answer had the right id. The next refresh says nothing, and the private state no longer asks for a check.
func TestStage_unreadAnswerOfItsOwn(t *testing.T) {
	t.Parallel()
	for at, of := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			config := of(s)
			s.unread(conversations, func([]any) {})
			_, _ = s.apply(config)
			if text := string(s.core.state[at].private); !strings.Contains(text, `"unread"`) {
				s.t.Errorf("the private state does not ask: %s", text)
			}
			planning := s.core.walk()
			if plan := planning.plan(config); plan != nil || len(planning.errors()) != 1 {
				s.t.Errorf("the plan reads nothing, and says %q", planning.errors())
			}
			s.lie = nil
			s.applies(config, at, noop)
			if s.warnings != "" {
				s.t.Errorf("the warnings are %q", s.warnings)
			}
			if text := string(s.core.state[at].private); !strings.Contains(text, `"unread":"e30="`) {
				s.t.Errorf("the private state still asks: %s", text)
			}
			s.destroys()
		})
	}
}

// An undo can't read the conversation in the answer, so it stays in the state. It belongs to someone else: the next
// apply deletes what was created instead.
func TestStage_unreadAnswerOfAnUndo(t *testing.T) {
	t.Parallel()
	settings := map[string]any{"batch_size": 1, "recovery_timeout": "2s", "max_retries": 0, "max_concurrent_requests": 1}
	onStage(t, mockserver.Behavior{}, settings, func(s *stage) {
		s.seedsTheirs()
		theirs, _ := s.Record(conversations, theirsUnread)
		s.unread(conversations, func(ids []any) {
			if _, isID := ids[0].(string); isID {
				ids[0] = theirsUnread
			}
		})
		entries := numbered(2).entries()
		entries["c001"]["recipient_contact_id"] = nobody
		s.refused(s.bulk(entries, nil), "It stays in the state")
		s.lie = nil
		delete(entries["c001"], "recipient_contact_id")
		if _, errors := s.apply(s.bulk(entries, nil)); errors != "" {
			s.t.Errorf("the next apply fails: %s", errors)
		}
		s.nothingLeft(s.bulk(entries, nil))
		s.wantTheirs(theirs, 2)
	})
}

// A new entry of a map is answered with another conversation. Terraform drops the private state of a map that it
// replaces, so the attribute failed says that the create is open.
func TestStage_unreadAnswerOfATaintedMap(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.applies(s.bulk(map[string]declared{"a": {"phone_id": phone, number: "+15550000009"}}, nil), bulkAddress, create)
		config := s.bulk(map[string]declared{"a": {"phone_id": phone, number: "+15550000009"}, "b": {"phone_id": phone, number: "+15550000000"}}, nil)
		theirs := s.answersWithTheirs(config)
		s.taint(bulkAddress)
		if _, errors := s.apply(config); errors != "" {
			s.t.Errorf("the apply fails: %s", errors)
		}
		s.nothingLeft(config)
		s.wantTheirs(theirs, 2)
	})
}

// A message of a map or of a single resource was answered with another one. An update without a refresh checks that
// first.
func TestStage_unreadMessageWithoutRefresh(t *testing.T) {
	t.Parallel()
	const theirs = "90000000-0000-4000-8000-0000000000f1"
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.applies(s.single(declared{"phone_id": phone, number: "+15550000000"}), address, create)
		must(s.t, s.Seed(map[string][]map[string]any{textMessages: {{"id": theirs, "text_message_conversation_id": s.live()[0]["id"], "content": "theirs", "direction": 2}}}))
		before, _ := s.Record(textMessages, theirs)
		s.unread(textMessages, func(ids []any) { ids[0] = theirs })
		_, _ = s.apply(s.saying(messageTexts{"a": "A"}, declared{number: "+15550000000"}))
		s.lie = nil
		changed := s.saying(messageTexts{"a": "B"}, declared{number: "+15550000000"})
		errors := strings.Join(s.appliesOnly(address, changed).errors(), "\n")
		if !says("Plan Made for Another Record").MatchString(errors) {
			s.t.Errorf("the errors are %q", errors)
		}
		if _, errors := s.apply(changed); errors != "" {
			s.t.Errorf("the next apply fails: %s", errors)
		}
		s.nothingLeft(changed)
		after, _ := s.Record(textMessages, theirs)
		if diff := cmp.Diff(before, after); diff != "" {
			s.t.Errorf("the message of others is another one (-was +is):\n%s", diff)
		}
		made := slices.DeleteFunc(s.Records(textMessages), func(r map[string]any) bool { return r["id"] == theirs || r["is_deleted"] == true })
		if len(made) != 1 || made[0]["content"] != "B" {
			s.t.Errorf("the messages are %v", made)
		}
	})
}

// The resource identity of a single resource changes with the id.
func TestStage_unreadAnswerIdentity(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.answersWithTheirs(oneConversation[address](s))
		run := s.core.walk()
		schemas, err := run.server.GetProviderSchema(s.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
		must(s.t, err)
		r := rpc{run.server, nil, s.t, schemas}
		was := s.core.state[address]
		read, err := run.server.ReadResource(s.t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: was.typeName, CurrentState: dynamic(was.value), Private: was.private,
			CurrentIdentity: r.identity(map[string]any{"id": theirsUnread, "space_id": "my_space"}),
		})
		must(s.t, err)
		state := r.decode(r.resourceType(), read.NewState)
		if got := r.decodeIdentity(read.NewIdentity)["id"]; got == theirsUnread || got != state["id"] {
			s.t.Errorf("the identity has the id %s, and the state %s", got, state["id"])
		}
	})
}

// In one process of the provider, its own answers don't prove anything either.
func TestStage_unreadAnswersInOneProcess(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.bulk(numbered(2).entries(), map[string]any{"rollback_method": 1})
		s.unread(conversations, slices.Reverse[[]any])
		run := s.core.walk()
		run.apply(run.plan(config))
		s.lie = nil
		run.apply(run.plan(config))
		s.nothingLeft(config)
		s.wantNumbers("+15550000000", "+15550000001")
	})
}

// With deletion_policy = "abandon", a destroy checks nothing.
func TestStage_unreadAnswerAbandoned(t *testing.T) {
	t.Parallel()
	for at := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			config := s.single(declared{"phone_id": phone, number: "+15550000000", "deletion_policy": "abandon"})
			if at == bulkAddress {
				config = s.bulk(numbered(1).entries(), map[string]any{"deletion_policy": "abandon"})
			}
			theirs := s.answersWithTheirs(config)
			s.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 503})
			if errors := s.appliesOnly(at, nil).errors(); len(errors) > 0 {
				s.t.Errorf("the destroy fails: %q", errors)
			}
			s.ClearFaults()
			s.wantTheirs(theirs, 1)
		})
	}
}

// A create is lost, and its repetition is answered with the id of another conversation. The state remembers what the
// first create has sent.
func TestStage_unreadAnswerOfARepetition(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.seedsTheirs()
		first := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000000"})
		s.leavesOpen(first, mockserver.DropBefore)
		s.untaint(address)
		second := s.saying(messageTexts{"a": "B"}, declared{number: "+15550000000"})
		theirs := s.answersWithTheirs(second)
		var kept struct{ Unread []byte }
		must(s.t, json.Unmarshal(s.core.state[address].private, &kept))
		if text := string(kept.Unread); !strings.Contains(text, `"A"`) || !strings.Contains(text, `"B"`) {
			s.t.Errorf("the private state keeps %s", text)
		}
		if _, errors := s.apply(second); errors != "" {
			s.t.Errorf("the next apply fails: %s", errors)
		}
		s.nothingLeft(second)
		s.wantTheirs(theirs, 1)
	})
}

// An update that could not be read back has the id from the state, so there is nothing to check.
func TestStage_unreadUpdate(t *testing.T) {
	t.Parallel()
	for at, of := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			s.applies(of(s), at, create)
			config := s.ofGlobex(at)
			s.unread(conversations, func([]any) {})
			_, _ = s.apply(config)
			if text := string(s.core.state[at].private); strings.Contains(text, `"unread"`) {
				s.t.Errorf("the private state asks whose conversation it is: %s", text)
			}
			s.lie = nil
			s.applies(config, at, noop)
		})
	}
}

// If the check of an answer fails, nothing counts as checked: the refresh, the update or the destroy
// fails, touches nothing, and the next one asks again.
func TestStage_unreadAnswerStillUnread(t *testing.T) {
	t.Parallel()
	for at, of := range oneConversation {
		for name, plan := range map[string]func(s *stage) *corePlan{
			"refresh": func(*stage) *corePlan { return nil },
			"update": func(s *stage) *corePlan {
				return s.plansOnly(at, s.ofGlobex(at))
			},
			"destroy": func(s *stage) *corePlan {
				return s.plansOnly(at, nil)
			},
		} {
			runOnStage(t, at+", "+name, mockserver.Behavior{}, impatient, func(s *stage) {
				theirs := s.answersWithTheirs(of(s))
				planned, walk, checks := plan(s), s.core.walk(), 0
				s.lie = func(r *http.Request, _ map[string]any) int {
					if r.Method != http.MethodGet || !strings.Contains(r.URL.RawQuery, "filter") && !strings.Contains(r.URL.Path, theirsUnread) {
						return 0
					}
					if checks++; checks > 2 { // the list and the get of the check
						return 0
					}
					return http.StatusBadGateway
				}
				if planned != nil {
					walk.apply(planned)
				} else {
					walk.plan(of(s))
				}
				if errors := walk.errors(); len(errors) != 1 || says("Plan Made for Another Record").MatchString(errors[0]) {
					s.t.Errorf("the errors are %q", errors)
				}
				s.lie = nil
				s.wantTheirs(theirs, 1)
				if _, errors := s.apply(of(s)); errors != "" {
					s.t.Errorf("the next apply fails: %s", errors)
				}
				s.destroys()
				s.wantTheirs(theirs, 0)
			})
		}
	}
}

// What a refresh finds for a new map is adopted at once. An entry that has joined the map later may have changed
// since, so only an apply adopts its conversation.
func TestStage_unreadAnswerOfAnEntry(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]action{"new": noop, "joined": update} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			if want == update {
				s.applies(s.bulk(map[string]declared{"b": {"phone_id": phone, number: "+15550000009"}}, nil), bulkAddress, create)
			}
			config := s.bulk(map[string]declared{"a": {"phone_id": phone, number: "+15550000000"}, "b": {"phone_id": phone, number: "+15550000009"}}, nil)
			theirs := s.answersWithTheirs(config)
			s.applies(config, bulkAddress, want)
			s.nothingLeft(config)
			s.wantTheirs(theirs, 2)
		})
	}
}

// An entry gets another number while its create is open, and the new create is answered with another conversation.
// The state keeps both attempts: the result of one is adopted, that of the other is deleted.
func TestStage_unreadAnswerBesideAnOpenCreate(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.leavesEntryOpen(mockserver.DropAfter)
		must(s.t, s.Seed(map[string][]map[string]any{conversations: {{"id": theirsUnread, "phone_id": phone, number: "+15550000002", "recipient_contact_id": ada}}}))
		entries := numbered(2).entries()
		entries["c001"][number] = "+15550000002"
		theirs, _ := s.Record(conversations, theirsUnread)
		s.unread(conversations, func(ids []any) { ids[0] = theirsUnread })
		_, _ = s.apply(s.bulk(entries, nil))
		s.lie = nil
		if _, errors := s.apply(s.bulk(entries, nil)); errors != "" {
			s.t.Errorf("the next apply fails: %s", errors)
		}
		s.nothingLeft(s.bulk(entries, nil))
		s.wantTheirs(theirs, 2)
	})
}

// The attribute failed reports the wrong answer only for the create that got it, not for another open create.
func TestStage_openCreateHasNoWrongAnswer(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.leavesEntryOpen(mockserver.DropBefore)
		was := text(s.attribute(bulkAddress, "failed"))
		plan := s.plans(s.bulk(numbered(2).entries(), nil))
		s.core.state = plan.refreshed
		if is := text(s.attribute(bulkAddress, "failed")); is != was || is == "" {
			s.t.Errorf("failed is %s after the refresh, and was %s", is, was)
		}
	})
}

const theirsMessage = "90000000-0000-4000-8000-0000000000f1"

// answersMessageWithTheirs applies a message of a conversation. The CRM answers with the id of an
// older one of the same text in it, and the apply can't read it.
func (s *stage) answersMessageWithTheirs() (config map[string]block, theirs map[string]any) {
	s.t.Helper()
	s.applies(s.single(declared{"phone_id": phone, number: "+15550000000"}), address, create)
	must(s.t, s.Seed(map[string][]map[string]any{textMessages: {{"id": theirsMessage, "text_message_conversation_id": s.live()[0]["id"], "content": "A", "direction": 1}}}))
	theirs, _ = s.Record(textMessages, theirsMessage)
	s.unread(textMessages, func(ids []any) { ids[0] = theirsMessage })
	config = s.saying(messageTexts{"a": "A"}, declared{number: "+15550000000"})
	_, _ = s.apply(config)
	s.lie = nil
	return config, theirs
}

// The search for a message skips messages from before its create, and reports an adoption.
func TestStage_unreadMessageBesideAnOlderOne(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config, theirs := s.answersMessageWithTheirs()
		s.applies(config, address, noop)
		if !says("Text Message Adopted").MatchString(s.warnings) {
			s.t.Errorf("the warnings are %q", s.warnings)
		}
		_, _ = s.apply(s.single(declared{"phone_id": phone, number: "+15550000000"}))
		if after, _ := s.Record(textMessages, theirsMessage); cmp.Diff(theirs, after) != "" || len(s.liveMessages()) != 1 {
			s.t.Errorf("their message is %v, and was %v", after, theirs)
		}
	})
}

// A message whose answer can't be checked is checked again later.
func TestStage_unreadMessageStillUnread(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config, theirs := s.answersMessageWithTheirs()
		s.Inject(mockserver.Fault{Method: "GET", Path: theirsMessage, Kind: mockserver.StatusReply, Status: 502, Times: 1})
		s.refused(config, "reading its messages failed")
		s.applies(config, address, noop)
		if text := string(s.core.state[address].private); !asksNothing(s.t, text) {
			s.t.Errorf("the private state still asks: %s", text)
		}
		_, _ = s.apply(s.single(declared{"phone_id": phone, number: "+15550000000"}))
		if after, _ := s.Record(textMessages, theirsMessage); cmp.Diff(theirs, after) != "" {
			s.t.Errorf("their message is %v, and was %v", after, theirs)
		}
	})
}

// asksNothing reports whether the private state has no message that could not be read.
func asksNothing(t *testing.T, private string) bool {
	t.Helper()
	var kept struct{ Messages []byte }
	must(t, json.Unmarshal([]byte(private), &kept))
	return !strings.Contains(string(kept.Messages), `"unread"`)
}

// A destroy without a refresh needs no messages.
func TestStage_unreadMessageDestroyed(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		_, _ = s.answersMessageWithTheirs()
		s.Inject(mockserver.Fault{Method: "GET", Path: theirsMessage, Kind: mockserver.StatusReply, Status: 502})
		if errors := s.appliesOnly(address, nil).errors(); len(errors) > 0 {
			s.t.Errorf("the destroy fails: %q", errors)
		}
	})
}

// An attached message existed before, so there is nothing to check.
func TestStage_unreadMessageAttached(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.applies(s.single(declared{"phone_id": phone, number: "+15550000000"}), address, create)
		must(s.t, s.Seed(map[string][]map[string]any{textMessages: {{"id": theirsMessage, "text_message_conversation_id": s.live()[0]["id"], "content": "A", "direction": 1}}}))
		s.unread(textMessages, func([]any) {})
		config := s.saying(messageTexts{"a": declared{"id": theirsMessage}}, declared{number: "+15550000000"})
		_, _ = s.apply(config)
		if text := string(s.core.state[address].private); !asksNothing(s.t, text) {
			s.t.Errorf("the private state asks whose message it is: %s", text)
		}
		s.lie = nil
		s.applies(config, address, noop)
	})
}
