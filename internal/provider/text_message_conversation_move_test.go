package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The provider takes over a conversation of a generic provider as it is, without a request. The refresh that follows
// reads the rest.
func TestMoveState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	id := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+15550100000"})
	r := w.rpc()
	const base = "https://us-east.api.pipelinersales.com/api/v100/rest/spaces/my_space"
	for name, test := range map[string]struct {
		from, state string
		want, read  []string // diagnostics of the move, and of the refresh that follows
	}{
		"restapi": {from: "restapi_object", state: `{
			"api_data": {"id": %[1]q, "phone_id": "x"}, "api_response": "{}", "copy_keys": null, "create_method": null, "create_path": null, "create_response": "{}",
			"data": "{\"phone_id\":\"x\"}", "debug": null, "destroy_data": null, "destroy_method": null, "destroy_path": null, "force_new": null, "id": %[1]q,
			"id_attribute": "data/id", "ignore_all_server_changes": false, "ignore_changes_to": null, "object_id": null, "path": "/entities/TextMessageConversations",
			"query_string": null, "read_data": null, "read_method": null, "read_path": null, "read_search": null, "update_data": null, "update_method": null, "update_path": null
		}`},
		"restful": {from: "restful_resource", state: `{
			"body": {"phone_id": "x"}, "create_method": "POST", "delete_method": null, "header": null, "id": "/entities/TextMessageConversations/%[2]s",
			"merge_patch_disabled": null, "output": {"data": {"id": %[1]q}}, "path": "/entities/TextMessageConversations", "query": null, "read_path": "$(path)/$(body.data.id)",
			"read_selector": "data", "update_method": "PATCH", "write_only_attrs": null
		}`},
		"restful, by URI": {
			from: "restful_resource", state: `{"id": "` + base + `/entities/TextMessageConversations/%[2]s?expand=phone", "path": "/entities/TextMessageConversations"}`,
			want: []string{": Unable to Move Text Message Conversation: The state of the restful_resource does not say which conversation it is…"},
		},
		"by a URI of the space":            {from: "restful_resource", state: `{"id": "` + base + `/entities/TextMessageConversations/%[2]s"}`},
		"by another spelling of the space": {from: "restful_resource", state: `{"id": "` + strings.Replace(base, "my_space", "My_Space", 1) + `/entities/TextMessageConversations/%[2]s"}`},
		"of another space": {
			from: "restful_resource", state: `{"id": "` + strings.Replace(base, "my_space", "theirs", 1) + `/entities/TextMessageConversations/%[2]s"}`,
			read: []string{`: Another Space: The state belongs to the space "theirs", but the provider is configured for the space "my_space".…`},
		},
		"of another entity": {
			from: "restapi_object", state: `{"id": "17", "path": "/entities/Notes"}`,
			want: []string{`: Not a Text Message Conversation: The provider can move the restapi_object with the id "17" only if …Its path is "/entities/Notes". If it is a conversation, import it instead. Remove …destroy = false…`},
		},
		"without a path": {
			from: "restapi_object", state: `{"id": %[1]q}`,
			want: []string{`: Not a Text Message Conversation: …Its state contains no path. If it is…`},
		},
		"without an id": {
			from: "restapi_object", state: `{"id": "17", "path": "/entities/TextMessageConversations"}`,
			want: []string{`: Unable to Move Text Message Conversation: …its id, "17", is neither a UUID nor ends in one. …destroy = false…`},
		},
		"gone, or of another space": {
			from: "restapi_object", state: `{"id": "` + nobody + `", "path": "/entities/TextMessageConversations"}`,
			read: []string{`: Moved Text Message Conversation Not Found: A moved block takes the conversation ` + nobody + ` over from another provider, but the space "my_space" has none with this id. …`},
		},
		"with no id": {
			from: "restapi_object", state: `{"path": "/entities/TextMessageConversations"}`,
			want: []string{`: Unable to Move Text Message Conversation: …its id, which is empty, is neither a UUID nor ends in one. …`},
		},
		"not JSON": {from: "restapi_object", state: `{`, want: []string{": Unable to Move Text Message Conversation: …can't read the state…destroy = false…"}},
		"of another address": {
			from: conversationType, state: `{"id": %[1]q}`,
			want: []string{": Unable to Move Text Message Conversation: The state comes from a provider with another address, registry.terraform.io/anyone/any. Run terraform state replace-provider …"},
		},
		"another one": {
			from: "random_id", state: `{"id": %[1]q}`,
			want: []string{": Unable to Move Text Message Conversation: The provider can't move the random_id with the id …. It can only move a restapi_object or a restful_resource. …"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := test.state
			if strings.Contains(state, "%[") {
				state = fmt.Sprintf(state, id, strings.ToUpper(id))
			}
			moved, err := r.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
				SourceProviderAddress: "registry.terraform.io/anyone/any", SourceTypeName: test.from, TargetTypeName: conversationType,
				SourceState: &tfprotov6.RawState{JSON: []byte(state)},
			})
			must(t, err)
			r.wantDiagnostics(moved.Diagnostics, test.want...)
			if test.want != nil {
				return
			}
			read, err := r.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: conversationType, CurrentState: moved.TargetState, Private: moved.TargetPrivate})
			must(t, err)
			if r.wantDiagnostics(read.Diagnostics, test.read...); test.read != nil {
				return
			}
			state = r.decode(r.resourceType(), read.NewState)["recipient_phone_number"]
			if state != "+15550100000" {
				t.Errorf("the state has the number %q", state)
			}
		})
	}
}

// A conversation was moved and read. Later, it may be gone like any other.
func TestMoveState_goneLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	r, id := w.rpc(), w.add(map[string]any{"phone_id": phone})
	moved, err := r.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
		SourceTypeName: "restapi_object", TargetTypeName: conversationType, SourceProviderAddress: "registry.terraform.io/anyone/any",
		SourceState: &tfprotov6.RawState{JSON: []byte(`{"id": "` + id + `", "path": "/entities/TextMessageConversations"}`)},
	})
	must(t, err)
	state, private := moved.TargetState, moved.TargetPrivate
	for _, isGone := range []bool{false, true} {
		if isGone {
			must(t, w.Purge(conversations, id))
			r = w.rpc()
		}
		read, err := r.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: conversationType, CurrentState: state, Private: private})
		must(t, err)
		r.wantDiagnostics(read.Diagnostics)
		if state, private = read.NewState, read.Private; (r.decode(r.resourceType(), state)["id"] == "") != isGone {
			t.Errorf("gone: %v, the state is %v", isGone, r.decode(r.resourceType(), state))
		}
	}
}

// Nothing can be moved into a map.
func TestMoveState_intoAMap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	r := w.rpc()
	for from, want := range map[string]string{
		conversationType: "The provider can't move a " + conversationType + " into a map. …destroy = false…",
		bulkType:         "The state comes from a provider with another address, registry.terraform.io/anyone/any. Run terraform state replace-provider …",
	} {
		moved, err := r.MoveResourceState(t.Context(), &tfprotov6.MoveResourceStateRequest{
			SourceProviderAddress: "registry.terraform.io/anyone/any", SourceTypeName: from, TargetTypeName: bulkType,
			SourceState: &tfprotov6.RawState{JSON: []byte(`{}`)},
		})
		must(t, err)
		r.wantDiagnostics(moved.Diagnostics, ": Unable to Move Text Message Conversations: "+want)
	}
}
