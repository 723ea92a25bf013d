package provider_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

func (s *stage) idAt(at string) (id string) {
	s.t.Helper()
	must(s.t, s.attribute(at, "id").As(&id))
	return id
}

func (s *stage) isDeleted(id string) bool {
	for _, r := range s.Records(conversations) {
		if r["id"] == id {
			return r["is_deleted"] == true
		}
	}
	s.t.Fatalf("no %s", id)
	return false
}

// An entry whose create is open moves to a single resource that adopts the conversation. The map looks for its
// attempt, but does not delete the conversation that the resource adopts.
func TestStage_openEntryMovedToAdopter(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.core.parallelism = 1
		s.leavesEntryOpen(mockserver.DropAfter)
		both := s.bulk(numbered(1).entries(), nil)
		both[address] = s.single(adopting(numbered(2)["c001"]))[address]
		if _, errors := s.apply(both); errors != "" {
			s.t.Fatal(errors)
		}
		if id := s.idAt(address); s.isDeleted(id) {
			s.t.Errorf("the apply adopted %s, deleted it, and said nothing of that: %s", id, s.warnings)
		}
	})
}

// Terraform plans a resource that adopts a conversation, and only then the destroy of a resource whose open create has
// made it. The plan fails, because the apply would delete what it is to adopt.
func TestStage_openRemovedBesideAdopter(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.leavesOpen(s.single(declared{"phone_id": phone, number: "+15550100002"}), mockserver.DropAfter)
		config := map[string]block{"adopter": s.single(adopting("+15550100002"))[address]}
		planning := s.core.walk()
		for _, at := range []string{"adopter", address} {
			planning.planOne(at, s.core.state, config)
		}
		if errors := strings.Join(planning.errors(), "\n"); !says("Existing Text Message Conversation Already Managed", s.id()).MatchString(errors) {
			s.t.Errorf("the plan says %q, %s", errors, planning.warnings())
		}
	})
}

// The service commits a create late, while another resource adopts existing
// conversations.
func TestStage_adopterBesideALostCreate(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		a, b := address+`["a"]`, address+`["b"]`
		config := map[string]block{a: s.single(declared{"phone_id": phone, number: "+1 555 010 0002"})[address], b: s.single(adopting("+1 555 010 0002"))[address]}
		plan := s.plans(config)
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.CommitLater, Status: 504, CommitAfter: 4 * time.Second, Times: 1})
		applying := s.core.walk()
		go func() {
			time.Sleep(5 * time.Second) // as if it depended on something else
			applying.applyOne(plan.changes[1])
		}()
		applying.applyOne(plan.changes[0])
		time.Sleep(time.Minute)
		if s.idAt(a) == s.idAt(b) {
			s.t.Errorf("both resources have the conversation %s", s.idAt(a))
		}
	})
}

// A replacement has just deleted a conversation. A list that was read earlier must not make another resource adopt
// it.
func TestStage_adoptsNotWhatItHasDeleted(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.core.parallelism = 1
		a, b := address+`["a"]`, address+`["b"]`
		config := map[string]block{b: s.single(adopting("+15550100002"))[address]}
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
		s.refused(config, "may or may not have been created")
		s.ClearFaults()
		config[a] = s.single(adopting("+15550100003"))[address]
		s.meanwhile = func() { s.add(map[string]any{"phone_id": phone, number: "+15550100002"}) } // the service commits the create late
		_, _ = s.apply(config)
		if _, has := s.core.state[b]; has && s.isDeleted(s.idAt(b)) {
			s.t.Errorf("the apply has deleted %s, and then adopted it", s.idAt(b))
		}
	})
}

// A conversation whose adoption failed is still deleted: the two resources don't both forget it.
func TestStage_failedAdoptionAndDestroy(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.core.parallelism = 1
		a, b := address+`["a"]`, address+`["b"]`
		s.applies(map[string]block{b: s.single(declared{"phone_id": phone, number: "+1 555 010 0002"})[address]}, b, create)
		id := s.idAt(b)
		d := adopting("+1 555 010 0002")
		d["recipient_account_id"] = nobody
		known := s.single(d)[address]
		values := map[string]tftypes.Value{}
		must(s.t, known.value.As(&values))
		values = maps.Clone(values)
		values[number] = tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
		plan := s.plans(map[string]block{a: {singleType, tftypes.NewValue(known.value.Type(), values)}})
		for _, c := range plan.changes {
			if c.address == a {
				c.config = known.value
			}
		}
		applying := s.core.walk()
		applying.apply(plan)
		if _, has := s.core.state[b]; !has && !s.isDeleted(id) {
			s.t.Errorf("the conversation %s is live, and in no state: %v", id, len(s.core.state))
		}
	})
}

// While the service refuses to list, an apply that adopts asks only once, not for each entry.
func TestStage_adoptsWhileTheServiceIsAway(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		requests := map[int]int{}
		for _, n := range []int{1, 40} {
			plan := s.plans(s.bulk(numbered(n).entries(), map[string]any{"adopt_existing": true}))
			s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 503})
			s.ResetRequests()
			s.core.walk().carryOut(plan.changes[0], nil)
			requests[n] = len(s.Requests())
			s.ClearFaults()
		}
		if requests[40] != requests[1] {
			s.t.Errorf("%d requests for 40 entries, %d for one; want as many", requests[40], requests[1])
		}
	})
}
