package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
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
	resp.Diagnostics.Append(configured.warnOfEmptyKeys()...)
	resp.Diagnostics.Append(r.provider.numbers(nil).warnOfTwins(configured, func([]string) bool { return true })...)
}

func (r *bulkResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var config, plan, state bulkModel
	prior, memory, diags := r.planningState(ctx, req, &state)
	resp.Diagnostics.Append(diags...)
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.warnOfProtection(r.root(), prior, state.DeletionPolicy)...)
		resp.Diagnostics.Append(r.planDestroy(ctx, state.DeletionPolicy, memory, resp.Private, prior.ids()...)...)
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
	resp.Diagnostics.Append(configured.checkReferences(r.provider.ownSpace())...)
	if resp.Diagnostics.HasError() {
		return
	}
	planned, removed, changes := memory.numbers.planEntries(configured, prior, memory.open)
	resp.Diagnostics.Append(r.checkMessages(memory, planned)...)
	plan.Conversations, plan.Failed, plan.Revision = planned.sealed(), types.MapValueMust(failedType, nil), state.Revision
	if changes || len(memory.open) > 0 { // what an earlier apply may have left is work too
		plan.Failed, plan.Revision = types.MapUnknown(failedType), types.Int64Unknown()
	}
	before := prior.byID()
	resp.Diagnostics.Append(warnOfPlan(planned, before, removed, abandons(state.DeletionPolicy))...)
	resp.Diagnostics.Append(r.warnOfRemoved(r.root(), removed, state.DeletionPolicy, plan.DeletionPolicy)...)
	resp.Diagnostics.Append(r.warnOfDoubts(memory.numbers, planned, before)...)
	resp.Diagnostics.Append(memory.numbers.warnOfKeptNumbers(planned, configured)...)
	if plan.AdoptExisting.ValueBool() {
		resp.Diagnostics.Append(r.planExisting(ctx, planned, before, planned.blind(), memory)...)
	} else {
		resp.Diagnostics.Append(r.warnOfUnadopted(planned, memory)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
}

func (r *bulkResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan bulkModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	work, diags := r.beginMap(r.newMemory(), plan, nil, types.StringNull())
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	work.write(ctx)
	work.writeMessages(ctx)
	resp.Diagnostics.Append(work.created()...)
	if resp.Diagnostics.HasError() && len(work.state) == 0 {
		return
	}
	resp.Diagnostics.Append(work.save(ctx, resp.Private)...)
	plan = work.model(plan)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *bulkResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state bulkModel
	owned, memory, diags := r.stateOf(ctx, req.State, req.Private, &state)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	if resp.Diagnostics.Append(r.refresh(ctx, memory, owned, state.DeletionPolicy)...); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(memory.save(ctx, resp.Private, owned)...)
	state.become(owned, memory.open)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *bulkResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state bulkModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	prior, memory, diags := r.stateOf(ctx, req.State, req.Private, &state)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	if resp.Diagnostics.Append(r.checkUnread(ctx, memory, prior, true)...); resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(memory.save(ctx, resp.Private, prior)...)
		state.become(prior, memory.open)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		return
	}
	work, diags := r.beginMap(memory, plan, prior, state.DeletionPolicy)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	work.write(ctx)
	work.writeMessages(ctx)
	work.remove(ctx)
	keepWithoutID(work, work.openCreates())
	clear(memory.adopted) // the plan has told of them
	resp.Diagnostics.Append(work.done("Update")...)
	resp.Diagnostics.Append(work.save(ctx, resp.Private)...)
	plan = work.model(plan)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *bulkResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state bulkModel
	prior, memory, diags := r.stateOf(ctx, req.State, req.Private, &state)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	if !abandons(state.DeletionPolicy) {
		resp.Diagnostics.Append(r.checkUnread(ctx, memory, prior, false)...)
	}
	empty := state
	empty.Conversations = types.StringNull()
	work, diags := r.beginMap(memory, empty, prior, state.DeletionPolicy)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	work.isRemoved = true
	work.remove(ctx)
	resp.Diagnostics.Append(work.done("Delete")...)
	if len(memory.open) > 0 {
		resp.Diagnostics.AddAttributeError(path.Root("conversations"), "Unable to Delete Text Message Conversations",
			"The CRM may still have conversations of this resource. The warnings above name them. The next "+
				"destroy looks for them again.")
	}
	if resp.Diagnostics.HasError() {
		for key, tried := range memory.open {
			if prior[key] != nil && !prior.exists(key) {
				work.keep(key, *prior[key]) // the next refresh looks for it, and the plan shows what it finds
				work.failed[key] = &engine.LostCreateError{Attempt: *tried.earlier(), Err: errStillOpen}
			}
		}
		resp.Diagnostics.Append(work.save(ctx, resp.Private)...)
		state = work.model(state)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// beginMap prepares the work of a plan. prior is nil for a new resource. The deletion policy of the state applies to
// the conversations that the plan removes.
func (r *bulkResource) beginMap(memory *memory, plan bulkModel, prior entries, policy types.String) (*conversationWork, diag.Diagnostics) {
	planned, diags := plan.planned()
	plan.DeletionPolicy = policy
	work, more := r.begin(memory, plan.resourceOptions, planned, prior)
	work.rollback = int(plan.RollbackMethod.ValueInt64())
	work.allOrNothing = work.isNew && work.rollback == client.RollbackAll
	if diags.Append(more...); diags.HasError() || work.api == nil {
		return work, diags
	}
	return work, append(diags, memory.claim(work.api, prior.ids()...)...)
}
