package provider_test

import (
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A value that is not a whole number, or is out of range, is a clear error at its attribute.
func TestNumbersInConfigurations(t *testing.T) {
	t.Parallel()
	r := newWorld(t, mockserver.Behavior{}).rpc()
	conversation := func(attributes map[string]any) map[string]any {
		all := map[string]any{"phone_id": phone}
		maps.Copy(all, attributes)
		return all
	}
	bulkOf := r.schemas.ResourceSchemas[bulkType].ValueType().(tftypes.Object)
	bulk := func(name string, value any) map[string]any {
		return map[string]any{"conversations": tftypes.NewValue(bulkOf.AttributeTypes["conversations"], map[string]tftypes.Value{}), name: value}
	}
	resource := func(name string, of tftypes.Type, config map[string]any) []*tfprotov6.Diagnostic {
		resp, err := r.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: r.encode(of, config)})
		must(t, err)
		return resp.Diagnostics
	}
	source := func(name string, config map[string]any) []*tfprotov6.Diagnostic {
		resp, err := r.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
			TypeName: name, Config: r.encode(r.schemas.DataSourceSchemas[name].ValueType(), config),
		})
		must(t, err)
		return resp.Diagnostics
	}
	settings := func(config map[string]any) []*tfprotov6.Diagnostic {
		resp, err := r.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: r.encode(r.schemas.Provider.ValueType(), config)})
		must(t, err)
		return resp.Diagnostics
	}
	const whole = ": Invalid Attribute Value: …value must be a whole number, got: 2.5."
	r.wantDiagnostics(resource(conversationType, r.resourceType(), conversation(map[string]any{"validation_level": 2.5})), "validation_level"+whole)
	r.wantDiagnostics(resource(bulkType, bulkOf, bulk("validation_level", 2.5)), "validation_level"+whole)
	r.wantDiagnostics(resource(bulkType, bulkOf, bulk("rollback_method", 2.5)), "rollback_method"+whole)
	r.wantDiagnostics(resource(bulkType, bulkOf, bulk("rollback_method", 2)), "rollback_method: Invalid Attribute Value: Attribute rollback_method value must be between 0 and 1, got: 2")
	r.wantDiagnostics(resource(bulkType, bulkOf, bulk("rollback_method", 1)))
	r.wantDiagnostics(source("pipeliner_text_message_conversations", map[string]any{"limit": 2.5}), "limit"+whole)
	r.wantDiagnostics(source("pipeliner_records", map[string]any{"entity": "Phones", "limit": 2.5}), "limit"+whole)
	r.wantDiagnostics(source("pipeliner_records", map[string]any{"entity": "Phones", "limit": 1e30}), "limit: Invalid Attribute Value: …value must have at most 18 digits, got: 1e+30.")
	r.wantDiagnostics(source("pipeliner_records", map[string]any{"entity": ""}), `entity: Invalid Attribute Value Match: …such as Phones, got: "".`)
	for _, name := range []string{"validation_level", "batch_size", "max_concurrent_requests", "max_retries"} {
		r.wantDiagnostics(settings(map[string]any{name: 2.5}), name+whole)
	}
	r.wantDiagnostics(settings(map[string]any{"requests_per_second": -1}), "requests_per_second: Invalid Attribute Value: Attribute requests_per_second value must be at least 0.010000, got: -1.000000")
	r.wantDiagnostics(settings(map[string]any{"requests_per_second": 0.01, "batch_size": 7}))
	r.wantDiagnostics(resource(conversationType, r.resourceType(), conversation(map[string]any{number: " "})), `recipient_phone_number: Invalid Phone Number: recipient_phone_number: " " is not a phone number…`)
	actions := r.ProviderServer.(tfprotov6.ActionServer)
	valid, err := actions.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: messageAction, Config: r.action(map[string]any{
		"text_message_conversation_id": nobody, "content": "Hello", "direction": "outgoing", "validation_level": 2.5,
	})})
	must(t, err)
	r.wantDiagnostics(valid.Diagnostics, "validation_level"+whole)
}
