package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// If a conversation is in the states of two resources, one of them warns, as soon as the provider knows both states.
func TestStage_managedTwice(t *testing.T) {
	t.Parallel()
	const managedTwice = "Text Message Conversation Managed Twice"
	for name, test := range map[string]struct {
		typeName, importID string
		config             func(s *stage) block
	}{
		"single": {singleType, "%s", func(s *stage) block { return s.single(declared{"phone_id": phone, number: "+15550100001"})[address] }},
		"map":    {bulkType, "a=%s", func(s *stage) block { return s.bulk(numbers{"a": "+15550100001"}.entries(), nil)[bulkAddress] }},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			config := s.single(declared{"phone_id": phone, number: "+15550100001"})
			s.applies(config, address, create)
			id, other := s.idAt(address), "twin"
			s.imports(other, test.typeName, fmt.Sprintf(test.importID, id))
			config[other] = test.config(s)
			for range 2 {
				walk := s.core.walk()
				plan := walk.plan(config)
				warnings := walk.warnings()
				if !says(managedTwice, id, "terraform state rm").MatchString(warnings) || strings.Count(warnings, managedTwice) != 1 {
					s.t.Errorf("the plan warns %q", warnings)
				}
				s.core.walk().apply(plan)
			}
			delete(s.core.state, other) // terraform state rm
			delete(config, other)
			walk := s.core.walk()
			walk.plan(config)
			if warnings := walk.warnings(); warnings != "" {
				s.t.Errorf("after terraform state rm, the plan warns %q", warnings)
			}
		})
	}
}

// One resource does not count as two, however often and by whichever version it is read.
func TestStage_managedOnce(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		silent := func(what string, walk *walk) {
			s.t.Helper()
			if warnings := walk.warnings(); warnings != "" {
				s.t.Errorf("%s: the warnings are %q", what, warnings)
			}
		}
		config := s.single(declared{"phone_id": phone, number: "+15550100001"})
		config[bulkAddress] = s.bulk(numbered(3).entries(), nil)[bulkAddress]
		planning, applying := s.core.walk(), s.core.walk()
		applying.apply(planning.plan(config))
		silent("create", planning)
		silent("create", applying)
		for _, what := range []string{"created", "refreshed", "forgotten"} {
			if what == "forgotten" { // as after an import
				for at, is := range s.core.state {
					is.private = nil
					s.core.state[at] = is
				}
			}
			walk := s.core.walk()
			for range 3 {
				walk.refresh() // as for several runs of terraform test
			}
			plan := walk.plan(config)
			walk.apply(plan)
			silent(what, walk)
		}

		// A process that refreshes again no longer knows what a resource had before.
		s.core.parallelism = 1
		walk := s.core.walk()
		walk.refresh()
		id := s.idAt(address)
		delete(s.core.state, address)
		delete(config, address)
		s.imports("there", singleType, id)
		config["there"] = s.single(declared{"phone_id": phone, number: "+15550100001"})[address]
		walk.refresh()
		silent("in another resource now", walk)

		s.imports("imported", singleType, s.handmade("+15550100009"))
		config["imported"] = s.single(declared{"phone_id": phone, number: "+15550100009"})[address]
		walk = s.core.walk()
		walk.apply(walk.plan(config))
		silent("imported", walk)
		moved := s.core.state["imported"]
		delete(s.core.state, "imported")
		s.core.state["moved"], config["moved"] = moved, config["imported"]
		delete(config, "imported")
		walk.refresh()
		silent("moved", walk)
	})
}

// If two new single resources have the same phone and number, one of them warns. A resource that is replaced, moved,
// or new next to an old one causes no warning.
func TestStage_sameNumberTwice(t *testing.T) {
	t.Parallel()
	const warning = "Same Number Twice"
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		of := func(number string) block {
			return s.single(declared{"phone_id": phone, "recipient_phone_number": number})[address]
		}
		warns := func(want int, config map[string]block) {
			s.t.Helper()
			if _, errors := s.apply(config); errors != "" || strings.Count(s.warnings, warning) != want {
				s.t.Errorf("%s; the warnings are %q; want %d", errors, s.warnings, want)
			}
		}
		warns(0, map[string]block{"a": of("+15550100001"), "b": of("+15550100002")})
		s.taint("a")
		warns(0, map[string]block{"a": of("+15550100001"), "b": of("+15550100002")})
		warns(0, map[string]block{"a": of("+15550100002"), "b": of("+15550100001")})      // they are replaced
		warns(0, map[string]block{"c": of("+15550100002"), "d": of("+15550100001")})      // without moved blocks
		warns(2, map[string]block{"e": of("+15550100003"), "f": of("+1 (555) 010-0003")}) // in the plan, and in the apply
		warns(0, map[string]block{"e": of("+15550100003"), "f": of("+15550100003")})
	})
}
