package mockserver_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const theirNumber = "+1 907 555 0133"

// incoming is the conversation that an incoming text message makes.
const incoming = `{"create":{"entity":"TextMessageConversations","values":{"phone_id":"` + phoneID + `",` +
	`"recipient_phone_number":"` + theirNumber + `","messages":[{"content":"Hello?","direction":2}]}}}`

func TestFault_acts(t *testing.T) {
	t.Parallel()
	ours := `[{"phone_id":"` + phoneID + `","recipient_phone_number":"` + theirNumber + `","recipient_account_id":"` + accountID + `"}]`
	edit := `{"edit":{"entity":"TextMessageConversations","where":{"recipient_account_id":"` + accountID + `"},` +
		`"values":{"recipient_account_id":"` + accountID2 + `"}}}`
	remove := `{"delete":{"entity":"TextMessageConversations","where":{"recipient_phone_number":"` + theirNumber + `"}}}`
	for _, test := range []struct {
		fault string
		want  []string // of each conversation in the order of creation: messages, account, and whether it is deleted
	}{
		{`{"before":` + incoming + `}`, []string{"1 <nil> false", "0 b1 false"}},
		{`{"after":` + incoming + `}`, []string{"0 b1 false", "1 <nil> false"}},
		{`{"kind":"drop_before","before":` + incoming + `,"after":` + incoming + `}`, []string{"1 <nil> false"}},
		{`{"kind":"drop_after","before":[` + incoming + `,` + incoming + `]}`, []string{"1 <nil> false", "1 <nil> false", "0 b1 false"}},
		{`{"kind":"status_after","before":` + edit + `,"after":` + edit + `}`, []string{"0 b2 false"}},
		{`{"before":` + incoming + `,"after":` + edit + `}`, []string{"1 <nil> false", "0 b2 false"}},
		{`{"kind":"drop_after","before":` + incoming + `,"after":` + remove + `}`, []string{"1 <nil> true", "0 b1 true"}},
	} {
		s := newService(t)
		s.control(t, http.MethodPost, "faults", test.fault).wantStatus(t, http.StatusNoContent)
		_, _ = s.ask(t, t.Context(), http.MethodPost, conversations+"/batch-modify", ours)
		var got []string
		for _, r := range s.Records(conversations) {
			account := fmt.Sprint(r["recipient_account_id"])
			got = append(got, fmt.Sprint(len(r["messages"].([]string)), " ", account[max(0, len(account)-2):], " ", r["is_deleted"]))
		}
		for i := range got {
			got[i] = strings.Replace(got[i], "l>", "<nil>", 1)
		}
		wantDiff(t, test.fault, test.want, got)
	}
}

func TestFault_impossibleActs(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	acts := mockserver.Acts{{Purge: &mockserver.Target{Entity: "Phones", ID: unknownID}}}
	m.Inject(mockserver.Fault{Before: acts, Times: 1}, mockserver.Fault{After: acts, Times: 1})
	for _, phones := range []int{1, 2} {
		m.do(t, http.MethodPost, "Phones", newPhone).wantStatus(t, http.StatusInternalServerError)
		wantDiff(t, "phones", phones, len(m.Records("Phones")))
	}
}

func TestControl_records(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	ids := func(body string) []string {
		var answer struct{ IDs []string }
		must(t, json.Unmarshal([]byte(m.control(t, http.MethodPost, "records", body).wantStatus(t, http.StatusOK).text), &answer))
		return answer.IDs
	}
	id := ids(incoming)[0]
	account := func() any { return m.record(t, conversations, id)["recipient_account_id"] }
	target := func(verb, more string) string {
		return `{"` + verb + `":{"entity":"TextMessageConversations","id":"` + id + `"` + more + `}}`
	}
	deleted := func() any { return m.record(t, conversations, id)["is_deleted"] }
	wantDiff(t, "edited", []string{id}, ids(target("edit", `,"values":{"recipient_account_id":"`+accountID+`"}`)))
	wantDiff(t, "account", any(accountID), account())
	wantDiff(t, "deleted", []string{id}, ids(target("delete", "")))
	wantDiff(t, "is deleted", any(true), deleted())
	where := `,"where":{"phone_id":"` + phoneID + `"}}}`
	m.control(t, http.MethodPost, "records", `{"delete":{"entity":"TextMessageConversations"`+where).wantStatus(t, http.StatusBadRequest)
	wantDiff(t, "restored", []string{id}, ids(`{"restore":{"entity":"TextMessageConversations"`+where))
	wantDiff(t, "is deleted", any(false), deleted())
	var records []map[string]any
	must(t, json.Unmarshal([]byte(m.control(t, http.MethodGet, "records?entity="+conversations, "").text), &records))
	wantDiff(t, "record", any(id), records[0]["id"])
	wantDiff(t, "purged, and a new one", 2, len(ids("["+target("purge", "")+","+incoming+"]")))
	if _, there := m.Record(conversations, id); there {
		t.Error("it is still there")
	}
}

func TestControl_recordsRefused(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for body, want := range map[string]string{
		``:                                     "it is empty, but must be JSON",
		`{}`:                                   "exactly one",
		`{"nonsense":{}}`:                      `unknown field \"nonsense\"; the fields are [\"create\" \"edit\" \"delete\" \"restore\" \"purge\" \"entity\" \"id\" \"where\" \"values\"]`,
		`{"create":{"entity":"Nonsense"}}`:     `unknown entity \"Nonsense\"`,
		`{"create":{"entity":"Phones","x":1}}`: `unknown field \"x\"`,
		`{"create":{"entity":"Phones","id":"` + unknownID + `"}}`:                                                               "neither id nor where",
		`{"edit":{"entity":"Phones"}}`:                                                                                          "an id or a where",
		`{"edit":{"entity":"Phones","id":"` + unknownID + `"}}`:                                                                 "was not found",
		`{"edit":{"entity":"Phones","where":{"name":"x"},"values":{"name":"y"}}}`:                                               `no record has what this act looks for: {\"edit\":{\"entity\":\"Phones\",\"where\"`,
		`{"create":{"entity":"Phones","values":{"name":1}}}`:                                                                    "must be a string",
		`{"edit":{"entity":"Phones","id":"` + phoneID + `"},"delete":{"entity":"Phones","id":"` + phoneID + `"}}`:               "exactly one",
		`[{"create":{"entity":"TextMessageConversations","values":{"phone_id":"` + unknownID + `"}}},{"create":{"entity":""}}]`: "unknown entity",
	} {
		got := m.control(t, http.MethodPost, "records", body).wantStatus(t, http.StatusBadRequest)
		if !strings.Contains(got.text, want) {
			t.Errorf("%s is refused with %s", body, got.text)
		}
	}
	m.control(t, http.MethodGet, "records?entity=x", "").wantStatus(t, http.StatusBadRequest)
	fault := `{"kind":"drop_after","before":{"create":{"entity":"x"}}}`
	m.control(t, http.MethodPost, "faults", fault).wantStatus(t, http.StatusBadRequest)
	wantDiff(t, "revision", 8, m.Revision())
}
