package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

const importForms = "Import conversations by \"<uuid>,<uuid>,…\", by \"<key>=<uuid>,<key>=<uuid>,…\", or by a " +
	"JSON object of UUIDs by their keys (jsonencode({ \"Doe, Jane\" = \"<uuid>\" })). Import all conversations " +
	"of a phone by \"phone_id=<uuid>\"."

func (r *bulkResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	api, diags := r.provider.engine()
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	imported, diags := importEntries(ctx, api, req.ID)
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &bulkModel{Conversations: imported.sealed(), Failed: types.MapValueMust(failedType, nil)})...)
}

// importEntries returns the conversations that an import id names.
func importEntries(ctx context.Context, api *engine.Engine, text string) (entries, diag.Diagnostics) {
	if key, phone, _ := strings.Cut(text, "="); strings.TrimSpace(key) == "phone_id" {
		return importPhone(ctx, api, strings.TrimSpace(phone))
	}
	ids, faults := parseImport(text, api.Client().SpaceID())
	wanted := slices.Collect(maps.Values(ids))
	found, err := api.Conversations.FetchMany(ctx, wanted, engine.NoFloor)
	if err != nil {
		return nil, failure{action: "Import", what: theConversations, err: err}.diagnostics()
	}
	var diags diag.Diagnostics
	var missing []string
	imported := make(entries, len(ids))
	for key, id := range ids {
		conversation, ok := found[id]
		if !ok {
			if key == id.String() {
				key = ""
			}
			missing = append(missing, underKey(key, id.String()))
			continue
		}
		imported[key] = numbers{}.importedFrom(conversation)
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		diags.AddError("Invalid Import Id", fmt.Sprintf(inNumber(len(missing) > 1, "The space %s has no {conversation with this id. Check the id|conversations with these ids. Check the ids}, "+
			"and the settings service_url and space_id. To import all conversations of a phone, write phone_id=<uuid>.\n\n  - %s"),
			api.Client().SpaceID(), strings.Join(firstTexts(missing), "\n  - ")))
	}
	if len(faults) > 0 {
		diags.AddError("Invalid Import Id", importForms+"\n\n  - "+strings.Join(firstTexts(faults), "\n  - "))
	} else if len(ids) == 0 {
		diags.AddError("Nothing to Import", "The JSON object of the import id is empty. Check the expression that it comes from.")
	}
	return imported, diags
}

// importedFrom returns everything that the CRM holds of a conversation, without its messages, which Terraform doesn't
// manage.
func (n numbers) importedFrom(conversation client.Conversation) *ownedModel {
	return &ownedModel{conversationModel: n.conversationFromAPI(conversation, conversationModel{}), Messages: types.MapNull(messageType)}
}

// parseImport returns the ids by key, and all faults. space is the provider's space.
func parseImport(text, space string) (ids map[string]client.ID, faults []string) {
	ids = map[string]client.ID{}
	keys := map[client.ID]string{}
	items, err := importItems(text)
	if err != nil {
		return ids, []string{err.Error()}
	}
	for _, item := range items {
		key, reference := item[0], item[1]
		id, err := parseImported(reference, conversationEntity, "a conversation", space)
		if err != nil {
			text := underKey(key, err.Error())
			if key != "" && strings.Contains(reference, "=") {
				text += `. If a key contains "=" or ",", use the JSON object. Separate the entries of a list by commas`
			}
			faults = append(faults, text)
			continue
		}
		if key == "" {
			key = id.String()
		}
		if _, twice := ids[key]; twice {
			faults = append(faults, fmt.Sprintf("the key %q occurs twice", key))
		}
		if other, twice := keys[id]; twice && other != key {
			faults = append(faults, fmt.Sprintf("the conversation %s occurs twice, as %q and %q", id, other, key))
		}
		ids[key], keys[id] = id, key
	}
	return ids, faults
}

// parseImported returns the id in a reference to a record of an entity. thing is the name for one such record.
func parseImported(reference, wanted, thing, space string) (client.ID, error) {
	id, entity, err := client.ParseReference(reference)
	if err == nil && isOtherEntity(entity, wanted) {
		err = fmt.Errorf("%q names a record of %s, not %s", reference, entity, thing)
	}
	return id, cmp.Or(err, ofOtherSpace(reference, space))
}

// importItems returns the items of an import id. Each item is a key, which may be empty, and a reference.
func importItems(text string) (items [][2]string, err error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return importJSON(text)
	}
	for item := range strings.SplitSeq(text, ",") {
		key, reference := "", item
		if _, err := client.ParseID(strings.TrimSpace(item)); err != nil { // a URI may contain "="
			if before, after, found := strings.Cut(item, "="); found {
				key, reference = before, after
			}
		}
		items = append(items, [2]string{strings.TrimSpace(key), strings.TrimSpace(reference)})
	}
	return items, nil
}

// importJSON returns the items of a JSON object. It reads the tokens, because a Go map would keep only the last of
// several equal keys. A value that is not a string becomes its JSON, which is not a UUID.
func importJSON(text string) (items [][2]string, err error) {
	if !json.Valid([]byte(text)) {
		return nil, errors.New("the import id is not a JSON object of UUIDs by their keys")
	}
	in := json.NewDecoder(strings.NewReader(text))
	for _, err = in.Token(); err == nil && in.More(); { // the first token is the brace
		var value json.RawMessage
		var reference string
		key, keyErr := in.Token()
		if err = errors.Join(keyErr, in.Decode(&value)); key == "" {
			return nil, errors.New("a key of the JSON object is empty")
		}
		if isNull(value) || json.Unmarshal(value, &reference) != nil {
			reference = string(value)
		}
		items = append(items, [2]string{fmt.Sprint(key), reference})
	}
	return items, err
}

// importPhone returns all conversations of a phone, by their ids.
func importPhone(ctx context.Context, api *engine.Engine, text string) (entries, diag.Diagnostics) {
	var diags diag.Diagnostics
	phone, err := parseImported(text, "Phones", "a phone", api.Client().SpaceID())
	if err != nil {
		diags.AddError("Invalid Import Id", importForms+"\n\n  - "+err.Error())
		return nil, diags
	}
	found, err := api.OfPhone(ctx, phone)
	if err != nil {
		return nil, failure{action: "Import", what: theConversations, err: err}.diagnostics()
	}
	if len(found) == 0 {
		diags.AddError("Nothing to Import", fmt.Sprintf("The phone %s has no conversation in this space. Check the id of the phone.", phone))
	}
	imported := make(entries, len(found))
	for _, conversation := range found {
		imported[conversation.ID.String()] = numbers{}.importedFrom(conversation)
	}
	return imported, diags
}
