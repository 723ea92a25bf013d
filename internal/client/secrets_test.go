package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A capture keeps what is logged, by level.
type capture struct {
	slog.Handler
	mu  *sync.Mutex
	all map[slog.Level]string
}

func newCapture() capture { return capture{mu: new(sync.Mutex), all: map[slog.Level]string{}} }

func (c capture) Enabled(context.Context, slog.Level) bool { return true }

func (c capture) Handle(ctx context.Context, record slog.Record) error {
	var b bytes.Buffer
	err := slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: LevelTrace}).Handle(ctx, record)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[record.Level] += b.String()
	return err
}

// Over a real connection, whatever fails, no error and no log contains the credentials. Only a log of bodies contains
// personal data.
func TestSecrets(t *testing.T) {
	t.Parallel()
	logs := newCapture()
	mock, err := mockserver.New(mockserver.Options{Username: apitest.User, Password: apitest.Password, Space: "acme_sales"})
	apitest.Must(t, err)
	apitest.Must(t, mock.Seed(map[string][]map[string]any{"Phones": {{"id": frontDesk}}, "Accounts": {{"id": acme}}}))
	service := httptest.NewServer(mock)
	defer service.Close()
	unreachable := httptest.NewServer(nil)
	unreachable.Close()

	configure := func(address, password string) *Client {
		c, err := New(Config{
			ServiceURL: address, SpaceID: "acme_sales", Username: apitest.User, Password: password, Logger: slog.New(logs),
			MaxRetries: 1, RequestTimeout: 5 * time.Second,
		})
		apitest.Must(t, err)
		return c
	}
	ctx := t.Context()
	c := configure(service.URL, apitest.Password)
	results, err := c.Conversations.BatchModify(ctx, []ConversationInput{inputOf(1)}, WriteOptions{})
	apitest.Must(t, err)
	written, err := c.Conversations.Get(ctx, results[0].ID, Query{})
	apitest.Must(t, err)

	var failures []error
	fails := func(err error) {
		t.Helper()
		if err == nil {
			t.Error("nothing fails")
		}
		failures = append(failures, err)
	}
	input := inputOf(2)
	for _, fault := range []mockserver.Fault{
		{Kind: mockserver.StatusReply, Status: 403},
		{Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply},
		{Kind: mockserver.StatusReply, Status: 429, RetryAfter: "86400"},
		{Kind: mockserver.StatusReply, Status: 503, Reply: "<html>busy</html>"},
		{Kind: mockserver.ReplaceReply, Reply: "<html>Log in</html>"},
		{Kind: mockserver.DropBefore},
		{Kind: mockserver.Truncate},
		{Kind: mockserver.ShortArray, Path: "batch"},
		{Kind: mockserver.StatusReply, Status: 500},
	} {
		mock.Inject(fault)
		if fault.Kind != mockserver.ShortArray {
			_, err = c.Conversations.Get(ctx, written.ID, Query{})
			fails(err)
		}
		_, err = c.Conversations.BatchModify(ctx, []ConversationInput{input}, WriteOptions{})
		fails(err)
		mock.ClearFaults()
	}
	_, err = configure(service.URL, apitest.Password+" no more").Conversations.Get(ctx, written.ID, Query{})
	wantProblem(t, err, WrongCredentials)
	fails(err)
	_, err = configure(unreachable.URL, apitest.Password).Conversations.Get(ctx, written.ID, Query{})
	wantProblem(t, err, Unreachable)
	fails(err)
	elsewhere := httptest.NewServer(http.RedirectHandler("http://"+apitest.User+":"+url.QueryEscape(apitest.Password)+"@other.example/?password="+url.QueryEscape(apitest.Password), http.StatusFound))
	defer elsewhere.Close()
	_, err = configure(elsewhere.URL, apitest.Password).Conversations.Get(ctx, written.ID, Query{})
	fails(err)
	for _, address := range []string{"https://" + apitest.User + ":" + url.QueryEscape(apitest.Password) + "@crm.example", apitest.User + ":" + apitest.Password + "@crm.example"} {
		_, err := New(Config{ServiceURL: address, SpaceID: "acme_sales"})
		fails(err)
	}

	var text strings.Builder
	for _, err := range failures {
		fmt.Fprintf(&text, "%v\n%+v\n%#v\n", err, err, err)
		for ; err != nil; err = errors.Unwrap(err) {
			fmt.Fprintln(&text, err)
		}
	}
	for level, logged := range logs.all {
		fmt.Fprintln(&text, logged)
		if strings.Contains(logged, apitest.NumberOf(1)) && level > LevelTrace {
			t.Errorf("a phone number is logged at %s:\n%s", level, logged)
		}
	}
	for _, level := range []slog.Level{LevelTrace, slog.LevelDebug, slog.LevelWarn} {
		if logs.all[level] == "" {
			t.Errorf("nothing is logged at %s", level)
		}
	}
	if !strings.Contains(logs.all[LevelTrace], apitest.NumberOf(1)) {
		t.Errorf("no bodies are logged at %s", LevelTrace)
	}
	for _, secret := range []string{apitest.Password, url.QueryEscape(apitest.Password), url.PathEscape(apitest.Password), base64.StdEncoding.EncodeToString([]byte(apitest.User + ":" + apitest.Password))} {
		if strings.Contains(text.String(), secret) {
			t.Errorf("%q is in an error or a log", secret)
		}
	}
}

// A reply may echo the credentials, in any form, and the personal data of a request. No error contains either. No log
// contains the credentials, and only TRACE contains the personal data.
func TestEchoes(t *testing.T) {
	t.Parallel()
	const user, password, number = "user", `p&ss "w/rd" é`, "+15550109999" //nolint:gosec // it opens nothing
	token := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	spelled := map[string]string{
		"as it is": password, "header": "Authorization: Basic " + token, "pair": user + ":" + password,
		"query": url.QueryEscape(password), "path": url.PathEscape(password), "lower": strings.ToLower(url.QueryEscape(password)),
		"JSON": `p&ss \"w\/rd\" \u00e9`, "Go's JSON": `p\u0026ss \"w/rd\" é`, "HTML": html.EscapeString(password), "escaped token": url.QueryEscape(token),
		"URL's base64": base64.URLEncoding.EncodeToString([]byte(user + ":" + password)), "others'": "Proxy-Authorization: Basic c29tZW9uZTplbHNl",
	}
	secret := []string{token, "c29tZW9uZTplbHNl", "w/rd", `w\/rd`, "w%2Frd", "w%2frd", strings.TrimRight(token, "="), "p&amp;ss", "p&ss"}
	for name, echo := range spelled {
		quoted, err := json.Marshal(echo)
		apitest.Must(t, err)
		refusal := `{"success":false,"http_status":422,"code":40000,"name":"X","message":` + string(quoted) + `,"field_errors":[{"field_name":"phone_id","errors":[{"message":` + string(quoted) + `}]}]}`
		for sink, body := range map[string]outcome{
			"a page":             replies(404, "<html>"+strings.Repeat("x", 190-len(echo)/2)+echo+" "+number),
			"a busy page":        replies(503, "<html>"+echo+" "+number),
			"a refusal":          replies(422, refusal),
			"a refusal with 200": replies(200, refusal),
			"a refused item":     replies(200, `{"success":true,"data":[`+refusal+`]}`),
			"no JSON":            replies(200, echo+" "+number),
			"another shape":      replies(200, `{"success":true,"data":[{"id":`+string(quoted)+`,"created":`+string(quoted)+`}]}`),
			"a broken reply": func(*http.Request) (*http.Response, error) {
				return nil, fmt.Errorf("malformed HTTP response %q", echo+" "+number)
			},
		} {
			logs := newCapture()
			c := scripted(t, apitest.RoundTripper(body), func(c *Config) {
				c.Username, c.Password, c.Logger, c.MaxRetries = user, password, slog.New(logs), 0
			})
			_, listing := c.Conversations.List(t.Context(), Query{Filters: []Filter{{Field: "recipient_phone_number", Value: number}}})
			results, writing := c.Conversations.BatchModify(t.Context(), []ConversationInput{{ConversationWrites: ConversationWrites{RecipientPhoneNumber: Value(number)}}}, WriteOptions{})
			if listing == nil {
				t.Errorf("%s in %s: nothing fails", name, sink)
			}
			text := fmt.Sprintf("%v\n%+v\n%v", listing, listing, writing)
			for _, result := range results {
				text += fmt.Sprintf("\n%v %+v", result.Err, result.Err)
			}
			for level, logged := range logs.all {
				text += logged
				if level > LevelTrace && strings.Contains(logged, number[1:]) {
					t.Errorf("%s in %s: the number is logged at %s: %s", name, sink, level, logged)
				}
			}
			for _, secret := range secret {
				if strings.Contains(text, secret) {
					t.Errorf("%s in %s shows %s:\n%s", name, sink, secret, text)
				}
			}
		}
	}
}

// A short password is hidden only if it is part of credentials. Hiding it everywhere would
// blank out half of a text.
func TestShortPasswords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ password, text, want string }{
		{"a", "a bad gateway", "a bad gateway"},
		{"a", "user:a dXNlcjph Authorization: Basic dXNlcjph", "*** *** Authorization: Basic ***"},
		{"abcd", "abcd and abc", "*** and abc"},
		{"a", `"sent \"Authorization: Basic b3RoZXJz\", refused"`, `"sent \"Authorization: Basic ***\", refused"`},
		{"", "user: nobody", "user: nobody"},
	} {
		got := newSecrets("user", test.password).hide([]byte(test.text))
		wantEqual(t, test.password, test.want, string(got))
	}
}

// JSON remains valid: only its strings lose the credentials.
func TestSecretsInJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"12345":"a 12345","code":12345,"n":123456789012345678901}`: `{"12345":"a ***","code":12345,"n":123456789012345678901}`,
		`{"12345":"12345"}`:         `{"12345":"***"}`,
		`["12345",{"a":["12345"]}]`: `["***",{"a":["***"]}]`,
		`{"Authorization":"Basic b3RoZXJz","headers":{"authorization":["Basic b3RoZXI"]}}`: `{"Authorization":"Basic ***","headers":{"authorization":["Basic ***"]}}`,
		`{"a":"12345"} 12345`: `{"a":"***"} ***`,
		`<p>12345</p>`:        `<p>***</p>`,
	} {
		if got := string(newSecrets("user", "12345").hideInJSON([]byte(text))); got != want {
			t.Errorf("%s: got %s; want %s", text, got, want)
		}
	}
}

// Pages of XML, of Python and of JavaScript echo a password in their own spelling.
func TestSpellingsOfSecrets(t *testing.T) {
	t.Parallel()
	for echo, password := range map[string]string{
		`<p>it&apos;s a secret</p>`:        "it's a secret",
		`{'password': 'it\x27s a secret'}`: "it's a secret",
		`b'p\xc3\xa4ssword'`:               "p\u00e4ssword",
		`"line\nend"`:                      "line\nend",
		`"tab\tulator"`:                    "tab\tulator",
	} {
		if got := string(newSecrets("user", password).hide([]byte(echo))); !strings.Contains(got, hidden) {
			t.Errorf("%q is shown as %s", password, got)
		}
	}
}
