package mockserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// BenchmarkLargeSpace measures what acceptance tests do in a space of 50,000 conversations.
func BenchmarkLargeSpace(b *testing.B) {
	m := newMock(b, nil)
	seed := make([]map[string]any, 50_000)
	for i := range seed {
		seed[i] = map[string]any{"phone_id": phoneID, numberField: fmt.Sprintf("+1555%07d", i)}
	}
	must(b, m.Seed(map[string][]map[string]any{conversations: seed}))

	for _, query := range []string{
		"?first=100&load-only=id,revision", "?first=100&order-by=-modified", "?first=100&filter[phone_id]=" + phoneID,
	} {
		b.Run("page "+query, func(b *testing.B) {
			cursor := ""
			for b.Loop() {
				page := m.list(b, conversations+query+cursor)
				cursor = "&after=" + page.PageInfo.EndCursor
				if !page.PageInfo.HasNextPage {
					cursor = ""
				}
			}
		})
	}

	item := `{"phone_id":"` + phoneID + `"}`
	hundred := "[" + strings.Repeat(item+",", 99) + item + "]"
	b.Run("create 100", func(b *testing.B) {
		for b.Loop() {
			m.do(b, http.MethodPost, conversations+"/batch-modify", hundred).wantStatus(b, http.StatusOK)
		}
	})
	b.Run("create 100 and read them back", func(b *testing.B) {
		for b.Loop() {
			before := m.Revision()
			m.do(b, http.MethodPost, conversations+"/batch-modify", hundred).wantStatus(b, http.StatusOK)
			m.list(b, fmt.Sprintf("%s?filter[revision]=%d&filter-op[revision]=gt", conversations, before))
		}
	})
	b.Run("create 100 and list", func(b *testing.B) {
		for b.Loop() {
			m.do(b, http.MethodPost, conversations+"/batch-modify", hundred).wantStatus(b, http.StatusOK)
			m.list(b, conversations)
		}
	})
}
