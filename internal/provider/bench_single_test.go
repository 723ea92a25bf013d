package provider

import (
	"fmt"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The calls for a plan of a single resource without changes.
func BenchmarkSingleCalls(b *testing.B) {
	const id, typeName = "80000000-0000-4000-8000-000000000001", "pipeliner_text_message_conversation"
	record := map[string]any{"id": id, "phone_id": testPhone, "recipient_phone_number": "+12025550100"}
	api, err := mockserver.New(mockserver.Options{Username: "terraform", Password: "secret", Space: "my_space"})
	mustNot(b, err)
	mustNot(b, api.Seed(map[string][]map[string]any{"Phones": {{"id": testPhone}}, "TextMessageConversations": {record}}))
	server := NewServerOver(mockserver.InProcess(api))
	configure(b, server)
	schemas, err := server.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
	mustNot(b, err)
	of := schemas.ResourceSchemas[typeName].ValueType()
	value := func(given map[string]any) *tfprotov6.DynamicValue {
		encoded, err := tfprotov6.NewDynamicValue(of, terraformValue(of, given))
		mustNot(b, err)
		return &encoded
	}
	configured := value(map[string]any{"phone_id": testPhone, "recipient_phone_number": "+12025550100"})
	read, err := server.ReadResource(b.Context(), &tfprotov6.ReadResourceRequest{TypeName: typeName, CurrentState: value(record)})
	mustNot(b, err)
	unknown := map[string]any{}
	maps.Copy(unknown, record)
	for _, name := range []string{"id", "revision", "created", "modified", "is_deleted", "is_delete_protected"} {
		unknown[name] = tftypes.UnknownValue
	}
	proposed := value(unknown)
	for _, call := range []struct {
		name string
		do   func() ([]*tfprotov6.Diagnostic, error)
	}{
		{"Validate", func() ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ValidateResourceConfig(b.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: typeName, Config: configured})
			return resp.Diagnostics, err
		}},
		{"Upgrade", func() ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.UpgradeResourceState(b.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: typeName, RawState: &tfprotov6.RawState{JSON: fmt.Appendf(nil, `{"id":%q}`, id)}})
			return resp.Diagnostics, err
		}},
		{"Read", func() ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ReadResource(b.Context(), &tfprotov6.ReadResourceRequest{TypeName: typeName, CurrentState: read.NewState, Private: read.Private})
			return resp.Diagnostics, err
		}},
		{"Plan", func() ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: typeName, PriorState: read.NewState, ProposedNewState: read.NewState, Config: configured, PriorPrivate: read.Private})
			return resp.Diagnostics, err
		}},
		{"PlanCreate", func() ([]*tfprotov6.Diagnostic, error) {
			null, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, nil))
			mustNot(b, err)
			resp, err := server.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: typeName, PriorState: &null, ProposedNewState: proposed, Config: configured})
			return resp.Diagnostics, err
		}},
	} {
		b.Run(call.name, func(b *testing.B) {
			for b.Loop() {
				if diagnostics, err := call.do(); err != nil || len(diagnostics) > 0 {
					b.Fatal(err, diagnostics)
				}
			}
		})
	}
}
