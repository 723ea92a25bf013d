package provider

import (
	"fmt"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Eight maps of 500 are refreshed in as few requests as one of 4,000.
func TestMapsShareRequests(t *testing.T) {
	t.Parallel()
	const maps, each = 8, 500
	records := make([]map[string]any, maps*each)
	states := make([]entries, maps)
	for i := range records {
		id, number := fmt.Sprintf("80000000-0000-4000-8000-%012d", i+1), fmt.Sprintf("+1202%07d", i)
		records[i] = map[string]any{"id": id, "phone_id": testPhone, "recipient_phone_number": number}
		entry := newOwnedModel()
		entry.ID, entry.PhoneID, entry.RecipientPhoneNumber = types.StringValue(id), types.StringValue(testPhone), types.StringValue(number)
		if states[i%maps] == nil {
			states[i%maps] = entries{}
		}
		states[i%maps][number] = entry
	}
	crm := newCRM(t, map[string][]map[string]any{"TextMessageConversations": records})
	server := NewServerOver(mockserver.InProcess(crm))
	configure(t, server)
	var readers sync.WaitGroup
	for _, state := range states {
		readers.Go(func() {
			resp, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: bulkTypeName, CurrentState: bulkValue(t, state, 1)})
			if err != nil || len(resp.Diagnostics) > 0 {
				t.Error(err, resp)
			}
		})
	}
	readers.Wait()
	if requests := len(crm.Requests()); requests > 45 {
		t.Errorf("%d requests; want at most 45", requests)
	}
}

// A map that is read after another resource has listed messages does not claim an as-of that is too new for its
// messages.
func TestSharedListOfMessages(t *testing.T) {
	t.Parallel()
	conversations, texts := make([]map[string]any, 150), make([]map[string]any, 2)
	for i := range conversations {
		conversations[i] = map[string]any{"id": fmt.Sprintf("80000000-0000-4000-8000-%012d", i+1), "phone_id": testPhone}
	}
	owners := []string{conversations[149]["id"].(string), conversations[0]["id"].(string)}
	for i, owner := range owners {
		texts[i] = map[string]any{"id": fmt.Sprintf("90000000-0000-4000-8000-%012d", i+1), "text_message_conversation_id": owner, "content": "Hello", "direction": 1}
	}
	crm := newCRM(t, map[string][]map[string]any{"TextMessageConversations": conversations, "TextMessages": texts})
	api := engineFor(t, crm)
	memory := &messageMemory{}
	for _, message := range crm.Records("TextMessages") {
		id, err := client.ParseID(message["id"].(string))
		mustNot(t, err)
		note(&memory.Revisions, id, int64(message["revision"].(int)))
	}
	var changed int64
	for i, owner := range owners {
		message := messageModel{Content: types.StringValue("Hello"), Direction: types.StringValue("outgoing"), ID: types.StringValue(texts[i]["id"].(string))}
		entry := newOwnedModel()
		entry.ID, entry.PhoneID = types.StringValue(owner), types.StringValue(testPhone)
		entry.Messages = messages{"hello": &message}.toMap()
		asOf, err := entries{"a": entry}.read(t.Context(), &messageRefresh{api: api, memory: memory}, numbers{}, nil)
		mustNot(t, err)
		if i > 0 && asOf >= changed {
			t.Errorf("the messages are known as of %d, though one changed at %d after they were listed", asOf, changed)
		}
		// The other message changes, and then its conversation, which is not listed any
		// more.
		mustNot(t, crm.Edit("TextMessages", texts[1]["id"].(string), map[string]any{"content": "Goodbye"}))
		record, _ := crm.Record("TextMessages", texts[1]["id"].(string))
		changed = int64(record["revision"].(int))
		mustNot(t, crm.Edit("TextMessageConversations", owners[1], map[string]any{"phone_id": testPhone}))
	}
}

func engineFor(t *testing.T, crm *mockserver.Server) *engine.Engine {
	t.Helper()
	config := client.Defaults()
	config.ServiceURL, config.SpaceID, config.Username, config.Password = "https://crm.example", "my_space", "terraform", "secret"
	config.Transport = mockserver.InProcess(crm)
	connection, err := client.New(config)
	mustNot(t, err)
	api, err := engine.New(connection, engine.Defaults())
	mustNot(t, err)
	return api
}

func newCRM(t *testing.T, records map[string][]map[string]any) *mockserver.Server {
	t.Helper()
	crm, err := mockserver.New(mockserver.Options{Username: "terraform", Password: "secret", Space: "my_space"})
	mustNot(t, err)
	records["Phones"] = []map[string]any{{"id": testPhone}}
	mustNot(t, crm.Seed(records))
	return crm
}

// A conversation that was found as the result of a lost create may have been read before or after the shared list, so
// its as-of is unknown.
func TestAsOfOfAdopted(t *testing.T) {
	t.Parallel()
	ids := []string{"80000000-0000-4000-8000-000000000001", "80000000-0000-4000-8000-000000000002"}
	crm := newCRM(t, map[string][]map[string]any{"TextMessageConversations": {{"id": ids[0], "phone_id": testPhone}, {"id": ids[1], "phone_id": testPhone}}})
	api := engineFor(t, crm)
	for i, id := range ids {
		entry := newOwnedModel()
		entry.ID, entry.PhoneID = types.StringValue(id), types.StringValue(testPhone)
		adopted := createResults{}
		if i > 0 {
			found, err := api.Conversations.Get(t.Context(), parse(t, id))
			mustNot(t, err)
			adopted[""] = engine.Result[client.Conversation]{Value: found, Adopted: true}
		}
		asOf, err := entries{"": entry}.read(t.Context(), &messageRefresh{layout: layout{isSingle: true}, api: api, memory: &messageMemory{}}, numbers{}, adopted)
		mustNot(t, err)
		if isKnown := asOf > engine.NoFloor; isKnown != (i == 0) {
			t.Errorf("conversation %d is known as of %d", i, asOf)
		}
	}
}
