package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

var (
	_ datasource.DataSourceWithConfigure        = (*conversationLookup)(nil)
	_ datasource.DataSourceWithConfigValidators = (*conversationLookup)(nil)
)

func newConversationLookup() datasource.DataSource { return &conversationLookup{} }

// conversationLookup is the data source pipeliner_text_message_conversation.
// Its model is a [conversationModel].
type conversationLookup struct{ baseDataSource }

func (d *conversationLookup) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_text_message_conversation"
}

func (d *conversationLookup) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := readOnly(conversationAttributes())
	given := func(name, how string, check validator.String) {
		attributes[name] = schema.StringAttribute{
			Optional: true, Computed: true,
			Validators:          []validator.String{check},
			MarkdownDescription: attributes[name].GetMarkdownDescription() + " " + how,
		}
	}
	given("id", "Set it to find the conversation with this id, even a deleted one. The value can also be a "+
		"URI that ends in the id.", isReference{entity: conversationEntity})
	given("phone_id", "Set it together with `recipient_phone_number` to find the conversation.",
		isReference{entity: "Phones"})
	given("recipient_phone_number", "Set it together with `phone_id` to find the conversation. The CRM may have "+
		"the number in another spelling. For a number without `+`, this needs the provider's `default_region`.", isNumber{required: true})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds one text message conversation of the CRM: by its `id`, or by its phone " +
			"(`phone_id`) and its number (`recipient_phone_number`). If no conversation matches, or if several " +
			"have the number, the data source fails.",
		Attributes: attributes,
	}
}

// ConfigValidators require an id, or a phone and a number.
func (d *conversationLookup) ConfigValidators(context.Context) []datasource.ConfigValidator {
	id, phone, number := path.MatchRoot("id"), path.MatchRoot("phone_id"), path.MatchRoot(numberAttribute)
	return []datasource.ConfigValidator{
		datasourcevalidator.ExactlyOneOf(id, phone),
		datasourcevalidator.Conflicting(id, number),
		datasourcevalidator.RequiredTogether(phone, number),
	}
}

func (d *conversationLookup) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config conversationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	api, diags := d.provider.engine()
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(checkReference(path.Root("id"), config.ID, d.provider.ownSpace())...)
	resp.Diagnostics.Append(checkReference(path.Root("phone_id"), config.PhoneID, d.provider.ownSpace())...)
	if resp.Diagnostics.HasError() {
		return
	}
	find := d.findByNumber
	if isKnown(config.ID) {
		find = d.findByID
	}
	conversation, diags := find(ctx, api, config)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, d.provider.numbers(nil).conversationFromAPI(conversation, config))...)
	}
}

func (d *conversationLookup) findByID(ctx context.Context, api *engine.Engine, config conversationModel) (client.Conversation, diag.Diagnostics) {
	var diags diag.Diagnostics
	conversation, err := api.Conversations.Get(ctx, reference(config.ID))
	switch {
	case client.ProblemOf(err) == client.NotFound:
		diags.AddAttributeError(path.Root("id"), "No Such Text Message Conversation",
			fmt.Sprintf("The space has no conversation with the id %s. Check the id: it may belong to another "+
				"kind of record, or to another space.\n\n"+
				"Cause: %v", reference(config.ID), err))
	case err != nil:
		diags.Append(failure{action: "Find", what: theConversation, err: err, causes: &d.provider.causes}.diagnostics()...)
	}
	return conversation, diags
}

func (d *conversationLookup) findByNumber(ctx context.Context, api *engine.Engine, config conversationModel) (client.Conversation, diag.Diagnostics) {
	var diags diag.Diagnostics
	phone, number := reference(config.PhoneID), config.RecipientPhoneNumber.ValueString()
	found, err := api.OfNumber(ctx, phone, number)
	switch {
	case err != nil:
		diags.Append(failure{action: "Find", what: theConversation, err: err, causes: &d.provider.causes}.diagnostics()...)
	case len(found) == 0:
		diags.AddAttributeError(path.Root(numberAttribute), "No Such Text Message Conversation",
			fmt.Sprintf("The phone %s has no conversation with the number %q, in any equal spelling. Check both. Without + and the country code, "+
				"or default_region in the provider block, the provider compares numbers as text. If the CRM masks numbers or shows them without a country code, "+
				"write the number as the CRM shows it. To find a deleted conversation, set its id instead.", phone, number))
	case len(found) > 1:
		diags.AddAttributeError(path.Root(numberAttribute), "Several Text Message Conversations",
			fmt.Sprintf("The phone %s has %d conversations with the number %q. Set the id of one of them "+
				"instead: %s.",
				phone, len(found), number, idList(idsOf(found))))
	default:
		return found[0], nil
	}
	return client.Conversation{}, diags
}
