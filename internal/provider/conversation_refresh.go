package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// refresh replaces the entries of a state with what the CRM holds, and drops those that are gone. For entries without
// an id, it looks for the conversations that their creates have made.
func (r *baseResource) refresh(ctx context.Context, memory *memory, e entries, policy types.String) diag.Diagnostics {
	api, diags := r.engineFor(memory)
	if diags.HasError() {
		return diags
	}
	diags.Append(memory.checkAnswers(ctx, api, e)...)
	clear(memory.adopted) // the run that adopted them has told of them
	diags.Append(r.warnOfShared(memory, e.keysByID())...)
	diags.Append(memory.claim(api, e.ids()...)...)
	if diags.HasError() {
		return diags
	}
	var adopted createResults
	if !r.provider.owners.isGone(memory.owner) {
		var more diag.Diagnostics
		adopted, more = e.findOpenCreates(ctx, api, memory, policy)
		if diags.Append(more...); diags.HasError() {
			return diags
		}
	}
	r.provider.existing.refreshed(e.ids()...)
	r.provider.messages.refreshed(memory.owner)
	messages := messageRefresh{layout: r.layout, api: api, memory: memory.messages}
	ids := e.ids()
	asOf, err := e.read(ctx, &messages, memory.numbers, adopted)
	if err != nil {
		return append(diags, failure{action: "Read", what: r.what(), err: err, causes: &r.provider.causes}.diagnostics()...)
	}
	if memory.isMoved && len(e) == 0 {
		diags.AddError("Moved Text Message Conversation Not Found", fmt.Sprintf("A moved block takes the conversation %s over from another provider, but the space %q has "+
			"none with this id. Check the setting space_id (PIPELINER_SPACE_ID) and, if there are several provider blocks, the argument provider of the "+
			"resource. If the conversation is gone, remove the moved block, and run terraform state rm with the address of the old resource.",
			idList(ids), api.Client().SpaceID()))
		return diags
	}
	memory.isMoved = false
	memory.asOf = asOf
	memory.space.seen(api)
	return append(diags, messages.diags...)
}

// read replaces the entries with what the CRM holds, and drops those that are gone. It returns the as-of
// of the entries.
func (e entries) read(ctx context.Context, messages *messageRefresh, n numbers, adopted createResults) (asOf int64, err error) {
	found := map[client.ID]client.Conversation{}
	if messages.isSingle {
		for _, result := range adopted {
			found[result.Value.ID] = result.Value // this saves a request
		}
	}
	others, err := readAll(ctx, messages.layout, messages.api.Conversations, slices.DeleteFunc(e.ids(), func(id client.ID) bool { _, isFound := found[id]; return isFound }))
	if err != nil {
		return engine.NoFloor, err
	}
	asOf = messages.api.Conversations.ListedAsOf()
	if len(found) > 0 {
		asOf = engine.NoFloor // they may have been found before that list was read
	}
	maps.Copy(found, others)
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
	}
	if err := messages.of(ctx, e); err != nil {
		return engine.NoFloor, fmt.Errorf("reading its messages failed: %w", err)
	}
	return messages.asOf(asOf), nil
}
