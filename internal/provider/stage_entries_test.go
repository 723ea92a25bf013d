package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Unknown numbers of existing keys, next to entries that are renamed.
func TestStage_unknownNumberFreesAConversation(t *testing.T) {
	t.Parallel()
	const two = "+15550100002"
	unknown := tftypes.UnknownValue
	type all = map[string]declared
	lean := func(to any) declared { return declared{"phone_id": phone, number: to} }
	for name, test := range map[string]struct {
		before, planned, applied all
		imported                 bool
	}{
		"freed":           {before: all{"a": entryOf(entryOne, acme)}, planned: all{"a": entryOf(unknown, acme), "b": entryOf(entryOne, globex)}, applied: all{"a": entryOf(two, acme), "b": entryOf(entryOne, globex)}},
		"freed, imported": {before: all{"a": entryOf(entryOne, acme)}, planned: all{"a": lean(unknown), "b": lean(entryOne)}, applied: all{"a": lean(two), "b": lean(entryOne)}, imported: true},
		"not freed":       {before: all{"a": entryOf(entryOne, acme)}, planned: all{"a": entryOf(unknown, acme), "b": entryOf(entryOne, globex)}, applied: all{"a": entryOf(entryOne, acme), "b": entryOf(entryOne, globex)}},
		"taken":           {before: all{"a": entryOf(entryOne, acme), "x": entryOf(two, acme)}, planned: all{"x": entryOf(unknown, acme), "b": entryOf(entryOne, globex)}, applied: all{"x": entryOf(entryOne, acme), "b": entryOf(entryOne, globex)}},
		"swap":            {before: all{"a": entryOf(entryOne, acme), "b": entryOf(two, acme)}, planned: all{"a": entryOf(unknown, acme), "b": entryOf(unknown, globex)}, applied: all{"a": entryOf(two, acme), "b": entryOf(entryOne, globex)}},
		"swap imported":   {before: all{"a": entryOf(entryOne, acme)}, planned: all{"a": lean(unknown), "b": lean(unknown)}, applied: all{"a": lean(two), "b": lean(entryOne)}, imported: true},
		"phone":           {before: all{"a": entryOf(entryOne, acme)}, planned: all{"b": {"phone_id": unknown, number: entryOne}}, applied: all{"b": {"phone_id": phone, number: entryOne}}, imported: true},
		"messages":        {before: all{"a": {"phone_id": phone, number: entryOne, "messages": messageTexts{"hello": "Hello"}}}, planned: all{"b": {"phone_id": phone, number: unknown, "recipient_account_id": acme, "messages": messageTexts{"hello": "Hello"}}}, applied: all{"b": {"phone_id": phone, number: entryOne, "recipient_account_id": acme, "messages": messageTexts{"hello": "Hello"}}}},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			s.applies(s.many(test.before, nil), bulkAddress, create)
			if test.imported {
				s.imports(bulkAddress, bulkType, "a="+s.entryID("a"))
			}
			planning, applying := s.core.walk(), s.core.walk()
			change := planning.planOne(bulkAddress, s.core.state, s.many(test.planned, nil))
			if errors := planning.errors(); len(errors) > 0 {
				s.t.Fatalf("the plan fails: %v", errors)
			}
			change.config = s.many(test.applied, nil)[bulkAddress].value
			applying.applyOne(change)
			if errors := append(applying.errors(), s.core.broken...); len(errors) > 0 {
				s.t.Fatalf("the apply fails: %v", errors)
			}
			s.nothingLeft(s.many(test.applied, nil))
		})
	}
}

// Ordinary steps cause no warnings.
func TestStage_ordinary(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		silent := func(what string, config map[string]block) {
			s.t.Helper()
			if _, errors := s.apply(config); errors != "" || s.warnings != "" {
				s.t.Errorf("%s: %q %q", what, errors, s.warnings)
			}
			s.nothingLeft(config)
		}
		one := s.bulk(numbered(3).entries(), nil)
		two := maps.Clone(one)
		two["second"] = s.bulk(map[string]declared{"z": entryOf("+15550100099", acme)}, nil)[bulkAddress]
		two[address] = s.single(entryOf("+15550100098", acme))[address]
		silent("one", one)
		silent("two", two)
		// Someone purges a conversation, and the plan creates it again.
		must(s.t, s.Purge(conversations, s.entryID("c001")))
		silent("purged", two)
		// The single one goes out of the CRM and comes back.
		must(s.t, s.SoftDelete(conversations, s.idAt(address)))
		if _, errors := s.apply(two); errors != "" || strings.Contains(s.warnings, "Exists Already") || strings.Contains(s.warnings, "Twice") {
			s.t.Errorf("%q %q", errors, s.warnings)
		}
		// terraform state mv
		s.core.state["third"] = s.core.state["second"]
		delete(s.core.state, "second")
		two["third"] = two["second"]
		delete(two, "second")
		silent("state mv", two)
		// A replacement with a new number, in a map.
		n := numbered(3)
		n["c000"] = "+15550100055"
		two[bulkAddress] = s.bulk(n.entries(), nil)[bulkAddress]
		if _, errors := s.apply(two); errors != "" || strings.Contains(s.warnings, "Exists Already") || strings.Contains(s.warnings, "Twice") || strings.Contains(s.warnings, "Will Be Deleted") {
			s.t.Errorf("%q %q", errors, s.warnings)
		}
	})
}

// An open create whose entry moves to a key that a conversation with the same number had, and other combinations with
// twins.
func TestStage_openBesideRenamed(t *testing.T) {
	t.Parallel()
	for _, kind := range []mockserver.Kind{mockserver.DropAfter, mockserver.DropBefore} {
		for name, last := range map[string]map[string]declared{
			"renamed beside it":  {"x": entryOf(entryOne, acme), "b": entryOf(entryOne, globex)},
			"the old one goes":   {"b": entryOf(entryOne, globex)},
			"the old one moves":  {"y": entryOf(entryOne, acme), "b": entryOf(entryOne, globex)},
			"the keys swap":      {"b": entryOf(entryOne, acme), "x": entryOf(entryOne, globex)},
			"both change":        {"x": entryOf(entryOne, ""), "b": entryOf(entryOne, "")},
			"nothing is changed": {"x": entryOf(entryOne, acme), "b": entryOf(entryOne, globex)},
		} {
			runOnStage(t, fmt.Sprint(name, kind), mockserver.Behavior{}, impatient, func(s *stage) {
				first := map[string]declared{"x": entryOf(entryOne, acme)}
				s.applies(s.bulk(first, nil), bulkAddress, create)
				id := s.entryID("x")
				s.leavesOpen(s.bulk(map[string]declared{"x": entryOf(entryOne, acme), "b": entryOf(entryOne, globex)}, nil), kind)
				var said []string
				for range 3 {
					_, errors := s.apply(s.bulk(last, nil))
					said = append(said, errors, s.warnings)
				}
				s.nothingLeft(s.bulk(last, nil))
				s.wantLive(len(last), said)
				if s.isDeleted(id) {
					s.t.Logf("the first one is deleted: %.900q", said)
				}
			})
		}
	}
}

// Failed keys of a map with rollback_method = 1: refreshes and plans settle, whatever the
// private state knows.
func TestStage_failedSettles(t *testing.T) {
	t.Parallel()
	for _, forget := range []bool{false, true} {
		onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
			entries := map[string]declared{"a": entryOf(entryOne, acme), "bad": {"phone_id": phone, number: "+15550100003", "recipient_contact_id": nobody}}
			_, errors := s.apply(s.bulk(entries, keeping))
			if errors != "" {
				s.t.Fatal(errors)
			}
			if forget {
				is := s.core.state[bulkAddress]
				is.private = nil
				s.core.state[bulkAddress] = is
			}
			delete(entries, "bad")
			s.applies(s.bulk(entries, keeping), bulkAddress, update)
			if len(s.live()) != 1 {
				s.t.Errorf("%d live", len(s.live()))
			}
		})
	}
}

// Two maps swap an entry's conversation, and a single one moves into a map by import.
func TestStage_movesBetweenMaps(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.core.parallelism = 1
		one := s.bulk(map[string]declared{"a": entryOf(entryOne, acme), "b": entryOf("+15550100002", acme)}, map[string]any{"deletion_policy": "abandon"})[bulkAddress]
		config := map[string]block{"m1": one}
		s.applies(config, "m1", create)
		value := parts(parts(s.core.state["m1"].value)["conversations"])
		id := stateID(value["a"])
		// The entry leaves m1 (abandon) and is adopted by m2.
		config["m1"] = s.bulk(map[string]declared{"b": entryOf("+15550100002", acme)}, map[string]any{"deletion_policy": "abandon"})[bulkAddress]
		_, errors := s.apply(config)
		s.t.Logf("%q %.600s", errors, s.warnings)
		config["m2"] = s.bulk(map[string]declared{"a": entryOf(entryOne, globex)}, map[string]any{"adopt_existing": true})[bulkAddress]
		_, errors = s.apply(config)
		s.t.Logf("%q %.600s", errors, s.warnings)
		s.nothingLeft(config)
		if stateID(parts(parts(s.core.state["m2"].value)["conversations"])["a"]) != id {
			s.t.Error("not adopted")
		}
		walk := s.core.walk()
		walk.plan(config)
		if w := walk.warnings(); w != "" {
			s.t.Errorf("warns %q", w)
		}
	})
}

// Null, unknown and blank entries and numbers plan without a panic.
func TestStage_oddEntries(t *testing.T) {
	t.Parallel()
	unknown := tftypes.UnknownValue
	type all = map[string]declared
	for name, entries := range map[string]all{
		"all unknown":         {"a": {"phone_id": unknown, number: unknown, "recipient_account_id": unknown, "contact_relations": unknown, "messages": unknown}},
		"unknown phone":       {"a": {"phone_id": unknown, number: entryOne}, "b": {"phone_id": phone, number: entryOne}},
		"letters":             {"a": {"phone_id": phone, number: "ACME"}, "b": {"phone_id": phone, number: "ACME 2"}},
		"empty number":        {"a": {"phone_id": phone, number: ""}},
		"blank number":        {"a": {"phone_id": phone, number: " "}},
		"two in one":          {"a": {"phone_id": phone, number: "+1 555 010 0001 / +1 555 010 0002"}},
		"unknown set":         {"a": {"phone_id": phone, number: entryOne, "contact_relations": unknown}, "b": {"phone_id": phone, number: entryOne, "contact_relations": []string{ada}}},
		"short":               {"a": {"phone_id": phone, number: "123"}, "b": {"phone_id": phone, number: "00123"}},
		"extension":           {"a": {"phone_id": phone, number: "+1 555 010 0001 ext. 5"}},
		"tel":                 {"a": {"phone_id": phone, number: "tel:+15550100001"}, "b": {"phone_id": phone, number: "tel:+1-555-010-0003;ext=5"}},
		"letters and numbers": {"a": {"phone_id": phone, number: "+1-800-FLOWERS"}},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			s.applies(s.bulk(map[string]declared{"x": entryOf(entryOne, acme), "y": entryOf("+15550100002", acme)}, nil), bulkAddress, create)
			for _, adopt := range []bool{false, true} {
				walk := s.core.walk()
				plan := walk.plan(s.bulk(entries, map[string]any{"adopt_existing": adopt}))
				s.t.Logf("adopt %v: planned %v: %.300q; %.700s", adopt, plan != nil, walk.errors(), walk.warnings())
				for _, broken := range s.core.broken {
					s.t.Error(broken)
				}
			}
		})
	}
}

// If the plan does not know a number yet, it does not say that the apply deletes a conversation that the entry may
// turn out to need.
func TestStage_undecidedIsNotDeleted(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.bulk(map[string]declared{"a": entryOf(entryOne, acme)}, nil), bulkAddress, create)
		id := s.entryID("a")
		planning, applying := s.core.walk(), s.core.walk()
		change := planning.planOne(bulkAddress, s.core.state, s.bulk(map[string]declared{"b": entryOf(tftypes.UnknownValue, globex)}, nil))
		change.config = s.bulk(map[string]declared{"b": entryOf(entryOne, globex)}, nil)[bulkAddress].value
		applying.applyOne(change)
		if s.entryID("b") != id || s.isDeleted(id) {
			s.t.Fatal("the conversation is not kept")
		}
		if warnings := planning.warnings(); strings.Contains(warnings, "The apply deletes them") {
			s.t.Errorf("the conversation is kept, but the plan warns %q", warnings)
		}
	})
}
