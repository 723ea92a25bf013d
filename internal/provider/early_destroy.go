package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// An earlyDestroy is a destroy that Terraform has planned before it read the resource, as
// version 1.11 does for one that is no longer in the configuration, or whose space has
// changed since. The apply then does not know which new conversations other resources have.
type earlyDestroy struct {
	// Found is what the open creates have made, by their keys. If another resource has one of
	// these conversations, its refresh has failed.
	Found map[string]client.ID `json:"found"`
}

// mayDelete reports whether the plan has found this conversation for the attempt under the
// key. A destroy that is not early may delete whatever a look finds.
func (e *earlyDestroy) mayDelete(key string, id client.ID) bool {
	return e == nil || e.Found[key] == id
}

// planDestroy looks for what open creates have made, unless the refresh has just done so.
// ids are the conversations that the resource has.
func (r *baseResource) planDestroy(ctx context.Context, policy types.String, memory *memory, private privateStore, ids ...client.ID) diag.Diagnostics {
	if len(memory.open) == 0 || abandons(policy) {
		return nil
	}
	memory.early = &earlyDestroy{Found: map[string]client.ID{}}
	api, diags := r.planningEngine()
	if api == nil {
		return append(diags, memory.write(ctx, private)...)
	}
	f := failure{action: "Delete", many: true, causes: &r.provider.causes}
	now, err := api.Now(ctx)
	if err != nil {
		f.err = err
		return append(diags, f.diagnostics()...)
	}
	if now <= memory.looked {
		return diags
	}
	r.provider.owners.destroyEarly(memory.owner)
	api.Conversations.Known(ids...)
	var texts []string
	keys := memory.open.searchable()
	for i, found := range memory.open.lookFor(ctx, api, keys, false) {
		key, id := keys[i], found.Value.ID
		if _, isOpen := isAmbiguous(found.Err); found.Err != nil && !isOpen {
			f.err = found.Err
			return append(diags, f.diagnostics()...)
		}
		if found.Err != nil || id.IsZero() {
			memory.open.pass(key, found)
			continue
		}
		memory.early.Found[key] = id
		diags.Append(r.inState(path.Empty(), id)...)
		texts = append(texts, underKey(key, fmt.Sprintf("%s, of the phone %s", id, found.Value.PhoneID)))
	}
	if len(texts) > 0 {
		diags.AddWarning("Text Message Conversation of Unknown Outcome Will Be Deleted", fmt.Sprintf(
			"The CRM gave no usable reply when an earlier apply created a conversation that is no longer needed. The provider found a "+
				"conversation that has appeared since and has everything that was sent. The apply deletes it: %s. If it belongs to someone "+
				"else, run terraform state rm with the address of this resource instead. terraform state list shows the address.", firstOfMany(texts)))
	}
	return append(diags, memory.write(ctx, private)...)
}
