package provider_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

// A stage is a world with an imitation of Terraform's core, in one process. It is for tables in which each row would
// start Terraform dozens of times.
type stage struct {
	*world
	*liar // between the provider and the CRM

	core      *core
	meanwhile func() // what others do between the next plan and its apply
	warnings  string // of the last apply and its plan
}

// onStage plays in a synctest bubble, where waiting takes no time.
func onStage(t *testing.T, behavior mockserver.Behavior, settings map[string]any, play func(s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, err := newMock(mockserver.Options{Behavior: behavior})
		must(t, err)
		all := map[string]any{"service_url": "https://crm.example", "space_id": "my_space", "username": "terraform", "password": password}
		maps.Copy(all, settings)
		between := &liar{honest: server}
		core, err := newCore(func() tfprotov6.ProviderServer {
			return provider.NewServerOver(mockserver.InProcess(between))
		}, all)
		must(t, err)
		play(&stage{core: core, liar: between, world: &world{Server: server, space: &space{crm: server, t: t, spaceID: "my_space"}}})
	})
}

// runOnStage runs a subtest on its own stage, in parallel with other subtests.
func runOnStage(t *testing.T, name string, behavior mockserver.Behavior, settings map[string]any, play func(s *stage)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		onStage(t, behavior, settings, play)
	})
}

// single returns a configuration of one conversation.
func (s *stage) single(d declared) map[string]block {
	return map[string]block{address: {singleType, d.value(s.core.schemas[singleType].ValueType(), nil)}}
}

// bulk returns a configuration of many conversations in one resource, with attributes of
// the resource.
func (s *stage) bulk(entries map[string]declared, attributes map[string]any) map[string]block {
	typ := s.core.schemas[bulkType].ValueType().(tftypes.Object)
	values := map[string]tftypes.Value{}
	for key, entry := range entries {
		values[key] = entry.value(s.entryType(), nil)
	}
	d := declared{"conversations": values}
	maps.Copy(d, attributes)
	return map[string]block{bulkAddress: {bulkType, d.value(typ, nil)}}
}

func (s *stage) entryType() tftypes.Type {
	return s.core.schemas[bulkType].ValueType().(tftypes.Object).AttributeTypes["conversations"].(tftypes.Map).ElementType
}

// oneConversation declares a conversation as a single resource and as an entry of a map.
var oneConversation = map[string]func(s *stage) map[string]block{
	address:     func(s *stage) map[string]block { return s.single(declared{"phone_id": phone, number: "+15550000000"}) },
	bulkAddress: func(s *stage) map[string]block { return s.bulk(numbered(1).entries(), nil) },
}

// apply plans and applies. It returns the plan, nil if that fails, and the errors.
func (s *stage) apply(config map[string]block) (plan *corePlan, errors string) {
	s.t.Helper()
	planning := s.core.walk()
	plan = planning.plan(config)
	s.warnings = planning.warnings()
	if plan == nil {
		return nil, strings.Join(planning.errors(), "\n")
	}
	if act := s.meanwhile; act != nil {
		s.meanwhile = nil
		act()
	}
	applying := s.core.walk()
	applying.apply(plan)
	s.warnings += applying.warnings()
	s.breaksNothing()
	return plan, strings.Join(applying.errors(), "\n")
}

// plans returns a plan, which must not fail.
func (s *stage) plans(config map[string]block) *corePlan {
	s.t.Helper()
	planning := s.core.walk()
	plan := planning.plan(config)
	if plan == nil {
		s.t.Fatalf("the plan fails: %v", planning.errors())
	}
	return plan
}

// applies runs an apply without errors, with this action on the resource, that leaves nothing to
// do.
func (s *stage) applies(config map[string]block, at string, want action) *change {
	s.t.Helper()
	plan, errors := s.apply(config)
	if plan == nil || errors != "" {
		s.t.Fatalf("the apply fails: %s", errors)
	}
	var planned *change
	for _, c := range plan.changes {
		if c.address == at {
			planned = c
		}
	}
	if planned == nil || planned.action != want {
		s.t.Fatalf("the plan is %s; want %s", planText(plan), want)
	}
	s.nothingLeft(config)
	return planned
}

// nothingLeft checks that a plan changes nothing.
func (s *stage) nothingLeft(config map[string]block) {
	s.t.Helper()
	left := s.plans(config)
	for _, c := range left.changes {
		if c.action != noop {
			s.t.Errorf("the next plan is %s", planText(left))
		}
	}
	s.breaksNothing()
}

// wantLive checks how many conversations are not deleted. An error shows what Terraform has said.
func (s *stage) wantLive(want int, said ...any) {
	s.t.Helper()
	if live := s.live(); len(live) != want {
		s.t.Errorf("%d conversations are live; want %d: %v\n%.3000q", len(live), want, live, said)
	}
}

// wantMade checks how many conversations were ever created.
func (s *stage) wantMade(want int, said ...any) {
	s.t.Helper()
	if made := len(s.Records(conversations)); made != want {
		s.t.Errorf("%d conversations were made; want %d\n%.3000q", made, want, said)
	}
}

// wantSent checks how many messages were ever created.
func (s *stage) wantSent(want int, said ...any) {
	s.t.Helper()
	if sent := len(s.Records(textMessages)); sent != want {
		s.t.Errorf("%d messages were made; want %d: %v\n%.3000q", sent, want, s.liveMessages(), said)
	}
}

// breaksNothing checks that the provider has kept Terraform's rules.
func (s *stage) breaksNothing() {
	s.t.Helper()
	for _, broken := range s.core.broken {
		s.t.Errorf("the provider breaks a rule of Terraform's: %s", broken)
	}
}

// refused applies, and checks that the apply fails with these texts in order.
func (s *stage) refused(config map[string]block, texts ...string) {
	s.t.Helper()
	if _, errors := s.apply(config); errors == "" || !says(texts...).MatchString(errors) {
		s.t.Errorf("the errors are %q; want %q", errors, texts)
	}
}

// warnings returns the summaries and details of the warnings.
func (w *walk) warnings() string {
	var b strings.Builder
	for _, said := range w.said {
		for _, d := range said {
			if !isError(d) {
				fmt.Fprintln(&b, d.Summary, d.Attribute, d.Detail)
			}
		}
	}
	return b.String()
}

// taint does what terraform taint does: the next plan replaces the resource.
func (s *stage) taint(at string) {
	instance := s.core.state[at]
	instance.tainted = true
	s.core.state[at] = instance
}

// destroys applies a configuration without resources.
func (s *stage) destroys() {
	s.t.Helper()
	if _, errors := s.apply(nil); errors != "" {
		s.t.Errorf("the destroy fails: %s", errors)
	}
}

// attribute returns an attribute of a resource in the state.
func (s *stage) attribute(at, name string) tftypes.Value {
	return parts(s.core.state[at].value)[name]
}

// checks runs a check that looks only at the server.
func (s *stage) checks(check resource.TestCheckFunc) {
	s.t.Helper()
	if err := check(nil); err != nil {
		s.t.Error(err)
	}
}

// impatient contains settings with which a create stays open after the first failed look.
var impatient = map[string]any{"recovery_timeout": "2s", "max_retries": 0}

// leavesOpen applies with lost replies to creates. From the first one on, lists fail, so
// that the outcome stays unknown.
func (s *stage) leavesOpen(config map[string]block, kind mockserver.Kind) {
	s.t.Helper()
	s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: kind, Do: func() {
		s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502})
	}})
	s.refused(config, "may or may not have been created")
	s.ClearFaults()
}

// leavesEntryOpen applies a map of the entry c000, and then of an entry c001 too, whose
// create stays open.
func (s *stage) leavesEntryOpen(kind mockserver.Kind) {
	s.t.Helper()
	s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, create)
	s.leavesOpen(s.bulk(numbered(2).entries(), nil), kind)
}

// plansOnly plans one resource without a refresh, as -target and -refresh=false do together.
func (s *stage) plansOnly(at string, config map[string]block) *corePlan {
	return &corePlan{refreshed: s.core.state, changes: []*change{s.core.walk().planOne(at, s.core.state, config)}}
}

// appliesOnly applies such a plan.
func (s *stage) appliesOnly(at string, config map[string]block) (applying *walk) {
	s.t.Helper()
	plan := s.plansOnly(at, config)
	applying = s.core.walk()
	applying.apply(plan)
	return applying
}

// untaint does what terraform untaint does.
func (s *stage) untaint(at string) {
	instance := s.core.state[at]
	instance.tainted = false
	s.core.state[at] = instance
}
