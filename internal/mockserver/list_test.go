package mockserver_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// numberedConversations returns a mock with n numbered conversations, and their ids.
func numberedConversations(t testing.TB, n int) (m mock, ids []any) {
	t.Helper()
	m = newMock(t, nil)
	for i := range n {
		ids = append(ids, m.newConversation(t, map[string]any{"recipient_phone_number": fmt.Sprintf("555%02d", i)}))
	}
	return m, ids
}

func TestList_pages(t *testing.T) {
	t.Parallel()
	m, ids := numberedConversations(t, 7)
	must(t, m.SoftDelete(conversations, fmt.Sprint(ids[3])))
	ids = slices.Delete(ids, 3, 4)
	reversed := slices.Clone(ids)
	slices.Reverse(reversed)

	for _, test := range []struct {
		order string
		ids   []any
	}{
		{"", ids},
		{"&order-by=recipient_phone_number", ids},
		{"&order-by=-recipient_phone_number", reversed},
		{"&order-by=-phone_id,-revision", reversed},
		{"&order-by=is_deleted,created", ids},
		{"&order-by=recipient_account_id", ids}, // all null
		{"&order-by=-id,phone_id", reversed},
	} {
		var forward []any
		var last page
		cursor := ""
		for {
			last = m.list(t, conversations+"?first=2"+test.order+cursor)
			wantDiff(t, "total", 6, last.Total)
			wantDiff(t, "has_previous_page", len(forward) > 0, last.PageInfo.HasPreviousPage)
			forward = append(forward, last.column("id")...)
			cursor = "&after=" + last.PageInfo.EndCursor
			if !last.PageInfo.HasNextPage {
				break
			}
		}
		wantDiff(t, "forward "+test.order, test.ids, forward)

		past := m.do(t, http.MethodGet, conversations+"?first=2"+test.order+cursor, "").text
		wantDiff(t, "past the end", `{"success":true,"total":6,"page_info":{"start_cursor":null,"end_cursor":null,`+
			`"has_previous_page":false,"has_next_page":false},"data":[]}`, past)

		backward := last.column("id")
		for last.PageInfo.HasPreviousPage {
			last = m.list(t, conversations+"?last=2"+test.order+"&before="+last.PageInfo.StartCursor)
			wantDiff(t, "has_next_page", true, last.PageInfo.HasNextPage)
			backward = append(last.column("id"), backward...)
		}
		wantDiff(t, "backward "+test.order, test.ids, backward)
	}
}

func TestList_parts(t *testing.T) {
	t.Parallel()
	m, ids := numberedConversations(t, 40)
	at := func(i int) string {
		return base64.StdEncoding.EncodeToString([]byte(`["` + fmt.Sprint(ids[i]) + `"]`))
	}
	for query, want := range map[string][]any{
		"":                                     ids[:30],
		"?first=100":                           ids,
		"?first=3":                             ids[:3],
		"?last=3":                              ids[37:],
		"?first=10&last=3":                     ids[7:10],
		"?before=" + at(5):                     ids[:5],
		"?first=2&before=" + at(5):             ids[:2],
		"?last=2&before=" + at(5):              ids[3:5],
		"?after=" + at(5) + "&before=" + at(8): ids[6:8],
		"?after=" + at(8) + "&before=" + at(5): {},
		"?after=" + base64.StdEncoding.EncodeToString([]byte(`["ffffffff-ffff-ffff-ffff-ffffffffffff"]`)): {},
	} {
		wantDiff(t, query, want, m.list(t, conversations+query).column("id"))
	}
	wantDiff(t, "cursor", at(2), m.list(t, conversations+"?first=3").PageInfo.EndCursor)
}

// The cache of one order is not used for another order.
func TestList_orders(t *testing.T) {
	t.Parallel()
	m, ids := numberedConversations(t, 3)
	must(t, m.Edit(conversations, fmt.Sprint(ids[1]), nil))
	must(t, m.Edit(conversations, fmt.Sprint(ids[0]), map[string]any{"created": "2999-01-01"}))
	for range 2 {
		for order, want := range map[string][]any{
			"id":                   {ids[0], ids[1], ids[2]},
			"created":              {ids[1], ids[2], ids[0]},
			"revision":             {ids[2], ids[1], ids[0]},
			"-revision":            {ids[0], ids[1], ids[2]},
			"-created":             {ids[0], ids[2], ids[1]},
			"phone_id,-created":    {ids[0], ids[2], ids[1]},
			"phone_id,revision,id": {ids[2], ids[1], ids[0]},
		} {
			wantDiff(t, order, want, m.list(t, conversations+"?order-by="+order).column("id"))
		}
	}
}

// A page after a cursor is right, whatever was written in between.
func TestList_writesBetweenPages(t *testing.T) {
	t.Parallel()
	m, ids := numberedConversations(t, 6)
	order := conversations + "?first=2&order-by=recipient_phone_number"
	p := m.list(t, order)
	must(t, m.Purge(conversations, fmt.Sprint(ids[1]))) // the cursor's own record
	must(t, m.Purge(conversations, fmt.Sprint(ids[2])))
	must(t, m.Edit(conversations, fmt.Sprint(ids[3]), map[string]any{"recipient_account_id": accountID}))
	m.newConversation(t, map[string]any{"recipient_phone_number": "555005"})
	m.newConversation(t, map[string]any{"recipient_phone_number": "555035"})
	next := m.list(t, order+"&after="+p.PageInfo.EndCursor)
	wantDiff(t, "next page", []any{"55503", "555035"}, next.column("recipient_phone_number"))
	all := []any{"55500", "555005", "55503", "555035", "55504", "55505"}
	wantDiff(t, "all", all, m.list(t, conversations+"?order-by=recipient_phone_number").column("recipient_phone_number"))
	wantDiff(t, "the record is the new one", any(accountID), next.Data[0]["recipient_account_id"])
	wantDiff(t, "total", 6, next.Total)
	must(t, m.Purge(conversations, fmt.Sprint(ids[3])))
	wantDiff(t, "total after a purge", 5, m.list(t, order).Total)
}

func TestList_refused(t *testing.T) {
	t.Parallel()
	m, _ := numberedConversations(t, 1)
	encoded := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, query := range []string{
		"first=101", "first=0", "first=-1", "first=x", "first=", "last=101", "last=0", "first=1&first=1",
		"after=x", "after=", "before=x", "after=" + encoded(`x`), "after=" + encoded(`{}`), "after=" + encoded(`[]`),
		"after=" + encoded(`["x"]`), "after=" + encoded(`["`+unknownID+`","`+unknownID+`"]`),
		"order-by=created&after=" + encoded(`["`+unknownID+`"]`),
		"order-by=created&after=" + encoded(`["yesterday","`+unknownID+`"]`),
		"order-by=nonsense", "order-by=messages", "order-by=phone", "order-by=,", "order-by=--id",
		"expand=nonsense", "expand=phone_id", "expand=phone.nonsense", "expand=", "expand=phone,",
		"load-only=nonsense", "load-only=phone_id.name", "load-only=",
		"include-deleted=perhaps", "nonsense=1", "filter=1", "filter[=1", "nonsense[content]=1", "filter-op[nonsense]=null", "validation-level=0",
		"filter[nonsense]=1", "filter[messages]=1", "filter[phone]=1",
	} {
		m.do(t, http.MethodGet, conversations+"?"+query, "").wantError(t, 400, 117, "")
	}
	m.do(t, http.MethodGet, messages+"?filter[attachments]=1", "").wantError(t, 400, 117, "")
	m.do(t, http.MethodGet, messages+"?order-by=attachments", "").wantError(t, 400, 117, "")
}

func TestProjection(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	id := m.newConversation(t, map[string]any{"account_relations": []any{accountID}, "opportunity_relations": []any{opportunityID}})
	account := map[string]any{"id": accountID, "name": "Acme"}
	for _, test := range []struct {
		query string
		want  map[string]any
	}{
		{"load-only=phone_id,recipient_account", map[string]any{"phone_id": phoneID, "recipient_account": nil}},
		{"load-only=phone", map[string]any{"phone": uri("Phones", phoneID)}},
		{"load-only=phone.name", map[string]any{"phone": uri("Phones", phoneID)}},
		{"load-only=phone.name,id&expand=phone", map[string]any{"id": id, "phone": map[string]any{"name": "Front desk"}}},
		{"load-only=id&expand=phone", map[string]any{"id": id}},
		{"load-only=recipient_contact&expand=recipient_contact", map[string]any{"recipient_contact": nil}},
		{
			"load-only=account_relations.account_id&expand=account_relations",
			map[string]any{"account_relations": []any{map[string]any{"account_id": accountID}}},
		},
		{
			"load-only=account_relations.account.id,account_relations.account.name&expand=account_relations.account",
			map[string]any{"account_relations": []any{map[string]any{"account": account}}},
		},
		{
			"load-only=opportunity_relations.oppty.name,opportunity_relations.lead&expand=opportunity_relations.oppty,opportunity_relations.lead",
			map[string]any{"opportunity_relations": []any{
				map[string]any{"lead": nil, "oppty": map[string]any{"name": "Opportunity"}},
			}},
		},
	} {
		wantDiff(t, "get "+test.query, test.want, m.do(t, http.MethodGet, conversations+"/"+id+"?"+test.query, "").data(t))
		wantDiff(t, "list "+test.query, []map[string]any{test.want}, m.list(t, conversations+"?"+test.query).Data)
	}

	// A field that both parameters name is the whole object.
	for _, loadOnly := range []string{"phone", "phone,phone.name"} {
		got := m.list(t, conversations+"?expand=phone&load-only="+loadOnly).Data[0]["phone"]
		wantDiff(t, "whole", any(m.do(t, http.MethodGet, "Phones/"+phoneID, "").data(t)), got)
	}
	whole := m.list(t, conversations+"?expand=phone,account_relations").Data[0]
	wantDiff(t, "fields with expand", 20, len(whole))
	if s, _ := whole["phone"].(map[string]any); s["name"] != "Front desk" {
		t.Errorf("phone is %v", whole["phone"])
	}
}

func TestList_largeSpace(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	seed := make([]map[string]any, 10_000)
	for i := range seed {
		seed[i] = map[string]any{"phone_id": phoneID}
	}
	must(t, m.Seed(map[string][]map[string]any{conversations: seed}))
	before := m.Revision()
	item := `{"phone_id":"` + phoneID + `"}`
	created := m.do(t, http.MethodPost, conversations+"/batch-modify", "["+strings.Repeat(item+",", 99)+item+"]").ids(t)

	newer := fmt.Sprintf("%s?first=100&load-only=id&filter[revision]=%d&filter-op[revision]=gt", conversations, before)
	got := m.list(t, newer)
	wantDiff(t, "newer", 100, got.Total)
	for i, id := range got.column("id") {
		wantDiff(t, "id", any(created[i]), id)
	}
	wantDiff(t, "total", 10_100, m.list(t, conversations+"?first=1").Total)

	for op, want := range map[string]int{"lt": 9_999, "lte": 10_000, "eq": 1, "gte": 101} {
		got := m.list(t, fmt.Sprintf("%s?first=1&filter[revision]=%d&filter-op[revision]=%s", conversations, before, op))
		wantDiff(t, op, want, got.Total)
	}

	// The same query has another result after another write.
	must(t, m.SoftDelete(conversations, created[0]))
	wantDiff(t, "newer after a delete", 99, m.list(t, newer).Total)
	must(t, m.Edit(conversations, fmt.Sprint(m.Records(conversations)[0]["id"]), map[string]any{}))
	wantDiff(t, "newer after an edit", 100, m.list(t, newer).Total)
	wantDiff(t, "gte", 1, m.list(t, fmt.Sprintf("%s?filter[revision]=%d&filter-op[revision]=gte", conversations, m.Revision())).Total)
}
