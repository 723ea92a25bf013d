package provider_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

// A liar stands between the provider and the CRM. Lie changes an answer, which is nil if it is no
// JSON object. If it returns a status, that is the answer.
type liar struct {
	crm http.Handler
	lie func(r *http.Request, answer map[string]any) (status int)
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	l.crm.ServeHTTP(recorder, r)
	text := recorder.Body.Bytes()
	if l.lie != nil {
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
	}
	maps.Copy(w.Header(), recorder.Header())
	w.Header().Del("Content-Length")
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(text)
}

// onLyingStage plays with a liar between the provider and the CRM.
func onLyingStage(t *testing.T, settings map[string]any, play func(s *stage, l *liar)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, err := newMock(mockserver.Options{})
		must(t, err)
		l := &liar{crm: server}
		all := map[string]any{"service_url": "https://crm.example", "space_id": "my_space", "username": "terraform", "password": password}
		maps.Copy(all, settings)
		core, err := newCore(func() tfprotov6.ProviderServer { return provider.NewServerOver(mockserver.InProcess(l)) }, all)
		must(t, err)
		play(&stage{core: core, world: &world{Server: server, space: &space{crm: server, t: t, spaceID: "my_space"}}}, l)
	})
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
