package provider_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

const (
	singleType = "pipeliner_text_message_conversation"
	bulkType   = "pipeliner_text_message_conversations"

	hang = 2 * time.Minute // longer than a request may take
)

// A machine is a CRM, a configuration and Terraform, to which anything may happen. After each apply, it compares the
// CRM with the expected contents (model_rules_test.go, model_verdict_test.go). The end of the output shows what
// people need to know about a failure: the rule, and the steps of the shortest sequence that breaks it.
type machine struct {
	t            *rapid.T
	crm          *mockserver.Server
	core         *core
	second       *core           // a second state in the same CRM
	secondActs   atomic.Bool     // whether it acts at the moment
	secondActed  bool            // whether it acted while the first one was applied
	ofSecondEver map[string]bool // conversations that it has ever had
	bulk         bool            // one bulk resource; otherwise single ones

	respells bool     // the CRM writes numbers so that no one can tell what was sent
	contents []string // of messages
	bumps    bool     // writing a message gives its conversation a new revision

	overwrites bool // the provider's on_conflict

	slots    map[string]declared // by address, or by key of the bulk resource
	settings map[string]any      // of the bulk resource; nil if it is not configured
	policies map[string]string   // deletion_policy of single resources

	names         map[string]string    // of conversations
	lost          map[string]string    // conversations that lost creates have made: the slot that must adopt it, "" for none
	strangers     map[string]bool      // conversations that others have made
	taken         map[string]bool      // conversations that may belong to others, as a warning said
	heardBySecond string               // the same warnings of the second state
	undecided     []string             // conversations of a lost create or of others, as an error said
	windows       map[[2]string]window // of open creates, by phone and number
	firstSent     atomic.Int64         // revision of the CRM before the first create of the current apply; 0 until then
	sentAt        map[[2]string]int64  // the same of the applies of the windows
	strays        map[string]bool      // messages that may exist without a key, as a diagnostic said
	steps         []string
	report        *string // of the last sequence that failed
}

var sequences, steps atomic.Int64

func TestModelOfSingles(t *testing.T) { modelTest(t, false) }
func TestModelOfBulk(t *testing.T)    { modelTest(t, true) }

func modelTest(t *testing.T, bulk bool) {
	t.Helper()
	seed := seeded(t)
	before, stepsBefore, report := sequences.Load(), steps.Load(), ""
	t.Cleanup(func() {
		if report != "" {
			t.Log(report) // after everything that was drawn
		}
		t.Logf("%d sequences with %d steps, from -rapid.seed=%s", sequences.Load()-before, steps.Load()-stepsBefore, seed)
	})
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			m := newMachine(t, bulk)
			m.report = &report
			sequences.Add(1)
			t.Repeat(m.actions())
			m.settle()
		})
	})
}

// seeded sets a seed if none is given, so that the output can show it.
func seeded(t *testing.T) string {
	t.Helper()
	given := flag.Lookup("rapid.seed")
	if given.Value.String() == "0" {
		if err := given.Value.Set(strconv.FormatUint(rand.Uint64()>>1|1, 10)); err != nil { //nolint:gosec // a seed is no secret
			t.Fatal(err)
		}
	}
	return given.Value.String()
}

func newMachine(t *rapid.T, bulk bool) *machine {
	t.Helper()
	m := &machine{t: t, bulk: bulk, slots: map[string]declared{}, policies: map[string]string{}, names: map[string]string{}, lost: map[string]string{}, strays: map[string]bool{}, strangers: map[string]bool{}, taken: map[string]bool{}, ofSecondEver: map[string]bool{}, sentAt: map[[2]string]int64{}}
	var behavior mockserver.Behavior
	var unusual []string
	for _, choice := range mockserver.Switches {
		if choice.Name == "duplicate-conversations" {
			continue // the machine declares twins, and others create them
		}
		value := oneOf(t, choice.Name, choice.Values...)
		*choice.Field(&behavior) = value
		if value != choice.Values[0] {
			unusual = append(unusual, choice.Name+"="+value)
		}
	}
	m.respells = slices.Contains([]string{mockserver.Digits, mockserver.DoubleZero, mockserver.Masked}, behavior.PhoneFormat)
	m.contents = contents
	if behavior.ContentFormat == mockserver.Collapsed {
		m.contents = slices.DeleteFunc(slices.Clone(contents), func(s string) bool { return strings.Contains(s, "\n") })
	}
	m.bumps = behavior.MessageRevision == mockserver.Bump
	var err error
	if m.crm, err = newMock(mockserver.Options{Latency: time.Millisecond, Behavior: behavior}); err != nil {
		t.Fatal(err)
	}
	settings := map[string]any{
		"service_url": "https://crm.example", "space_id": "my_space", "username": "terraform", "password": password,
		"batch_size": oneOf(t, "batch_size", 100, 1, 2, 3),
	}
	m.overwrites = chance(t, "on_conflict = overwrite", 3)
	if m.overwrites {
		settings["on_conflict"] = "overwrite"
	}
	if m.core, err = newCore(func() tfprotov6.ProviderServer {
		return provider.NewServerOver(&watcher{mockserver.InProcess(m.crm), m})
	}, settings); err != nil {
		t.Fatal(err)
	}
	if m.second, err = newCore(func() tfprotov6.ProviderServer {
		return provider.NewServerOver(mockserver.InProcess(m.crm))
	}, settings); err != nil {
		t.Fatal(err)
	}
	m.log("a CRM with %s; batch_size = %v, on_conflict = %v", strings.Join(unusual, " "), settings["batch_size"], settings["on_conflict"])
	if bulk {
		m.set(t)
	}
	return m
}

// A watcher notes the revision of the CRM before the first create of an apply of the first
// state.
type watcher struct {
	http.RoundTripper

	m *machine
}

func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, conversations+"/batch-modify") {
		w.m.firstSent.CompareAndSwap(0, int64(w.m.crm.Revision())) // a machine has phones: it is never 0
	}
	return w.RoundTripper.RoundTrip(r)
}

// log notes a step in readable form.
func (m *machine) log(format string, args ...any) {
	m.steps = append(m.steps, fmt.Sprintf(format, args...))
}

// fail ends the sequence. The rule is a fixed text, so that a failure shrinks to the same
// one. The details belong to this sequence.
func (m *machine) fail(rule, format string, args ...any) {
	m.t.Helper()
	*m.report = m.readable(fmt.Sprintf("\n\n  FAILED: %s\n  %s\n\n  The steps:\n    %s\n", rule, fmt.Sprintf(format, args...), strings.Join(m.steps, "\n    ")))
	m.t.Fatal(rule)
}

// readable replaces ids by names.
func (m *machine) readable(s string) string {
	for id, name := range m.names {
		s = strings.ReplaceAll(s, id, name)
	}
	for id, name := range shortName {
		s = strings.ReplaceAll(s, id, name)
	}
	return s
}

// actions returns the steps that may happen.
func (m *machine) actions() map[string]func(*rapid.T) {
	step := func(do func(*rapid.T)) func(*rapid.T) {
		return func(t *rapid.T) {
			steps.Add(1)
			do(t)
		}
	}
	actions := map[string]func(*rapid.T){
		"declare":        step(m.declare),
		"change":         step(m.change),
		"change more":    step(m.change),
		"text":           step(m.changeTexts),
		"remove":         step(m.remove),
		"others":         step(m.othersAct),
		"incoming":       step(m.othersSend),
		"second state":   step(m.secondApplies),
		"apply":          step(m.apply),
		"apply again":    step(m.apply),
		"refresh":        step(m.refresh),
		"apply in peace": step(func(*rapid.T) { m.settle() }),
		"a backup":       step(m.restoreBackup),
	}
	if m.bulk {
		actions["settings"] = step(m.changeSettings)
	}
	return actions
}

func (m *machine) declare(t *rapid.T) {
	slot := oneOf(t, "slot", "a", "b", "c", "d", "e")
	m.slots[slot] = drawDeclared(t)
	if chance(t, messagesField, 2) {
		m.slots[slot][messagesField] = m.drawMessages(t)
	}
	m.log("declare %s: %s %v", slot, m.slots[slot].meaning(), m.slots[slot].messages())
	if !m.bulk {
		m.policies[slot] = oneOf(t, "deletion_policy", "", "", "delete", "abandon")
		m.steps[len(m.steps)-1] += " deletion_policy=" + m.policies[slot]
	}
}

func (m *machine) aSlot(t *rapid.T) string {
	slots := slices.Sorted(maps.Keys(m.slots))
	if len(slots) == 0 {
		t.Skip("nothing is declared")
	}
	return oneOf(t, "slot", slots...)
}

func (m *machine) change(t *rapid.T) {
	slot := m.aSlot(t)
	field := oneOf(t, "field", allFields...)
	d := maps.Clone(m.slots[slot])
	if chance(t, "respell", 4) {
		d.respell(t, field)
		m.log("respell %s of %s: %v", field, slot, d[field])
	} else {
		d.set(field, drawField(t, field))
		m.log("change %s of %s to %v", field, slot, d[field])
	}
	m.slots[slot] = d
}

func (m *machine) remove(t *rapid.T) {
	slot := m.aSlot(t)
	if m.bulk && chance(t, "rename", 3) {
		to := oneOf(t, "to", "a", "b", "c", "d", "e")
		m.slots[slot], m.slots[to] = m.slots[to], m.slots[slot]
		if m.slots[slot] == nil {
			delete(m.slots, slot)
		}
		m.log("swap %s and %s", slot, to)
		return
	}
	delete(m.slots, slot)
	m.log("remove %s", slot)
}

func (m *machine) changeSettings(t *rapid.T) {
	if chance(t, "remove the resource", 3) {
		m.settings, m.slots = nil, map[string]declared{}
		m.log("remove the bulk resource")
		return
	}
	m.set(t)
}

func (m *machine) set(t *rapid.T) {
	m.settings = map[string]any{}
	if method := oneOf(t, "rollback_method", -1, 0, 1); method >= 0 {
		m.settings["rollback_method"] = method
	}
	if policy := oneOf(t, "deletion_policy", "", "delete", "abandon"); policy != "" {
		m.settings["deletion_policy"] = policy
	}
	m.log("settings %v", m.settings)
}

// config returns the configuration as core knows it.
func (m *machine) config() map[string]block {
	blocks := map[string]block{}
	if !m.bulk {
		typ := m.core.schemas[singleType].ValueType()
		for address, d := range m.slots {
			more := map[string]any{}
			if policy := m.policies[address]; policy != "" {
				more["deletion_policy"] = policy
			}
			blocks[address] = block{singleType, d.value(typ, more)}
		}
		return blocks
	}
	if m.settings == nil && len(m.slots) == 0 {
		return blocks
	}
	typ := m.core.schemas[bulkType].ValueType().(tftypes.Object)
	entries := map[string]tftypes.Value{}
	for key, d := range m.slots {
		entries[key] = d.value(typ.AttributeTypes["conversations"].(tftypes.Map).ElementType, nil)
	}
	values := map[string]tftypes.Value{}
	for name, attributeType := range typ.AttributeTypes {
		values[name] = tftypes.NewValue(attributeType, m.settings[name])
	}
	values["conversations"] = tftypes.NewValue(typ.AttributeTypes["conversations"], entries)
	blocks["bulk"] = block{bulkType, tftypes.NewValue(typ, values)}
	return blocks
}

// plan refreshes and plans, and checks both. It returns nil if there are errors.
func (m *machine) plan(mustGoWell bool) *corePlan {
	m.snapshot() // it names everything
	walk := m.core.walk()
	plan := walk.plan(m.config())
	m.obeysCore()
	if errs := walk.errors(); len(errs) > 0 {
		m.log("  planning fails: %s %v", strings.Join(errs, "; "), m.hits())
		if mustGoWell {
			m.fail("planning fails", "%s", strings.Join(errs, "\n  "))
		}
		return nil
	}
	m.log("  planned: %s %v", planText(plan), m.hits())
	m.judgeRefresh(m.core.state, plan.refreshed)
	m.judgeFoundOnes(m.core.state, plan.refreshed, walk)
	m.judgePlan(plan)
	return plan
}

func planText(plan *corePlan) string {
	var texts []string
	for _, c := range plan.changes {
		texts = append(texts, c.address+" "+string(c.action))
	}
	return strings.Join(texts, ", ")
}

func (m *machine) obeysCore() {
	if len(m.core.broken) > 0 {
		rule, _, _ := strings.Cut(m.core.broken[0], ":")
		m.fail("the provider breaks a rule of Terraform's: "+rule, "%s", m.readable(strings.Join(m.core.broken, "\n  ")))
	}
}

// apply plans and applies, with whatever may happen in between.
func (m *machine) apply(t *rapid.T) {
	m.log("apply")
	harmless := m.makeTrouble(t)
	plan := m.plan(harmless)
	m.endTrouble()
	if plan == nil {
		return
	}
	meanwhile := oneOf(t, "meanwhile", 0, 0, 0, 1, 2)
	for range meanwhile {
		if rivals := m.rivals(plan); len(rivals) > 0 && !chance(t, "no rival", 3) {
			m.othersRival(t, oneOf(t, "rival of", rivals...))
			continue
		}
		m.othersAct(t)
	}
	harmless = m.makeTrouble(t)
	walk := m.core.walk()
	if chance(t, "interrupt", 8) {
		harmless = false
		after := oneOf(t, "requests before", 0, 1, 2)
		m.log("  interrupt at request %d", after)
		m.crm.Inject(mockserver.Fault{Skip: after, Times: 1, Do: walk.stop})
	}
	m.carryOut(walk, plan, harmless, meanwhile == 0)
	m.endTrouble()
}

// carryOut applies a plan and judges the result.
func (m *machine) carryOut(walk *walk, plan *corePlan, harmless, undisturbed bool) {
	m.firstSent.Store(0)
	before := m.snapshot()
	m.secondActed = false
	walk.apply(plan)
	m.crm.AwaitCommits()
	after := m.snapshot()
	errs := walk.errors()
	m.log("  applied: %s %v", strings.Join(append(errs, m.warnings(walk)...), "; "), m.hits())
	m.obeysCore()
	m.judgeApply(&verdict{
		machine: m, walk: walk, plan: plan, before: before, after: after, harmless: harmless, undisturbed: undisturbed && !m.secondActed,
	})
}

func (m *machine) warnings(walk *walk) (all []string) {
	for _, address := range slices.Sorted(maps.Keys(walk.said)) {
		for _, d := range walk.said[address] {
			if !isError(d) {
				all = append(all, address+": "+d.Summary)
			}
		}
	}
	return all
}

func (m *machine) refresh(t *rapid.T) {
	m.log("refresh")
	harmless := m.makeTrouble(t)
	walk := m.core.walk()
	state := walk.refresh()
	m.endTrouble()
	m.obeysCore()
	if errs := walk.errors(); len(errs) > 0 {
		m.log("  refreshing fails: %s %v", strings.Join(errs, "; "), m.hits())
		if harmless {
			m.fail("refreshing fails", "%s", strings.Join(errs, "\n  "))
		}
		return
	}
	m.judgeRefresh(m.core.state, state)
	m.judgeFoundOnes(m.core.state, state, walk)
	m.core.state = state
}

// settle corrects what is bad in the configuration and applies without trouble. After that, the plan is empty.
func (m *machine) settle() {
	for slot, d := range m.slots {
		if d.isBad() {
			for _, kind := range kindsOfLinks {
				if links, ok := d[kind.field].([]string); ok {
					d[kind.field] = slices.DeleteFunc(slices.Clone(links), func(id string) bool { return id == nobody })
				}
			}
			m.log("correct %s", slot)
		}
	}
	m.log("apply in peace")
	apply := func() *walk {
		walk := m.core.walk()
		m.carryOut(walk, m.plan(true), true, true)
		return walk
	}
	walk := apply()
	for range 3 { // a decision may leave the next one to people too
		open := slices.DeleteFunc(slices.Collect(maps.Keys(m.core.state)), func(address string) bool { return !walk.isOpen(address) })
		for _, address := range open {
			m.log("state rm %s", address)
			delete(m.core.state, address)
		}
		if !m.decide() && len(open) == 0 {
			break
		}
		walk = apply()
	}
	if m.awaitsMessages() {
		apply()
	}
	if again := m.plan(true); slices.ContainsFunc(again.changes, func(c *change) bool { return c.action != noop && !m.isAltered(c) }) {
		m.fail("the plan after an apply is not empty", "%s", planText(again))
	}
}
