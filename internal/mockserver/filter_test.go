package mockserver_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	conversation := m.newConversation(t, nil)
	must(t, m.Seed(map[string][]map[string]any{messages: {
		{"content": "a", "direction": 1, "message_sid": "Alpha", "score": 1.5, "datetime_sent": "2024-01-01T00:00:00Z"},
		{"content": "b", "direction": 2, "message_sid": "alphabet", "score": 10, "datetime_sent": "2024-01-02T00:00:00Z"},
		{"content": "c", "direction": 1, "message_sid": "BETA", "status": 5, "datetime_sent": "2024-01-10T00:00:00Z"},
		{"content": "d", "direction": 2, "message_sid": "", "is_delete_protected": true, "text_message_conversation_id": conversation},
		{"content": "e", "direction": 2, "score": -2},
	}}))
	for _, test := range []struct{ field, op, value, want string }{
		{"content", "", "a", "a"},
		{"message_sid", "eq", "Alpha", "a"},
		{"message_sid", "eq", "alpha", ""},
		{"message_sid", "eq", "", "d"},
		{"message_sid", "ieq", "ALPHA", "a"},
		{"message_sid", "not-eq", "Alpha", "bcde"},
		{"message_sid", "not-ieq", "ALPHA", "bcde"},
		{"message_sid", "contains", "lpha", "ab"},
		{"message_sid", "contains", "LPHA", ""},
		{"message_sid", "icontains", "LPHA", "ab"},
		{"message_sid", "starts", "alpha", "b"},
		{"message_sid", "starts", "lpha", ""},
		{"message_sid", "istarts", "ALPHA", "ab"},
		{"message_sid", "ends", "bet", "b"},
		{"message_sid", "ends", "ta", ""},
		{"message_sid", "iends", "TA", "c"},
		{"message_sid", "iends", "ta", "c"},
		{"message_sid", "null", "", "e"},
		{"message_sid", "not-null", "", "abcd"},
		{"message_sid", "empty", "", "de"},
		{"message_sid", "not-empty", "", "abc"},
		{"message_sid", "gt", "Alpha", "bc"},

		{"direction", "eq", "2", "bde"},
		{"direction", "not-eq", "2", "ac"},
		{"direction", "eq", "7", ""},
		{"status", "null", "", "abde"},
		{"score", "eq", "1.50", "a"},
		{"score", "not-eq", "10", "acde"},
		{"score", "gt", "1.5", "b"},
		{"score", "gte", "1.5", "ab"},
		{"score", "lt", "1.5", "e"},
		{"score", "lte", "1.5", "ae"},
		{"score", "lt", "9", "ae"}, // as numbers, not as text
		{"score", "between", "-2,1.5", "ae"},
		{"score", "between", "2,1", ""},

		{"datetime_sent", "eq", "2024-01-02 01:00:00+01:00", "b"},
		{"datetime_sent", "gt", "2024-01-02T00:00:00", "c"},
		{"datetime_sent", "gte", "2024-01-02T00:00:00Z", "bc"},
		{"datetime_sent", "lt", "2024-01-02", "a"},
		{"datetime_sent", "lte", "2024-01-02", "ab"},
		{"datetime_sent", "between", "2024-01-02,2024-01-31", "bc"},

		{"is_delete_protected", "eq", "true", "d"},
		{"is_delete_protected", "not-eq", "true", "abce"},
		{"text_message_conversation_id", "eq", strings.ToUpper(conversation), "d"},
		{"text_message_conversation_id", "starts", strings.ToUpper(conversation[:9]), "d"},
		{"text_message_conversation_id", "not-null", "", "d"},
	} {
		query := url.Values{}
		if test.value != "" || test.op == "eq" {
			query.Set("filter["+test.field+"]", test.value)
		}
		if test.op != "" {
			query.Set("filter-op["+test.field+"]", test.op)
		}
		var got strings.Builder
		for _, content := range m.list(t, messages+"?"+query.Encode()).column("content") {
			fmt.Fprint(&got, content)
		}
		wantDiff(t, test.field+" "+test.op+" "+test.value, test.want, got.String())
	}

	both := m.list(t, messages+"?filter[direction]=2&filter[score]=0&filter-op[score]=gt")
	wantDiff(t, "two filters", []any{"b"}, both.column("content"))
	wantDiff(t, "total", 1, both.Total)
}

func TestFilter_twiceOnOneField(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for _, content := range []string{"a", "ab", "abc", "bc"} {
		_, err := m.Create(messages, map[string]any{"content": content, "direction": 2})
		must(t, err)
	}
	for query, want := range map[string][]any{
		"filter[content]=a&filter-op[content]=starts&filter[content]=c&filter-op[content]=ends": {"abc"},
		"filter-op[content]=starts&filter-op[content]=ends&filter[content]=a&filter[content]=b": {"ab"},
		"filter[content]=a&filter[content]=ab":                                                  {},
		"filter[content]=a&filter[content]=a":                                                   {"a"},
		"filter-op[content]=not-null&filter-op[content]=null":                                   {},
		"filter[revision]=9&filter-op[revision]=gt&filter[revision]=11&filter-op[revision]=lte": {"ab", "abc"},
		"filter[revision]=11&filter-op[revision]=lte&filter[revision]=9&filter-op[revision]=gt": {"ab", "abc"},
	} {
		wantDiff(t, query, want, m.list(t, messages+"?"+query).column("content"))
	}
}

func TestFilter_refused(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for _, op := range []string{"ieq", "not-ieq", "contains", "starts", "ends", "icontains", "istarts", "iends"} {
		m.do(t, http.MethodGet, messages+"?filter[direction]=1&filter-op[direction]="+op, "").wantError(t, 400, 117, "")
	}
	for _, op := range []string{"gt", "gte", "lt", "lte"} {
		m.do(t, http.MethodGet, messages+"?filter[is_deleted]=true&filter-op[is_deleted]="+op, "").wantError(t, 400, 117, "")
	}
	m.do(t, http.MethodGet, messages+"?filter[is_deleted]=true,false&filter-op[is_deleted]=between", "").wantError(t, 400, 117, "")
	for _, query := range []string{
		"filter[content]=a&filter-op[content]=in",
		"filter-op[content]=eq",
		"filter-op[content]=contains",
		"filter-op[nonsense]=null",
		"filter[direction]=x",
		"filter[direction]=",
		"filter[score]=1&filter-op[score]=ieq",
		"filter[datetime_sent]=yesterday",
		"filter[datetime_sent]=2024&filter-op[datetime_sent]=starts",
		"filter[is_deleted]=perhaps",
		"filter[score]=1&filter-op[score]=between",
		"filter[score]=1,2,3&filter-op[score]=between",
		"filter[text_message_conversation_id]=12",
		"filter[content]=a&filter[content]=b&filter-op[content]=eq",
		"filter[content]=a&filter-op[content]=eq&filter-op[content]=starts",
		"filter[content]=a&filter[content]=b&filter-op[content]=eq&filter-op[content]=in",
		"order-by=id&order-by=id",
	} {
		m.do(t, http.MethodGet, messages+"?"+query, "").wantError(t, 400, 117, "")
	}
}
