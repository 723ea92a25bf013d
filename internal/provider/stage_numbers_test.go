package provider_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A rewriting is the form that a service gives to a number.
type rewriting struct{ sent, respelled, held string }

var rewritings = map[string]rewriting{
	mockserver.E164:       {"+1 (907) 555-0133", "+1.907.555.0133", "+19075550133"},
	mockserver.Digits:     {"+1 (907) 555-0133", "+1.907.555.0133", "19075550133"},
	mockserver.DoubleZero: {"+1 (907) 555-0133", "+1.907.555.0133", "0019075550133"},
	mockserver.Country:    {"(907) 555-0133", "907 555 0133", "+19075550133"},
	mockserver.Masked:     {"+1 (907) 555-0133", "+1.907.555.0133", "+* (***) ***-0133"},
}

// If the service spells a number differently, nothing is replaced: neither when another field changes, nor when the
// configuration uses the CRM's spelling.
func TestStage_numberRewritten(t *testing.T) {
	t.Parallel()
	for format, number := range rewritings {
		for name, of := range map[string]struct {
			at      string
			declare func(*stage, declared) map[string]block
		}{
			"single": {address, func(s *stage, d declared) map[string]block {
				d["messages"] = s.greeting(s.core.schemas[singleType].ValueType())
				return s.single(d)
			}},
			"bulk": {bulkAddress, func(s *stage, d declared) map[string]block {
				d["messages"] = s.greeting(s.entryType())
				return s.bulk(map[string]declared{"a": d}, nil)
			}},
		} {
			runOnStage(t, name+", "+format, mockserver.Behavior{PhoneFormat: format}, nil, func(s *stage) {
				numberRewritten(s, number, of.at, func(d declared) map[string]block { return of.declare(s, d) })
			})
		}
	}
}

// greeting is a message that a conversation of this type declares.
func (s *stage) greeting(conversation tftypes.Type) map[string]tftypes.Value {
	typ := conversation.(tftypes.Object).AttributeTypes["messages"].(tftypes.Map).ElementType
	return map[string]tftypes.Value{"hello": declared{"content": "Hello", "direction": "outgoing"}.value(typ, nil)}
}

func numberRewritten(s *stage, n rewriting, at string, declare func(declared) map[string]block) {
	to := func(written string, more declared) map[string]block {
		d := declared{"phone_id": phone, number: written}
		maps.Copy(d, more)
		return declare(d)
	}
	link := declared{"account_relations": []string{acme}}
	s.applies(to(n.sent, nil), at, create)
	id := s.id()
	s.ResetRequests()
	stays := func() {
		s.t.Helper()
		for _, request := range s.Requests() {
			if strings.Contains(request.Path, "delete") || request.Method == http.MethodDelete {
				s.t.Errorf("there is a %s of %s", request.Method, request.Path)
			}
		}
		if got := s.id(); got != id {
			s.t.Errorf("the conversation is %s now, and was %s", got, id)
		}
		s.checks(s.holds(map[string]any{number: n.held}))
	}
	s.applies(to(n.sent, link), at, update)
	s.checks(s.sentFields("id", "revision", "account_relations"))
	stays()
	s.core.state = s.core.walk().refresh()
	stays()
	for _, written := range []string{n.respelled, n.held} {
		s.applies(to(written, link), at, noop)
		stays()
	}
	must(s.t, s.Edit(conversations, id, map[string]any{"recipient_account_id": acme}))
	link["lead_relations"] = []string{}
	if _, errors := s.apply(to(n.sent, link)); errors != "" {
		s.t.Errorf("the apply fails: %s", errors)
	}
	stays()
}

// A plan warns of numbers that can't be right, whatever the region.
func TestStage_doubtfulNumber(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"default_region": "US"}, func(s *stage) {
		for name, config := range map[string]map[string]block{
			"single": s.single(declared{"phone_id": phone, number: "hello"}),
			"bulk":   s.bulk(map[string]declared{"a": {"phone_id": phone, number: "hello"}, "b": {"phone_id": phone, number: "+1 202 555 0101; +1 202 555 0102"}}, nil),
		} {
			planning := s.core.walk()
			if planning.plan(config) == nil {
				s.t.Fatalf("the plan fails: %v", planning.errors())
			}
			warnings := planning.warnings()
			if !says("Phone Number With Letters").MatchString(warnings) || says("Phone Number With Unknown Country Code").MatchString(warnings) != (name == "bulk") {
				s.t.Errorf("%s: the warnings are %q", name, warnings)
			}
		}
	})
}

// A number is written with its trunk prefix, and the service keeps only the digits, including the prefix. After a
// lost reply, the provider recognizes the number that was sent.
func TestStage_trunkPrefixInDigits(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{PhoneFormat: mockserver.Digits}, impatient, func(s *stage) {
		config := s.single(declared{"phone_id": phone, number: "+49 (0) 30 901820"})
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
		s.applies(config, address, create)
		s.wantNumbers("49030901820")
	})
}
