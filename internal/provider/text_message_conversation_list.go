package provider

import (
	"cmp"
	"context"

	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

var (
	_ list.ListResourceWithConfigure      = (*conversationList)(nil)
	_ list.ListResourceWithValidateConfig = (*conversationList)(nil)
)

func newConversationList() list.ListResource { return &conversationList{} }

// conversationList is the list resource pipeliner_text_message_conversation, for
// terraform query.
type conversationList struct{ baseResource }

func (l *conversationList) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_text_message_conversation"
}

func (l *conversationList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds text message conversations of the CRM, the oldest first unless you set " +
			"`order_by`. `terraform query` shows them, and can write a configuration that imports them. That " +
			"configuration contains everything that the CRM has, including links. Remove the lines that " +
			"Terraform should not manage.",
		Attributes: listAttributes(lookupAttributes(conversationFieldNames())),
	}
}

func (l *conversationList) ValidateListResourceConfig(ctx context.Context, req list.ValidateConfigRequest, resp *list.ValidateConfigResponse) {
	lookup, diags := lookupOf(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(lookup.check()...)
	resp.Diagnostics.Append(lookup.checkIDs(ctx)...)
}

func (l *conversationList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	lookup, diags := lookupOf(ctx, req.Config)
	api, more := l.provider.engine()
	diags.Append(more...)
	diags.Append(lookup.checkReferences(l.provider.ownSpace())...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	found := api.EachFound(ctx, oldestFirst(lookup.query()), int(req.Limit))
	stream.Results = func(push func(list.ListResult) bool) {
		for conversation, err := range found {
			if err != nil {
				push(list.ListResult{Diagnostics: failure{action: "Find", what: theConversations, at: lookup.suspect(err), err: err, causes: &l.provider.causes}.diagnostics()})
				return
			}
			if !push(listResult(ctx, req, api.Client().SpaceID(), conversation)) {
				return
			}
		}
	}
}

// listAttributes returns the attributes of a lookup as those of a list resource, without
// the limit.
func listAttributes(attributes map[string]dataschema.Attribute) map[string]schema.Attribute {
	same := make(map[string]schema.Attribute, len(attributes))
	for name, attribute := range attributes {
		switch a := attribute.(type) {
		case dataschema.MapAttribute:
			same[name] = schema.MapAttribute{ElementType: a.ElementType, Optional: true, Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
		case dataschema.ListAttribute:
			same[name] = schema.ListAttribute{ElementType: a.ElementType, Optional: true, Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
		case dataschema.BoolAttribute:
			same[name] = schema.BoolAttribute{Optional: true, Validators: a.Validators, MarkdownDescription: a.MarkdownDescription}
		}
	}
	return same // a test checks that none is missing
}

// lookupOf returns the lookup in a configuration. Without a configuration, it finds
// everything.
func lookupOf(ctx context.Context, config tfsdk.Config) (lookup lookupModel, diags diag.Diagnostics) {
	if !config.Raw.IsNull() {
		diags = config.Get(ctx, &lookup)
	}
	return lookup, diags
}

// listResult returns a conversation as a list shows it.
func listResult(ctx context.Context, req list.ListRequest, space string, conversation client.Conversation) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = displayName(conversation)
	result.Diagnostics.Append(result.Identity.Set(ctx, resourceIdentity(space, conversation.ID))...)
	if req.IncludeResource {
		model := conversationResourceModel{ownedModel: *numbers{}.importedFrom(conversation)}
		result.Diagnostics.Append(result.Resource.Set(ctx, &model)...)
	}
	return result
}

// displayName returns the recipient's number, which tells people more than an id.
func displayName(conversation client.Conversation) string {
	name := cmp.Or(conversation.RecipientPhoneNumber, conversation.ID.String())
	if conversation.IsDeleted {
		name += " (deleted)"
	}
	return name
}
