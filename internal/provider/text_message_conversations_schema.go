package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// What the CRM rolls back when something in a batch fails.
const (
	rollbackAll    = 0
	rollbackFailed = 1
)

// bulkTypeName is what Terraform calls the bulk resource.
const bulkTypeName = "pipeliner_text_message_conversations"

// bulkSchema is the schema as people see it, or as the framework does.
func bulkSchema(open bool) schema.Schema {
	s := schema.Schema{
		MarkdownDescription: "Many text message conversations of the CRM, as one map. They are written, read and deleted in the fewest possible requests.",
		Attributes: map[string]schema.Attribute{
			"conversations": schema.MapNestedAttribute{
				Required:     true,
				NestedObject: schema.NestedAttributeObject{Attributes: entrySchema},
				MarkdownDescription: "The conversations, each under a key of your choice. A conversation that moves to another key, and is the same in everything, " +
					"is only renamed in the state. What an entry leaves out is not tracked: the CRM keeps what it has there, and the state has null.",
			},
			"validation_level": validationLevelAttribute(),
			"rollback_method": schema.Int64Attribute{
				Optional:   true,
				Validators: []validator.Int64{int64validator.OneOf(rollbackAll, rollbackFailed)},
				MarkdownDescription: "What happens when some conversations cannot be created: `0` (the default) creates all or none; " +
					"`1` keeps those that could be created, lists the others in `failed`, and tries those again with the next apply.",
			},
			"deletion_policy": deletionPolicyAttribute(),
			"adopt_existing":  adoptExistingAttribute(),
			"failed": schema.MapNestedAttribute{
				Computed:     true,
				NestedObject: schema.NestedAttributeObject{Attributes: failedAttributes()},
				MarkdownDescription: "Why, by key, the last apply could not create, change or delete a conversation. What could not be created is in `conversations` with a null `id`, " +
					"or not at all; an entry whose conversation could not be replaced still stands for the old one.",
			},
			"revision": schema.Int64Attribute{
				Computed:            true,
				MarkdownDescription: "The newest revision among the conversations. It changes when anyone changes one of them.",
			},
		},
	}
	if !open {
		s.Attributes[sealedAttribute] = schema.StringAttribute{Required: true}
	}
	return s
}

var entrySchema = entryAttributes()

// entryAttributes are the attributes of an entry: what a configuration can say, which
// conversation it is, and that it is deleted where it is. All else that the CRM knows of
// a conversation would be repeated for each of thousands.
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
		"code":    schema.Int64Attribute{Computed: true, MarkdownDescription: "The API's error code, 0 where there is none."},
		"name":    schema.StringAttribute{Computed: true, MarkdownDescription: "The API's name for the error."},
		"message": schema.StringAttribute{Computed: true, MarkdownDescription: "What is wrong, with all the reasons that the CRM gives."},
	}
}
