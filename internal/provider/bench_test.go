package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Entries move to new keys, without and with a number. The cost must grow with the number
// of entries, not with its square.
func BenchmarkPlanMovedEntries(b *testing.B) {
	for _, count := range []int{500, 1000, 2000} {
		for _, numbered := range []bool{true, false} {
			b.Run(fmt.Sprintf("%d, numbers %t", count, numbered), func(b *testing.B) {
				config, prior := movedEntries(b, count, numbered)
				for b.Loop() {
					if _, _, changes := (numbers{}).planEntries(config, prior, nil); changes {
						b.Fatal("the entries are not moved")
					}
				}
			})
		}
	}
}

func movedEntries(b *testing.B, count int, numbered bool) (config, prior entries) {
	b.Helper()
	config, prior = entries{}, entries{}
	for i := range count {
		id, err := client.ParseID(fmt.Sprintf("80000000-0000-4000-8000-%012d", i+1))
		if err != nil {
			b.Fatal(err)
		}
		owned := numbers{}.conversationFromAPI(client.Conversation{
			RecordValues: client.RecordValues{ID: id, Revision: 1}, ConversationValues: client.ConversationValues{
				PhoneID: id, RecipientAccountID: id, RecipientPhoneNumber: fmt.Sprintf("+1555%07d", i),
			},
		}, conversationModel{})
		owned.PhoneID = types.StringValue("10000000-0000-4000-8000-000000000001")
		prior[fmt.Sprint("old", i)] = &ownedModel{conversationModel: owned, Messages: types.MapNull(messageType)}
		wanted := emptyConversation()
		wanted.PhoneID, wanted.RecipientAccountID = owned.PhoneID, owned.RecipientAccountID
		if numbered {
			wanted.RecipientPhoneNumber = owned.RecipientPhoneNumber
		}
		config[fmt.Sprint("new", i)] = &ownedModel{conversationModel: wanted, Messages: types.MapNull(messageType)}
	}
	return config, prior
}

// The calls for a plan of the bulk resource without changes. The cost of an entry must
// not grow with the number of entries.
func BenchmarkBulkCalls(b *testing.B) {
	for _, count := range []int{250, 1_000, 10_000, 50_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) { benchmarkBulkCalls(b, count) })
	}
}

func benchmarkBulkCalls(b *testing.B, count int) {
	b.Helper()
	config, state, stored := entries{}, entries{}, map[string]any{}
	records := make([]map[string]any, count)
	for i := range count {
		key, id, number := fmt.Sprintf("customer-%05d", i), fmt.Sprintf("80000000-0000-4000-8000-%012d", i+1), fmt.Sprintf("+1202%07d", i)
		records[i] = map[string]any{"id": id, "phone_id": testPhone, "recipient_phone_number": number}
		whole := maps.Clone(records[i])
		for name := range entryWire {
			whole[name] = records[i][name] // Terraform stores null for what an entry omits
		}
		stored[key] = whole
		config[key], state[key] = newOwnedModel(), newOwnedModel()
		for _, entry := range []*ownedModel{config[key], state[key]} {
			entry.PhoneID, entry.RecipientPhoneNumber = types.StringValue(testPhone), types.StringValue(number)
		}
		state[key].ID = types.StringValue(id)
	}
	api, err := mockserver.New(mockserver.Options{Username: "terraform", Password: "secret", Space: "my_space"})
	mustNot(b, err)
	mustNot(b, api.Seed(map[string][]map[string]any{"Phones": {{"id": testPhone}}, "TextMessageConversations": records}))
	server := NewServerOver(mockserver.InProcess(api))
	configure(b, server)
	configured, prior := bulkValue(b, config, nil), bulkValue(b, state, 1)
	text, err := json.Marshal(map[string]any{"conversations": stored, "failed": map[string]any{}, "revision": 1})
	mustNot(b, err)
	for _, call := range []struct {
		name string
		do   func() ([]*tfprotov6.Diagnostic, error)
	}{
		{"Validate", func() ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ValidateResourceConfig(b.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: bulkTypeName, Config: configured})
			return resp.Diagnostics, err
		}},
		{"Upgrade", func() ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.UpgradeResourceState(b.Context(), &tfprotov6.UpgradeResourceStateRequest{TypeName: bulkTypeName, RawState: &tfprotov6.RawState{JSON: text}})
			return resp.Diagnostics, err
		}},
		{"Read", func() ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ReadResource(b.Context(), &tfprotov6.ReadResourceRequest{TypeName: bulkTypeName, CurrentState: prior})
			return resp.Diagnostics, err
		}},
		{"Plan", func() ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: bulkTypeName, PriorState: prior, ProposedNewState: prior, Config: configured})
			return resp.Diagnostics, err
		}},
	} {
		b.Run(call.name, func(b *testing.B) {
			for b.Loop() {
				if diagnostics, err := call.do(); err != nil || len(diagnostics) > 0 {
					b.Fatal(err, diagnostics)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*count), "µs/entry")
		})
	}
}

func mustNot(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func configure(b testing.TB, server tfprotov6.ProviderServer) {
	b.Helper()
	schemas, err := server.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
	mustNot(b, err)
	of := schemas.Provider.ValueType()
	settings, err := tfprotov6.NewDynamicValue(of, terraformValue(of, map[string]any{
		"service_url": "https://crm.example", "space_id": "my_space", "username": "terraform", "password": "secret",
	}))
	mustNot(b, err)
	resp, err := server.ConfigureProvider(b.Context(), &tfprotov6.ConfigureProviderRequest{Config: &settings})
	if mustNot(b, err); len(resp.Diagnostics) > 0 {
		b.Fatal(resp.Diagnostics[0])
	}
}

// bulkValue returns a bulk resource as Terraform sends it.
func bulkValue(b testing.TB, conversations entries, revision any) *tfprotov6.DynamicValue {
	b.Helper()
	of := bulkTerraformType()
	given := map[string]any{"conversations": map[string]any{}}
	if revision != nil {
		given["revision"], given["failed"] = revision, map[string]any{}
	}
	value, err := tfprotov6.NewDynamicValue(of, terraformValue(of, given))
	mustNot(b, err)
	encoded, err := convertAttribute(value.MsgPack, func(_ msgpack.RawMessage, out *msgpack.Encoder) error {
		var whole bytes.Buffer
		if err := conversations.write(msgpack.NewEncoder(&whole)); err != nil {
			return err
		}
		return out.Encode(msgpack.RawMessage(whole.Bytes()))
	})
	mustNot(b, err)
	return &tfprotov6.DynamicValue{MsgPack: encoded}
}
