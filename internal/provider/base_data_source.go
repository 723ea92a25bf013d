package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// baseDataSource gives a data source its provider.
type baseDataSource struct{ provider *providerData }

// Configure takes the provider's data, which is nil while Terraform validates.
func (d *baseDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	data, diags := configuredWith(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	d.provider = data
}

// readOnly returns the attributes of a resource as read-only attributes of a data source.
func readOnly(attributes map[string]resourceschema.Attribute) map[string]schema.Attribute {
	shown := make(map[string]schema.Attribute, len(attributes))
	for name, attribute := range attributes {
		shown[name] = shownAttribute(attribute)
	}
	return shown
}

// shownAttribute returns a read-only attribute of the same type. It keeps only the first
// sentence of the description, which says what the value is. The other sentences say what
// setting it does.
func shownAttribute(attribute resourceschema.Attribute) schema.Attribute {
	description := firstSentence(attribute.GetMarkdownDescription())
	sensitive := attribute.IsSensitive()
	switch t := attribute.GetType().(type) {
	case basetypes.Int64Typable:
		return schema.Int64Attribute{CustomType: t, Computed: true, Sensitive: sensitive, MarkdownDescription: description}
	case basetypes.BoolTypable:
		return schema.BoolAttribute{CustomType: t, Computed: true, Sensitive: sensitive, MarkdownDescription: description}
	case basetypes.SetType:
		return schema.SetAttribute{ElementType: t.ElemType, Computed: true, Sensitive: sensitive, MarkdownDescription: description}
	case basetypes.StringTypable:
		return schema.StringAttribute{CustomType: t, Computed: true, Sensitive: sensitive, MarkdownDescription: description}
	}
	return nil // a test checks that there are no other types
}
