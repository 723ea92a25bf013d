package mockserver_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestBatch_inOrder(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, nil)
	got := m.do(t, http.MethodPost, conversations+"/batch-modify?validation-level=0&rollback-method=0", `[
		{"phone_id":"`+phoneID+`"},
		{"id":"`+strings.ToUpper(id)+`","recipient_account_id":"`+accountID+`"},
		{"phone_id":"`+phoneID+`","recipient_account_id":"`+accountID2+`"},
		{"id":"`+id+`","recipient_contact_id":"`+contactID+`"}
	]`).ids(t)
	all := m.Records(conversations)
	wantDiff(t, "ids", []any{all[1]["id"], id, all[2]["id"], id}, []any{got[0], got[1], got[2], got[3]})
	twice := m.record(t, conversations, id)
	wantDiff(t, "first update", any(accountID), twice["recipient_account_id"])
	wantDiff(t, "second update", any(contactID), twice["recipient_contact_id"])
	wantDiff(t, "revision", any(m.Revision()), twice["revision"])

	deleted := m.do(t, http.MethodPost, conversations+"/batch-delete", toJSON(t, got[1:3])).ids(t)
	wantDiff(t, "deleted", got[1:3], deleted)
	wantDiff(t, "left", 1, m.list(t, conversations).Total)
	restored := m.do(t, http.MethodPost, conversations+"/batch-restore", toJSON(t, got[1:3])).ids(t)
	wantDiff(t, "restored", got[1:3], restored)
	wantDiff(t, "left", 3, m.list(t, conversations).Total)
	wantDiff(t, "nothing", []string{}, m.do(t, http.MethodPost, conversations+"/batch-modify", `[]`).ids(t))
}

// mixedBatch returns a batch in which only the first and the last item are valid.
func mixedBatch(id string) string {
	return `[
		{"phone_id":"` + phoneID + `","account_relations":[{"account_id":"` + accountID + `"}]},
		{"recipient_account_id":"` + accountID + `"},
		{"id":"` + unknownID + `"},
		{"phone_id":"` + phoneID + `","account_relations":[{"account_id":"` + accountID + `"},{"account_id":"` + unknownID + `"}]},
		{"id":"nonsense"},
		7,
		{"id":"` + id + `","recipient_account_id":"` + accountID + `"}
	]`
}

func TestBatch_rollbackOfFailedItems(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, nil)
	revision := m.Revision()
	got := m.do(t, http.MethodPost, conversations+"/batch-modify?rollback-method=1", mixedBatch(id)).wantStatus(t, http.StatusOK)
	wantDiff(t, "items", []string{"ok", "422/40000", "404/2003", "422/120", "422/40000", "422/117", "ok"}, got.items(t))
	wantDiff(t, "conversations", 2, len(m.Records(conversations)))
	wantDiff(t, "relations", 1, len(m.Records(relations)))
	wantDiff(t, "revision", revision+3, m.Revision())
	wantDiff(t, "updated", any(accountID), m.record(t, conversations, id)["recipient_account_id"])
	wantDiff(t, "listed", 2, m.list(t, conversations).Total)
}

func TestBatch_rollbackOfAll(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reply  string
		status int
		index  any
		items  []string
	}{
		{reply: "error", status: http.StatusUnprocessableEntity, index: nil},
		{reply: "indexed", status: http.StatusUnprocessableEntity, index: float64(1)},
		{
			reply: "items", status: http.StatusOK,
			items: []string{"422/2020", "422/40000", "404/2003", "422/120", "422/40000", "422/117", "422/2020"},
		},
	} {
		m := newMock(t, map[string]string{"rollback-reply": test.reply})
		id := m.newConversation(t, nil)
		m.list(t, conversations) // the caches of the store must not keep what is rolled back
		revision := m.Revision()
		before := m.record(t, conversations, id)

		for _, query := range []string{"", "?rollback-method=0"} {
			got := m.do(t, http.MethodPost, conversations+"/batch-modify"+query, mixedBatch(id)).wantStatus(t, test.status)
			if test.items != nil {
				wantDiff(t, test.reply, test.items, got.items(t))
			} else {
				got.wantError(t, 422, 40000, "phone_id")
				index, has := got.body["entity_index"]
				wantDiff(t, test.reply+" index", test.index, index)
				wantDiff(t, test.reply+" has index", true, has)
			}
		}
		wantDiff(t, "revision", revision, m.Revision())
		wantDiff(t, "conversation", before, m.record(t, conversations, id))
		wantDiff(t, "conversations", 1, m.list(t, conversations+"?include-deleted=true").Total)
		wantDiff(t, "relations", 0, len(m.Records(relations)))
		wantDiff(t, "links", []string{}, m.Links(id, "account_relations"))
	}
}

// A batch that fails as a whole because a record of it does not exist is still a 422.
func TestBatch_rollbackStatus(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"error", "indexed"} {
		m := newMock(t, map[string]string{"rollback-reply": reply})
		got := m.do(t, http.MethodPost, conversations+"/batch-delete", `["`+unknownID+`"]`)
		got.wantError(t, 422, 2003, "")
	}
}

func TestBatch_deleteAndRestore(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id, protected := m.newConversation(t, nil), m.newConversation(t, map[string]any{"is_delete_protected": true})
	ids := toJSON(t, []any{id, unknownID, protected, 7, id})
	got := m.do(t, http.MethodPost, conversations+"/batch-delete?rollback-method=1", ids)
	wantDiff(t, "deleted", []string{"ok", "404/2003", "403/2010", "422/40000", "404/2003"}, got.items(t))
	got = m.do(t, http.MethodPost, conversations+"/batch-restore?rollback-method=1", ids)
	wantDiff(t, "restored", []string{"ok", "404/2003", "ok", "422/40000", "ok"}, got.items(t))

	must(t, m.SoftDelete(conversations, id))
	m.do(t, http.MethodPost, conversations+"/batch-restore", ids).wantError(t, 422, 2003, "")
	wantDiff(t, "still deleted", any(true), m.record(t, conversations, id)["is_deleted"])
}

func TestBatch_refused(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for _, operation := range []string{"batch-modify", "batch-delete", "batch-restore"} {
		for _, test := range []struct{ query, body string }{
			{"", `{}`},
			{"", `null`},
			{"", ``},
			{"", `[`},
			{"", `[]]`},
			{"?rollback-method=2", `[]`},
			{"?rollback-method=", `[]`},
			{"?validation-level=3", `[]`},
			{"?first=1", `[]`},
			{"?filter[id]=1", `[]`},
		} {
			m.do(t, http.MethodPost, conversations+"/"+operation+test.query, test.body).wantError(t, 400, 117, "")
		}
	}
}
