package mockserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

type seeds = map[string][]map[string]any

func TestSeed(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	must(t, m.Seed(seeds{
		// A seed may refer to its own records.
		messages:  {{"content": "x", "direction": 2, "text_message_conversation_id": unknownID}},
		relations: {{"text_message_conversation_id": unknownID, "quote_id": quoteID}},
		conversations: {
			{
				"id": strings.ToUpper(unknownID), "phone_id": phoneID, "recipient_phone_number": "15550100",
				"account_relations": []string{accountID2, accountID},
				"lead_relations":    []any{map[string]any{"lead_oppty_id": leadID}},
				"created":           time.Date(2020, 1, 2, 3, 4, 5, 6000, time.UTC), "modified": "2021-01-01",
				"is_deleted": true, "is_delete_protected": true, "revision": 1000,
			},
			{"phone_id": phoneID},
		},
	}))
	r := m.record(t, conversations, unknownID)
	wantDiff(t, "created", any("2020-01-02 03:04:05.000006+00:00"), r["created"])
	wantDiff(t, "modified", any("2021-01-01 00:00:00+00:00"), r["modified"])
	wantDiff(t, "is_deleted", any(true), r["is_deleted"])
	wantDiff(t, "is_delete_protected", any(true), r["is_delete_protected"])
	wantDiff(t, "revision", any(1000), r["revision"])
	wantDiff(t, "revision of the space", 1006, m.Revision())
	wantDiff(t, "accounts", []string{accountID, accountID2}, m.Links(unknownID, "account_relations"))
	wantDiff(t, "leads", []string{leadID}, m.Links(unknownID, "lead_relations"))
	wantDiff(t, "quotes", []string{quoteID}, m.Links(unknownID, "quote_relations"))
	wantDiff(t, "messages", 1, len(m.Links(unknownID, "messages")))
	wantDiff(t, "nobody is looked up", nil, r["recipient_contact_id"])
	wantDiff(t, "requests", 0, len(m.Requests()))
}

func TestSeed_generatedIDsAreInOrder(t *testing.T) {
	t.Parallel()
	m, err := mockserver.New(mockserver.Options{})
	must(t, err)
	var phones []map[string]any
	for i := range 1000 {
		phones = append(phones, map[string]any{"name": fmt.Sprint(i)})
	}
	must(t, m.Seed(seeds{"Phones": phones}))
	before := ""
	for i, r := range m.Records("Phones") {
		id := fmt.Sprint(r["id"])
		if id <= before || r["name"] != fmt.Sprint(i) {
			t.Fatalf("%v comes after %s", r, before)
		}
		before = id
	}
}

func TestSeed_refused(t *testing.T) {
	t.Parallel()
	for want, seed := range map[string]seeds{
		`seed: unknown entity "Phone", it must be one of Phones, Accounts`: {"Phone": nil},
		`seed: Phones[1].nonsense: Unknown field 'nonsense'`:               {"Phones": {{}, {"nonsense": 1}}},
		`seed: Phones[0].name: Field 'name' must be a string`:              {"Phones": {{"name": 1}}},
		`seed: Phones[0].id: A record with this id exists already`:         {"Phones": {{"id": phoneID}}},
		`seed: Phones[0].revision: must be greater than 8`:                 {"Phones": {{"revision": 8}}},
		`seed: Phones[0]: json: unsupported type: func()`:                  {"Phones": {{"name": func() {}}}},
		`seed: TextMessageConversations[0].phone_id: Non-null field`:       {conversations: {{}}},
		`seed: TextMessageConversations[0].phone_id: Related entity`:       {conversations: {{"phone_id": unknownID}}},
		`seed: TextMessageConversations[0].account_relations: Related entity`: {conversations: {
			{"phone_id": phoneID, "account_relations": []string{contactID}},
		}},
		`seed: TextMessageConversations[0].lead_relations: Item 0 of 'lead_relations' must have a lead_oppty_id of one of the Leads`: {
			conversations: {{"phone_id": phoneID, "lead_relations": []string{opportunityID}}},
		},
		`seed: TextMessageConversations[0].messages: Item 0 of 'messages' has an id`: {
			conversations: {{"phone_id": phoneID, "messages": []string{unknownID}}},
		},
	} {
		m := newMock(t, nil)
		err := m.Seed(seed)
		if !strings.HasPrefix(fmt.Sprint(err), want) || strings.Contains(fmt.Sprint(err), "\n") {
			t.Errorf("error is %v, want %s", err, want)
		}
		wantDiff(t, "phones", 1, len(m.Records("Phones")))
		wantDiff(t, "conversations", 0, len(m.Records(conversations)))
	}
}

func TestCreateAndEdit(t *testing.T) {
	t.Parallel()
	m := newMock(t, map[string]string{"array-update": "merge"})
	revision := m.Revision()
	id, err := m.Create(conversations, map[string]any{
		"phone_id": phoneID, "recipient_phone_number": "15550100", "account_relations": []string{accountID},
	})
	must(t, err)
	wantDiff(t, "revision", revision+2, m.Revision())
	before := m.record(t, conversations, id)
	wantDiff(t, "contact by number", any(contactID), before["recipient_contact_id"])

	must(t, m.Edit(conversations, strings.ToUpper(id), map[string]any{
		"account_relations": []string{accountID, accountID2}, "is_delete_protected": true,
	}))
	after := m.record(t, conversations, id)
	wantDiff(t, "links", []string{accountID, accountID2}, m.Links(id, "account_relations"))
	kept := before["account_relations"].([]string)[0]
	wantDiff(t, "kept relation", kept, after["account_relations"].([]string)[0])
	if after["modified"] == before["modified"] || after["revision"] == before["revision"] {
		t.Error("an edit leaves no trace")
	}
	must(t, m.Edit(conversations, id, map[string]any{"account_relations": []string{}}))
	wantDiff(t, "links", []string{}, m.Links(id, "account_relations"))

	revision = m.Revision()
	for _, err := range []error{
		m.Edit(conversations, id, map[string]any{"account_relations": []string{unknownID}}),
		m.Edit(conversations, id, map[string]any{"is_deleted": true}),
		m.Edit(conversations, unknownID, nil),
		m.Edit("nonsense", id, nil),
		m.SoftDelete(conversations, id), // it is protected
		m.Restore(conversations, unknownID),
		m.Purge(conversations, unknownID),
		m.Edit(conversations, id, map[string]any{"x": func() {}}),
	} {
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("error is %v", err)
		}
	}
	wantDiff(t, "revision", revision, m.Revision())
	if _, err := m.Create(conversations, nil); err == nil {
		t.Error("a conversation without a phone is created")
	}
	wantDiff(t, "requests", 0, len(m.Requests()))
}

func TestPurge(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	fields := map[string]any{
		"recipient_account_id": accountID, "account_relations": []string{accountID, accountID2},
		"messages": []any{map[string]any{"content": "x", "direction": 1}},
	}
	id, other := m.newConversation(t, fields), m.newConversation(t, fields)
	must(t, m.Purge("Accounts", accountID))
	for _, conversation := range []string{id, other} {
		r := m.record(t, conversations, conversation)
		wantDiff(t, "recipient", nil, r["recipient_account_id"])
		wantDiff(t, "links", []string{accountID2}, m.Links(conversation, "account_relations"))
	}
	if before := m.record(t, conversations, other)["revision"]; before != m.Revision() {
		t.Errorf("revision of what has changed is %v", before)
	}

	must(t, m.Purge(conversations, id))
	if _, ok := m.Record(conversations, id); ok {
		t.Error("the conversation is still there")
	}
	m.do(t, http.MethodGet, conversations+"/"+id+"?include-deleted=true", "").wantError(t, 404, 2003, "")
	wantDiff(t, "listed", 1, m.list(t, conversations+"?include-deleted=true").Total)
	wantDiff(t, "relations", 1, len(m.Records(relations)))
	wantDiff(t, "messages", 1, len(m.Records(messages)))

	must(t, m.Purge("Phones", phoneID))
	data := m.do(t, http.MethodGet, conversations+"/"+other, "").data(t)
	wantDiff(t, "phone", nil, data["phone"])
	wantDiff(t, "phone_id", any(phoneID), data["phone_id"])
}

func TestRecord_isACopy(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, map[string]any{"account_relations": []string{accountID}})
	message, err := m.Create(messages, map[string]any{
		"content": "x", "direction": 1, "attachments": []any{map[string]any{"name": "file"}, []any{"a"}},
	})
	must(t, err)
	want := m.record(t, messages, message)
	change := m.record(t, messages, message)
	change["content"] = "y"
	list, _ := change["attachments"].([]any)
	list[0].(map[string]any)["name"] = "other"
	list[1].([]any)[0] = "b"
	wantDiff(t, "message", want, m.record(t, messages, message))

	relationIDs, _ := m.record(t, conversations, id)["account_relations"].([]string)
	relationIDs[0] = "x"
	wantDiff(t, "links", []string{accountID}, m.Links(id, "account_relations"))

	m.do(t, http.MethodPost, "Phones?validation-level=0", newPhone)
	log := m.Requests()
	log[0].Body[0], log[0].Query["validation-level"][0] = 'x', "x"
	wantDiff(t, "body in the log", newPhone, string(m.Requests()[0].Body))
	wantDiff(t, "query in the log", "0", m.Requests()[0].Query.Get("validation-level"))
}

func TestRecord_unknown(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for _, entity := range []string{"Phones", "nonsense"} {
		if _, ok := m.Record(entity, unknownID); ok {
			t.Errorf("%s has an unknown record", entity)
		}
	}
	wantDiff(t, "records", 0, len(m.Records("nonsense")))
	wantDiff(t, "links of nobody", []string{}, m.Links(unknownID, "account_relations"))
	wantDiff(t, "links in nothing", []string{}, m.Links(unknownID, "nonsense"))
}

func TestRequests_reset(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	// The test empties the log during the request.
	m.Inject(mockserver.Fault{Times: 1, Do: m.ResetRequests})
	m.do(t, http.MethodGet, "Phones", "").wantStatus(t, http.StatusOK)
	m.do(t, http.MethodGet, "Accounts", "").wantStatus(t, http.StatusOK)
	log := m.Requests()
	if len(log) != 1 || log[0].Path != "/entities/Accounts" || log[0].Status != http.StatusOK {
		t.Errorf("log is %+v", log)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	var group sync.WaitGroup
	const workers, each = 8, 20
	firstAccount := m.list(t, "Accounts?first=1").PageInfo.EndCursor
	m.ResetRequests()
	for range workers {
		group.Go(func() {
			for range each {
				id, err := m.Create(conversations, map[string]any{"phone_id": phoneID, "account_relations": []string{accountID}})
				if err != nil {
					t.Error(err)
					return
				}
				m.do(t, http.MethodPost, conversations+"/batch-modify", `[{"phone_id":"`+phoneID+`"},{"id":"`+id+`"}]`)
				m.do(t, http.MethodPost, conversations+"/batch-modify", `[{"phone_id":"`+phoneID+`"},{}]`) // rolled back
				m.do(t, http.MethodGet, conversations+"?order-by=-revision&expand=account_relations", "")
				m.Links(id, "account_relations")
				m.Records("Phones")
				m.Requests()
				m.Inject(mockserver.Fault{Kind: mockserver.ShortArray, Times: 1})
				m.Inject(mockserver.Fault{Kind: mockserver.RepeatRecord, Path: "Accounts", Times: 1})
				m.do(t, http.MethodGet, "Accounts?first=1&after="+firstAccount, "")
				if err := m.SetBehavior(mockserver.Behavior{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	wantDiff(t, "conversations", 2*workers*each, len(m.Records(conversations)))
	wantDiff(t, "requests", 4*workers*each, len(m.Requests()))
}
