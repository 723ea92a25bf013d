package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A conversation that may have been created is no longer declared, and could not be deleted. The next apply deletes
// it, even if there is nothing else to do.
func TestStage_openAndRemoved(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		one, two := s.bulk(numbered(1).entries(), nil), s.bulk(numbered(2).entries(), nil)
		s.applies(one, bulkAddress, create)
		s.leavesOpen(two, mockserver.DropAfter)
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-delete", Kind: mockserver.StatusReply, Status: 502})
		if _, errors := s.apply(one); errors != "" {
			s.t.Fatalf("the apply fails: %s", errors)
		}
		s.ClearFaults()
		s.applies(one, bulkAddress, update)
		s.checks(s.heldNumbers(numbered(1)))
	})
}

// With deletion_policy = "abandon", a tainted resource creates no second conversation:
// its replacement adopts the one that may have been created.
func TestStage_openAndAbandoned(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]mockserver.Kind{"carried out": mockserver.DropAfter, "not carried out": mockserver.DropBefore} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			d := everythingDeclared()
			d["deletion_policy"] = "abandon"
			s.leavesOpen(s.single(d), kind)
			s.applies(s.single(d), address, replace)
			s.checks(s.holds(everythingHeld))

			two := s.bulk(numbered(2).entries(), map[string]any{"deletion_policy": "abandon"})
			many := map[string]block{address: s.single(d)[address], bulkAddress: two[bulkAddress]}
			s.leavesOpen(many, kind)
			s.applies(many, bulkAddress, replace)
			s.wantMade(3)
			s.destroys()
			s.wantLive(3)
		})
	}
}

// After an untaint with another number, the open create belongs to a different conversation. The result of the first
// attempt is deleted, if there is one.
func TestStage_openAndAnotherNumber(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		d := everythingDeclared()
		s.leavesOpen(s.single(d), mockserver.DropAfter)
		s.untaint(address)
		d[number] = "+1 (555) 010-0009"
		applying := s.appliesOnly(address, s.single(d))
		if errors := applying.errors(); len(errors) > 0 {
			s.t.Fatalf("the apply fails: %s", errors)
		}
		s.checks(s.holds(map[string]any{number: d[number]}))
	})
}

// The text of one message has changed since the attempt. The next plan shows that, and no warning blames the CRM.
func TestStage_openAndReworded(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		with := func(text string) map[string]block {
			return s.bulk(s.numberedSaying(2, messageTexts{"a": text}), nil)
		}
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
		s.leavesOpen(with("One"), mockserver.DropAfter)
		if _, errors := s.apply(with("Two")); errors != "" || strings.Contains(s.warnings, "Value Not Kept") {
			s.t.Errorf("the apply says %q, %q", errors, s.warnings)
		}
		s.applies(with("Two"), bulkAddress, update)
		s.checks(s.holdsMessages("Two"))
	})
}

// An open create is repeated with fewer values, but the search fails, so nothing is sent. If another user then
// creates a conversation that contradicts only what was sent, it is neither adopted nor deleted.
func TestStage_openAndNotSentAgain(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]int{"applied": 2, "removed": 1} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			with := func(contact any) map[string]block {
				entries := numbered(2).entries()
				entries["c001"]["recipient_contact_id"] = contact
				return s.bulk(entries, nil)
			}
			s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
			s.leavesOpen(with(bob), mockserver.DropBefore)
			s.meanwhile = func() {
				s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502})
			}
			s.refused(with(nil), "may or may not have been created")
			s.ClearFaults()
			theirs := s.add(map[string]any{"phone_id": phone, number: numbered(2)["c001"], "recipient_contact_id": ada})
			config := with(nil)
			if last == 1 {
				config = s.bulk(numbered(1).entries(), nil)
			}
			s.apply(config)
			if state := s.core.state[bulkAddress].value.String(); strings.Contains(state, `"id":tftypes.String<"`+theirs) || s.isDeleted(theirs) {
				s.t.Errorf("%s of others is in the state, or deleted: %v", theirs, s.isDeleted(theirs))
			}
		})
	}
}

// A create is lost, and then someone changes its result. The conversation now contradicts the create, and may belong
// to someone else. Every later step leaves it unchanged, and names it.
func TestStage_openAndChangedByOthers(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		for _, then := range []string{"destroyed", "replaced", "deleted"} {
			runOnStage(t, at+then, mockserver.Behavior{}, impatient, func(s *stage) {
				entry := declared{"phone_id": phone, number: "+1 555 010 0001", "recipient_contact_id": ada}
				config := s.single(entry)
				if at == bulkAddress {
					config = s.bulk(map[string]declared{"k": entry}, nil)
				}
				s.leavesOpen(config, mockserver.DropAfter)
				lost := s.the()["id"].(string)
				must(s.t, s.Edit(conversations, lost, map[string]any{"recipient_contact_id": bob}))
				switch then {
				case "replaced":
					plan := s.core.walk()
					plan.plan(config)
					if text := plan.warnings(); !says("Text Message Conversation May Have Been Created", lost).MatchString(text) {
						s.t.Errorf("the plan warns %q", text)
					}
					s.applies(config, at, replace)
				case "deleted":
					must(s.t, s.SoftDelete(conversations, lost))
					s.destroys()
				default:
					s.destroys()
				}
				isNamed := says("Text Message Conversation May Have Been Left", lost, "differs from what was sent").MatchString(s.warnings)
				if isGone := then == "deleted"; isNamed == isGone || s.isDeleted(lost) != isGone {
					s.t.Errorf("deleted: %v, the warnings are %q", s.isDeleted(lost), s.warnings)
				}
			})
		}
	}
}

// leavesOpenBeside applies the resource at open, whose create is lost and never arrives. Then it applies another
// resource with the same conversation, with -target. From then on, a refresh reads the resources in the order of
// their addresses.
func (s *stage) leavesOpenBeside(done, open string, twin block) (both map[string]block, id string) {
	s.t.Helper()
	s.core.parallelism = 1
	s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
	s.refused(map[string]block{open: twin}, "may or may not have been created")
	both = map[string]block{done: s.single(everythingDeclared())[address], open: twin}
	applying := s.appliesOnly(done, both)
	if errors := applying.errors(); len(errors) > 0 {
		s.t.Fatalf("the apply fails: %s", errors)
	}
	return both, s.id()
}

// The replacement of an open create does not delete the similar conversation of another
// resource, even if the apply does not read that resource.
func TestStage_openBesideItsTwin(t *testing.T) {
	t.Parallel()
	entry := everythingDeclared()
	delete(entry, "validation_level")
	delete(entry, "deletion_policy")
	for open, twin := range map[string]func(s *stage) block{
		address + `["b"]`:     func(s *stage) block { return s.single(everythingDeclared())[address] },
		bulkAddress + `["b"]`: func(s *stage) block { return s.bulk(map[string]declared{"b": entry}, nil)[bulkAddress] },
	} {
		runOnStage(t, open, mockserver.Behavior{}, impatient, func(s *stage) {
			both, id := s.leavesOpenBeside(address+`["a"]`, open, twin(s))
			s.applies(both, open, replace)
			if live := s.live(); len(live) != 2 || live[0]["id"] != id {
				s.t.Errorf("the CRM holds %v; want the conversation %s and its twin", live, id)
			}
		})
	}
}

// If the refresh reads an open create first, it adopts the conversation of another
// resource. That resource then reports it, before anything is deleted.
func TestStage_openBeforeItsTwin(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		done, open := address+`["b"]`, address+`["a"]`
		both, id := s.leavesOpenBeside(done, open, s.single(everythingDeclared())[address])
		s.refused(both, done, "Text Message Conversation Adopted by Another Resource", id, "terraform state rm")
		s.addMessage(id, "Please call me", 2)
		s.refused(both, done, "Text Message Conversation May Be Adopted by Another Resource", id, "terraform state rm")
		delete(s.core.state, open) // terraform state rm
		s.applies(both, open, create)
		if live := s.live(); len(live) != 2 || live[0]["id"] != id {
			s.t.Errorf("the CRM holds %v; want the conversation %s and its twin", live, id)
		}
	})
}

// The configuration has changed since the attempt. The apply creates what the adopted
// conversation lacks, and names what is no longer declared.
func TestStage_openAndAnotherMessage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent, wanted messageTexts
		isLeft       bool
	}{
		"another direction": {messageTexts{"a": "Hello"}, messageTexts{"a": declared{"content": "Hello", "direction": "incoming"}}, true},
		"two others":        {messageTexts{"a": "One"}, messageTexts{"b": "Two", "c": "Three"}, true},
		"one of three":      {messageTexts{"a": "One", "b": "Two", "c": "Three"}, messageTexts{"a": "One", "d": "Four"}, true},
		"none":              {messageTexts{"a": "One"}, messageTexts{}, true},
		"null":              {messageTexts{"a": "One"}, nil, true},
		"one more":          {messageTexts{"a": "One"}, messageTexts{"a": "One", "b": "Two"}, false},
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			with := func(texts messageTexts) map[string]block {
				return s.bulk(s.numberedSaying(2, texts), nil)
			}
			s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
			s.leavesOpen(with(test.sent), mockserver.DropAfter)
			if _, errors := s.apply(with(test.wanted)); errors != "" || strings.Contains(s.warnings, "Text Message No Longer Declared") != test.isLeft {
				s.t.Errorf("the apply says %q, %q", errors, s.warnings)
			}
			for key, given := range test.wanted {
				content := fmt.Sprint(given)
				if message, isOne := given.(declared); isOne {
					content = fmt.Sprint(message["content"])
				}
				held := parts(parts(parts(s.attribute(bulkAddress, "conversations"))["c001"])["messages"])[key]
				if got := s.liveMessages()[content]["content"]; got != content || stringOf(parts(held)["id"]) == "" {
					s.t.Errorf("%s: the CRM has %v, the state %s", key, got, text(held))
				}
			}
			s.nothingLeft(with(test.wanted))
			s.wantMade(2)
		})
	}
}

// The configuration has one more message since the attempt. The apply does not wait for that to show.
func TestStage_openAndOneMoreMessage(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"recovery_timeout": "30s", "max_retries": 0}, func(s *stage) {
		with := func(texts messageTexts) map[string]block {
			return s.bulk(map[string]declared{"a": {"phone_id": phone, number: "+15550000000", "messages": messagesOf(s.entryType(), texts)}}, keeping)
		}
		s.applies(s.bulk(nil, keeping), bulkAddress, create)
		s.leavesOpen(with(messageTexts{"a": "One"}), mockserver.DropAfter)
		begin := time.Now()
		s.applies(with(messageTexts{"a": "One", "b": "Two"}), bulkAddress, update)
		if passed := time.Since(begin); passed > time.Second {
			s.t.Errorf("the apply takes %v", passed)
		}
	})
}

// A resource with an open create is removed from the configuration. A warning names the conversation that is deleted
// because a look has found it. If Terraform plans the destroy early, the warning comes before the refresh. A
// conversation that appears only after the plan may belong to someone else, and stays.
func TestStage_openAndNoLongerConfigured(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		for name, test := range map[string]struct {
			refreshesFirst, isLate, wasRefreshed bool
			want                                 string
		}{
			"":               {want: "Text Message Conversation of Unknown Outcome Will Be Deleted"},
			"after refresh":  {refreshesFirst: true, want: "Text Message Conversation of Unknown Outcome Deleted"},
			"late":           {isLate: true, want: "Text Message Conversation May Have Been Left"},
			"after and late": {refreshesFirst: true, isLate: true, want: "Text Message Conversation May Have Been Left"},
			"late and seen":  {isLate: true, wasRefreshed: true, want: "Text Message Conversation May Have Been Left"}, // the plan shows nothing new
		} {
			runOnStage(t, at+" "+name, mockserver.Behavior{}, impatient, func(s *stage) {
				s.core.refreshesFirst = test.refreshesFirst
				s.leavesOpen(declare(s), map[bool]mockserver.Kind{false: mockserver.DropAfter, true: mockserver.DropBefore}[test.isLate])
				if test.wasRefreshed {
					s.core.state = s.core.walk().refresh()
				}
				if test.isLate {
					s.meanwhile = func() { s.add(map[string]any{"phone_id": phone, number: "+15550000000"}) }
				}
				_, errors := s.apply(map[string]block{address + `["other"]`: s.single(declared{"phone_id": phone, number: "+15550109999"})[address]})
				id := s.Records(conversations)[0]["id"].(string)
				if !says(test.want, id).MatchString(s.warnings) || errors != "" {
					s.t.Errorf("the apply says %q, %q; want a warning that names %s", errors, s.warnings, id)
				}
				if !test.refreshesFirst && says("Text Message Conversation Adopted").MatchString(s.warnings) {
					s.t.Errorf("the refresh adopts what the destroy has found: %s", s.warnings)
				}
				if isLeft := test.isLate; s.isDeleted(id) == isLeft {
					s.t.Errorf("is left: %v", !s.isDeleted(id))
				}
			})
		}
	}
}

// Such a destroy finds the conversation of another resource, or can't look. It deletes nothing, and the error says
// what to do: with the block back, a refresh reads both resources.
func TestStage_openAndNoLongerConfiguredBesideAnother(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.core.parallelism = 1 // a refresh reads the other one first
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
		both := s.bulk(numbered(2).entries(), nil)
		s.leavesOpen(both, mockserver.DropBefore)
		other := s.single(declared{"phone_id": phone, number: numbered(2)["c001"]})
		both[address] = other[address]
		if errors := s.appliesOnly(address, both).errors(); len(errors) > 0 {
			s.t.Fatal(errors)
		}
		s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 502})
		s.refused(other, "Unable to Delete Text Message Conversations", "An earlier apply may or may not have created this conversation, and the provider couldn't find out")
		s.ClearFaults()
		s.refused(other, "Text Message Conversation Adopted by Another Resource", s.idAt(address), "put its block back, apply, and remove the block again")
		if _, errors := s.apply(both); errors != "" {
			s.t.Fatal(errors)
		}
		if _, errors := s.apply(other); errors != "" || len(s.live()) != 1 || s.isDeleted(s.idAt(address)) {
			s.t.Errorf("%d are live: %s", len(s.live()), errors)
		}
	})
}

// The recipient answers in the conversation that the open create of a tainted map has made. No apply replaces the map
// as long as the conversation is in doubt.
func TestStage_openAndAnswered(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.bulk(numbered(1).entries(), nil)
		s.leavesOpen(config, mockserver.DropAfter)
		id := fmt.Sprint(s.live()[0]["id"])
		s.addMessage(id, "Who is this?", 2)
		for range 3 {
			s.refused(config, "Unable to Delete Text Message Conversations")
			if live := s.live(); len(live) != 1 || live[0]["id"] != id {
				s.t.Errorf("the CRM holds %v; want only %s", live, id)
			}
		}
	})
}

// A tainted map with a doubtful create can't be destroyed. When the doubt is gone, the next apply replaces it, even
// if the clock of the CRM makes each record look changed.
func TestStage_openAndDecided(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{CreatedClock: mockserver.Behind}, impatient, func(s *stage) {
		config := s.bulk(numbered(1).entries(), nil)
		s.leavesOpen(config, mockserver.DropAfter)
		theirs := s.add(map[string]any{"phone_id": phone, number: numbered(1)["c000"]})
		s.refused(config, "Unable to Delete Text Message Conversations")
		must(s.t, s.Purge(conversations, theirs))
		s.applies(config, bulkAddress, replace)
		s.checks(s.heldNumbers(numbered(1)))
	})
}

// Such a destroy is planned but not carried out, for example because another resource fails first. The next destroy
// finds the conversation.
func TestStage_openAndNotDestroyedYet(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			other := map[string]block{address + `["other"]`: s.single(declared{"phone_id": phone, number: "+15550109999"})[address]}
			s.leavesOpen(declare(s), mockserver.DropAfter)
			s.core.state = s.plans(other).refreshed
			if _, errors := s.apply(other); errors != "" || len(s.live()) != 1 {
				s.t.Errorf("%d are live: %s, %s", len(s.live()), errors, s.warnings)
			}
		})
	}
}

// The map of such a destroy has another entry with the same number. The conversation of that entry is not the result
// of the open create.
func TestStage_openTwinNoLongerConfigured(t *testing.T) {
	t.Parallel()
	settings := maps.Clone(impatient)
	settings["batch_size"], settings["max_concurrent_requests"] = 1, 1
	onStage(t, mockserver.Behavior{}, settings, func(s *stage) {
		entries := numbered(1).entries()
		entries["twin"] = entries["c000"]
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Skip: 1})
		s.apply(s.bulk(entries, keeping))
		s.ClearFaults()
		if ids := []string{s.entryID("c000"), s.entryID("twin")}; (ids[0] == "") == (ids[1] == "") {
			s.t.Fatalf("the ids are %q; want one of them open", ids)
		}
		_, errors := s.apply(map[string]block{address: s.single(declared{"phone_id": phone, number: "+15550109999"})[address]})
		if errors != "" || strings.Contains(s.warnings, "Unknown Outcome") || len(s.live()) != 1 {
			s.t.Errorf("%d are live: %s, %s", len(s.live()), errors, s.warnings)
		}
	})
}

// After the plan of such a destroy, a customer writes in the conversation. It stays.
func TestStage_openAndWrittenAfterThePlan(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			s.leavesOpen(declare(s), mockserver.DropAfter)
			id := fmt.Sprint(s.live()[0]["id"])
			s.meanwhile = func() { s.addMessage(id, "Please call me", 2) }
			_, errors := s.apply(map[string]block{address + `["other"]`: s.single(declared{"phone_id": phone, number: "+15550109999"})[address]})
			if !strings.Contains(errors+s.warnings, id) || s.isDeleted(id) {
				s.t.Errorf("%s is deleted: %v; %s, %s", id, s.isDeleted(id), errors, s.warnings)
			}
		})
	}
}

// Another resource, whose number is known only in the apply, adopts the conversation before such a destroy: the
// conversation stays. Or the resource comes after the destroy, but the conversations of the phone were listed before:
// it creates another conversation.
func TestStage_openAndAdoptedAfterThePlan(t *testing.T) {
	t.Parallel()
	for at, declare := range map[string]func(s *stage) map[string]block{
		address + `["b"]`: func(s *stage) map[string]block {
			return map[string]block{address + `["b"]`: s.single(declared{"phone_id": phone, number: "+15550000000"})[address]}
		},
		bulkAddress: func(s *stage) map[string]block { return s.bulk(numbered(1).entries(), nil) },
	} {
		for _, isBefore := range []bool{true, false} {
			runOnStage(t, fmt.Sprint(at, " before ", isBefore), mockserver.Behavior{}, impatient, func(s *stage) {
				s.leavesOpen(declare(s), mockserver.DropAfter)
				plan := s.plans(map[string]block{address + `["other"]`: s.single(declared{"phone_id": phone, number: "+15550109999"})[address]})
				applying := s.core.walk()
				applying.state = maps.Clone(plan.refreshed)
				adopt := func(at, number string) {
					adopter := s.single(adopting(number))[address].value
					applying.applyOne(&change{address: at, typeName: singleType, action: create, config: adopter, planned: s.unknown(adopter)})
				}
				if isBefore {
					adopt(address, "+15550000000")
				} else {
					adopt(address+`["lists"]`, "+15550107777")
				}
				for _, c := range plan.changes {
					applying.applyOne(c)
				}
				if !isBefore {
					adopt(address, "+15550000000")
				}
				if errors := applying.errors(); len(errors) > 0 || s.isDeleted(s.idAt(address)) {
					s.t.Errorf("%s is deleted: %v; %s", s.idAt(address), s.isDeleted(s.idAt(address)), errors)
				}
			})
		}
	}
}

// Terraform does not show the warnings of the refresh at the beginning of a destroy. So a conversation that this
// refresh has adopted is named when it is deleted, unless an earlier run has reported the adoption.
func TestStage_openAdoptedAndDestroyed(t *testing.T) {
	t.Parallel()
	for at, declare := range map[string]func(s *stage) map[string]block{
		address:     func(s *stage) map[string]block { return s.single(everythingDeclared()) },
		bulkAddress: func(s *stage) map[string]block { return s.bulk(numbered(1).entries(), nil) },
	} {
		for _, isTold := range []bool{false, true} {
			runOnStage(t, fmt.Sprint(at, " told ", isTold), mockserver.Behavior{}, impatient, func(s *stage) {
				s.leavesOpen(declare(s), mockserver.DropAfter)
				id := s.live()[0]["id"].(string)
				if isTold {
					s.untaint(at)
					s.applies(declare(s), at, noop)
				}
				planning, applying := s.core.walk(), s.core.walk()
				applying.apply(planning.plan(nil))
				warnings := applying.warningsAt(at)
				if says("Text Message Conversation of Unknown Outcome Deleted", id).MatchString(warnings) == isTold || len(s.live()) != 0 {
					s.t.Errorf("the destroy of %s says %q, %q, and leaves %d", id, applying.errors(), warnings, len(s.live()))
				}
			})
		}
	}
}

// A create was lost, and refused when it was repeated. It has made nothing, and no diagnostic says any longer that it
// may have.
func TestStage_openAndRefused(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.single(everythingDeclared())
		s.leavesOpen(config, mockserver.DropBefore)
		s.untaint(address)
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply, Times: 1})
		s.refused(config, "Unable to Create Text Message Conversation")
		s.applies(config, address, create)
		if strings.Contains(s.warnings, "May Have Been Created") {
			s.t.Errorf("the apply warns of %s", s.warnings)
		}
	})
}

// If a refresh finds the conversation of a map's entry, that entry has no longer failed. If no other entry has
// failed, there is nothing left to apply.
func TestStage_openAndFoundByTheRefresh(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings map[string]any
		number   string // of the second entry
		want     action
	}{
		"all or nothing":        {nil, "+15550100002", noop},
		"keeping what succeeds": {keeping, "+15550100002", noop},
		"one is refused":        {keeping, "nonsense", update},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := maps.Clone(impatient)
			if test.settings != nil { // the second one comes after the lost reply
				settings["batch_size"], settings["max_concurrent_requests"] = 1, 1
			}
			onStage(t, mockserver.Behavior{}, settings, func(s *stage) {
				config := s.bulk(numbers{"a": "+15550100001", "b": test.number}.entries(), test.settings)
				s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1, Do: func() {
					s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502})
				}})
				s.apply(config)
				s.ClearFaults()
				if _, hasFailed := parts(s.attribute(bulkAddress, "failed"))["a"]; !hasFailed {
					s.t.Fatalf("failed is %s; want a", text(s.attribute(bulkAddress, "failed")))
				}
				s.untaint(bulkAddress)
				walk := s.core.walk()
				plan := walk.plan(config)
				if plan == nil || plan.changes[0].action != test.want {
					s.t.Fatalf("the plan is %s %v; want %s", planText(plan), walk.errors(), test.want)
				}
				s.core.state = plan.refreshed
				failed := parts(s.attribute(bulkAddress, "failed"))
				if _, hasFailed := failed["a"]; hasFailed || (len(failed) > 0) != (test.want == update) {
					s.t.Errorf("failed is %v", failed)
				}
			})
		})
	}
}

// The key of an open entry is renamed. What the refresh finds for it is not announced as someone else's conversation,
// with or without adopt_existing.
func TestStage_openAndRenamed(t *testing.T) {
	t.Parallel()
	for _, adopts := range []bool{false, true} {
		onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
			other, open := declared{"phone_id": phone, number: "+15550100002"}, declared{"phone_id": phone, number: "+15550100001"}
			s.applies(s.bulk(map[string]declared{"x": other}, nil), bulkAddress, create)
			s.leavesOpen(s.bulk(map[string]declared{"x": other, "a": open}, nil), mockserver.DropAfter)
			planning := s.core.walk()
			planning.plan(s.bulk(map[string]declared{"x": other, "b": open}, map[string]any{"adopt_existing": adopts}))
			warnings := planning.warningsAt(bulkAddress)
			if says("Exists Already").MatchString(warnings) || says("Will Be Adopted").MatchString(warnings) || !says("May Have Been Created").MatchString(warnings) {
				s.t.Errorf("the plan warns %q", warnings)
			}
		})
	}
}

// The result of an open create appears late. The CRM allows one conversation for each number, so it refuses the
// repetition, which has other messages. The repetition has created none of these messages.
func TestStage_openAndRefusedWithOtherMessages(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{Duplicates: mockserver.Refused}, impatient, func(s *stage) {
		with := func(texts messageTexts) map[string]block {
			return s.bulk(s.numberedSaying(2, texts), nil)
		}
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
		s.SetLag(5 * time.Second)
		s.leavesOpen(with(messageTexts{"a": "One"}), mockserver.DropAfter)
		wanted := with(messageTexts{"b": "Two", "c": "Three"})
		if _, errors := s.apply(wanted); errors != "" || !strings.Contains(s.warnings, "Text Message No Longer Declared") {
			s.t.Errorf("the apply says %q, %q", errors, s.warnings)
		}
		if made := len(s.liveMessages()); made != 3 {
			s.t.Errorf("%d messages are live; want 3", made)
		}
		time.Sleep(time.Minute)
		s.nothingLeft(wanted)
	})
}

// The configuration has one more message since the attempt, and reading the adopted conversation
// back fails. The apply creates the new message all the same.
func TestStage_openAndOneMoreMessageUnread(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		with := func(texts messageTexts) map[string]block {
			return s.bulk(s.numberedSaying(2, texts), nil)
		}
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
		s.leavesOpen(with(messageTexts{"a": "One"}), mockserver.DropAfter)
		wanted := with(messageTexts{"a": "One", "b": "Two"})
		s.meanwhile = func() {
			s.Inject(mockserver.Fault{Method: "GET", Path: "TextMessages", Skip: 3, Times: 1, Kind: mockserver.StatusReply, Status: 502})
		}
		if _, errors := s.apply(wanted); errors != "" || !strings.Contains(s.warnings, "Not Fully Known") {
			s.t.Errorf("the apply says %q, %q", errors, s.warnings)
		}
		if text := string(s.core.state[bulkAddress].private); strings.Contains(text, `"unread"`) {
			s.t.Errorf("the private state asks about what the apply has adopted: %s", text)
		}
		if made := len(s.liveMessages()); made != 2 {
			s.t.Errorf("%d messages are live; want 2", made)
		}
		s.nothingLeft(wanted)
	})
}

// A tainted create stays open, because two conversations may be its result. Its configuration changes in the
// meantime, and nothing is sent again. When only one of the two is left, the apply still recognizes it by what was
// sent. Only the state contains that, because Terraform drops the memory of a tainted resource.
func TestStage_openTaintedAndChanged(t *testing.T) {
	t.Parallel()
	for at, declare := range map[string]func(s *stage, d declared, texts messageTexts) map[string]block{
		address: func(s *stage, d declared, texts messageTexts) map[string]block {
			d["messages"], d["deletion_policy"] = messagesOf(s.core.schemas[singleType].ValueType(), texts), "abandon"
			return s.single(d)
		},
		bulkAddress: func(s *stage, d declared, texts messageTexts) map[string]block {
			d["messages"] = messagesOf(s.entryType(), texts)
			return s.bulk(map[string]declared{"a": d}, map[string]any{"deletion_policy": "abandon"})
		},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
				s.leavesOpen(declare(s, entryOf(entryOne, acme), messageTexts{"a": "One", "b": "Other"}), mockserver.DropAfter)
				first := s.id()
				second := s.add(map[string]any{"phone_id": phone, number: entryOne, "recipient_account_id": acme})
				s.addMessage(second, "One", 1)
				s.addMessage(second, "Other", 1)
				changed := declare(s, entryOf(entryOne, globex), messageTexts{"0": "Two", "b": "Other"})
				for range 2 {
					s.refused(changed, "Several conversations in the CRM may be it", first)
				}
				must(s.t, s.SoftDelete(conversations, second))
				if _, errors := s.apply(changed); errors != "" {
					s.t.Fatalf("the apply fails: %s", errors)
				}
				if live := s.live(); len(live) != 1 || live[0]["id"] != first {
					s.t.Errorf("live are %v; want %s", live, first)
				}
				_, errors := s.apply(changed)
				s.nothingLeft(changed)
				s.checks(s.holds(map[string]any{"id": first, "recipient_account_id": globex}))
				s.checks(s.holdsMessages("One", "Other", "Two", "Other")) // the other one has two
				if errors != "" {
					s.t.Error(errors)
				}
			})
		})
	}
}

// The configuration has one message less since the attempt, and reading the adopted conversation back fails. A
// warning names the message that is left.
func TestStage_openAndOneMessageLessUnread(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent, wanted messageTexts
		isLeft       bool
	}{
		"another text": {messageTexts{"hello": "Hello", "bye": "Bye"}, messageTexts{"hello": "Hello"}, true},
		"same text":    {messageTexts{"hello": "Hello", "again": "Hello"}, messageTexts{"hello": "Hello"}, true},
		"null":         {messageTexts{"hello": "Hello"}, nil, true},
		"none":         {messageTexts{"hello": "Hello"}, messageTexts{"hi": "Hello"}, false},
	} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			with := func(texts messageTexts, more declared) map[string]block {
				entries := s.numberedSaying(2, texts)
				maps.Copy(entries["c001"], more)
				return s.bulk(entries, nil)
			}
			s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
			s.leavesOpen(with(test.sent, nil), mockserver.DropAfter)
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Times: 1, Do: func() {
				s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502})
			}})
			_, errors := s.apply(with(test.wanted, declared{"recipient_contact_id": bob}))
			s.ClearFaults()
			if errors != "" || !strings.Contains(s.warnings, "Not Fully Known") {
				s.t.Fatalf("the apply says %q, %q", errors, s.warnings)
			}
			id := s.live()[1]["id"].(string)
			if isLeft := says("Text Message May Have Been Left", `conversations["c001"].messages`, id).MatchString(s.warnings); isLeft != test.isLeft {
				s.t.Errorf("the apply warns %s", s.warnings)
			}
		})
	}
}

// The configuration has one message less since the attempt, and the repetition is lost too. The apply adopts the
// result of the first attempt, which appears late.
func TestStage_openAndOneMessageLessRepeated(t *testing.T) {
	t.Parallel()
	for name, wanted := range map[string]messageTexts{"one less": {"hello": "Hello"}, "none": nil} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			with := func(texts messageTexts) map[string]block {
				return s.bulk(s.numberedSaying(2, texts), nil)
			}
			s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
			s.SetLag(5 * time.Second)
			s.leavesOpen(with(messageTexts{"hello": "Hello", "bye": "Bye"}), mockserver.DropAfter)
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
			if _, errors := s.apply(with(wanted)); errors != "" || !says("Text Message No Longer Declared", s.idOfMessage("Bye")).MatchString(s.warnings) {
				s.t.Errorf("the apply says %q, %q", errors, s.warnings)
			}
			s.wantMade(2)
		})
	}
}
