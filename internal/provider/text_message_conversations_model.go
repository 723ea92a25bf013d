package provider

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// bulkTypeName is what Terraform calls the bulk resource.
const bulkTypeName = "pipeliner_text_message_conversations"

// bulkSchema returns the schema that people see, or the one that the framework sees.
func bulkSchema(unsealed bool) schema.Schema {
	s := schema.Schema{
		MarkdownDescription: "Many text message conversations of the CRM, as one map. The provider writes, reads and deletes them in as few requests as possible.",
		Attributes: withOptions(map[string]schema.Attribute{
			"conversations": schema.MapNestedAttribute{
				Required:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: entrySchema},
				MarkdownDescription: "The conversations, each under a key of your choice. See [Entries](#entries) for what happens if you change a key. If an entry omits an attribute, Terraform doesn't manage it: the CRM keeps what it has, and the state contains null.",
			},
			"rollback_method": schema.Int64Attribute{
				CustomType: wholeNumberType{},
				Optional:   true,
				Validators: []validator.Int64{int64validator.Between(client.RollbackAll, client.RollbackFailed)},
				MarkdownDescription: "What happens if the CRM refuses some conversations of a create: `0` (the default) creates all or none: the provider deletes what it has created before the refusal, but the CRM may have sent the outgoing messages of these conversations. " +
					"`1` keeps those that were created and lists the others in `failed`. The next apply tries them again.",
			},
			"failed": schema.MapNestedAttribute{
				Computed:     true,
				NestedObject: schema.NestedAttributeObject{Attributes: failedAttributes()},
				MarkdownDescription: "Why the last apply couldn't create, change or delete conversations, by their keys. A conversation that was not created is in `conversations` with a null `id`, " +
					"or not at all. An entry whose conversation could not be replaced still has the old one.",
			},
			"revision": schema.Int64Attribute{
				Computed:            true,
				MarkdownDescription: "The newest revision among the conversations. It changes when anyone changes one of them.",
			},
		}),
	}
	if !unsealed {
		s.Attributes[sealedAttribute] = schema.StringAttribute{Required: true}
	}
	return s
}

var entrySchema = entryAttributes()

// entryAttributes returns the attributes of an entry: the attributes that a configuration can set, the id, and
// is_deleted. Any other attribute would be repeated for each of thousands of conversations.
func entryAttributes() map[string]schema.Attribute {
	attributes := ownedAttributes()
	for _, field := range conversationFields {
		if field.write == nil && field.name != "id" && field.name != "is_deleted" {
			delete(attributes, field.name)
		}
	}
	return attributes
}

func failedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"code":    schema.Int64Attribute{Computed: true, MarkdownDescription: "The API's error code, 0 if there is none."},
		"name":    schema.StringAttribute{Computed: true, MarkdownDescription: "The API's name for the error. `OUTCOME_UNKNOWN` if the conversation may or may not have been created, `CONFLICT` if someone else has changed a field that the plan changes too."},
		"message": schema.StringAttribute{Computed: true, MarkdownDescription: "What is wrong, with all the reasons that the CRM gives."},
	}
}

// bulkModel is pipeliner_text_message_conversations in configuration, plan or
// state.
type bulkModel struct {
	resourceOptions

	Conversations  types.String `tfsdk:"conversations"` // the sealed map of entries
	RollbackMethod wholeNumber  `tfsdk:"rollback_method"`
	Failed         types.Map    `tfsdk:"failed"` // of objects, see failedAttributes
	Revision       types.Int64  `tfsdk:"revision"`
}

// entries are the conversations of the map. An entry is nil if all of it is unknown.
type entries map[string]*ownedModel

var (
	entryType = types.ObjectType{AttrTypes: attributeTypes(entrySchema)}
	// conversationType is the type of a conversation in a data source.
	conversationType = types.ObjectType{AttrTypes: attributeTypes(conversationAttributes())}
	failedType       = types.ObjectType{AttrTypes: attributeTypes(failedAttributes())}
)

// entries returns the entries of a known map.
func (m bulkModel) entries() (entries, diag.Diagnostics) {
	var diags diag.Diagnostics
	if !isKnown(m.Conversations) {
		return entries{}, nil
	}
	found, nulls, err := openEntries(m.Conversations.ValueString())
	if err != nil {
		diags.AddAttributeError(path.Root("conversations"), "Unable to Read Conversations",
			fmt.Sprintf("The provider can't read the map of conversations: %v. This is a bug in the provider. "+
				"Please report it.", err))
	}
	slices.Sort(nulls)
	for _, key := range nulls {
		diags.AddAttributeError(at(key), "Missing Conversation",
			fmt.Sprintf("The entry %q is null. Remove it, or set its attributes.", key))
	}
	return found, groupErrors(diags)
}

// planned returns the entries of a plan. The attributes that they don't show are unknown.
func (m bulkModel) planned() (entries, diag.Diagnostics) {
	found, diags := m.entries()
	for _, entry := range found.known() {
		entry.isPart = true
		for _, field := range conversationFields {
			if entryWire[field.name] == nil {
				field.set(&entry.conversationModel, field.unknown)
			}
		}
	}
	return found, diags
}

// sealed returns the entries as the value of the attribute.
func (e entries) sealed() types.String { return types.StringValue(e.seal()) }

// keys returns the keys, sorted.
func (e entries) keys() []string { return slices.Sorted(maps.Keys(e)) }

// known returns the entries that are not unknown, in the order of their keys.
func (e entries) known() iter.Seq2[string, *ownedModel] {
	return func(yield func(string, *ownedModel) bool) {
		for _, key := range e.keys() {
			if e[key] != nil && !yield(key, e[key]) {
				return
			}
		}
	}
}

// ids returns the ids of the conversations that exist in the CRM.
func (e entries) ids() []client.ID {
	return slices.Collect(maps.Keys(e.byID()))
}

// byID returns the existing entries by the ids of their conversations.
func (e entries) byID() map[client.ID]*ownedModel {
	found := make(map[client.ID]*ownedModel, len(e))
	for key, entry := range e {
		if e.exists(key) {
			found[reference(entry.ID)] = entry
		}
	}
	return found
}

// keysByID returns the keys of the existing entries by the ids of their conversations.
func (e entries) keysByID() map[client.ID]string {
	keys := make(map[client.ID]string, len(e))
	for key, entry := range e {
		if e.exists(key) {
			keys[reference(entry.ID)] = key
		}
	}
	return keys
}

// without returns the existing entries whose conversations no entry of a plan stands for. A planned entry that is
// completely unknown stands for the conversation under its key.
func (e entries) without(planned entries) entries {
	left := maps.Clone(e)
	stay := planned.byID()
	maps.DeleteFunc(left, func(key string, entry *ownedModel) bool {
		next, isPlanned := planned[key]
		return !e.exists(key) || stay[reference(entry.ID)] != nil || isPlanned && next == nil
	})
	return left
}

// exists reports whether the entry stands for a conversation in the CRM.
func (e entries) exists(key string) bool {
	entry := e[key]
	return entry != nil && !entry.ID.IsNull() && !entry.ID.IsUnknown()
}

// freeKey returns the key to use for one more value next to m[key], because neither value may be lost.
func freeKey[V any](m map[string]V, key string) string {
	for {
		if _, isTaken := m[key]; !isTaken {
			return key
		}
		key += " (replaced)"
	}
}

// sealedAttribute is the attribute of the bulk resource that passes through the framework
// sealed.
const sealedAttribute = "conversations"
