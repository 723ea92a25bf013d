package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

var (
	_ resource.ResourceWithConfigure      = (*bulkResource)(nil)
	_ resource.ResourceWithValidateConfig = (*bulkResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*bulkResource)(nil)
	_ resource.ResourceWithImportState    = (*bulkResource)(nil)
)

func newBulkResource() resource.Resource { return &bulkResource{} }

// bulkResource is pipeliner_text_message_conversations.
type bulkResource struct{ baseResource }

func (r *bulkResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_text_message_conversations"
}

func (r *bulkResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = bulkSchema()
}

func (r *bulkResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config bulkModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || config.Conversations.IsUnknown() {
		return
	}
	configured, diags := config.entries(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.provider.numbers(nil).warnOfTwins(configured)...)
}

func (r *bulkResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		var state bulkModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		known, diags := state.entries(ctx)
		resp.Diagnostics.Append(diags...)
		if !abandons(state.DeletionPolicy) {
			resp.Diagnostics.Append(known.warnOfProtection()...)
		}
		return
	}
	var config, plan, state bulkModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if config.Conversations.IsUnknown() {
		plan.Conversations, plan.Failed = types.MapUnknown(entryType), types.MapUnknown(failedType)
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
		return
	}
	configured, diags := config.entries(ctx)
	resp.Diagnostics.Append(diags...)
	prior, diags := state.entries(ctx)
	resp.Diagnostics.Append(diags...)
	known, diags := r.loadNumbers(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	planned, changes := known.planEntries(configured, prior)
	plan.Conversations, diags = planned.toMap(ctx)
	resp.Diagnostics.Append(diags...)
	plan.Failed = planFailed(changes)
	removed := prior.without(planned)
	if !abandons(state.DeletionPolicy) {
		resp.Diagnostics.Append(removed.warnOfProtection()...)
	}
	if len(removed) > 0 {
		resp.Diagnostics.Append(warnOfPolicy(state.DeletionPolicy, plan.DeletionPolicy, quoted(removed.keys()))...)
	}
	resp.Diagnostics.Append(known.warnOfCountries(planned, prior)...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

func (r *bulkResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan bulkModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	work, diags := r.begin(ctx, r.provider.numbers(keptNumbers{}), plan, nil, types.StringNull())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	work.write(ctx, nil, client.NoFloor)
	work.writeMessages(ctx, client.NoFloor)
	resp.Diagnostics.Append(work.created()...)
	if resp.Diagnostics.HasError() && len(work.state) == 0 {
		return
	}
	plan, diags = work.model(ctx, plan)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(savePrivate(ctx, resp.Private, keyUnsettled, work.unsettled())...)
	resp.Diagnostics.Append(work.saveNumbers(ctx, resp.Private)...)
	resp.Diagnostics.Append(work.memory.save(ctx, resp.Private, slices.Collect(maps.Values(work.state))...)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *bulkResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state bulkModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api, diags := r.provider.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	known, diags := state.entries(ctx)
	resp.Diagnostics.Append(diags...)
	numbers, diags := r.loadNumbers(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	memory, diags := loadMessageMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	messages := messageRefresh{api: api, memory: memory}
	asOf, err := known.refresh(ctx, &messages, numbers)
	if err != nil {
		resp.Diagnostics.Append(failure{action: "Read", many: true, err: err, causes: &r.provider.causes}.diagnostics()...)
		return
	}
	resp.Diagnostics.Append(messages.diags...)
	resp.Diagnostics.Append(memory.save(ctx, resp.Private, slices.Collect(maps.Values(known))...)...)
	resp.Diagnostics.Append(savePrivate(ctx, resp.Private, keyAsOf, asOf)...)
	numbers.kept.forget(known.ids())
	resp.Diagnostics.Append(numbers.save(ctx, resp.Private)...)
	state.Conversations, diags = known.toMap(ctx)
	resp.Diagnostics.Append(diags...)
	if state.Failed.IsNull() {
		state.Failed = types.MapValueMust(failedType, nil)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *bulkResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state bulkModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	prior, diags := state.entries(ctx)
	resp.Diagnostics.Append(diags...)
	var earlier unsettled
	resp.Diagnostics.Append(loadPrivate(ctx, req.Private, keyUnsettled, &earlier)...)
	asOf, diags := loadAsOf(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	known, diags := r.loadNumbers(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	memory, diags := loadMessageMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	work, diags := r.begin(ctx, known, plan, prior, state.DeletionPolicy)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	work.memory = memory
	work.write(ctx, earlier, asOf)
	work.writeMessages(ctx, asOf)
	resp.Diagnostics.Append(earlier.warn()...)
	work.remove(ctx)
	resp.Diagnostics.Append(work.done("Update")...)
	plan, diags = work.model(ctx, plan)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(savePrivate(ctx, resp.Private, keyUnsettled, work.unsettled())...)
	resp.Diagnostics.Append(work.saveNumbers(ctx, resp.Private)...)
	resp.Diagnostics.Append(work.memory.save(ctx, resp.Private, slices.Collect(maps.Values(work.state))...)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *bulkResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state bulkModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	prior, diags := state.entries(ctx)
	resp.Diagnostics.Append(diags...)
	empty := state
	empty.Conversations = types.MapValueMust(entryType, nil)
	work, diags := r.begin(ctx, r.provider.numbers(nil), empty, prior, state.DeletionPolicy)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	work.remove(ctx)
	var earlier unsettled
	resp.Diagnostics.Append(loadPrivate(ctx, req.Private, keyUnsettled, &earlier)...)
	resp.Diagnostics.Append(earlier.warn()...)
	resp.Diagnostics.Append(work.done("Delete")...)
	if resp.Diagnostics.HasError() {
		state, diags = work.model(ctx, state)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// begin prepares what a plan asks for, of an existing resource or (prior is
// nil) a new one. What it removes goes by the policy of the state.
func (r *bulkResource) begin(ctx context.Context, n numbers, plan bulkModel, prior entries, policy types.String) (*bulkWork, diag.Diagnostics) {
	planned, diags := plan.entries(ctx)
	work := newBulkWork(n, planned, prior, plan, policy)
	work.causes = &r.provider.causes
	work.level = r.provider.validationLevel(plan.ValidationLevel)
	if work.isNeeded() {
		api, more := r.provider.Client()
		diags.Append(more...)
		work.api = api
	}
	if work.api != nil {
		work.api.Conversations.Known(prior.ids())
	}
	return work, diags
}

// refresh replaces the entries with what the CRM holds, as of the revision of the
// space that it returns, and drops those that it holds no more.
func (e entries) refresh(ctx context.Context, messages *messageRefresh, n numbers) (asOf int64, err error) {
	found, err := messages.api.Conversations.FetchMany(ctx, e.ids(), client.NoFloor)
	if err != nil {
		return client.NoFloor, err
	}
	asOf = client.NoFloor
	for key, entry := range e {
		if !e.exists(key) {
			continue // it could not be created yet
		}
		conversation, ok := found[reference(entry.ID)]
		if !ok {
			delete(e, key)
			continue
		}
		entry.conversationModel = n.conversationFromAPI(conversation, entry.conversationModel)
		if asOf == client.NoFloor || conversation.AsOf < asOf {
			asOf = conversation.AsOf
		}
	}
	return asOf, messages.ofMany(ctx, e)
}
