package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Two resources declare the same message by its id. Each apply would move it to the other conversation, so the plan
// would never be empty. The plan refuses that, at the latest when both resources exist.
func TestStage_messageOfTwoResources(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		runOnStage(t, at, mockserver.Behavior{}, nil, func(s *stage) {
			s.handmade("+15550000009")
			shared := messageTexts{"x": declared{"id": s.idOfMessage("by hand")}}
			both := map[string]block{"one": s.declaring(at, "+15550000001", shared), "two": s.declaring(at, "+15550000002", shared)}
			if _, errors := s.apply(both); errors != "" {
				s.t.Fatal(errors)
			}
			for range 2 {
				s.refused(both, "Same Message Twice", "Another resource of the configuration declares the message "+s.idOfMessage("by hand"))
			}
			delete(both, "one")
			if _, errors := s.apply(both); errors != "" {
				s.t.Error(errors)
			}
			s.nothingLeft(both)
		})
	}
}

// Two maps get new entries that declare the same message by its id.
func TestStage_messageOfTwoNewEntries(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.handmade("+15550000009")
		shared := messageTexts{"x": declared{"id": s.idOfMessage("by hand")}}
		s.apply(map[string]block{"one": s.bulk(nil, nil)[bulkAddress], "two": s.bulk(nil, nil)[bulkAddress]})
		s.refused(map[string]block{"one": s.declaring(bulkAddress, "+15550000001", shared), "two": s.declaring(bulkAddress, "+15550000002", shared)}, "Same Message Twice")
	})
}

// declaring declares a conversation with messages, as a single resource or as the only entry of a map.
func (s *stage) declaring(at, recipient string, texts messageTexts) block {
	if at == bulkAddress {
		entry := declared{"phone_id": phone, number: recipient, "messages": messagesOf(s.entryType(), texts)}
		return s.bulk(map[string]declared{"k": entry}, nil)[bulkAddress]
	}
	return s.saying(texts, declared{number: recipient})[address]
}

// Someone moves a message that Terraform has created to another conversation. The apply creates it again, and the
// plan announces that.
func TestStage_messageMovedByOthers(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		runOnStage(t, at, mockserver.Behavior{}, nil, func(s *stage) {
			config := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000001"})
			if at == bulkAddress {
				config = s.bulk(map[string]declared{"k": {"phone_id": phone, number: "+15550000001", "messages": messagesOf(s.entryType(), messageTexts{"a": "A"})}}, nil)
			}
			s.applies(config, at, create)
			elsewhere, id := s.handmade("+15550000009"), s.idOfMessage("A")
			must(s.t, s.Edit(textMessages, id, map[string]any{"text_message_conversation_id": elsewhere}))
			s.applies(config, at, update)
			want := fmt.Sprintf("The message %s is no longer in this conversation, but in the conversation %s", id, elsewhere)
			if !says(`messages["a"]: `+want, "remove the key", "may send it again").MatchString(s.warnings) {
				s.t.Errorf("the warnings are %s", s.warnings)
			}
			s.wantSent(3)
		})
	}
}

// The configuration declares a message that Terraform has created by its id too, under another key. The provider
// refuses that: the apply would create the message again, without a warning, and again with each later change.
func TestStage_createdMessageDeclaredByID(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		single := func(texts messageTexts) map[string]block {
			return s.saying(texts, declared{number: "+15550000001"})
		}
		one := func(a, b messageTexts) map[string]block {
			entries := numbered(2).entries()
			entries["c000"]["messages"], entries["c001"]["messages"] = messagesOf(s.entryType(), a), messagesOf(s.entryType(), b)
			return s.bulk(entries, nil)
		}
		refuses := func(config map[string]block, texts ...string) {
			s.t.Helper()
			planning := s.core.walk()
			if plan := planning.plan(config); plan != nil || !says(append([]string{"Same Message Twice"}, texts...)...).MatchString(strings.Join(planning.errors(), "\n")) {
				s.t.Errorf("the errors are %q", planning.errors())
			}
		}
		s.applies(single(messageTexts{"y": "hi"}), address, create)
		id := declared{"id": s.idOfMessage("hi")}
		refuses(single(messageTexts{"x": id, "y": "hi"}), `messages["x"] and messages["y"] stand for the same message`)
		s.destroys()

		s.applies(one(messageTexts{"y": "hello"}, nil), bulkAddress, create)
		id = declared{"id": s.idOfMessage("hello")}
		refuses(one(messageTexts{"x": id, "y": "hello"}, nil), `conversations["c000"].messages["x"] and conversations["c000"].messages["y"]`)
		refuses(one(messageTexts{"y": "hello"}, messageTexts{"x": id}), `conversations["c000"].messages["y"] and conversations["c001"].messages["x"]`)
		s.applies(one(nil, messageTexts{"x": id}), bulkAddress, update) // it moves
		s.checks(s.holdsMessages("hello", "hi"))                        // the conversation of the other resource is deleted
	})
}

// A resource attaches a message that another one has created, by a reference. Each apply would take it from the other
// resource, which would create it again. The plan refuses that. If only the apply knows the id, the apply refuses it
// before it moves anything.
func TestStage_messageOfAnotherResource(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		for _, isNew := range []bool{false, true} {
			t.Run(fmt.Sprint(at, isNew), func(t *testing.T) {
				t.Parallel()
				onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
					s.core.parallelism = 1
					creator := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000001"})[address]
					both := func(id any) map[string]block {
						attached := messageTexts{"x": declared{"id": id}}
						config := s.saying(attached, declared{number: "+15550000002"})
						if at == bulkAddress {
							config = s.bulk(map[string]declared{"k": {"phone_id": phone, number: "+15550000002", "messages": messagesOf(s.entryType(), attached)}}, nil)
						}
						return map[string]block{"one": creator, "two": config[at]}
					}
					want := says("Message of Another Resource", "messages[\"x\"]", "Remove the message here")
					if isNew {
						plan := s.plans(both(tftypes.UnknownValue))
						applying := s.core.walk()
						for _, c := range plan.changes {
							if c.address == "two" { // Terraform knows the reference by now
								c.config = both(stringOf(parts(parts(s.attribute("one", "messages"))["a"])["id"]))["two"].value
							}
							applying.applyOne(c)
						}
						if errors := strings.Join(applying.errors(), "\n"); !want.MatchString(errors) {
							t.Errorf("the apply says %q", errors)
						}
					} else {
						s.apply(map[string]block{"one": creator})
						s.refused(both(s.idOfMessage("A")), "Message of Another Resource", "Remove the message here")
					}
					s.checks(s.holdsMessages("A"))
					if in := s.Records(textMessages)[0]["text_message_conversation_id"]; in != stringOf(s.attribute("one", "id")) {
						t.Errorf("the message is in %v", in)
					}
				})
			})
		}
	}
}

// A resource attaches a message that another one has created. Terraform plans it before the creator. The creator does
// not change, so the apply does not plan it again.
func TestStage_messageOfAResourcePlannedLater(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		for _, isNew := range []bool{false, true} {
			runOnStage(t, fmt.Sprint(at, isNew), mockserver.Behavior{}, nil, func(s *stage) {
				s.core.parallelism = 1
				config := map[string]block{"two": s.declaring(at, "+15550000001", messageTexts{"a": "A"})}
				if !isNew {
					config["one"] = s.declaring(at, "+15550000002", nil)
				}
				s.apply(config)
				before := maps.Clone(config)
				config["one"] = s.declaring(at, "+15550000002", messageTexts{"x": declared{"id": s.idOfMessage("A")}})
				for range 2 {
					s.refused(config, "two: Message Declared by Another Resource", `messages["a"]`, s.idOfMessage("A"), "Remove the message there")
				}
				s.nothingLeft(before)
				s.wantSent(1)
			})
		}
	}
}

// In one process, as in "terraform test", a message moves from one resource to another one, which is planned first.
// That is not an error, whether an apply or only a plan has come before.
func TestStage_messageAttachedElsewhereInOneProcess(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		runOnStage(t, at, mockserver.Behavior{}, nil, func(s *stage) {
			s.core.parallelism = 1
			s.handmade("+15550000009")
			attached := messageTexts{"x": declared{"id": s.idOfMessage("by hand")}}
			config := func(one, two messageTexts) map[string]block {
				return map[string]block{"one": s.declaring(at, "+15550000001", one), "two": s.declaring(at, "+15550000002", two)}
			}
			run := s.core.walk()
			run.plan(map[string]block{"one": s.declaring(at, "+15550000001", attached)})
			run.apply(run.plan(config(nil, attached)))
			run.planOne("one", run.state, config(attached, nil)) // before the other one is read
			for _, next := range []map[string]block{config(nil, attached), config(attached, nil), config(nil, attached)} {
				run.apply(run.plan(next))
			}
			for _, next := range []map[string]block{config(attached, nil), config(nil, attached), config(attached, nil)} {
				run.plan(next)
			}
			for _, next := range []map[string]block{config(attached, nil), config(nil, attached)} { // without another refresh
				run.planOne("one", run.state, next)
				run.planOne("two", run.state, next)
			}
			if errors := run.errors(); len(errors) > 0 {
				s.t.Errorf("the errors are %q", errors)
			}
		})
	}
}

// In one process, a message moves from the resource that created it to another one, which is planned first. That is
// not an error, whether an apply or only a plan has come before.
func TestStage_createdMessageMovesInOneProcess(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		for _, isApplied := range []bool{true, false} {
			runOnStage(t, fmt.Sprint(at, isApplied), mockserver.Behavior{}, nil, func(s *stage) {
				s.core.parallelism = 1
				config := func(one, two messageTexts) map[string]block {
					return map[string]block{"one": s.declaring(at, "+15550000001", one), "two": s.declaring(at, "+15550000002", two)}
				}
				before := config(nil, messageTexts{"a": "A"})
				run := s.core.walk()
				run.apply(run.plan(before))
				if !isApplied {
					run = s.core.walk()
					run.plan(before)
				}
				moved := config(messageTexts{"x": declared{"id": s.idOfMessage("A")}}, nil)
				if !isApplied { // without another refresh
					run.planOne("two", run.state, moved)
					run.planOne("one", run.state, moved)
				}
				if plan := run.plan(moved); plan != nil {
					run.apply(plan)
				}
				if errors := run.errors(); len(errors) > 0 {
					s.t.Errorf("the errors are %q", errors)
				}
				s.checks(s.holdsMessages("A"))
			})
		}
	}
}

// A resource that attaches a message is replaced, because of its number or with -replace. Terraform plans it
// twice, the second time as a new one.
func TestStage_attachedAndReplaced(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.handmade("+15550000009")
		attached := messageTexts{"x": declared{"id": s.idOfMessage("by hand")}}
		config := func(number string) map[string]block {
			return map[string]block{"one": s.declaring(address, number, attached)}
		}
		s.applies(config("+15550000001"), "one", create)
		s.applies(config("+15550000002"), "one", replace)
		run := s.core.walk()
		planned := run.planOne("one", run.refresh(), config("+15550000002"))
		run.ask(planned, nil, planned.private)
		if errors := run.errors(); len(errors) > 0 {
			s.t.Errorf("the errors are %q", errors)
		}
	})
}

// Two resources have the same conversation, for example while it moves from one to the other. The second one attaches
// what the first one created, which moves nothing.
func TestStage_messageOfTheSameConversation(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.core.parallelism = 1
		one := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000001"})[address]
		s.apply(map[string]block{"one": one})
		attached := s.saying(messageTexts{"x": declared{"id": s.idOfMessage("A")}}, declared{number: "+15550000001"})[address]
		imported := s.core.state["one"]
		imported.private = nil
		s.core.state["two"] = imported
		if _, errors := s.apply(map[string]block{"one": one, "two": attached}); errors != "" {
			t.Errorf("the errors are %s", errors)
		}
		s.checks(s.holdsMessages("A"))
	})
}

// A map creates the message, at first or in an update, and the apply of another resource attaches it.
func TestStage_messageOfAMap(t *testing.T) {
	t.Parallel()
	for _, before := range []int{0, 1} {
		t.Run(fmt.Sprint(before), func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				s.core.parallelism = 1
				if before > 0 {
					s.applies(s.bulk(numbered(before).entries(), nil), bulkAddress, create)
				}
				entries := numbered(2).entries()
				entries["c001"]["messages"] = messagesOf(s.entryType(), messageTexts{"a": "A"})
				attach := func(id any) block {
					return s.saying(messageTexts{"x": declared{"id": id}}, declared{number: "+15550100009"})[address]
				}
				config := s.bulk(entries, nil)
				config["zzz"] = attach(tftypes.UnknownValue)
				plan, applying := s.plans(config), s.core.walk()
				s.core.state = plan.refreshed
				for _, c := range plan.changes {
					if c.address == "zzz" { // Terraform knows the reference by now
						c.config = attach(s.idOfMessage("A")).value
					}
					applying.applyOne(c)
				}
				if errors := strings.Join(applying.errors(), "\n"); !says("Message of Another Resource").MatchString(errors) {
					t.Errorf("the apply says %q", errors)
				}
			})
		})
	}
}

// In one process, as in "terraform test", the creator of a message leaves its conversation. From then on,
// another resource may attach the message.
func TestStage_messageOfAResourceThatIsGone(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		runOnStage(t, at, mockserver.Behavior{}, nil, func(s *stage) {
			s.core.refreshesFirst = true
			creator := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000001", "deletion_policy": "abandon"})[address]
			if at == bulkAddress {
				entries := map[string]declared{"k": {"phone_id": phone, number: "+15550000001", "messages": messagesOf(s.entryType(), messageTexts{"a": "A"})}}
				creator = s.bulk(entries, map[string]any{"deletion_policy": "abandon"})[bulkAddress]
			}
			other := func(attached messageTexts) map[string]block {
				return map[string]block{"other": s.saying(attached, declared{number: "+15550000002"})[address]}
			}
			run := s.core.walk()
			run.apply(run.plan(map[string]block{at: creator}))
			run.apply(run.plan(other(nil)))
			run.plan(other(messageTexts{"x": declared{"id": s.idOfMessage("A")}}))
			if errors := run.errors(); len(errors) > 0 {
				s.t.Errorf("the errors are %q", errors)
			}
		})
	}
}

// The CRM does not show the message of a deleted conversation. The apply that restores the conversation does not send it
// again, because it may appear then.
func TestStage_messageOfADeletedConversation(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		runOnStage(t, at, mockserver.Behavior{}, nil, func(s *stage) {
			config := map[string]block{at: s.declaring(at, "+15550000001", messageTexts{"a": "Hello"})}
			s.applies(config, at, create)
			must(s.t, s.SoftDelete(conversations, s.id()))
			must(s.t, s.Purge(textMessages, s.idOfMessage("Hello")))
			if _, errors := s.apply(config); errors != "" || len(s.liveMessages()) > 0 {
				s.t.Errorf("the messages are %v: %s", s.liveMessages(), errors)
			}
		})
	}
}
