package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// handmade adds a conversation that people have made, with a contact and a message.
func (s *stage) handmade(number string) (id string) {
	s.t.Helper()
	id = s.add(map[string]any{"phone_id": phone, "recipient_phone_number": number, "recipient_contact_id": bob})
	s.addMessage(id, "by hand", 2)
	return id
}

// adopting declares a conversation that is adopted if it exists.
func adopting(number string) declared {
	return declared{"phone_id": phone, "recipient_phone_number": number, "adopt_existing": true}
}

// warningsAt returns the warnings of a plan or an apply at an address.
func (w *walk) warningsAt(at string) (texts string) {
	for _, d := range w.said[at] {
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			texts += d.Summary + ": " + d.Detail + "\n"
		}
	}
	return texts
}

// warns applies a configuration, and checks that both plan and apply warn of the adoption
// with these texts.
func (s *stage) warns(config map[string]block, at string, texts ...string) {
	s.t.Helper()
	planning := s.core.walk()
	plan := planning.plan(config)
	if plan == nil {
		s.t.Fatalf("the plan fails: %v", planning.errors())
	}
	applying := s.core.walk()
	applying.apply(plan)
	if errors := applying.errors(); len(errors) > 0 {
		s.t.Fatalf("the apply fails: %v", errors)
	}
	for warnings, summary := range map[string]string{
		planning.warningsAt(at): "Existing Text Message Conversation Will Be Adopted", applying.warningsAt(at): "Existing Text Message Conversation Adopted",
	} {
		if !says(append([]string{summary}, texts...)...).MatchString(warnings) {
			s.t.Errorf("the warnings are %q; want %s, %q", warnings, summary, texts)
		}
	}
	s.nothingLeft(config)
}

// An adopted conversation gets what is declared, and keeps the rest.
func TestStage_adoptExisting(t *testing.T) {
	t.Parallel()
	for _, update := range []string{mockserver.Replace, mockserver.Merge} {
		onStage(t, mockserver.Behavior{ArrayUpdate: update}, nil, func(s *stage) {
			id := s.handmade("+15550100002")
			d := adopting("+1 (555) 010-0002")
			d["account_relations"] = []string{acme}
			d["messages"] = s.greeting(s.core.schemas[singleType].ValueType())
			planning := s.core.walk()
			planning.plan(s.single(d))
			if warnings := planning.warningsAt(address); !strings.Contains(warnings, "creates the declared messages in it, even if it has the same ones already") {
				s.t.Errorf("the plan warns %s", warnings)
			}
			s.warns(s.single(d), address, id)
			s.checks(s.holds(map[string]any{
				"id": id, number: "+15550100002", "recipient_contact_id": bob, "account_relations": []string{acme},
			}))
			s.checks(s.holdsMessages("by hand", "Hello"))
			s.destroys()
			if left := len(s.live()); left != 0 {
				s.t.Errorf("%d conversations are left", left)
			}
		})
	}
}

// Without adopt_existing, or if there is no such conversation, the apply creates one. A deleted conversation does not
// count, nor does one of another phone.
func TestStage_adoptsNothing(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*stage) declared{
		"no opt-in": func(s *stage) declared {
			s.handmade("+15550100002")
			return declared{"phone_id": phone, number: "+1 555 010 0002"}
		},
		"refused": func(s *stage) declared {
			s.handmade("+15550100002")
			d := adopting("+1 555 010 0002")
			d["adopt_existing"] = false
			return d
		},
		"another number": func(s *stage) declared {
			s.handmade("+15550100003")
			return adopting("+1 555 010 0002")
		},
		"another phone": func(s *stage) declared {
			s.add(map[string]any{"phone_id": otherPhone, number: "+15550100002"})
			return adopting("+1 555 010 0002")
		},
		"no number": func(s *stage) declared {
			s.add(map[string]any{"phone_id": phone})
			return declared{"phone_id": phone, "adopt_existing": true}
		},
		"deleted": func(s *stage) declared {
			must(s.t, s.SoftDelete(conversations, s.handmade("+15550100002")))
			return adopting("+1 555 010 0002")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				s.applies(s.single(play(s)), address, create)
				if made := len(s.Records(conversations)); made != 2 {
					s.t.Errorf("%d conversations; want two", made)
				}
			})
		})
	}
}

// A map adopts existing conversations and creates the rest, in the same few requests.
func TestStage_adoptExistingBulk(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		all := numbered(5)
		ids := map[string]string{}
		for _, key := range []string{"c001", "c003"} {
			ids[key] = s.handmade(all[key])
		}
		entries := all.entries()
		entries["c001"]["recipient_account_id"] = acme
		config := s.bulk(entries, map[string]any{"adopt_existing": true})
		s.ResetRequests()
		s.warns(config, bulkAddress, fmt.Sprintf("%q: %s", "c001", ids["c001"]), fmt.Sprintf("%q: %s", "c003", ids["c003"]))
		if _, requests := s.sent("batch-modify"); requests != 1 {
			s.t.Errorf("%d requests have written; want one", requests)
		}
		s.checks(s.heldNumbers(all))
		for key, id := range ids {
			if got := s.entryID(key); got != id {
				s.t.Errorf("%s is %s; want %s", key, got, id)
			}
		}
		for _, record := range s.live() {
			if record["id"] == ids["c001"] && (record["recipient_account_id"] != acme || record["recipient_contact_id"] != bob) {
				s.t.Errorf("the adopted conversation is %v", record)
			}
		}
		// An entry that is added later adopts too.
		more := all.entries()
		more["late"] = declared{"phone_id": phone, number: "+1 555 999 0000"}
		late := s.handmade("+15559990000")
		s.warns(s.bulk(more, map[string]any{"adopt_existing": true}), bulkAddress, `"late": `+late)
	})
}

// A message that the adopted conversation already has is declared by its id, so it is not created again.
func TestStage_adoptedMessage(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.handmade("+1 555 010 0001")
		id := s.idOfMessage("by hand")
		d := adopting("+1 (555) 010-0001")
		d["messages"] = messagesOf(s.core.schemas[singleType].ValueType(), messageTexts{"hello": declared{"id": id}})
		s.warns(s.single(d), address)
		s.checks(s.holdsMessages("by hand"))
		if got := s.messageID("hello"); got != id {
			s.t.Errorf("the message is %s; want %s", got, id)
		}
	})
}

// Without adopt_existing, the plan of a map warns of conversations that a new entry would duplicate, if the refresh
// has listed them. That costs no request.
func TestStage_warnsOfExisting(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
		id := s.handmade("+15559990000")
		s.handmade("+15558880000") // ends alike
		deleted := s.handmade("+15559990000")
		must(s.t, s.SoftDelete(conversations, deleted))
		entries := numbered(1).entries()
		entries["late"] = declared{"phone_id": phone, number: "+1 555 999 0000"}
		s.ResetRequests()
		planning := s.core.walk()
		planning.plan(s.bulk(entries, nil))
		warnings, requests := planning.warningsAt(bulkAddress), len(s.Requests())
		if !says("Text Message Conversation Exists Already", "entries:\n\n  - \"late\": "+id+"\n\nThe apply", "adopt_existing = true", "so there may be more").MatchString(warnings) {
			s.t.Errorf("the plan says %v, %q; want a warning that names %s alone", planning.errors(), warnings, id)
		}
		s.ResetRequests()
		s.core.walk().plan(s.bulk(numbered(1).entries(), nil))
		if without := len(s.Requests()); requests > without {
			s.t.Errorf("the plan takes %d requests; want %d, as without the new entry", requests, without)
		}
		entries["late"]["phone_id"] = otherPhone
		planning = s.core.walk()
		planning.plan(s.bulk(entries, nil))
		if warnings := planning.warningsAt(bulkAddress); warnings != "" {
			s.t.Errorf("with another phone, the plan says %q", warnings)
		}
	})
}

// entryID returns the id of an entry of the map in the state.
func (s *stage) entryID(key string) (id string) {
	s.t.Helper()
	must(s.t, parts(parts(s.attribute(bulkAddress, "conversations"))[key])["id"].As(&id))
	return id
}

// If a conversation can't be adopted, the plan fails, and writes nothing.
func TestStage_notAdoptable(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*stage) (config map[string]block, texts []string){
		"several": func(s *stage) (map[string]block, []string) {
			one, two := s.handmade("+15550100002"), s.handmade("+1 555 010 0002")
			return s.single(adopting("+1 555 010 0002")), []string{"Several Existing Text Message Conversations", one + ", " + two}
		},
		"several, in a map": func(s *stage) (map[string]block, []string) {
			one, two := s.handmade("+15550000000"), s.handmade("+1 555 000 0000")
			return s.bulk(numbered(2).entries(), map[string]any{"adopt_existing": true}), []string{`conversations["c000"]: The CRM has several`, one + ", " + two, "remove this entry until then"}
		},
		"managed by another resource": func(s *stage) (map[string]block, []string) {
			all := s.bulk(numbered(1).entries(), nil)
			s.applies(all, bulkAddress, create)
			all[address] = s.single(adopting("+1 555 000 0000"))[address]
			return all, []string{"Existing Text Message Conversation Already Managed", s.id(), "add a moved block"}
		},
		"managed by another resource, in a map": func(s *stage) (map[string]block, []string) {
			all := s.single(declared{"phone_id": phone, number: "+15550000000"})
			s.applies(all, address, create)
			all[bulkAddress] = s.bulk(numbered(1).entries(), map[string]any{"adopt_existing": true})[bulkAddress]
			return all, []string{"Existing Text Message Conversation Already Managed", s.id()}
		},
		"moved to another resource": func(s *stage) (map[string]block, []string) {
			s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
			return s.single(adopting("+1 555 000 0000")), []string{"Existing Text Message Conversation Already Managed", s.id(), "apply that first"}
		},
		"removed, and another number changes": func(s *stage) (map[string]block, []string) {
			before := s.single(declared{"phone_id": phone, number: "+15550000000"})
			before[bulkAddress] = s.bulk(numbered(2).entries(), nil)[bulkAddress]
			s.applies(before, address, create)
			return s.single(adopting("+15550000001")), []string{"Existing Text Message Conversation Already Managed", "apply that first"}
		},
		"wanted by two": func(s *stage) (map[string]block, []string) {
			s.handmade("+15550000000")
			all := s.bulk(numbered(1).entries(), map[string]any{"adopt_existing": true})
			all[address] = s.single(adopting("+1 555 000 0000"))[address]
			return all, []string{"Existing Text Message Conversation Already Managed", s.id()}
		},
		"wanted by two entries": func(s *stage) (map[string]block, []string) {
			s.handmade("+15550000000")
			entries := numbered(1).entries()
			entries["twin"] = entries["c000"]
			return s.bulk(entries, map[string]any{"adopt_existing": true}), []string{`conversations["twin"]: The CRM has the conversation`, s.id()}
		},
		"unreadable": func(s *stage) (map[string]block, []string) {
			s.Inject(mockserver.Fault{Method: http.MethodGet, Path: conversations, Kind: mockserver.StatusReply, Status: 403, Envelope: true})
			return s.single(adopting("+1 555 000 0000")), []string{"Unable to Read Text Message Conversations", "The CRM does not permit this"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				config, texts := play(s)
				before := len(s.Records(conversations))
				s.ResetRequests()
				planning := s.core.walk()
				if plan := planning.plan(config); plan != nil || !says(texts...).MatchString(strings.Join(planning.errors(), "\n")) {
					s.t.Errorf("the errors are %q; want %q", planning.errors(), texts)
				}
				if writes := s.messageWrites(); writes != 0 || len(s.Records(conversations)) != before {
					s.t.Errorf("%d requests have written", writes)
				}
			})
		})
	}
}

// A failed adoption leaves nothing in the state, so that no later apply deletes the
// conversation.
func TestStage_adoptionFails(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		at      string
		declare func(*stage, declared) map[string]block
	}{
		"single": {address, func(s *stage, d declared) map[string]block { return s.single(d) }},
		"all or nothing": {bulkAddress, func(s *stage, d declared) map[string]block {
			delete(d, "adopt_existing")
			fine := declared{"phone_id": phone, number: "+1 555 010 0003", "recipient_account_id": acme}
			return s.bulk(map[string]declared{"a": fine, "b": d, "c": {"phone_id": phone, number: "+1 555 010 0004"}}, map[string]any{"adopt_existing": true})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, map[string]any{"batch_size": 1}, func(s *stage) {
				ids := map[any]bool{s.handmade("+15550100002"): true, s.handmade("+15550100003"): true}
				d := adopting("+1 555 010 0002")
				d["recipient_account_id"] = nobody
				s.refused(of.declare(s, d), "does not exist")
				if _, isThere := s.core.state[of.at]; isThere {
					s.t.Errorf("the state has %s", text(s.core.state[of.at].value))
				}
				delete(d, "recipient_account_id")
				d["adopt_existing"] = true
				s.applies(of.declare(s, d), of.at, create)
				for _, record := range s.Records(conversations) {
					if ids[record["id"]] && record["is_deleted"] == true {
						s.t.Errorf("the conversation %s is deleted", record["id"])
					}
				}
			})
		})
	}
}

// If the plan doesn't know the number, it warns that it can't tell what the apply adopts. Without a number, nothing
// is adopted.
func TestStage_adoptsBlindly(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		unknown := tftypes.UnknownValue
		for at, config := range map[string]map[string]block{
			address: s.single(declared{"phone_id": phone, number: unknown, "adopt_existing": true}),
			bulkAddress: s.bulk(map[string]declared{
				"new": {"phone_id": phone, number: unknown}, "blank": {"phone_id": unknown}, "known": {"phone_id": phone, number: "+1 555 010 0002"},
			}, map[string]any{"adopt_existing": true}),
		} {
			planning := s.core.walk()
			planning.plan(config)
			warnings := planning.warningsAt(at)
			if !says("Existing Text Message Conversation Not Known Yet").MatchString(warnings) || at == bulkAddress && !says(`the number of "new" yet`).MatchString(warnings) {
				s.t.Errorf("the plan says %v, %q; want a warning that names what is not known", planning.errors(), warnings)
			}
		}
		planning := s.core.walk()
		planning.plan(s.single(declared{"phone_id": phone, "adopt_existing": true}))
		if warnings := planning.warningsAt(address); warnings != "" {
			s.t.Errorf("the plan of a conversation without a number warns %q", warnings)
		}
	})
}

// With create_before_destroy, the new object adopts the conversation of the old object, which is destroyed
// afterwards. The conversation stays.
func TestStage_adoptedIsNotDeleted(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		plain := s.single(declared{"phone_id": phone, number: "+1 555 010 0002"})
		s.applies(plain, address, create)
		id, deposed := s.id(), s.core.state[address]
		adopted := s.single(adopting("+1 555 010 0002"))
		applying := s.core.walk()
		typ := s.core.schemas[singleType].ValueType()
		nothing := tftypes.NewValue(typ, nil)
		applying.applyOne(&change{address: address, typeName: singleType, action: create, config: adopted[address].value, planned: s.unknown(adopted[address].value)})
		applying.carryOut(&change{address: address + " (deposed)", typeName: singleType, action: destroy, config: nothing, planned: nothing, private: deposed.private}, &deposed)
		if errors := applying.errors(); len(errors) > 0 || s.id() != id {
			s.t.Errorf("%v, and the conversation is %s; want %s", errors, s.id(), id)
		}
		if warnings := applying.warningsAt(address + " (deposed)"); !strings.Contains(warnings, "Adopted Text Message Conversation Not Deleted") {
			s.t.Errorf("the warnings are %q", warnings)
		}
	})
}

// The create of the new object is lost, and someone edits the old conversation at that moment, so the new object
// adopts it as the result of its create. The old object then does not delete it.
func TestStage_adoptedForALostCreateIsNotDeleted(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.single(declared{"phone_id": phone, number: "+1 555 010 0002"})
		s.applies(config, address, create)
		id, deposed := s.id(), s.core.state[address]
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
			must(s.t, s.Edit(conversations, id, map[string]any{"recipient_contact_id": bob}))
		}})
		applying := s.core.walk()
		nothing := tftypes.NewValue(s.core.schemas[singleType].ValueType(), nil)
		applying.applyOne(&change{address: address, typeName: singleType, action: create, config: config[address].value, planned: s.unknown(config[address].value)})
		applying.carryOut(&change{address: address + " (deposed)", typeName: singleType, action: destroy, config: nothing, planned: nothing, private: deposed.private}, &deposed)
		if errors := applying.errors(); len(errors) > 0 || s.isDeleted(s.id()) {
			s.t.Errorf("%v, and the state has %s, which is deleted: %v", errors, s.id(), s.isDeleted(s.id()))
		}
	})
}

// A map gives up a conversation while another resource, whose number becomes known only now, adopts existing ones. It
// adopts an abandoned conversation. A conversation that could not be deleted stays in the map.
func TestStage_givenUpBesideAdopter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings map[string]any
		refuses  bool
		want     string // error of the adopter; empty if it adopts
	}{
		"abandoned":        {settings: map[string]any{"deletion_policy": "abandon"}},
		"could not delete": {refuses: true, want: "Existing Text Message Conversation Already Managed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				s.applies(s.bulk(numbered(2).entries(), test.settings), bulkAddress, create)
				id := s.entryID("c001")
				if test.refuses {
					s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: 403, Envelope: true})
				}
				plan := s.plans(s.bulk(numbered(1).entries(), test.settings))
				applying := s.core.walk()
				applying.applyOne(plan.changes[0])
				adopter := s.single(adopting(numbered(2)["c001"]))[address].value
				applying.applyOne(&change{address: address, typeName: singleType, action: create, config: adopter, planned: s.unknown(adopter)})
				errors := strings.Join(applying.errors(), "\n")
				if !strings.Contains(errors, test.want) || len(s.live()) != 2 || test.want == "" && s.idAt(address) != id {
					s.t.Errorf("%d conversations, %s", len(s.live()), errors)
				}
			})
		})
	}
}

// A map adopts the conversation of another resource without knowing that, and fails. The other resource is destroyed
// in the same apply, and its conversation is deleted with it.
func TestStage_notAdoptedAfterAll(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		owned := s.single(declared{"phone_id": phone, number: "+1 555 010 0002"})
		s.applies(owned, address, create)
		id, state := s.id(), s.core.state[address]
		entries := map[string]declared{"x": {"phone_id": phone, number: "+1 555 010 0002"}, "y": {"phone_id": phone, number: "+15550100003", "recipient_account_id": nobody}}
		known := s.bulk(entries, map[string]any{"adopt_existing": true})[bulkAddress].value
		entries["x"][number] = tftypes.UnknownValue
		plan := s.plans(map[string]block{address: owned[address], bulkAddress: s.bulk(entries, map[string]any{"adopt_existing": true})[bulkAddress]})
		applying := s.core.walk()
		for _, c := range plan.changes {
			if c.address == bulkAddress {
				c.config = known
				applying.applyOne(c)
			}
		}
		nothing := tftypes.NewValue(s.core.schemas[singleType].ValueType(), nil)
		applying.carryOut(&change{address: address, typeName: singleType, action: destroy, config: nothing, planned: nothing, private: state.private}, &state)
		if !s.isDeleted(id) || len(applying.errors()) == 0 {
			s.t.Errorf("%s is deleted: %v; %s, %s", id, s.isDeleted(id), applying.errors(), applying.warnings())
		}
	})
}

// unknown returns the plan of a new conversation: only what is configured is known.
func (s *stage) unknown(config tftypes.Value) tftypes.Value {
	typ := config.Type().(tftypes.Object)
	values := map[string]tftypes.Value{}
	must(s.t, config.As(&values))
	for name, value := range values {
		if value.IsNull() {
			values[name] = tftypes.NewValue(typ.AttributeTypes[name], tftypes.UnknownValue)
		}
	}
	for _, name := range []string{"messages", "validation_level", "deletion_policy"} {
		values[name] = tftypes.NewValue(typ.AttributeTypes[name], nil)
	}
	return tftypes.NewValue(typ, values)
}

func TestAccTextMessageConversation_adoptExisting(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	id := w.add(map[string]any{"phone_id": phone, number: "+15550100002", "recipient_contact_id": bob})
	body := w.conversation("recipient_phone_number = \"+1 555 010 0002\"\n  adopt_existing = true\n  recipient_account_id = \"" + acme + "\"")
	run(t, resource.TestStep{
		Config:            body,
		ConfigPlanChecks:  planned(plancheck.ResourceActionCreate),
		ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact(id))},
		Check:             w.holds(map[string]any{"id": id, "recipient_contact_id": bob, "recipient_account_id": acme}),
	})
}

func TestAccTextMessageConversations_adoptExisting(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	ids := w.addMany(50)
	entries := numbers{"new": "+15550100002"}
	for i := range ids {
		entries[fmt.Sprintf("c%03d", i)] = fmt.Sprintf("+1202555%04d", i)
	}
	run(t, resource.TestStep{
		Config:           w.bulk(entries, "adopt_existing = true"),
		ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionCreate),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(bulkAddress, entryID("c000"), knownvalue.StringExact(ids[0])),
			statecheck.ExpectKnownValue(bulkAddress, entryID("c049"), knownvalue.StringExact(ids[49])),
		},
		Check: w.heldNumbers(entries),
	})
}

// A service may keep only the digits of a number. Without a region, they show no country.
func TestStage_adoptsBareDigits(t *testing.T) {
	t.Parallel()
	for _, format := range []string{mockserver.Digits, mockserver.DoubleZero} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{PhoneFormat: format}, nil, func(s *stage) {
				one, other := s.handmade("+1 202 555 0101"), s.handmade("+1 202 555 0102")
				s.handmade("+44 202 555 0101")
				config := s.single(adopting("+1 (202) 555-0101"))
				s.warns(config, address, one)
				config = s.bulk(map[string]declared{"b": {"phone_id": phone, number: "+1 (202) 555-0102"}}, map[string]any{"adopt_existing": true})
				config[address] = s.single(adopting("+1 (202) 555-0101"))[address]
				s.warns(config, bulkAddress, other)
				if left := len(s.live()); left != 3 {
					s.t.Errorf("%d conversations; want three", left)
				}
			})
		})
	}
}

// A conversation that the same apply has created for another resource is not adopted.
func TestStage_adoptsNotWhatItCreated(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.core.parallelism = 1 // a comes first
		typ := s.core.schemas[singleType].ValueType()
		both := map[string]block{
			address + `["a"]`: {singleType, declared{"phone_id": phone, number: "+1 555 010 0002"}.value(typ, nil)},
			address + `["b"]`: {singleType, adopting("+1 555 010 0002").value(typ, nil)},
		}
		if _, errors := s.apply(both); errors != "" || len(s.live()) != 2 {
			s.t.Errorf("%d conversations, and the errors %q; want two", len(s.live()), errors)
		}
	})
}

// An entry whose adoption failed leaves nothing in the state of its map. Otherwise, a later removal would delete the
// conversation.
func TestStage_adoptionOfAnEntryFails(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		more := map[string]any{"adopt_existing": true}
		s.applies(s.bulk(numbered(1).entries(), more), bulkAddress, create)
		s.handmade("+15550100002")
		entries := numbered(1).entries()
		entries["theirs"] = declared{"phone_id": phone, number: "+1 555 010 0002", "account_relations": []string{nobody}}
		s.refused(s.bulk(entries, more), `"theirs"`)
		s.applies(s.bulk(numbered(1).entries(), more), bulkAddress, update) // the failure is forgotten
		if left := len(s.live()); left != 2 {
			s.t.Errorf("%d conversations are left; want two", left)
		}
	})
}

// The map's own conversation is not a candidate for another entry with the same number.
func TestStage_adoptExistingBesideOwn(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		entries, adopting := numbered(1).entries(), map[string]any{"adopt_existing": true}
		s.applies(s.bulk(entries, adopting), bulkAddress, create)
		entries["twin"] = entries["c000"]
		s.applies(s.bulk(entries, adopting), bulkAddress, update)
		if live := len(s.live()); live != 2 {
			s.t.Errorf("%d are live; want 2", live)
		}
	})
}

// Newer versions of terraform test keep one process of the provider for all plans and applies.
func TestStage_adoptedInOneProcess(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]func(s *stage) (string, map[string]block){
		"single": func(s *stage) (string, map[string]block) { return address, s.single(adopting("+1 555 000 0001")) },
		"map": func(s *stage) (string, map[string]block) {
			return bulkAddress, s.bulk(numbered(2).entries(), map[string]any{"adopt_existing": true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				id := s.handmade("+15550000001")
				at, config := declare(s)
				s.core.refreshesFirst = true
				run := s.core.walk()
				for _, plans := range []int{2, 1} { // a run block that only plans comes first
					var plan *corePlan
					for range plans {
						if plan = run.plan(config); plan == nil {
							s.t.Fatalf("the plan fails: %v", run.errors())
						}
					}
					run.apply(plan)
				}
				if errors := run.errors(); len(errors) > 0 || s.live() == nil || len(s.core.state) != 1 {
					s.t.Fatalf("%v, %v", errors, s.core.state[at])
				}
				gone := tftypes.NewValue(s.core.schemas[config[at].typeName].ValueType(), nil)
				run.refresh()
				state := s.core.state[at]
				run.carryOut(&change{address: at, typeName: config[at].typeName, action: destroy, config: gone, planned: gone, private: state.private}, &state)
				if !s.isDeleted(id) || len(run.errors()) > 0 {
					s.t.Errorf("deleted is %v: %v, %s", s.isDeleted(id), run.errors(), run.warnings())
				}
			})
		})
	}
}

// If the conversations of the phone can't be listed, the resources that ask for them at the same time
// share that failure. A later plan asks again.
func TestStage_sharesTheFailureOfAList(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		const resources = 30
		config := map[string]block{}
		for i := range resources {
			config[fmt.Sprint(singleType, ".s", i)] = s.single(adopting(fmt.Sprintf("+1202555%04d", 100+i)))[address]
		}
		planning := s.core.walk()
		s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusServiceUnavailable})
		planning.plan(config)
		if errors, requests := len(planning.errors()), len(s.Requests()); errors != resources || requests != 5 {
			s.t.Errorf("%d errors and %d requests; want %d and 5", errors, requests, resources)
		}
		s.ClearFaults()
		time.Sleep(5 * time.Second)
		clear(planning.said)
		if planning.plan(config) == nil {
			s.t.Errorf("the next plan fails: %v", planning.errors())
		}
	})
}

// The update of an adopted conversation reads it again. It does not list everything that has changed since the space
// was created.
func TestStage_adoptsAnOldOne(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.add(map[string]any{"phone_id": phone, number: "+15550100003"})
		for range 250 {
			s.add(map[string]any{"phone_id": otherPhone})
		}
		config := s.single(declared{"phone_id": phone, number: "+15550100003", "adopt_existing": true, "recipient_account_id": acme})
		plan := s.plans(config)
		s.ResetRequests()
		applying := s.core.walk()
		applying.apply(plan)
		if errors := applying.errors(); len(errors) > 0 {
			s.t.Fatal(errors)
		}
		s.checks(s.requests("GET ", "GET ", "GET /*", "POST /batch-modify", "GET "))
	})
}

// The plan names the fields of an existing conversation that the apply changes, because it does not show them
// otherwise.
func TestStage_adoptExistingOverwrites(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		runOnStage(t, at, mockserver.Behavior{}, nil, func(s *stage) {
			id := s.add(map[string]any{"phone_id": phone, number: "+15550100002", "recipient_account_id": globex, "recipient_contact_id": ada, "account_relations": []any{map[string]any{"account_id": globex}}})
			d := declared{"phone_id": phone, number: "+1 555 010 0002", "recipient_account_id": "", "account_relations": []string{acme}, "contact_relations": []string{ada}}
			config := s.bulk(map[string]declared{"k": d}, map[string]any{"adopt_existing": true})
			if at == address {
				d["adopt_existing"] = true
				config = s.single(d)
			}
			planning := s.core.walk()
			planning.plan(config)
			if text := planning.warningsAt(at); !strings.Contains(text, id+" (the apply changes its recipient_account_id, account_relations)") {
				s.t.Errorf("the plan warns %q", text)
			}
		})
	}
}

// The CRM and the configuration write one number in different forms. The new resource adopts the conversation, and
// nothing is left to do. Digits alone may be a number of any country: they are found only as the same digits.
func TestStage_adoptsInAnotherForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		declared, held string
		isOther        bool
	}{
		{declared: "+1 303 555 7002", held: "0013035557002"},
		{declared: "+1 303 555 7002", held: "13035557002"},
		{declared: "001 (303) 555-7002", held: "+13035557002"},
		{declared: "001 (303) 555-7002", held: "13035557002"},
		{declared: "00 1 303 555 7002", held: "001-303-555-7002"},
		{declared: "1 303 555 7002", held: "13035557002"},
		{declared: "13035557002", held: "+13035557002", isOther: true},
		{declared: "13035557002", held: "0013035557002", isOther: true},
	} {
		for _, at := range []string{address, bulkAddress} {
			runOnStage(t, fmt.Sprintf("%s as %s, %s", test.declared, test.held, at), mockserver.Behavior{}, nil, func(s *stage) {
				id := s.handmade(test.held)
				config := s.single(adopting(test.declared))
				if at == bulkAddress {
					config = s.bulk(map[string]declared{"a": {"phone_id": phone, number: test.declared}}, map[string]any{"adopt_existing": true})
				}
				s.applies(config, at, create)
				if adopted := len(s.live()) == 1; adopted == test.isOther {
					s.t.Errorf("%d are live; the existing one is %s", len(s.live()), id)
				}
				if test.isOther && !strings.Contains(s.warnings, "adopt_existing finds only the same digits") {
					s.t.Errorf("the warnings are %q", s.warnings)
				}
			})
		}
	}
}

// A short number, and one without digits that could be compared, is no form of a masked number.
func TestStage_adoptsNoMaskedNumber(t *testing.T) {
	t.Parallel()
	for region, short := range map[string]string{"": "+123", "DE": "110", "AT": "118"} {
		settings := map[string]any{}
		if region != "" {
			settings["default_region"] = region
		}
		runOnStage(t, short, mockserver.Behavior{PhoneFormat: mockserver.Masked}, settings, func(s *stage) {
			theirs := s.handmade("+15550000133")
			_, errors := s.apply(s.single(adopting(short)))
			if said := errors + s.warnings; strings.Contains(said, theirs) {
				s.t.Errorf("the conversation %s of another number: %s", theirs, said)
			}
		})
	}
}
