package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

var (
	_ datasource.DataSourceWithConfigure      = (*conversationsLookup)(nil)
	_ datasource.DataSourceWithValidateConfig = (*conversationsLookup)(nil)
)

func newConversationsLookup() datasource.DataSource { return &conversationsLookup{} }

// conversationsLookup is the data source pipeliner_text_message_conversations.
type conversationsLookup struct{ baseDataSource }

type conversationsLookupModel struct {
	lookupModel

	Limit         wholeNumber `tfsdk:"limit"`
	IDs           types.List  `tfsdk:"ids"`           // of strings
	Conversations types.List  `tfsdk:"conversations"` // of conversationModel
}

func (d *conversationsLookup) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_text_message_conversations"
}

func (d *conversationsLookup) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := lookupAttributes(conversationFieldNames())
	attributes["ids"] = schema.ListAttribute{
		ElementType:         types.StringType,
		Computed:            true,
		MarkdownDescription: "UUIDs of the conversations, in the order of `conversations`.",
	}
	attributes["conversations"] = schema.ListNestedAttribute{
		Computed:            true,
		NestedObject:        schema.NestedAttributeObject{Attributes: readOnly(conversationAttributes())},
		MarkdownDescription: "The conversations, the oldest first unless you set `order_by`.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds text message conversations of the CRM. If no conversation matches, that is " +
			"not an error: the lists are empty.",
		Attributes: attributes,
	}
}

// conversationFieldNames returns the sorted names of the fields of a conversation that can be compared, which are the
// fields with a single value.
func conversationFieldNames() []string {
	attributes := conversationAttributes()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(attributes)), func(name string) bool {
		_, many := attributes[name].GetType().(attr.TypeWithElementType)
		return many
	})
}

func (d *conversationsLookup) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config conversationsLookupModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(config.check()...)
	resp.Diagnostics.Append(config.checkIDs(ctx)...)
}

func (d *conversationsLookup) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var state conversationsLookupModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &state)...)
	api, diags := d.provider.engine()
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(state.checkReferences(d.provider.ownSpace())...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := api.Find(ctx, oldestFirst(state.query()), int(state.Limit.ValueInt64()))
	if err != nil {
		resp.Diagnostics.Append(failure{action: "Find", what: theConversations, at: state.suspect(err), err: err, causes: &d.provider.causes}.diagnostics()...)
		return
	}
	state.IDs, state.Conversations, diags = foundConversations(ctx, found)
	resp.Diagnostics.Append(diags...)
	if !diags.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// oldestFirst orders a query that has no order.
func oldestFirst(query client.Query) client.Query {
	if len(query.OrderBy) == 0 {
		query.OrderBy = []string{"created"}
	}
	return query
}

// foundConversations returns the ids and the conversations as Terraform sees
// them.
func foundConversations(ctx context.Context, found []client.Conversation) (ids, conversations types.List, diags diag.Diagnostics) {
	models := mapped(found, func(c client.Conversation) conversationModel {
		return numbers{}.conversationFromAPI(c, conversationModel{})
	})
	conversations, diags = types.ListValueFrom(ctx, conversationType, models)
	return types.ListValueMust(types.StringType, mapped(models, func(m conversationModel) attr.Value { return m.ID })), conversations, diags
}
