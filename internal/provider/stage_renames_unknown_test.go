package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The plan doesn't know some values of renamed entries. Whatever they turn out to be in the apply, the plan still
// holds, and no conversation is created twice.
func TestStage_renamedThoughUnknown(t *testing.T) {
	t.Parallel()
	const one, two, account = "+1 555 010 0001", "+1 555 010 0002", "recipient_account_id"
	unknown := tftypes.UnknownValue
	of := func(to any, owner any) declared { return declared{"phone_id": phone, number: to, account: owner} }
	type all = map[string]declared
	for name, test := range map[string]struct {
		before, planned, applied all
		imported                 bool
		plans, keeps             map[string]string // the key before, by key
	}{
		"an account": {
			before: all{"a": of(one, acme)}, planned: all{"b": of(one, unknown)}, applied: all{"b": of(one, globex)},
			plans: map[string]string{"b": "a"}, keeps: map[string]string{"b": "a"},
		},
		"the same account": {
			before: all{"a": of(one, acme)}, planned: all{"b": of(one, unknown)}, applied: all{"b": of(one, acme)},
			plans: map[string]string{"b": "a"}, keeps: map[string]string{"b": "a"},
		},
		"its messages": {
			before: all{"a": of(one, acme)}, planned: all{"b": {"phone_id": phone, number: one, "messages": unknown}}, applied: all{"b": {"phone_id": phone, number: one}},
			plans: map[string]string{"b": "a"}, keeps: map[string]string{"b": "a"},
		},
		"the number": {
			before: all{"a": of(one, acme)}, planned: all{"b": of(unknown, globex)}, applied: all{"b": of(one, globex)},
			keeps: map[string]string{"b": "a"},
		},
		"the number, after an import": {
			before: all{"a": of(one, acme)}, planned: all{"b": {"phone_id": phone, number: unknown}}, applied: all{"b": {"phone_id": phone, number: one}},
			imported: true, keeps: map[string]string{"b": "a"},
		},
		"another number": {
			before: all{"a": of(one, acme)}, planned: all{"b": of(unknown, globex)}, applied: all{"b": of(two, globex)},
		},
		"the number of another one, which is the same": {
			before: all{"a": of(one, acme)}, planned: all{"b": of(one, globex), "c": of(unknown, globex)}, applied: all{"b": of(one, globex), "c": of(one, globex)},
		},
		"the number of another one, which is not": {
			before: all{"a": of(one, acme)}, planned: all{"b": of(one, globex), "c": of(unknown, globex)}, applied: all{"b": of(one, globex), "c": of(two, globex)},
			keeps: map[string]string{"b": "a"},
		},
		"the number of another one, where the state has more": {
			before:  all{"a": of(one, acme)},
			planned: all{"b": {"phone_id": phone, number: one, "contact_relations": []string{ada}}, "c": of(unknown, globex)},
			applied: all{"b": {"phone_id": phone, number: one, "contact_relations": []string{ada}}, "c": of(two, globex)},
			keeps:   map[string]string{"b": "a"},
		},
		"one without a number": {
			before: all{"a": of(one, acme)}, planned: all{"b": {"phone_id": phone, account: unknown}, "c": of(one, globex)}, applied: all{"b": {"phone_id": phone, account: acme}, "c": of(one, globex)},
			keeps: map[string]string{"b": "a"},
		},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			s.applies(s.many(test.before, nil), bulkAddress, create)
			id := s.entryID("a")
			if test.imported { // all of its fields are in the state
				s.imports(bulkAddress, bulkType, "a="+id)
			}
			planning, applying := s.core.walk(), s.core.walk()
			change := planning.planOne(bulkAddress, s.core.state, s.many(test.planned, nil))
			if errors := planning.errors(); len(errors) > 0 {
				s.t.Fatalf("the plan fails: %v", errors)
			}
			for key, entry := range parts(parts(change.planned)["conversations"]) {
				if isKept := stateID(entry) == id; isKept != (test.plans[key] == "a") {
					s.t.Errorf("%s is planned as %s; want it to be kept: %v", key, text(entry), test.plans)
				}
			}
			change.config = s.many(test.applied, nil)[bulkAddress].value
			applying.applyOne(change)
			if errors := append(applying.errors(), s.core.broken...); len(errors) > 0 {
				s.t.Fatalf("the apply fails: %v", errors)
			}
			for key := range test.applied {
				if isKept := s.entryID(key) == id; isKept != (test.keeps[key] == "a") {
					s.t.Errorf("%s is %s, and a was %s; want %v", key, s.entryID(key), id, test.keeps)
				}
			}
			s.wantMade(len(test.before) + len(test.applied) - len(test.keeps))
			s.nothingLeft(s.many(test.applied, nil))
		})
	}
}
