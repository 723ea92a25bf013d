package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// conversationEntity is the API's name for conversations.
const conversationEntity = "TextMessageConversations"

// A conversationModel is a conversation in configuration, plan or state.
type conversationModel struct {
	ID                   types.String `tfsdk:"id"`
	PhoneID              types.String `tfsdk:"phone_id"`
	RecipientPhoneNumber types.String `tfsdk:"recipient_phone_number"`
	RecipientAccountID   types.String `tfsdk:"recipient_account_id"`
	RecipientContactID   types.String `tfsdk:"recipient_contact_id"`
	AccountRelations     types.Set    `tfsdk:"account_relations"`
	ContactRelations     types.Set    `tfsdk:"contact_relations"`
	ProjectRelations     types.Set    `tfsdk:"project_relations"`
	LeadRelations        types.Set    `tfsdk:"lead_relations"`
	OpportunityRelations types.Set    `tfsdk:"opportunity_relations"`
	QuoteRelations       types.Set    `tfsdk:"quote_relations"`
	Revision             types.Int64  `tfsdk:"revision"`
	Created              types.String `tfsdk:"created"`
	Modified             types.String `tfsdk:"modified"`
	IsDeleted            types.Bool   `tfsdk:"is_deleted"`
	IsDeleteProtected    types.Bool   `tfsdk:"is_delete_protected"`

	isPart      bool // a null value is not known, as in an entry of a map that omits it
	isUnsettled bool // in a plan: the apply may keep the conversation under the key
}

// conversationFields are the fields of a conversation, one for each value of
// [conversationModel].
var conversationFields = []conversationField{
	idField[client.ConversationInput](conversationEntity,
		schema.StringAttribute{Computed: true, MarkdownDescription: "UUID of the conversation in the CRM."},
		func(m *conversationModel) *types.String { return &m.ID },
		func(c *client.Conversation) client.ID { return c.ID }),
	referenceField("phone_id", "Phones",
		schema.StringAttribute{Required: true, MarkdownDescription: "UUID of the sender phone, a `Phone` of the space, or a URI that ends in it."},
		func(m *conversationModel) *types.String { return &m.PhoneID },
		func(c *client.Conversation) *client.ID { return &c.PhoneID },
		func(in *client.ConversationInput) *client.Field[client.ID] { return &in.PhoneID }),
	numberField("recipient_phone_number",
		schema.StringAttribute{
			Optional:   true,
			Computed:   true,
			Validators: []validator.String{isNumber{}},
			MarkdownDescription: "External phone number, such as `+1 555 010 0000`. Two spellings of the same number are equal. For a number without `+`, this needs the provider's `default_region`. " +
				"The CRM doesn't let a number change once it is set. Setting it for the first time is an update. Changing it later replaces the conversation with a new one. " +
				"If you omit it, the conversation keeps the number that it has in the CRM.",
		},
		func(m *conversationModel) *types.String { return &m.RecipientPhoneNumber },
		func(c *client.Conversation) *string { return &c.RecipientPhoneNumber },
		func(in *client.ConversationInput) *client.Field[string] { return &in.RecipientPhoneNumber }),
	matched(referenceField("recipient_account_id", "Accounts", recipientAttribute("account"),
		func(m *conversationModel) *types.String { return &m.RecipientAccountID },
		func(c *client.Conversation) *client.ID { return &c.RecipientAccountID },
		func(in *client.ConversationInput) *client.Field[client.ID] { return &in.RecipientAccountID })),
	matched(referenceField("recipient_contact_id", "Contacts", recipientAttribute("contact"),
		func(m *conversationModel) *types.String { return &m.RecipientContactID },
		func(c *client.Conversation) *client.ID { return &c.RecipientContactID },
		func(in *client.ConversationInput) *client.Field[client.ID] { return &in.RecipientContactID })),
	relationField("account_relations", func(m *conversationModel) *types.Set { return &m.AccountRelations }),
	relationField("contact_relations", func(m *conversationModel) *types.Set { return &m.ContactRelations }),
	relationField("project_relations", func(m *conversationModel) *types.Set { return &m.ProjectRelations }),
	relationField("lead_relations", func(m *conversationModel) *types.Set { return &m.LeadRelations }),
	relationField("opportunity_relations", func(m *conversationModel) *types.Set { return &m.OpportunityRelations }),
	relationField("quote_relations", func(m *conversationModel) *types.Set { return &m.QuoteRelations }),
	shownField[client.ConversationInput]("revision",
		schema.Int64Attribute{Computed: true, MarkdownDescription: "The space's revision when the conversation was last changed, by anyone."},
		func(m *conversationModel) *types.Int64 { return &m.Revision },
		func(c *client.Conversation) types.Int64 { return types.Int64Value(c.Revision) }),
	shownField[client.ConversationInput]("created",
		schema.StringAttribute{Computed: true, MarkdownDescription: "When the conversation was created, in RFC 3339, UTC."},
		func(m *conversationModel) *types.String { return &m.Created },
		func(c *client.Conversation) types.String { return timeFromAPI(c.Created) }),
	shownField[client.ConversationInput]("modified",
		schema.StringAttribute{Computed: true, MarkdownDescription: "When the conversation was last changed, by anyone, in RFC 3339, UTC."},
		func(m *conversationModel) *types.String { return &m.Modified },
		func(c *client.Conversation) types.String { return timeFromAPI(c.Modified) }),
	shownField[client.ConversationInput]("is_deleted",
		schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the conversation is deleted in the CRM."},
		func(m *conversationModel) *types.Bool { return &m.IsDeleted },
		func(c *client.Conversation) types.Bool { return types.BoolValue(c.IsDeleted) }),
	shownField[client.ConversationInput]("is_delete_protected",
		schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the CRM refuses to delete the conversation."},
		func(m *conversationModel) *types.Bool { return &m.IsDeleteProtected },
		func(c *client.Conversation) types.Bool { return types.BoolValue(c.IsDeleteProtected) }),
}

// conversationAttributes returns the attributes of a [conversationModel].
func conversationAttributes() map[string]schema.Attribute { return attributesOf(conversationFields) }

func recipientAttribute(record string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true,
		Computed: true,
		MarkdownDescription: fmt.Sprintf("UUID of the recipient's %s. If you omit it, the CRM may find the %s by the phone number. "+
			"`\"\"` means none.", record, record),
	}
}

func relationAttribute(kind client.RelationKind) schema.SetAttribute {
	return schema.SetAttribute{
		ElementType: types.StringType,
		Optional:    true,
		Computed:    true,
		Validators:  []validator.Set{areReferences{entity: kind.Entity}},
		MarkdownDescription: fmt.Sprintf("UUIDs of the %s that are linked to the conversation. "+
			"If you set it, exactly these are linked. If you omit it, Terraform doesn't manage these links. `[]` removes them all.", kind.Plural),
	}
}
