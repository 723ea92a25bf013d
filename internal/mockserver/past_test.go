package mockserver_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

func TestLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMock(t, nil)
		m.newConversation(t, nil)
		m.SetLag(3 * time.Second)
		total := func() int { return m.list(t, conversations).Total }
		wantDiff(t, "at first", 1, total())

		id := m.do(t, http.MethodPost, conversations, `{"phone_id":"`+phoneID+`"}`).wantStatus(t, 201).data(t)["id"].(string)
		time.Sleep(time.Second)
		m.do(t, http.MethodPatch, conversations+"/"+id, `{"recipient_account_id":"`+accountID+`"}`).wantStatus(t, 200)
		m.newConversation(t, nil)
		wantDiff(t, "a second after the first write", 1, total())
		wantDiff(t, "stored", 3, len(m.Records(conversations)))
		m.do(t, http.MethodGet, conversations+"/"+id, "").wantStatus(t, http.StatusNotFound)

		time.Sleep(2 * time.Second)
		wantDiff(t, "three seconds after it", 2, total())
		account := m.do(t, http.MethodGet, conversations+"/"+id, "").data(t)["recipient_account_id"]
		wantDiff(t, "account before the second write", nil, account)
		must(t, m.Seed(map[string][]map[string]any{"Phones": {{"name": "x"}}}))
		wantDiff(t, "with a seed", 3, total())

		m.newConversation(t, nil)
		m.SetLag(0)
		wantDiff(t, "without a lag", 4, total())
	})
}

func TestBackup(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, time.Hour} {
		m := newMock(t, nil)
		m.SetLag(lag)
		if m.RestoreBackup() == nil {
			t.Error("it restores a backup that there is not")
		}
		linked := map[string]any{"account_relations": []any{accountID}}
		id := m.newConversation(t, linked)
		record, revision := m.record(t, conversations, id), m.Revision()
		m.Backup()
		for range 2 { // later writes don't change a backup
			must(t, m.Edit(conversations, id, map[string]any{"account_relations": []any{}}))
			must(t, m.Edit(conversations, id, map[string]any{"account_relations": []any{accountID2}, "recipient_account_id": accountID}))
			other := m.newConversation(t, linked)
			must(t, m.Purge(relations, m.record(t, relations, m.record(t, conversations, other)["account_relations"].([]string)[0])["id"].(string)))
			must(t, m.RestoreBackup())
			wantDiff(t, "record", record, m.record(t, conversations, id))
			wantDiff(t, "links", []string{accountID}, m.Links(id, "account_relations"))
			wantDiff(t, "revision", revision, m.Revision())
			wantDiff(t, "listed", 1, m.list(t, conversations+"?include-deleted=true").Total)
		}
	}
}

func TestMaxBatchItems(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	m.SetMaxBatchItems(2)
	m.do(t, http.MethodPost, "Phones/batch-modify", `[{},{}]`).wantStatus(t, http.StatusOK)
	for _, operation := range []string{"batch-modify", "batch-delete", "batch-restore"} {
		got := m.do(t, http.MethodPost, "Phones/"+operation, `[{},{},{}]`).wantStatus(t, http.StatusRequestEntityTooLarge)
		wantDiff(t, "content type", "text/html", got.header.Get("Content-Type"))
	}
	wantDiff(t, "phones", 3, len(m.Records("Phones")))
}

func TestSpaces(t *testing.T) {
	t.Parallel()
	server, err := mockserver.New(mockserver.Options{OtherSpaces: []string{"other"}})
	must(t, err)
	m, other := mock{server}, mock{server.InSpace("other")}
	must(t, other.Seed(map[string][]map[string]any{"Phones": {{"id": phoneID}}}))
	wantDiff(t, "phones of the first", 0, m.list(t, "Phones").Total)
	r := httptest.NewRequest(http.MethodGet, "http://example.com"+other.SpacePath()+"/entities/Phones/"+phoneID, nil)
	r.SetBasicAuth("user", "password")
	wantDiff(t, "phone of the other", any(phoneID), serve(t, m, r).wantStatus(t, http.StatusOK).data(t)["id"])
	wantDiff(t, "requests", []int{1, 1}, []int{len(m.Requests()), len(other.Requests())})
	wantDiff(t, "count", `{"count":1}`, m.control(t, http.MethodGet, "requests?count&space=other", "").text)
	m.control(t, http.MethodPost, "seed?space=other", `{"Phones":[{}]}`).wantStatus(t, http.StatusNoContent)
	wantDiff(t, "phones", []int{0, 2}, []int{len(m.Records("Phones")), len(other.Records("Phones"))})
	m.control(t, http.MethodGet, "requests?space=x", "").wantStatus(t, http.StatusBadRequest)
	if server.InSpace("x") != nil {
		t.Error("there is a space x")
	}
	for _, options := range []mockserver.Options{
		{OtherSpaces: []string{"a", "a"}},
		{OtherSpaces: []string{"test_space"}},
		{OtherSpaces: []string{""}},
		{OtherSpaces: []string{"a/b"}},
		{Space: "a/b"},
		{Space: "a?b"},
		{Space: "a#b"},
		{Space: "a%b"},
	} {
		if _, err := mockserver.New(options); err == nil {
			t.Errorf("%+v is accepted", options)
		}
	}
}

func TestControl_past(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	m.control(t, http.MethodPost, "restore", "").wantStatus(t, http.StatusBadRequest)
	m.control(t, http.MethodPost, "backup", "").wantStatus(t, http.StatusNoContent)
	m.newConversation(t, nil)
	m.control(t, http.MethodPost, "restore", "").wantStatus(t, http.StatusNoContent)
	wantDiff(t, "conversations", 0, len(m.Records(conversations)))
}

func TestControl_settings(t *testing.T) {
	t.Parallel()
	m := newMock(t, map[string]string{"create-status": "ok"})
	settings := `{"lag":"1h","max-batch-items":1,"phone-format":"masked"}`
	m.control(t, http.MethodPost, "settings", settings).wantStatus(t, http.StatusNoContent)
	m.do(t, http.MethodPost, "Phones", `{}`).wantStatus(t, http.StatusOK) // settings that are not named stay
	wantDiff(t, "lagging", 1, m.list(t, "Phones").Total)
	m.do(t, http.MethodPost, "Phones/batch-modify", `[{},{}]`).wantStatus(t, http.StatusRequestEntityTooLarge)
	id := m.newConversation(t, map[string]any{"recipient_phone_number": "+19075550133"})
	wantDiff(t, "number", any("+*******0133"), m.record(t, conversations, id)["recipient_phone_number"])

	m.control(t, http.MethodPost, "settings", `{"lag":"0s"}`).wantStatus(t, http.StatusNoContent)
	wantDiff(t, "not lagging", 2, m.list(t, "Phones").Total)
	m.do(t, http.MethodPost, "Phones/batch-modify", `[{},{}]`).wantStatus(t, http.StatusRequestEntityTooLarge)
	for _, body := range []string{``, `[]`, `{"nonsense":"x"}`, `{"lag":"soon"}`, `{"phone-format":"x"}`, `{"phone-format":1}`, `{"lag":"-1s"}`, `{"max-batch-items":-1}`} {
		m.control(t, http.MethodPost, "settings", body).wantStatus(t, http.StatusBadRequest)
	}
}
