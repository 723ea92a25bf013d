package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

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
				Required:     true,
				NestedObject: schema.NestedAttributeObject{Attributes: entrySchema},
				MarkdownDescription: "The conversations, each under a key of your choice. If a conversation moves to another key and nothing else changes, " +
					"Terraform only renames it in the state. If other attributes change too, but not the phone or the number, the apply updates it. " +
					"An entry whose phone changes takes another conversation of the map, if that is the same in everything. If an entry omits an attribute, Terraform doesn't manage it: the CRM keeps what it has, and the state contains null.",
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

// entryAttributes returns the attributes of an entry: what a configuration can set, the
// id, and is_deleted. Everything else would be repeated for each of thousands of
// conversations.
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
