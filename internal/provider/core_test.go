package provider_test

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A core is a small imitation of Terraform's core. It keeps a state, and plans and
// applies configurations through the protocol, but in one process. It notes each rule of
// core that the provider breaks.
type core struct {
	connect  func() tfprotov6.ProviderServer // starts the provider
	settings tftypes.Value                   // the provider block
	schemas  map[string]*tfprotov6.Schema    // by resource type
	state    map[string]instance             // by address

	parallelism int // 10, as in Terraform; with 1, the addresses come in order
	// refreshesFirst means that core refreshes the resources that are no longer configured
	// before it plans their destroy. Terraform 1.11 does not.
	refreshesFirst bool

	mu     sync.Mutex // guards the state and what follows during a walk
	broken []string   // the rules that were broken
}

// An instance is a resource in the state.
type instance struct {
	typeName string
	value    tftypes.Value
	private  []byte
	tainted  bool
}

// A block is a resource in the configuration.
type block struct {
	typeName string
	value    tftypes.Value
}

type action string

const (
	noop    action = "no-op"
	create  action = "create"
	update  action = "update"
	destroy action = "delete"
	replace action = "replace"
)

// A change is the plan for one resource.
type change struct {
	address, typeName string
	action            action
	prior             *instance // nil: none
	config            tftypes.Value
	planned           tftypes.Value
	private           []byte
}

// A corePlan is the plan for a whole state.
type corePlan struct {
	refreshed map[string]instance
	changes   []*change
}

func newCore(connect func() tfprotov6.ProviderServer, settings map[string]any) (*core, error) {
	schema, err := connect().GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	values := map[string]tftypes.Value{}
	for _, attribute := range schema.Provider.Block.Attributes {
		values[attribute.Name] = tftypes.NewValue(attribute.Type, settings[attribute.Name])
	}
	return &core{
		connect:     connect,
		settings:    tftypes.NewValue(schema.Provider.ValueType(), values),
		schemas:     schema.ResourceSchemas,
		state:       map[string]instance{},
		parallelism: 10,
	}, nil
}

func (c *core) breaks(rule, address string, faults ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, fault := range faults {
		c.broken = append(c.broken, fmt.Sprintf("%s: %s%s", rule, address, fault))
	}
}

// A walk is a part of a run for which Terraform starts a provider: the refresh and the
// plan, or the apply.
type walk struct {
	*core
	server  tfprotov6.ProviderServer
	stopped atomic.Bool
	said    map[string][]*tfprotov6.Diagnostic // by address
}

func (c *core) walk() *walk {
	w := &walk{core: c, said: map[string][]*tfprotov6.Diagnostic{}}
	w.start()
	return w
}

// start starts the provider, or another process of it.
func (w *walk) start() {
	w.server = w.connect()
	resp, err := w.server.ConfigureProvider(context.Background(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4", Config: dynamic(w.settings),
	})
	if err == nil {
		w.hear("provider", resp.Diagnostics)
	} else {
		w.breaks("the provider fails", "", err.Error())
	}
}

// stop does what an interrupt does.
func (w *walk) stop() {
	w.stopped.Store(true)
	if _, err := w.server.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{}); err != nil {
		w.breaks("the provider fails", "", err.Error())
	}
}

// each visits the addresses in parallel. After a stop, it visits no more of them.
func (w *walk) each(addresses []string, visit func(address string)) {
	var group sync.WaitGroup
	slots := make(chan struct{}, w.parallelism)
	for _, address := range addresses {
		slots <- struct{}{}
		group.Go(func() {
			defer func() {
				if panicked := recover(); panicked != nil {
					w.breaks("the provider panics", address, fmt.Sprintf(": %v\n%s", panicked, debug.Stack()))
				}
				<-slots
			}()
			if !w.stopped.Load() {
				visit(address)
			}
		})
	}
	group.Wait()
}

// hear notes diagnostics, and reports whether one of them is an error.
func (w *walk) hear(address string, diagnostics []*tfprotov6.Diagnostic) (failed bool) {
	for _, d := range diagnostics {
		if d.Attribute != nil && len(d.Attribute.Steps()) == 0 {
			w.breaks("invalid diagnostic", address, fmt.Sprintf(" is said without a line: %q has a path that is empty", d.Summary))
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said[address] = append(w.said[address], diagnostics...)
	return slices.ContainsFunc(diagnostics, isError)
}

func isError(d *tfprotov6.Diagnostic) bool { return d.Severity == tfprotov6.DiagnosticSeverityError }

func (w *walk) failed(address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.said[address], isError)
}

// errors returns the errors in readable form.
func (w *walk) errors() (all []string) {
	for _, address := range slices.Sorted(maps.Keys(w.said)) {
		for _, d := range w.said[address] {
			if isError(d) {
				all = append(all, fmt.Sprintf("%s: %s %s: %s", address, d.Summary, d.Attribute, strings.Join(strings.Fields(d.Detail), " ")))
			}
		}
	}
	return all
}

// refresh returns the state as the provider reads it.
func (w *walk) refresh() map[string]instance {
	refreshed := maps.Clone(w.state)
	w.each(slices.Sorted(maps.Keys(w.state)), func(address string) {
		was := w.state[address]
		typ := w.schemas[was.typeName].ValueType()
		resp, err := w.server.ReadResource(context.Background(), &tfprotov6.ReadResourceRequest{
			TypeName: was.typeName, CurrentState: dynamic(was.value), Private: was.private,
		})
		if err != nil {
			w.breaks("the provider fails", address, err.Error())
			return
		}
		if w.hear(address, resp.Diagnostics) {
			return
		}
		now, err := resp.NewState.Unmarshal(typ)
		if err != nil || !now.IsFullyKnown() {
			w.breaks("invalid result of a refresh", address, " is "+text(now))
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if now.IsNull() {
			delete(refreshed, address)
			return
		}
		refreshed[address] = instance{was.typeName, now, resp.Private, was.tainted}
	})
	return refreshed
}

// plan refreshes and plans. It returns nil if there are errors.
func (w *walk) plan(config map[string]block) *corePlan {
	var removed []*change
	for address := range w.state {
		if _, configured := config[address]; !configured && len(config) > 0 && !w.refreshesFirst {
			removed = append(removed, w.planOne(address, w.state, config))
		}
	}
	plan := &corePlan{refreshed: w.refresh()}
	if len(config) == 0 {
		w.start() // "terraform destroy" is planned in a process of its own
	}
	addresses := maps.Clone(plan.refreshed)
	for _, change := range removed {
		if _, exists := addresses[change.address]; exists {
			plan.changes = append(plan.changes, change)
		}
		delete(addresses, change.address)
	}
	for address, block := range config {
		resp, err := w.server.ValidateResourceConfig(context.Background(), &tfprotov6.ValidateResourceConfigRequest{
			TypeName: block.typeName, Config: dynamic(block.value),
		})
		if err != nil {
			w.breaks("the provider fails", address, err.Error())
			return nil
		}
		w.hear(address, resp.Diagnostics)
		addresses[address] = instance{}
	}
	if len(w.errors()) > 0 {
		return nil
	}
	w.each(slices.Sorted(maps.Keys(addresses)), func(address string) {
		if change := w.planOne(address, plan.refreshed, config); change != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			plan.changes = append(plan.changes, change)
		}
	})
	slices.SortFunc(plan.changes, func(a, b *change) int { return strings.Compare(a.address, b.address) })
	if len(w.errors()) > 0 {
		return nil
	}
	return plan
}

func (w *walk) planOne(address string, state map[string]instance, config map[string]block) *change {
	c := &change{address: address}
	if prior, ok := state[address]; ok {
		c.prior, c.typeName = &prior, prior.typeName
	}
	configured, ok := config[address]
	if !ok {
		typ := w.schemas[c.typeName].ValueType()
		c.action, c.config = destroy, tftypes.NewValue(typ, nil)
		if _, _, ok = w.ask(c, c.prior, c.prior.private); ok && !c.planned.IsNull() {
			w.breaks("invalid plan", address, " is planned though it is to be destroyed")
		}
		return c
	}
	c.typeName, c.config = configured.typeName, configured.value
	if c.prior == nil || c.prior.tainted {
		c.action = create
		if c.prior != nil {
			c.action = replace // the provider does not know that during the plan
		}
		w.ask(c, nil, nil)
		return c
	}
	replaces, changes, ok := w.ask(c, c.prior, c.prior.private)
	switch {
	case !ok:
	case replaces:
		c.action = replace
		w.ask(c, nil, c.private)
	case changes:
		c.action = update
	default:
		c.action = noop
	}
	return c
}

// ask asks the provider for its plan, and checks the plan against core's rules.
func (w *walk) ask(c *change, prior *instance, private []byte) (replaces, changes, ok bool) {
	schema := w.schemas[c.typeName]
	typ, attributes := schema.ValueType(), schemaAttributes(schema.Block.Attributes)
	before := tftypes.NewValue(typ, nil)
	if prior != nil {
		before = prior.value
	}
	proposed := c.config
	if !c.config.IsNull() {
		proposed = attributes.proposedNew(typ, before, c.config)
	}
	resp, err := w.server.PlanResourceChange(context.Background(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: c.typeName, PriorState: dynamic(before), ProposedNewState: dynamic(proposed),
		Config: dynamic(c.config), PriorPrivate: private,
	})
	if err != nil {
		w.breaks("the provider fails", c.address, err.Error())
		return false, false, false
	}
	if w.hear(c.address, resp.Diagnostics) {
		return false, false, false
	}
	if c.planned, err = resp.PlannedState.Unmarshal(typ); err != nil {
		w.breaks("invalid plan", c.address, err.Error())
		return false, false, false
	}
	c.private = resp.PlannedPrivate
	if !c.config.IsNull() {
		w.breaks("invalid plan", c.address, attributes.invalidPlan("", before, c.config, c.planned)...)
	}
	for _, path := range resp.RequiresReplace {
		was, _, wasErr := tftypes.WalkAttributePath(before, path)
		is, _, isErr := tftypes.WalkAttributePath(c.planned, path)
		if wasErr == nil && isErr == nil && prior != nil && !same(was.(tftypes.Value), is.(tftypes.Value)) {
			replaces = true
		}
	}
	return replaces, !same(before, c.planned), true
}

// apply carries out a plan.
func (w *walk) apply(plan *corePlan) {
	w.state = maps.Clone(plan.refreshed)
	byAddress := map[string]*change{}
	for _, c := range plan.changes {
		if c.action != noop {
			byAddress[c.address] = c
		}
	}
	w.each(slices.Sorted(maps.Keys(byAddress)), func(address string) { w.applyOne(byAddress[address]) })
}

func (w *walk) applyOne(c *change) {
	if c.action == destroy || c.action == replace {
		gone := *c
		typ := w.schemas[c.typeName].ValueType()
		gone.planned, gone.config = tftypes.NewValue(typ, nil), tftypes.NewValue(typ, nil)
		if w.carryOut(&gone, c.prior); w.failed(c.address) || c.action == destroy {
			return
		}
	}
	var prior *instance
	var private []byte
	if c.action == update {
		prior, private = c.prior, c.prior.private
	}
	// Core plans again, with the values that it knows by now.
	again := *c
	if _, _, ok := w.ask(&again, prior, private); !ok {
		return
	}
	w.breaks("inconsistent final plan", c.address, incompatible("", c.planned, again.planned)...)
	w.carryOut(&again, prior)
}

// carryOut makes the provider carry out a change, and puts the result into the state. The private state comes from
// the plan, even if a replaced object is deleted. For a tainted object, it is empty.
func (w *walk) carryOut(c *change, prior *instance) {
	typ := w.schemas[c.typeName].ValueType()
	before := tftypes.NewValue(typ, nil)
	if prior != nil {
		before = prior.value
	}
	resp, err := w.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: c.typeName, PriorState: dynamic(before), PlannedState: dynamic(c.planned),
		Config: dynamic(c.config), PlannedPrivate: c.private,
	})
	if err != nil {
		w.breaks("the provider fails", c.address, err.Error())
		return
	}
	failed := w.hear(c.address, resp.Diagnostics)
	now, err := resp.NewState.Unmarshal(typ)
	switch {
	case err != nil:
		w.breaks("invalid result of an apply", c.address, err.Error())
		return
	case !now.IsFullyKnown():
		w.breaks("invalid result of an apply", c.address, " is not known after it: "+text(now))
		return
	case !failed:
		w.breaks("inconsistent result after apply", c.address, incompatible("", c.planned, now)...)
	case now.IsNull():
		now = before // core keeps what it had
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.IsNull() {
		delete(w.state, c.address)
		return
	}
	tainted := prior != nil && prior.tainted || failed && prior == nil
	w.state[c.address] = instance{c.typeName, now, resp.Private, tainted}
}

// dynamic returns the value as the protocol sends it.
func dynamic(v tftypes.Value) *tfprotov6.DynamicValue {
	sent, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		panic(err) // the test has made a value that its own schema doesn't allow
	}
	return &sent
}
