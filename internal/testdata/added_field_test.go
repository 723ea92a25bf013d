package provider_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const subject = "subject" // the added field

// These are the two resources that have the field.
var withSubject = map[string]struct {
	at      string
	kind    func(*stage) tftypes.Type
	declare func(*stage, declared) map[string]block
}{
	"single": {address, func(s *stage) tftypes.Type { return s.core.schemas[singleType].ValueType() }, (*stage).single},
	"bulk": {bulkAddress, (*stage).entryType, func(s *stage, d declared) map[string]block {
		return s.bulk(map[string]declared{"a": d}, nil)
	}},
}

// The field is set on create, left unchanged, changed by itself, emptied and compared.
func TestAddedField_conversation(t *testing.T) {
	t.Parallel()
	for name, of := range withSubject {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				to := func(more declared) map[string]block {
					d := declared{"phone_id": phone, number: "+1 907 555 0133"}
					maps.Copy(d, more)
					return of.declare(s, d)
				}
				s.applies(to(declared{subject: "Hello"}), of.at, create)
				s.checks(s.holds(map[string]any{subject: "Hello"}))
				s.ResetRequests()
				s.applies(to(declared{subject: "Bye"}), of.at, update)
				s.checks(s.sentFields("id", "revision", subject))
				s.checks(s.holds(map[string]any{subject: "Bye"}))

				must(t, s.Edit(conversations, s.id(), map[string]any{subject: "Theirs"}))
				s.applies(to(declared{subject: "Mine"}), of.at, update)

				plan := s.core.walk().plan(to(declared{subject: "Later"}))
				must(t, s.Edit(conversations, s.id(), map[string]any{subject: "Theirs"}))
				applying := s.core.walk()
				applying.apply(plan)
				if errors := strings.Join(applying.errors(), "\n"); !says("Conflicting Change", "Mine", "Later", "Theirs").MatchString(errors) {
					t.Errorf("the conflict is told as %q", errors)
				}
				s.checks(s.holds(map[string]any{subject: "Theirs"}))
				s.applies(to(declared{subject: ""}), of.at, update)
				s.checks(s.holds(map[string]any{subject: nil}))
				if _, errors := s.apply(to(nil)); errors != "" {
					t.Error(errors)
				}
				s.applies(to(declared{subject: "Again"}), of.at, update)
				must(t, s.Edit(conversations, s.id(), map[string]any{subject: "Theirs"}))
				if _, errors := s.apply(to(nil)); errors != "" {
					t.Error(errors)
				}
				s.checks(s.holds(map[string]any{subject: "Theirs"})) // omitted: unchanged
			})
		})
	}
}

// The field helps to recognize a create whose reply is lost.
func TestAddedField_lost(t *testing.T) {
	t.Parallel()
	for name, fault := range lostReplies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				s.lose("batch-modify", fault)
				s.applies(s.single(declared{"phone_id": phone, number: "+1 907 555 0133", subject: "Hello"}), address, create)
				s.checks(s.holds(map[string]any{subject: "Hello"}))
			})
		})
	}
}

func TestAddedField_message(t *testing.T) {
	t.Parallel()
	for name, of := range withSubject {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				to := func(more declared) map[string]block {
					d := declared{"content": "Hello", "direction": "outgoing"}
					maps.Copy(d, more)
					typ := of.kind(s).(tftypes.Object).AttributeTypes["messages"].(tftypes.Map).ElementType
					return of.declare(s, declared{"phone_id": phone, "messages": map[string]tftypes.Value{"hello": d.value(typ, nil)}})
				}
				holds := func(want any) {
					t.Helper()
					if live := s.liveMessages(); len(live) != 1 || live["Hello"][subject] != want {
						t.Errorf("the server holds %v; want one message with %v", live, want)
					}
				}
				s.applies(to(declared{subject: "First"}), of.at, create)
				holds("First")
				s.applies(to(declared{subject: "Second"}), of.at, update)
				holds("Second")
				must(t, s.Edit(textMessages, s.liveMessages()["Hello"]["id"].(string), map[string]any{subject: "Theirs"}))
				s.applies(to(nil), of.at, update) // omitted: no longer tracked
				holds("Theirs")
				s.applies(to(declared{subject: "Mine"}), of.at, update)
				holds("Mine")
			})
		})
	}
}

// The action plans and creates a message with the field.
func TestAddedField_action(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		config := hello(s.add(map[string]any{"phone_id": phone}))
		config["direction"], config[subject] = "incoming", "First"
		r := s.rpc()
		planned, err := r.ProviderServer.(tfprotov6.ActionServer).PlanAction(s.t.Context(), &tfprotov6.PlanActionRequest{ActionType: messageAction, Config: r.action(config)})
		must(s.t, err)
		r.wantDiagnostics(planned.Diagnostics)
		r.wantDiagnostics(r.invoked(config).diagnostics)
		if live := s.liveMessages(); len(live) != 1 || live["Hello"][subject] != "First" {
			s.t.Errorf("the server holds %v; want one message with the field", live)
		}
	})
}
