package mockserver_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBehavior_contentFormat(t *testing.T) {
	t.Parallel()
	const sent = "  caf\u00e9 <b>\nto  you\r\n"
	behaviors(t, "content-format", map[string]any{
		"kept":      sent,
		"trimmed":   "caf\u00e9 <b>\nto  you",
		"crlf":      "  caf\u00e9 <b>\r\nto  you\r\n",
		"nfd":       "  cafe\u0301 <b>\nto  you\r\n",
		"entities":  "  caf\u00e9 &lt;b&gt;\nto  you\r\n",
		"collapsed": "caf\u00e9 <b> to you",
	}, func(p play) any {
		id, err := p.Create(messages, map[string]any{"content": "x", "direction": 2})
		must(p.t, err)
		body := toJSON(p.t, map[string]any{"content": sent})
		p.do(p.t, http.MethodPatch, messages+"/"+id, body).wantStatus(p.t, http.StatusOK)
		nested := p.newConversation(p.t, map[string]any{"messages": []any{map[string]any{"content": sent, "direction": 2}}})
		content := p.record(p.t, messages, id)["content"]
		wantDiff(p.t, "nested", content, p.Records(messages)[1]["content"])
		wantDiff(p.t, "messages", 1, len(p.Links(nested, "messages")))
		return content
	})
}

func TestBehavior_contentFormat_nothingLeft(t *testing.T) {
	t.Parallel()
	m := newMock(t, map[string]string{"content-format": "trimmed"})
	m.do(t, http.MethodPost, messages, `{"content":" ","direction":2}`).wantError(t, 422, 40000, "content")
}

func TestBehavior_timePrecision(t *testing.T) {
	t.Parallel()
	behaviors(t, "time-precision", map[string]any{
		"kept": "2024-01-01 00:00:00.123456+00:00", "milliseconds": "2024-01-01 00:00:00.123000+00:00", "seconds": "2024-01-01 00:00:00+00:00",
	}, func(p play) any {
		id, err := p.Create(messages, map[string]any{"content": "x", "direction": 2, "datetime_sent": "2024-01-01T00:00:00.1234567Z"})
		must(p.t, err)
		return p.record(p.t, messages, id)["datetime_sent"]
	})
}

func TestBehavior_batchSuccess(t *testing.T) {
	t.Parallel()
	behaviors(t, "batch-success", map[string]any{"true": []any{true, true}, "mixed-false": []any{false, true}},
		func(p play) any {
			ask := func(body string) any {
				got := p.do(p.t, http.MethodPost, "Phones/batch-modify?rollback-method=1", body).wantStatus(p.t, http.StatusOK)
				wantDiff(p.t, "items", 2, len(got.body["data"].([]any)))
				return got.body["success"]
			}
			return []any{ask(`[{},{"id":"` + unknownID + `"}]`), ask(`[{},{}]`)}
		})
}

func TestBehavior_orderBy(t *testing.T) {
	t.Parallel()
	behaviors(t, "order-by", map[string]any{
		"honored": []any{accountID2, accountID, "new", 200}, "newest": []any{"new", accountID2, accountID, 200},
		"ignored": []any{accountID, accountID2, "new", 200}, "refused": []any{accountID2, accountID, "new", 400},
	}, func(p play) any {
		made, err := p.Create("Accounts", map[string]any{"name": "A"})
		must(p.t, err)
		var ids []any
		for _, page := range p.pages(p.t, "Accounts?order-by=-name&first=1", 4) {
			ids = append(ids, page.column("id")...)
		}
		ids[slices.Index(ids, any(made))] = "new"
		byRevision := p.do(p.t, http.MethodGet, "Accounts?order-by=name,-revision", "")
		if byRevision.status != http.StatusOK {
			byRevision.wantError(p.t, 400, 117, "")
		}
		return append(ids, byRevision.status)
	})
}

func TestBehavior_createdClock(t *testing.T) {
	t.Parallel()
	behaviors(t, "created-clock", map[string]any{"kept": "now", "behind": "behind", "null": "null"}, func(p play) any {
		r := p.record(p.t, conversations, p.newConversation(p.t, nil))
		must(p.t, p.Edit(conversations, r["id"].(string), map[string]any{"recipient_account_id": accountID}))
		wantDiff(p.t, "after an update", r["created"], p.record(p.t, conversations, r["id"].(string))["created"])
		if r["created"] == nil {
			return "null"
		}
		const layout = "2006-01-02 15:04:05.999999-07:00"
		created, err := time.Parse(layout, r["created"].(string))
		must(p.t, err)
		modified, err := time.Parse(layout, r["modified"].(string))
		must(p.t, err)
		switch d := modified.Sub(created); {
		case d == 10*time.Second:
			return "behind"
		case d < 0:
			return "now"
		default:
			return fmt.Sprint(d)
		}
	})
}

func TestBehavior_duplicates(t *testing.T) {
	t.Parallel()
	const refused = "422/40000"
	behaviors(t, "duplicate-conversations", map[string]any{
		"allowed": []string{"ok", "ok", "ok", "ok", "ok", "200", "ok"},
		"refused": []string{"ok", refused, "ok", "ok", refused, "422", "ok"},
	}, func(p play) any {
		t, m := p.t, p.mock
		other, err := m.Create("Phones", nil)
		must(t, err)
		item := func(phone, number string) string {
			return `{"phone_id":"` + phone + `","recipient_phone_number":"` + number + `"}`
		}
		batch := "[" + strings.Join([]string{
			item(phoneID, "+1 907 555 0133"), item(phoneID, "+19075550133"), item(other, "+19075550133"), item(phoneID, "+19075550134"),
		}, ",") + "]"
		answer := m.do(t, http.MethodPost, conversations+"/batch-modify?rollback-method=1", batch)
		got := answer.items(t)
		first := answer.body["data"].([]any)[0].(string)
		must(t, m.SoftDelete(conversations, first))
		_ = m.newConversation(t, map[string]any{"recipient_phone_number": "+1 907 555 0133"})
		got = append(got, m.do(t, http.MethodPost, conversations+"/batch-restore?rollback-method=1", `["`+first+`"]`).items(t)...)
		numberless := m.newConversation(t, nil)
		got = append(got, fmt.Sprint(m.do(t, http.MethodPatch, conversations+"/"+numberless, `{"recipient_phone_number":"+19075550133"}`).status))
		_ = m.newConversation(t, nil)
		return append(got, "ok")
	})
}
