package provider

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A memory is the private state of a resource: what the provider must know the next time, and what does not belong in
// the configuration.
type memory struct {
	layout

	space seenSpace
	// owner is a name that distinguishes the resource from others. It is empty until it is needed.
	owner string
	// asOf is the revision of the space at the last refresh. A record that is not newer need not be read before an
	// update.
	asOf int64
	open openCreates
	// unread are answers to creates that have not been read yet.
	unread unreadAnswers
	early  *earlyDestroy // of the plan of a destroy
	// adopted are conversations that the last refresh took for the result of an attempt. Terraform does not show the
	// warnings of the refresh at the beginning of a destroy.
	adopted  map[client.ID]bool
	numbers  numbers
	messages *messageMemory

	isMoved bool // from another provider, and not read yet

	// The entries of a map don't show these values: the revisions at which they were read, and whether the CRM
	// protects them against deletion.
	revisions map[client.ID]int64
	protected map[client.ID]bool
}

// newMemory returns the memory of a new resource.
func (r *baseResource) newMemory() *memory {
	return &memory{
		layout: r.layout,
		asOf:   engine.NoFloor, open: openCreates{}, unread: unreadAnswers{}, adopted: map[client.ID]bool{}, numbers: r.provider.numbers(respellings{}), messages: &messageMemory{},
		revisions: map[client.ID]int64{}, protected: map[client.ID]bool{},
	}
}

// parts returns the parts of a memory by their keys in the private state.
func (m *memory) parts() map[string]any {
	return map[string]any{
		"space": &m.space, "owner": &m.owner, "as_of": &m.asOf,
		"unsettled": &m.open, "unread": &m.unread, "adopted": &m.adopted, "early_destroy": &m.early,
		"kept_numbers": &m.numbers.respellings, "messages": m.messages, "moved": &m.isMoved,
		"revisions": &m.revisions, "protected": &m.protected,
	}
}

// A privateStore is the private state of a resource.
type privateStore interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// load returns the memory in the private state of a resource.
func (r *baseResource) load(ctx context.Context, private privateStore) (*memory, diag.Diagnostics) {
	m := r.newMemory()
	var diags diag.Diagnostics
	for key, part := range m.parts() {
		text, more := private.GetKey(ctx, key)
		diags.Append(more...)
		if isNull(text) {
			continue
		}
		if err := json.Unmarshal(text, part); err != nil {
			diags.AddError("Unable to Read Private State", fmt.Sprintf("The private state of the resource is "+
				"damaged. The provider can't read its part %s: %v. Please report this. To go on, run terraform state rm with "+
				"the address of the resource, and import it again.", key, err))
		}
	}
	return m, diags
}

// A stateModel is the state of either resource.
type stateModel interface {
	// recalled returns the conversations, with what the memory knows of them, after the memory has
	// recalled what it lacks.
	recalled(known *memory) (entries, diag.Diagnostics)
}

// stateOf reads a state into the model, and returns its conversations and its memory.
func (r *baseResource) stateOf(ctx context.Context, state tfsdk.State, private privateStore, model stateModel) (entries, *memory, diag.Diagnostics) {
	diags := state.Get(ctx, model)
	memory, more := r.load(ctx, private)
	if diags.Append(more...); diags.HasError() {
		return entries{}, memory, diags
	}
	owned, more := model.recalled(memory)
	return owned, memory, append(diags, more...)
}

// planningState is stateOf for the resource of a plan. A new resource has neither, even if it replaces another one.
// If provider settings are unknown, the provider can't check the space of the state.
func (r *baseResource) planningState(ctx context.Context, req resource.ModifyPlanRequest, model stateModel) (entries, *memory, diag.Diagnostics) {
	if req.State.Raw.IsNull() {
		return entries{}, r.newMemory(), nil
	}
	owned, memory, diags := r.stateOf(ctx, req.State, req.Private, model)
	if api, _ := r.provider.planningEngine(); api != nil { // its errors are reported where the engine is needed
		diags.Append(memory.space.check(api)...)
	}
	return owned, memory, append(diags, r.inState(owned.ids()...)...)
}

// save keeps the memory of a resource with these conversations.
func (m *memory) save(ctx context.Context, private privateStore, conversations entries) diag.Diagnostics {
	m.name()
	owned := conversations.byID()
	maps.DeleteFunc(m.numbers.respellings, func(id client.ID, _ respelling) bool { return owned[id] == nil })
	maps.DeleteFunc(m.adopted, func(id client.ID, _ bool) bool { return owned[id] == nil })
	m.messages.keepOnly(conversations)
	m.early, m.isMoved = nil, false
	m.keepParts(owned)
	return m.write(ctx, private)
}

// name returns the owner, and names it if it has no name yet.
func (m *memory) name() string {
	if m.owner == "" {
		m.owner = rand.Text()
	}
	return m.owner
}

// write writes the memory into the private state. An empty part leaves nothing there, because
// many resources don't need it.
func (m *memory) write(ctx context.Context, private privateStore) (diags diag.Diagnostics) {
	for key, part := range m.parts() {
		text, err := json.Marshal(part)
		if err != nil {
			diags.AddError("Unable to Keep Private State", fmt.Sprintf("The provider can't write the part %s of "+
				"the private state: %v. This is a bug in the provider. Please report it.", key, err))
			continue
		}
		before, more := private.GetKey(ctx, key)
		diags.Append(more...)
		if len(before) > 0 || !isEmptyJSON(string(text)) {
			diags.Append(private.SetKey(ctx, key, text)...)
		}
	}
	return diags
}

// keepParts notes the values that the entries of a map don't show.
func (m *memory) keepParts(owned map[client.ID]*ownedModel) {
	clear(m.revisions)
	clear(m.protected)
	if m.isSingle {
		return
	}
	for id, conversation := range owned {
		if isKnown(conversation.Revision) {
			m.revisions[id] = conversation.Revision.ValueInt64()
		}
		if conversation.IsDeleteProtected.ValueBool() {
			m.protected[id] = true
		}
	}
}

func isEmptyJSON(text string) bool { return text == "{}" || text == "null" || text == "false" }

// engineFor returns the engine, after it has checked the space of a state.
func (r *baseResource) engineFor(memory *memory) (*engine.Engine, diag.Diagnostics) {
	api, diags := r.provider.engine()
	if !diags.HasError() {
		diags = append(diags, memory.space.check(api)...)
	}
	return api, diags
}

// An earlyDestroy records what the plan of a destroy has found. A conversation that appears after the plan may belong
// to someone else or to another resource: Terraform can plan a destroy before it reads any resource, as version 1.11
// does for a resource that is no longer in the configuration.
type earlyDestroy struct {
	// Found contains the conversations that creates with an unknown outcome have made, by their keys. No other
	// resource has one of these conversations: its refresh would have failed.
	Found map[string]client.ID `json:"found"`
}

// mayDelete reports whether the plan has found this conversation for the attempt under the key. A replacement has no
// such plan, and may delete whatever a look finds.
func (e *earlyDestroy) mayDelete(key string, id client.ID) bool {
	return e == nil || e.Found[key] == id
}

// claim tells the engine which conversations a resource has, so that the engine adopts none of them for a lost create
// of another resource. It returns an error if the engine has already adopted one, or may do so in the apply.
func (m *memory) claim(api *engine.Engine, ids ...client.ID) (diags diag.Diagnostics) {
	const text = "The state contains %s as part of this resource. The provider has just found it for another " +
		"resource, whose create got no reply. %s The provider changed nothing. Run the command again. If the error comes back, and the other resource is no " +
		"longer in the configuration (terraform state list shows it), put its block back, apply, and remove the block again. Otherwise, or if that does not help, run terraform state rm " +
		"with the address of the other resource."
	taken, doubted := api.Conversations.Claim(m.owner, ids...)
	if len(taken) > 0 {
		diags.AddAttributeError(m.idsAt(), "Text Message Conversation Adopted by Another Resource", fmt.Sprintf(text, idList(taken),
			"A warning of that resource says that it adopts or deletes the conversation."))
	}
	if len(doubted) > 0 {
		diags.AddAttributeError(m.idsAt(), "Text Message Conversation May Be Adopted by Another Resource", fmt.Sprintf(text, idList(doubted),
			"A warning of that resource says that this conversation may be the created one. So the apply could adopt it."))
	}
	return diags
}

// recall finds the attempt at an entry that has no id in the state, if Terraform has dropped the private state. Only
// the state is left then: its revision was the newest one before the attempt. If Terraform has kept the private
// state, it contains every attempt whose outcome is unknown. The CRM has refused any other attempt.
func (m *memory) recall(key string, owned ownedModel) {
	if _, isOpen := m.open[key]; isOpen || m.space.ID != "" || !isKnown(owned.Revision) {
		return
	}
	sent := owned.toAPI(m.numbers, nil)
	sent.Messages = inlineMessages(owned.Messages)
	m.open[key] = attempt{Since: engine.Moment{Revision: owned.Revision.ValueInt64()}, Sent: sent, IsRecalled: true}
}

// recallNumber assumes that the number of a conversation is the one that was sent, if Terraform has dropped the
// private state. The CRM may hold it in another spelling.
func (m *memory) recallNumber(owned *ownedModel) {
	id := reference(owned.ID)
	if m.space.ID == "" && !id.IsZero() && isKnown(owned.RecipientPhoneNumber) {
		m.numbers.respellings[id] = respelling{Sent: owned.RecipientPhoneNumber.ValueString(), Open: true}
	}
}
