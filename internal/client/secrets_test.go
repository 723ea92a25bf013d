package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

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

// Over a real connection and everything that can go wrong on it, the
// credentials are in no error and no log, and personal data only where bodies
// are asked for.
func TestSecrets(t *testing.T) {
	t.Parallel()
	logs := newCapture()
	mock, err := mockserver.New(mockserver.Options{Username: testUser, Password: testPassword, Space: "acme_sales"})
	must(t, err)
	must(t, mock.Seed(map[string][]map[string]any{"Phones": {{"id": frontDesk}}, "Accounts": {{"id": acme}}}))
	service := httptest.NewServer(mock)
	defer service.Close()
	unreachable := httptest.NewServer(nil)
	unreachable.Close()

	configure := func(address, password string) *Client {
		c, err := New(Config{
			ServiceURL: address, SpaceID: "acme_sales", Username: testUser, Password: password, Logger: slog.New(logs),
			BatchWindow: time.Millisecond, MaxRetries: 1, RequestTimeout: 5 * time.Second, RecoveryTimeout: 10 * time.Millisecond,
		})
		must(t, err)
		return c
	}
	ctx := t.Context()
	c := configure(service.URL, testPassword)
	written, err := c.Conversations.writeOne(ctx, linked(newConversation(1), acme), 0)
	must(t, err)

	var failures []error
	fails := func(err error) {
		t.Helper()
		if err == nil {
			t.Error("nothing fails")
		}
		failures = append(failures, err)
	}
	input := newConversation(2)
	for _, fault := range []mockserver.Fault{
		{Kind: mockserver.StatusReply, Status: 403},
		{Kind: mockserver.StatusReply, Status: 422, Reply: validationReply},
		{Kind: mockserver.StatusReply, Status: 429, RetryAfter: "86400"},
		{Kind: mockserver.StatusReply, Status: 503, RetryAfter: "86400", Reply: "<html>busy</html>"},
		{Kind: mockserver.ReplaceReply, Reply: "<html>Log in</html>"},
		{Kind: mockserver.DropBefore},
		{Kind: mockserver.Truncate},
		{Kind: mockserver.ShortArray, Path: "batch"},
		{Kind: mockserver.StatusReply, Status: 500},
	} {
		mock.Inject(fault)
		if fault.Kind != mockserver.ShortArray {
			_, err = c.Conversations.Entity.Get(ctx, written.ID, Query{})
			fails(err)
		}
		_, err = c.Conversations.Entity.BatchModify(ctx, []ConversationInput{input}, WriteOptions{})
		fails(err)
		mock.ClearFaults()
	}
	_, err = configure(service.URL, testPassword+" no more").Conversations.Get(ctx, written.ID)
	wantProblem(t, err, WrongCredentials)
	fails(err)
	_, err = configure(unreachable.URL, testPassword).Conversations.Get(ctx, written.ID)
	wantProblem(t, err, Unreachable)
	fails(err)
	elsewhere := httptest.NewServer(http.RedirectHandler("http://"+testUser+":"+url.QueryEscape(testPassword)+"@other.example/?password="+url.QueryEscape(testPassword), http.StatusFound))
	defer elsewhere.Close()
	_, err = configure(elsewhere.URL, testPassword).Conversations.Get(ctx, written.ID)
	fails(err)
	for _, address := range []string{"https://" + testUser + ":" + url.QueryEscape(testPassword) + "@crm.example", testUser + ":" + testPassword + "@crm.example"} {
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
		if strings.Contains(logged, numberOf(1)) && level > LevelTrace {
			t.Errorf("a phone number is logged at %s:\n%s", level, logged)
		}
	}
	for _, level := range []slog.Level{LevelTrace, slog.LevelDebug, slog.LevelWarn} {
		if logs.all[level] == "" {
			t.Errorf("nothing is logged at %s", level)
		}
	}
	if !strings.Contains(logs.all[LevelTrace], numberOf(1)) {
		t.Errorf("no bodies are logged at %s", LevelTrace)
	}
	for _, secret := range []string{testPassword, url.QueryEscape(testPassword), url.PathEscape(testPassword), base64.StdEncoding.EncodeToString([]byte(testUser + ":" + testPassword))} {
		if strings.Contains(text.String(), secret) {
			t.Errorf("%q is in an error or a log", secret)
		}
	}
}
