package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

const importForms = "Import by \"<uuid>,<uuid>,…\", by \"<key>=<uuid>,<key>=<uuid>,…\", or all conversations of a phone by \"phone_id=<uuid>\"."

func (r *bulkResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	api, diags := r.provider.Client()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	imported, diags := importEntries(ctx, api, req.ID)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	state := bulkModel{Failed: types.MapValueMust(failedType, nil)}
	state.Conversations, diags = imported.sealed()
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// importEntries returns the conversations that an import id names.
func importEntries(ctx context.Context, api *client.Client, text string) (entries, diag.Diagnostics) {
	if key, phone, _ := strings.Cut(text, "="); strings.TrimSpace(key) == "phone_id" {
		return importPhone(ctx, api, strings.TrimSpace(phone))
	}
	ids, faults := parseImport(text)
	wanted := slices.Collect(maps.Values(ids))
	found, err := api.Conversations.FetchMany(ctx, wanted, client.NoFloor)
	if err != nil {
		return nil, failure{action: "Import", many: true, err: err}.diagnostics()
	}
	var diags diag.Diagnostics
	imported := make(entries, len(ids))
	for key, id := range ids {
		conversation, ok := found[id]
		if !ok {
			faults = append(faults, fmt.Sprintf("there is no conversation %s in this space", id))
			continue
		}
		imported[key] = importedFrom(conversation)
	}
	if len(faults) > 0 {
		slices.Sort(faults)
		diags.AddError("Invalid Import Id", importForms+"\n\n  - "+strings.Join(faults, "\n  - "))
	}
	return imported, diags
}

// importedFrom returns an entry for a conversation, of whose messages Terraform
// owns none.
func importedFrom(conversation client.Conversation) *ownedModel {
	return &ownedModel{conversationModel: numbers{}.conversationFromAPI(conversation, conversationModel{}), Messages: types.MapNull(messageType)}
}

// parseImport returns the ids by key, and everything that is wrong with them.
func parseImport(text string) (ids map[string]client.ID, faults []string) {
	ids = map[string]client.ID{}
	keys := map[client.ID]string{}
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		key, reference := "", item
		if cut := strings.LastIndex(item, "="); cut >= 0 {
			key, reference = strings.TrimSpace(item[:cut]), strings.TrimSpace(item[cut+1:])
		}
		id, entity, err := client.ParseReference(reference)
		if err == nil && isOtherEntity(entity, conversationEntity) {
			err = errors.New(entity + " are no conversations: " + reference)
		}
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		if key == "" {
			key = id.String()
		}
		if _, twice := ids[key]; twice {
			faults = append(faults, fmt.Sprintf("the key %q is there twice", key))
		}
		if other, twice := keys[id]; twice && other != key {
			faults = append(faults, fmt.Sprintf("the conversation %s is there twice, as %q and %q", id, other, key))
		}
		ids[key], keys[id] = id, key
	}
	return ids, faults
}

// importPhone returns all conversations of a phone, by their ids.
func importPhone(ctx context.Context, api *client.Client, text string) (entries, diag.Diagnostics) {
	var diags diag.Diagnostics
	phone, entity, err := client.ParseReference(text)
	if err == nil && isOtherEntity(entity, "Phones") {
		err = errors.New(entity + " are no phones: " + text)
	}
	if err != nil {
		diags.AddError("Invalid Import Id", importForms+"\n\n  - "+err.Error())
		return nil, diags
	}
	found, err := api.OfPhone(ctx, phone)
	if err != nil {
		return nil, failure{action: "Import", many: true, err: err}.diagnostics()
	}
	if len(found) == 0 {
		diags.AddError("Nothing to Import", fmt.Sprintf("The space has no conversation of the phone %s.", phone))
	}
	imported := make(entries, len(found))
	for _, conversation := range found {
		imported[conversation.ID.String()] = importedFrom(conversation)
	}
	return imported, diags
}
