package provider

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

var (
	_ resource.ResourceWithMoveState = (*conversationResource)(nil)
	_ resource.ResourceWithMoveState = (*bulkResource)(nil)
)

// movable contains the resources of generic providers that can become a conversation. Each lists the attributes of
// its state that may contain the id of the record, and the attributes that may contain its path or URI.
var movable = map[string]struct{ id, location []string }{
	"restapi_object":   {id: []string{"id", "object_id"}, location: []string{"path", "read_path"}},
	"restful_resource": {id: []string{"id"}, location: []string{"id", "read_path", "path"}},
}

// removeAndImport says what to do with a resource that can't be moved. Without destroy = false, the old resource
// would delete the conversation.
const removeAndImport = "Remove the resource from the state with a removed block that has destroy = false (or with terraform state rm), " +
	"and import the conversation by its UUID."

// MoveState takes over a conversation from a generic provider. It sends no request: the refresh that follows reads
// the conversation, as after an import.
func (r *conversationResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: r.move}}
}

func (r *conversationResource) move(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	from, known := movable[req.SourceTypeName]
	if req.SourceTypeName == "pipeliner_text_message_conversation" {
		resp.Diagnostics.AddError("Unable to Move Text Message Conversation", replaceProvider(req))
		return
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(req.SourceRawState.JSON, &state); err != nil {
		resp.Diagnostics.AddError("Unable to Move Text Message Conversation",
			fmt.Sprintf("The provider can't read the state of the %s: %v. %s", req.SourceTypeName, err, removeAndImport))
		return
	}
	texts := func(names []string) (found []string) {
		for _, name := range names {
			var text string
			if json.Unmarshal(state[name], &text) == nil && text != "" {
				found = append(found, text)
			}
		}
		return found
	}
	source := req.SourceTypeName
	if id := texts([]string{"id"}); len(id) > 0 {
		source += " with the id " + quoted(id)
	}
	if !known {
		resp.Diagnostics.AddError("Unable to Move Text Message Conversation", fmt.Sprintf(
			"The provider can't move the %s. It can only move a %s. %s",
			source, strings.Join(slices.Sorted(maps.Keys(movable)), " or a "), removeAndImport))
		return
	}
	locations, ids := texts(from.location), texts(from.id)
	if !slices.ContainsFunc(locations, isConversationPath) {
		isAt := "Its state contains no path."
		if len(locations) > 0 {
			isAt = fmt.Sprintf("Its path is %s.", quoted(locations))
		}
		resp.Diagnostics.AddError("Not a Text Message Conversation", fmt.Sprintf(
			"The provider can move the %s only if its path names the entity %s. %s If it is a conversation, import it instead. %s",
			source, conversationEntity, isAt, removeAndImport))
		return
	}
	for _, text := range ids {
		if id, err := client.ParseID(text); err == nil {
			resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root("id"), id.String())...)
			resp.Diagnostics.Append(resp.TargetPrivate.SetKey(ctx, "moved", []byte("true"))...)
			resp.Diagnostics.Append(keepSpace(ctx, resp, append(ids, locations...))...)
			return
		}
	}
	resp.Diagnostics.AddError("Unable to Move Text Message Conversation", fmt.Sprintf(
		"The state of the %s does not say which conversation it is: its id, %s, is neither a UUID nor ends in one. %s",
		req.SourceTypeName, cmp.Or(quoted(ids), "which is empty"), removeAndImport))
}

// keepSpace notes the space in a URI, so that the refresh refuses another space. Terraform moves a state without the
// settings of the provider.
func keepSpace(ctx context.Context, resp *resource.MoveStateResponse, uris []string) (diags diag.Diagnostics) {
	for _, uri := range uris {
		if named := client.SpaceIn(uri); named != "" {
			if space, err := json.Marshal(seenSpace{ID: named}); err == nil { // it is a text
				diags.Append(resp.TargetPrivate.SetKey(ctx, "space", space)...)
			}
		}
	}
	return diags
}

// MoveState refuses every move. A resource can't become an entry of a map without a key, and an import does the same.
func (r *bulkResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: func(_ context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
		if req.SourceTypeName == bulkTypeName {
			resp.Diagnostics.AddError("Unable to Move Text Message Conversations", replaceProvider(req))
			return
		}
		resp.Diagnostics.AddError("Unable to Move Text Message Conversations", fmt.Sprintf(
			"The provider can't move a %s into a map. %s The import id contains the key: \"<key>=<uuid>\".", req.SourceTypeName, removeAndImport))
	}}}
}

// replaceProvider says what to do if only the address of the provider has changed. Some
// versions of Terraform and OpenTofu ask for a move then.
func replaceProvider(req resource.MoveStateRequest) string {
	return fmt.Sprintf("The state comes from a provider with another address, %[1]s. Run terraform state replace-provider %[1]s with the new address.",
		req.SourceProviderAddress)
}

// isConversationPath reports whether a path or a URI leads to conversations, or to one of
// them.
func isConversationPath(text string) bool {
	text, _, _ = strings.Cut(text, "?")
	return slices.Contains(strings.Split(text, "/"), conversationEntity)
}
