package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// planDestroy looks for what creates with an unknown outcome have made. ids are the conversations that the resource
// has.
func (r *baseResource) planDestroy(ctx context.Context, policy types.String, memory *memory, private privateStore, ids ...client.ID) diag.Diagnostics {
	if len(memory.open)+len(memory.unread) == 0 || abandons(policy) {
		return nil
	}
	memory.early = &earlyDestroy{Found: map[string]client.ID{}}
	api, diags := r.provider.planningEngine()
	if api == nil {
		return append(diags, memory.write(ctx, private)...)
	}
	fail := func(err error) diag.Diagnostics {
		return append(diags, failure{action: "Delete", what: r.what(), err: err, causes: &r.provider.causes}.diagnostics()...)
	}
	r.provider.owners.destroyEarly(memory.name())
	api.Conversations.Claim(memory.name(), ids...)
	found, err := memory.findEarly(ctx, api)
	if err != nil {
		return fail(err)
	}
	for _, id := range memory.early.Found {
		diags.Append(r.inState(id)...)
	}
	diags.Append(warnOfEarlyDestroy(found)...)
	return append(diags, memory.write(ctx, private)...)
}

// findEarly notes what creates with an unknown outcome have made, and returns it as a list for a warning.
func (m *memory) findEarly(ctx context.Context, api *engine.Engine) (texts []string, err error) {
	keys := m.open.keys()
	api.Conversations.LeaveAll(m.name()) // as in a refresh
	results := m.lookFor(ctx, api, keys, false)
	for _, found := range results {
		api.Conversations.Leave(found.Value.ID) // to the apply or, after an error, to the next look
	}
	for i, found := range results {
		key, id := keys[i], found.Value.ID
		if _, isAmbiguous := candidatesOf(found.Err); found.Err != nil && !isAmbiguous {
			return nil, found.Err
		}
		if found.Err != nil || id.IsZero() {
			m.open.pass(key, found)
			continue
		}
		m.early.Found[key] = id
		texts = append(texts, underKey(key, fmt.Sprintf("%s, of the phone %s", id, found.Value.PhoneID)))
	}
	return texts, nil
}

// warnOfEarlyDestroy warns of conversations that the apply deletes because a look has found them.
func warnOfEarlyDestroy(found []string) diag.Diagnostics {
	return warnOf(found, path.Empty(), "Text Message Conversation of Unknown Outcome Will Be Deleted",
		"The CRM gave no usable reply when an earlier apply created a conversation that is no longer needed. The provider found a "+
			"conversation that has appeared since and has everything that was sent. The apply deletes it: %s. If it belongs to someone "+
			"else, run terraform state rm with the address of this resource instead. terraform state list shows the address.")
}
