package provider_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
)

// A liar stands between the provider and the CRM. lie changes an answer, which is nil if it is not a JSON object. If
// lie returns a status, the status is the answer. Without lie, the answers are honest.
type liar struct {
	honest http.Handler
	lie    func(r *http.Request, answer map[string]any) (status int)
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.lie == nil {
		l.honest.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	l.honest.ServeHTTP(recorder, r)
	text := recorder.Body.Bytes()
	var answer map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&answer)
	if status := l.lie(r, answer); status != 0 {
		w.WriteHeader(status)
		return
	}
	if answer != nil {
		text, _ = json.Marshal(answer) //nolint:errchkjson // it was JSON before
	}
	maps.Copy(w.Header(), recorder.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(text)
}

// wantNumbers checks that just these numbers have a conversation each.
func (s *stage) wantNumbers(want ...string) {
	s.t.Helper()
	live := map[any]int{}
	for _, record := range s.live() {
		live[record[number]]++
	}
	for _, n := range want {
		if live[n] != 1 {
			s.t.Errorf("%s has %d conversations; want 1", n, live[n])
		}
		delete(live, n)
	}
	if len(live) > 0 {
		s.t.Errorf("there are conversations too many: %v", live)
	}
}
