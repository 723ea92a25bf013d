package provider

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

var (
	_ resource.ResourceWithConfigure      = (*bulkResource)(nil)
	_ resource.ResourceWithValidateConfig = (*bulkResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*bulkResource)(nil)
	_ resource.ResourceWithImportState    = (*bulkResource)(nil)
)

// bulkResource is pipeliner_text_message_conversations.
type bulkResource struct {
	baseResource

	unsealed bool // its schema is the one that people see
}

func (r *bulkResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = bulkTypeName
}

func (r *bulkResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = bulkSchema(r.unsealed)
}

func (r *bulkResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config bulkModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || config.Conversations.IsUnknown() {
		return
	}
	configured, diags := config.entries()
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(configured.validate(ctx)...)
	resp.Diagnostics.Append(configured.warnOfEmptyKey()...)
	resp.Diagnostics.Append(r.provider.numbers(nil).warnOfSameNumbers(configured)...)
}

func (r *bulkResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var config, plan, state bulkModel
	known := r.newMemory()
	if !req.State.Raw.IsNull() {
		var diags diag.Diagnostics
		known, diags = r.load(ctx, req.Private)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(r.checkSpace(known)...)
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	prior, diags := state.recalled(known)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.inState(path.Root("conversations"), prior.ids()...)...)
	if req.Plan.Raw.IsNull() {
		if !abandons(state.DeletionPolicy) {
			resp.Diagnostics.Append(prior.warnOfProtection()...)
		}
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if config.Conversations.IsUnknown() {
		plan.Conversations, plan.Failed, plan.Revision = types.StringUnknown(), types.MapUnknown(failedType), types.Int64Unknown()
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	configured, diags := config.entries()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	planned, replaced, changes := known.numbers.planEntries(configured, prior, known.open)
	plan.Conversations, diags = planned.sealed()
	resp.Diagnostics.Append(diags...)
	hasWork := changes || len(known.open) > 0 // what an earlier apply may have left is work too
	plan.Failed = planFailed(hasWork)
	plan.Revision = planRevision(hasWork, state.Revision)
	resp.Diagnostics.Append(warnOfPlan(planned, prior, replaced, abandons(state.DeletionPolicy))...)
	removed := prior.without(planned)
	if !abandons(state.DeletionPolicy) {
		resp.Diagnostics.Append(removed.warnOfProtection()...)
	}
	if len(removed) > 0 {
		resp.Diagnostics.Append(warnOfPolicy(state.DeletionPolicy, plan.DeletionPolicy, quoted(removed.keys()))...)
	}
	resp.Diagnostics.Append(known.numbers.warnOfCountries(planned, prior)...)
	resp.Diagnostics.Append(known.numbers.warnOfDoubts(planned, prior)...)
	if plan.AdoptExisting.ValueBool() {
		resp.Diagnostics.Append(r.planToAdopt(ctx, planned, prior, known)...)
	} else {
		resp.Diagnostics.Append(r.warnOfExisting(planned, known)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

func (r *bulkResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan bulkModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	work, diags := r.begin(r.newMemory(), plan, nil, types.StringNull())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	work.write(ctx)
	work.writeMessages(ctx)
	resp.Diagnostics.Append(work.created()...)
	if resp.Diagnostics.HasError() && len(work.state) == 0 {
		return
	}
	resp.Diagnostics.Append(work.save(ctx, resp.Private)...)
	plan, diags = work.model(ctx, plan)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *bulkResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state bulkModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api, diags := r.provider.engine()
	resp.Diagnostics.Append(diags...)
	known, diags := r.load(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	owned, diags := state.recalled(known)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if resp.Diagnostics.Append(known.space.check(api)...); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.inState(path.Root("conversations"), owned.ids()...)...)
	resp.Diagnostics.Append(r.warnOfShared(known, path.Root("conversations"), owned.keysByID())...)
	if resp.Diagnostics.Append(claim(api, path.Root("conversations"), owned.ids()...)...); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(owned.findOpenCreates(ctx, api, known, state.DeletionPolicy)...)
	messages := messageRefresh{api: api, memory: known.messages}
	asOf, err := owned.refresh(ctx, &messages, known.numbers)
	if err != nil {
		resp.Diagnostics.Append(failure{action: "Read", many: true, err: err, causes: &r.provider.causes}.diagnostics()...)
		return
	}
	resp.Diagnostics.Append(messages.diags...)
	known.asOf = asOf
	known.space.seen(api)
	resp.Diagnostics.Append(known.save(ctx, resp.Private, slices.Collect(maps.Values(owned))...)...)
	state.Failed = owned.stillFailed(state, known.open)
	state.Conversations, diags = owned.sealed()
	resp.Diagnostics.Append(diags...)
	state.Revision = owned.revision(known.open)
	if state.Failed.IsNull() {
		state.Failed = types.MapValueMust(failedType, nil)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *bulkResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state bulkModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known, diags := r.load(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	prior, diags := state.recalled(known)
	resp.Diagnostics.Append(diags...)
	work, diags := r.begin(known, plan, prior, state.DeletionPolicy)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	work.write(ctx)
	work.writeMessages(ctx)
	work.remove(ctx)
	work.keepOpen(work.openCreates())
	clear(known.adopted) // the plan has told of them
	resp.Diagnostics.Append(work.done("Update")...)
	resp.Diagnostics.Append(work.save(ctx, resp.Private)...)
	plan, diags = work.model(ctx, plan)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *bulkResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state bulkModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	known, diags := r.load(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	prior, diags := state.recalled(known)
	resp.Diagnostics.Append(diags...)
	for key, entry := range prior {
		if _, isKnown := known.open[key]; !prior.exists(key) && (isKnown || state.isOpen(key)) {
			known.recall(key, *entry)
		}
	}
	empty := state
	empty.Conversations = types.StringNull()
	work, diags := r.begin(known, empty, prior, state.DeletionPolicy)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	work.isRemoved = true
	work.remove(ctx)
	resp.Diagnostics.Append(work.done("Delete")...)
	if len(known.open) > 0 {
		resp.Diagnostics.AddAttributeError(path.Root("conversations"), "Unable to Delete Text Message Conversations",
			"The CRM may still have conversations of this resource. The warnings above name them. The next "+
				"destroy looks for them again.")
	}
	if resp.Diagnostics.HasError() {
		for key := range known.open {
			if prior[key] != nil {
				work.keep(key, *prior[key]) // so that the next refresh looks for it, and the plan shows what it finds
			}
		}
		resp.Diagnostics.Append(work.save(ctx, resp.Private)...)
		state, diags = work.model(ctx, state)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// begin prepares the work of a plan. prior is nil for a new resource. The policy of the
// state applies to what the plan removes.
func (r *bulkResource) begin(known *memory, plan bulkModel, prior entries, policy types.String) (*bulkWork, diag.Diagnostics) {
	planned, diags := plan.planned()
	work := newBulkWork(known, planned, prior, plan, policy)
	work.causes, work.left, work.existing = &r.provider.causes, &r.provider.left, &r.provider.existing
	work.level = r.provider.validationLevel(plan.ValidationLevel)
	if !work.isNeeded() {
		return work, diags
	}
	api, more := r.provider.engine()
	if diags.Append(more...); diags.HasError() {
		return work, diags
	}
	work.api = api
	diags.Append(claim(api, path.Root("conversations"), prior.ids()...)...)
	if plan.AdoptExisting.ValueBool() {
		work.find = r.finder(api, known.numbers, prior, applyAdoption)
	}
	return work, append(diags, known.space.check(api)...)
}

// refresh replaces the entries with what the CRM holds, and drops those that are gone. It
// returns the as-of of the entries.
func (e entries) refresh(ctx context.Context, messages *messageRefresh, n numbers) (asOf int64, err error) {
	found, err := messages.api.Conversations.ReadMany(ctx, e.ids())
	if err != nil {
		return engine.NoFloor, err
	}
	asOf = engine.NoFloor
	for key, entry := range e {
		if !e.exists(key) {
			continue // it has not been created yet
		}
		conversation, ok := found[reference(entry.ID)]
		if !ok {
			delete(e, key)
			continue
		}
		entry.conversationModel = n.conversationFromAPI(conversation, entry.conversationModel)
		if asOf == engine.NoFloor || conversation.AsOf < asOf {
			asOf = conversation.AsOf
		}
	}
	err = messages.ofMany(ctx, e)
	return min(asOf, sharedAsOf(messages.api)), err
}

// sharedAsOf returns the as-of of messages that were listed for several resources.
// Messages are listed after their conversations.
func sharedAsOf(api *engine.Engine) int64 {
	messages, conversations := api.Messages.ListedAsOf(), api.Conversations.ListedAsOf()
	switch {
	case messages == engine.NoFloor:
		return math.MaxInt64
	case conversations == engine.NoFloor:
		return messages
	}
	return conversations
}
