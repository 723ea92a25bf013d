package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// bulkModel is pipeliner_text_message_conversations in configuration, plan or
// state.
type bulkModel struct {
	Conversations   types.Map    `tfsdk:"conversations"` // of ownedModel
	ValidationLevel types.Int64  `tfsdk:"validation_level"`
	RollbackMethod  types.Int64  `tfsdk:"rollback_method"`
	DeletionPolicy  types.String `tfsdk:"deletion_policy"`
	Failed          types.Map    `tfsdk:"failed"` // of failedModel
}

// failedModel says why an entry of the map could not be created.
type failedModel struct {
	Code    types.Int64  `tfsdk:"code"`
	Name    types.String `tfsdk:"name"`
	Message types.String `tfsdk:"message"`
}

// entries are the conversations of the map; nil where the whole entry is not
// known yet.
type entries map[string]*ownedModel

var (
	entryType = types.ObjectType{AttrTypes: attributeTypes(ownedAttributes())}
	// conversationType is that of conversations that nobody owns here.
	conversationType = types.ObjectType{AttrTypes: attributeTypes(conversationAttributes())}
	failedType       = types.ObjectType{AttrTypes: attributeTypes(failedAttributes())}
)

func attributeTypes(attributes map[string]schema.Attribute) map[string]attr.Type {
	types := make(map[string]attr.Type, len(attributes))
	for name, attribute := range attributes {
		types[name] = attribute.GetType()
	}
	return types
}

// at is the path of an entry.
func at(key string) path.Path { return path.Root("conversations").AtMapKey(key) }

// entries returns the entries of a map that is known.
func (m bulkModel) entries(ctx context.Context) (entries, diag.Diagnostics) {
	var diags diag.Diagnostics
	found := make(entries, len(m.Conversations.Elements()))
	for key, element := range m.Conversations.Elements() {
		object, _ := element.(types.Object)
		switch {
		case object.IsUnknown():
			found[key] = nil
		case object.IsNull():
			diags.AddAttributeError(at(key), "Missing Conversation",
				fmt.Sprintf("The entry %q is null. Leave it out, or say which conversation it is.", key))
		default:
			found[key] = &ownedModel{}
			diags.Append(object.As(ctx, found[key], basetypes.ObjectAsOptions{})...)
		}
	}
	return found, diags
}

// toMap returns the entries as the value of the attribute.
func (e entries) toMap(ctx context.Context) (types.Map, diag.Diagnostics) {
	var diags diag.Diagnostics
	elements := make(map[string]attr.Value, len(e))
	for key, entry := range e {
		if entry == nil {
			elements[key] = types.ObjectUnknown(entryType.AttrTypes)
			continue
		}
		object, more := types.ObjectValueFrom(ctx, entryType.AttrTypes, entry)
		diags.Append(more...)
		elements[key] = object
	}
	if diags.HasError() {
		return types.MapUnknown(entryType), diags
	}
	return types.MapValueMust(entryType, elements), diags
}

// keys returns the keys, sorted.
func (e entries) keys() []string { return slices.Sorted(maps.Keys(e)) }

// ids returns the ids of the conversations that exist in the CRM.
func (e entries) ids() []client.ID {
	var ids []client.ID
	for key := range e {
		if e.exists(key) {
			ids = append(ids, reference(e[key].ID))
		}
	}
	return ids
}

// byID returns the entries that exist by their conversations.
func (e entries) byID() map[client.ID]*ownedModel {
	found := make(map[client.ID]*ownedModel, len(e))
	for key, entry := range e {
		if e.exists(key) {
			found[reference(entry.ID)] = entry
		}
	}
	return found
}

// without returns the entries whose conversations the others don't stand for.
func (e entries) without(others entries) entries {
	left := maps.Clone(e)
	kept := map[client.ID]bool{}
	for _, id := range others.ids() {
		kept[id] = true
	}
	maps.DeleteFunc(left, func(key string, entry *ownedModel) bool {
		return !e.exists(key) || kept[reference(entry.ID)]
	})
	return left
}

// exists reports whether the entry stands for a conversation in the CRM.
func (e entries) exists(key string) bool { return e[key] != nil && isKnown(e[key].ID) }
