package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A resource with adopt_existing is tainted, for example because a leftover could not be deleted. Terraform plans it
// as new. Its own conversation, which the apply deletes first, belongs to no other resource. So neither the plan nor
// the plan of "terraform destroy", which begins with this one, fails.
func TestStage_adoptsNotItsOwnLeftover(t *testing.T) {
	t.Parallel()
	for at, declare := range map[string]func(s *stage) map[string]block{
		address: func(s *stage) map[string]block { return s.single(adopting("+15550000000")) },
		bulkAddress: func(s *stage) map[string]block {
			return s.bulk(numbered(1).entries(), map[string]any{"adopt_existing": true})
		},
	} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				config := declare(s)
				s.applies(config, at, create)
				first := s.id()
				s.taint(at)
				planning := s.core.walk()
				planning.plan(config)
				if warnings := planning.warningsAt(at); !says("Existing Text Message Conversation May Be Deleted", first, "terraform untaint").MatchString(warnings) {
					s.t.Errorf("the plan says %v, %q", planning.errors(), warnings)
				}
				s.applies(config, at, replace)
				if live := s.live(); len(live) != 1 || !s.isDeleted(first) {
					s.t.Errorf("live are %v", live)
				}
				s.destroys()
				if live := s.live(); len(live) != 0 {
					s.t.Errorf("live are %v", live)
				}
			})
		})
	}
}

// An entry gets another number, and a new resource whose number only the apply knows adopts its conversation. Then
// the new conversation of the entry can't be created. The entry does not get the adopted one back.
func TestStage_adoptsWhatAnEntryKeeps(t *testing.T) {
	t.Parallel()
	runOnStage(t, "blindly", mockserver.Behavior{}, nil, func(s *stage) {
		s.core.parallelism = 1 // the single one comes first
		s.applies(s.bulk(numbered(2).entries(), nil), bulkAddress, create)
		entries := numbered(2).entries()
		entries["c001"][number], entries["c001"]["recipient_account_id"] = "+15550100002", nobody
		config := s.bulk(entries, nil)
		config[address] = s.single(declared{"phone_id": phone, number: tftypes.UnknownValue, "adopt_existing": true})[address]
		plan := s.plans(config)
		config[address] = s.single(adopting("+15550000001"))[address]
		for _, c := range plan.changes {
			c.config = config[c.address].value
		}
		applying := s.core.walk()
		applying.apply(plan)
		if errors := fmt.Sprint(applying.errors()); !strings.Contains(errors, "does not exist") {
			s.t.Errorf("the apply says %s", errors)
		}
		delete(entries["c001"], "recipient_account_id")
		config[bulkAddress] = s.bulk(entries, nil)[bulkAddress]
		s.applies(config, bulkAddress, update)
		if live := s.live(); len(live) != 3 || strings.Contains(s.warnings, "Managed Twice") {
			s.t.Errorf("live are %v: %s", live, s.warnings)
		}
	})
}
