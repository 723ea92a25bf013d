package provider_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const conversationType = "pipeliner_text_message_conversation"

// An rpc calls the provider as Terraform does. So tests can cover features that need a newer Terraform than the
// installed one.
type rpc struct {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer

	t       *testing.T
	schemas *tfprotov6.GetProviderSchemaResponse
}

// rpc returns the provider, configured for this world, with further settings.
func (w *world) rpc() rpc {
	w.t.Helper()
	server, err := factories["pipeliner"]()
	must(w.t, err)
	schemas, err := server.GetProviderSchema(w.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(w.t, err)
	r := rpc{server, server.(tfprotov6.ListResourceServer), w.t, schemas}
	r.wantDiagnostics(schemas.Diagnostics)
	configured, err := r.ConfigureProvider(w.t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: r.encode(schemas.Provider.ValueType(), map[string]any{
			"service_url": w.url, "space_id": "my_space", "username": "terraform", "password": password,
		}),
	})
	must(w.t, err)
	r.wantDiagnostics(configured.Diagnostics)
	return r
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// encode returns an object with these attributes, strings and [tftypes.Value]s. The
// others are null.
func (r rpc) encode(of tftypes.Type, attributes map[string]any) *tfprotov6.DynamicValue {
	r.t.Helper()
	object := of.(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, attribute := range object.AttributeTypes {
		switch value := attributes[name].(type) {
		case tftypes.Value:
			values[name] = value
		default:
			values[name] = tftypes.NewValue(attribute, value)
		}
	}
	encoded, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, values))
	must(r.t, err)
	return &encoded
}

// decode returns the strings among an object's attributes, nil if there is no object.
func (r rpc) decode(of tftypes.Type, encoded *tfprotov6.DynamicValue) map[string]string {
	r.t.Helper()
	if encoded == nil {
		return nil
	}
	value, err := encoded.Unmarshal(of)
	must(r.t, err)
	if value.IsNull() {
		return nil
	}
	var attributes map[string]tftypes.Value
	must(r.t, value.As(&attributes))
	texts := map[string]string{}
	for name, attribute := range attributes {
		var text string
		if attribute.Type().Is(tftypes.String) && attribute.IsKnown() && !attribute.IsNull() {
			must(r.t, attribute.As(&text))
			texts[name] = text
		}
	}
	return texts
}

var pathStep = regexp.MustCompile(`(?:AttributeName|ElementKeyString)\("([^"]*)"\)`)

// wantDiagnostics checks that these are exactly the diagnostics, each as "path: summary:
// detail". "…" stands for any text, and may be at the end.
func (r rpc) wantDiagnostics(got []*tfprotov6.Diagnostic, want ...string) {
	r.t.Helper()
	var texts []string
	for _, diagnostic := range got {
		at := ""
		if diagnostic.Attribute != nil {
			at = pathStep.ReplaceAllString(diagnostic.Attribute.String(), "$1")
		}
		texts = append(texts, at+": "+diagnostic.Summary+": "+diagnostic.Detail)
	}
	if !slices.EqualFunc(texts, want, func(text, want string) bool { return says(strings.Split(want, "…")...).MatchString(text) }) {
		r.t.Errorf("the diagnostics are %q; want %q", texts, want)
	}
}

// resourceType returns the type of the resource's state, identityType that of its
// resource identity, and listType that of the configuration of its list.
func (r rpc) resourceType() tftypes.Type {
	return r.schemas.ResourceSchemas[conversationType].ValueType()
}

func (r rpc) listType() tftypes.Type {
	return r.schemas.ListResourceSchemas[conversationType].ValueType()
}

func (r rpc) identityType() tftypes.Type {
	r.t.Helper()
	schemas, err := r.GetResourceIdentitySchemas(r.t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	must(r.t, err)
	return schemas.IdentitySchemas[conversationType].ValueType()
}

// identity returns a resource identity, nil for none.
func (r rpc) identity(attributes map[string]any) *tfprotov6.ResourceIdentityData {
	r.t.Helper()
	if attributes == nil {
		return nil
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: r.encode(r.identityType(), attributes)}
}

func (r rpc) decodeIdentity(identity *tfprotov6.ResourceIdentityData) map[string]string {
	r.t.Helper()
	if identity == nil {
		return nil
	}
	return r.decode(r.identityType(), identity.IdentityData)
}
