package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// conversationEntity is the API's name for what this provider manages.
const conversationEntity = "TextMessageConversations"

// conversationAttributes are the attributes of a conversation, those of
// [conversationModel].
func conversationAttributes() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "UUID of the conversation in the CRM.",
		},
		"phone_id": schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{isReference{entity: "Phones"}},
			MarkdownDescription: "UUID of the sender phone, a `Phone` of the space, or a URI that ends in it.",
		},
		"recipient_phone_number": schema.StringAttribute{
			Optional:   true,
			Computed:   true,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "External phone number, such as `+1 555 010 0000`. Other spellings of the same number are no difference; one without `+` needs the provider's `default_region` for that. " +
				"The CRM doesn't let a number change once it is set: setting the first one is an update, changing it later replaces the conversation by a new one. " +
				"Left out, it is what the CRM has.",
		},
		"recipient_account_id": recipientAttribute("account", "Accounts"),
		"recipient_contact_id": recipientAttribute("contact", "Contacts"),
		"revision": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "The space's revision when the conversation was last changed, by anyone.",
		},
		"created": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "When the conversation was created, in RFC 3339, UTC.",
		},
		"modified": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "When the conversation was last changed, by anyone, in RFC 3339, UTC.",
		},
		"is_deleted": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the conversation is soft-deleted in the CRM.",
		},
		"is_delete_protected": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the CRM refuses to delete the conversation.",
		},
	}
	for _, kind := range client.RelationKinds {
		attributes[kind.Field] = schema.SetAttribute{
			ElementType: types.StringType,
			Optional:    true,
			Computed:    true,
			Validators:  []validator.Set{areReferences{entity: kind.Entity}},
			MarkdownDescription: fmt.Sprintf("UUIDs of the %s that are linked to the conversation. "+
				"Set, exactly these are linked; left out, the CRM's links stay untouched; `[]` links none.", kind.Plural),
		}
	}
	return attributes
}

func recipientAttribute(record, entity string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:   true,
		Computed:   true,
		Validators: []validator.String{isReference{entity: entity, allowNone: true}},
		MarkdownDescription: fmt.Sprintf("UUID of the recipient's %s. Left out, it is the CRM's choice, "+
			"which may find the %s by the phone number; `\"\"` means none.", record, record),
	}
}

func validationLevelAttribute() schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional:            true,
		Validators:          []validator.Int64{isValidationLevel{}},
		MarkdownDescription: validationLevelDescription() + " Left out, the provider's `validation_level` applies.",
	}
}
