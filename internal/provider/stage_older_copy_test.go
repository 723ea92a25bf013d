package provider_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

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
			text, _ = json.Marshal(answer)
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

// The plan has named a conversation that the apply adopts. A copy of the space that does not have it
// answers the apply, because it lags behind or is a restored backup. That does not mean that the conversation is gone: no second one is
// created.
func TestStage_adoptionInOlderCopy(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"single", "map", "map that grows"} {
		for _, copied := range []string{"lags for a moment", "restored backup"} {
			t.Run(form+", "+copied, func(t *testing.T) {
				t.Parallel()
				onLyingStage(t, map[string]any{"recovery_timeout": "2s"}, func(s *stage, l *liar) {
					config := s.single(declared{"phone_id": phone, number: "+15550000001", "adopt_existing": true})
					want := []string{"+15550000001"}
					settings := map[string]any{"rollback_method": 1, "adopt_existing": true}
					if form != "single" {
						config = s.bulk(numbered(2).entries(), settings)
						want = []string{"+15550000000", "+15550000001"}
					}
					if form == "map that grows" {
						s.applies(s.bulk(numbered(1).entries(), settings), bulkAddress, create)
					}
					s.Backup()
					made := s.handmade("+15550000001")
					s.meanwhile = func() {
						if copied == "restored backup" {
							must(t, s.RestoreBackup())
							return
						}
						until := time.Now().Add(time.Second)
						l.lie = func(r *http.Request, answer map[string]any) int {
							if r.Method == http.MethodGet && time.Now().Before(until) {
								hide(answer, made)
							}
							return 0
						}
					}
					_, errors := s.apply(config)
					switch copied {
					case "restored backup":
						if !says("shows less than the state has already seen").MatchString(errors) {
							t.Errorf("the errors are %q", errors)
						}
					default:
						if errors != "" {
							t.Errorf("the apply fails: %s", errors)
						}
						s.wantNumbers(want...)
					}
				})
			})
		}
	}
}

// hide leaves a conversation and its messages out of a list.
func hide(answer map[string]any, id string) {
	records, _ := answer["data"].([]any)
	left := slices.DeleteFunc(slices.Clone(records), func(record any) bool {
		r, _ := record.(map[string]any)
		return r["id"] == id || r["text_message_conversation_id"] == id
	})
	if total, isNumber := answer["total"].(json.Number); isNumber {
		n, _ := total.Int64()
		answer["total"] = n - int64(len(records)-len(left))
		answer["data"] = left
	}
}
