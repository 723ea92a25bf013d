package mockserver_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestBehavior_phoneFormat(t *testing.T) {
	t.Parallel()
	behaviors(t, "phone-format", map[string]any{
		"kept":        []any{" +1 (555) 010-0000", "555/01 00", "0044 20 7946 0000", "1 907 555 0133"},
		"e164":        []any{"+15550100000", "5550100", "00442079460000", "19075550133"},
		"digits":      []any{"15550100000", "5550100", "00442079460000", "19075550133"},
		"double-zero": []any{"0015550100000", "5550100", "00442079460000", "19075550133"},
		"country":     []any{"+15550100000", "+15550100", "+442079460000", "+19075550133"},
		"masked":      []any{" +* (***) ***-0000", "***/01 00", "**** ** **** 0000", "* *** *** 0133"},
	}, func(p play) any {
		t, m := p.t, p.mock
		var stored []any
		for _, number := range []string{" +1 (555) 010-0000", "555/01 00", "0044 20 7946 0000", "1 907 555 0133"} {
			id := m.newConversation(t, map[string]any{"recipient_phone_number": number})
			now := m.record(t, conversations, id)["recipient_phone_number"]
			stored = append(stored, now)
			for _, same := range []any{number, now} { // sending either changes nothing
				must(t, m.Edit(conversations, id, map[string]any{"recipient_phone_number": same}))
				wantDiff(t, "sent again", now, m.record(t, conversations, id)["recipient_phone_number"])
			}
			if err := m.Edit(conversations, id, map[string]any{"recipient_phone_number": "+1 907 555 0199"}); err == nil {
				t.Error("another number is accepted")
			}
		}
		return stored
	})
}

func TestBehavior_relationError(t *testing.T) {
	t.Parallel()
	behaviors(t, "relation-error", map[string]any{
		"message": []string{"", ""}, "field": []string{"phone_id", "account_relations"},
	}, func(p play) any {
		t, m := p.t, p.mock
		var named []string
		for _, body := range []string{
			`{"phone_id":"` + unknownID + `"}`,
			`{"phone_id":"` + phoneID + `","account_relations":[{"account_id":"` + unknownID + `"}]}`,
		} {
			got := m.do(t, http.MethodPost, conversations, body)
			fields := ""
			if list, _ := got.body["field_errors"].([]any); len(list) > 0 {
				fields = fmt.Sprint(list[0].(map[string]any)["field_name"])
			}
			got.wantError(t, 422, 120, fields)
			if message := fmt.Sprint(got.body["message"]); !strings.Contains(message, unknownID) {
				t.Errorf("the message doesn't name the id: %s", message)
			}
			named = append(named, fields)
		}
		return named
	})
}

// parentBumps returns for each write of a child whether it changes the revisions of the two conversations.
func parentBumps(t *testing.T, m mock, entity string, fields map[string]any) any {
	t.Helper()
	id, other := m.newConversation(t, nil), m.newConversation(t, nil)
	fields["text_message_conversation_id"] = id
	revision := func() []int {
		var revisions []int
		for _, conversation := range []string{id, other} {
			r, _ := m.record(t, conversations, conversation)["revision"].(int)
			revisions = append(revisions, r)
		}
		return revisions
	}
	var bumps []bool
	step := func(do func()) {
		before := revision()
		do()
		after := revision()
		bumps = append(bumps, before[0] != after[0], before[1] != after[1])
	}
	var child string
	step(func() {
		child, _ = m.do(t, http.MethodPost, entity, toJSON(t, fields)).wantStatus(t, http.StatusCreated).data(t)["id"].(string)
	})
	step(func() {
		move := `{"text_message_conversation_id":"` + other + `"}`
		m.do(t, http.MethodPatch, entity+"/"+child, move).wantStatus(t, http.StatusOK)
	})
	step(func() { m.do(t, http.MethodDelete, entity+"/"+child, "").wantStatus(t, http.StatusOK) })
	step(func() { m.do(t, http.MethodPost, entity+"/batch-restore", `["`+child+`"]`).ids(t) })
	step(func() { must(t, m.SoftDelete(entity, child)) })
	step(func() { must(t, m.Restore(entity, child)) })
	step(func() {
		_, err := m.Create(entity, fields)
		must(t, err)
	})
	step(func() { m.do(t, http.MethodPost, entity+"/batch-modify", "["+toJSON(t, fields)+"]").ids(t) })
	step(func() { m.do(t, http.MethodPost, entity+"/batch-delete", `["`+child+`"]`).ids(t) })
	return bumps
}

var (
	bumped = []bool{
		true, false, // create
		true, true, // move to the other conversation
		false, true, false, true, // delete, restore
		false, true, false, true, // delete and restore by another user
		true, false, true, false, // create by another user, create in a batch
		false, true, // delete in a batch
	}
	notBumped = make([]bool, len(bumped))
)

func TestBehavior_relationRevision(t *testing.T) {
	t.Parallel()
	behaviors(t, "relation-revision", map[string]any{"bump": bumped, "keep": notBumped}, func(p play) any {
		t, m := p.t, p.mock
		return parentBumps(t, m, relations, map[string]any{"account_id": accountID})
	})
}

func TestBehavior_messageRevision(t *testing.T) {
	t.Parallel()
	behaviors(t, "message-revision", map[string]any{"keep": notBumped, "bump": bumped}, func(p play) any {
		t, m := p.t, p.mock
		return parentBumps(t, m, messages, map[string]any{"content": "x", "direction": 1})
	})
}

func TestBehavior_timeFormat(t *testing.T) {
	t.Parallel()
	behaviors(t, "time-format", map[string]any{
		"space": []any{"2024-07-09 12:51:48.050070+00:00", "2019-01-01 00:00:00+00:00"},
		"t":     []any{"2024-07-09T12:51:48.050070", "2019-01-01T00:00:00"},
	}, func(p play) any {
		t, m := p.t, p.mock
		var written []any
		for _, sent := range []string{"2024-07-09 14:51:48.05007+02:00", "2019-01-01T00:00:00"} {
			data := m.do(t, http.MethodPost, messages, `{"content":"x","direction":1,"datetime_sent":"`+sent+`"}`).data(t)
			written = append(written, data["datetime_sent"])
		}
		// The server reads a cursor in this format too.
		first := m.list(t, messages+"?first=1&order-by=-datetime_sent")
		next := m.list(t, messages+"?order-by=-datetime_sent&after="+first.PageInfo.EndCursor)
		wantDiff(t, "next page", written[1:], next.column("datetime_sent"))
		return written
	})
}

func TestBehavior_createStatus(t *testing.T) {
	t.Parallel()
	behaviors(t, "create-status", map[string]any{"created": 201, "ok": 200}, func(p play) any {
		t, m := p.t, p.mock
		return m.do(t, http.MethodPost, "Phones", `{}`).status
	})
}

// The revision is one counter for the whole space, and each record that is written gets the next number.
func TestRevision(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	start := m.Revision()
	body := `{"phone_id":"` + phoneID + `","account_relations":[{"account_id":"` + accountID + `"}],"messages":[{"content":"x","direction":1}]}`
	m.do(t, http.MethodPost, conversations, body).wantStatus(t, http.StatusCreated)
	m.do(t, http.MethodPatch, "Phones/"+phoneID, `{}`).wantStatus(t, http.StatusOK)
	var revisions []int
	for _, entity := range []string{conversations, relations, messages, "Phones"} {
		r, _ := m.Records(entity)[0]["revision"].(int)
		revisions = append(revisions, r-start)
	}
	slices.Sort(revisions)
	wantDiff(t, "revisions", []int{1, 2, 3, 4}, revisions)
	wantDiff(t, "revision of the space", start+4, m.Revision())

	// A relation and a message that a change of the conversation deletes get one revision each.
	id := fmt.Sprint(m.Records(conversations)[0]["id"])
	m.do(t, http.MethodPatch, conversations+"/"+id, `{"account_relations":[],"messages":[]}`).wantStatus(t, http.StatusOK)
	wantDiff(t, "revision after removing two", start+7, m.Revision())
}

// A request whose body breaks off is neither carried out nor logged.
func TestCutBody(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	body := io.MultiReader(strings.NewReader(`{}`), iotest.ErrReader(io.ErrUnexpectedEOF))
	r := httptest.NewRequest(http.MethodPost, baseURL+"/entities/Phones", body)
	r.SetBasicAuth("user", "password")
	func() {
		defer func() { _ = recover() }() // a recorder has no connection to close, so the server panics
		m.ServeHTTP(httptest.NewRecorder(), r)
	}()
	wantDiff(t, "phones", 1, len(m.Records("Phones")))
	wantDiff(t, "requests", 0, len(m.Requests()))
}

func TestTooLargeABody(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	r := httptest.NewRequest(http.MethodPost, baseURL+"/entities/Phones", strings.NewReader(strings.Repeat(" ", 33<<20)))
	r.SetBasicAuth("user", "password")
	serve(t, m, r).wantStatus(t, http.StatusRequestEntityTooLarge)
}
