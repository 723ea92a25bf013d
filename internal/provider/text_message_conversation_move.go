package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

var _ resource.ResourceWithMoveState = (*conversationResource)(nil)

// movable contains the resources of generic providers that a conversation can be moved
// from. Each has the attributes of its state that may contain the id of the record, and
// those that may contain its path or URI.
var movable = map[string]struct{ id, location []string }{
	"restapi_object":   {id: []string{"id", "object_id"}, location: []string{"path", "read_path"}},
	"restful_resource": {id: []string{"id"}, location: []string{"id", "read_path", "path"}},
}

// MoveState takes over a conversation that a generic provider has managed. It sends no
// request: the refresh that follows reads the rest, as after an import.
func (r *conversationResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{StateMover: r.move}}
}

func (r *conversationResource) move(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	from, known := movable[req.SourceTypeName]
	if !known || req.SourceRawState == nil {
		return // Terraform says that it can't be moved
	}
	var state map[string]json.RawMessage
	if err := json.Unmarshal(req.SourceRawState.JSON, &state); err != nil {
		resp.Diagnostics.AddError("Unable to Move Text Message Conversation",
			fmt.Sprintf("The provider can't read the state of the %s: %v. "+
				"Remove it with a removed block, and import the conversation by its UUID.", req.SourceTypeName, err))
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
	locations, ids := texts(from.location), texts(from.id)
	if !slices.ContainsFunc(locations, isConversationPath) {
		resp.Diagnostics.AddError("Not a Text Message Conversation", fmt.Sprintf(
			"The provider can move a %s only if its path names the entity %s. The path of this one is %s. "+
				"If it is a conversation, remove it with a removed block, and import the conversation by its UUID.",
			req.SourceTypeName, conversationEntity, quoted(locations)))
		return
	}
	for _, text := range ids {
		if id, err := client.ParseID(text); err == nil {
			resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root("id"), id.String())...)
			return
		}
	}
	resp.Diagnostics.AddError("Unable to Move Text Message Conversation", fmt.Sprintf(
		"The state of the %s does not say which conversation it is: its id, %s, neither is a UUID nor ends in "+
			"one. Remove it with a removed block, and import the conversation by its UUID.",
		req.SourceTypeName, quoted(ids)))
}

// isConversationPath reports whether a path or a URI leads to conversations, or to one of
// them.
func isConversationPath(text string) bool {
	text, _, _ = strings.Cut(text, "?")
	return slices.Contains(strings.Split(text, "/"), conversationEntity)
}
