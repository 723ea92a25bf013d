package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// A prober asks a service in plain HTTP, because a client would make good, or
// hide, what a probe wants to see.
type prober struct {
	*space
	base               string // URL of the space
	username, password string
	made               []string // conversations
	probes             int
}

// An answer is what the service says to one request.
type answer struct {
	status int
	body   map[string]any
}

func newProber(s *space, username, password string) *prober {
	host, _, _ := strings.Cut(s.url, "/api/")
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	return &prober{
		space: s, username: username, password: password,
		base: strings.TrimRight(host, "/") + "/api/v100/rest/spaces/" + s.spaceID + "/entities/",
	}
}

// do sends a request below the entities, and returns the answer, whatever its
// status.
func (p *prober) do(method, path string, body any) (answer, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		content = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, p.base+path, content) //nolint:gosec // the service that the tests are to run against
	if err != nil {
		return answer{}, err
	}
	request.SetBasicAuth(p.username, p.password)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request) //nolint:gosec // likewise
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	got := answer{status: response.StatusCode}
	if err := json.NewDecoder(response.Body).Decode(&got.body); err != nil {
		return got, fmt.Errorf("%s %s: HTTP %d is not JSON: %w", method, path, got.status, err)
	}
	return got, nil
}

// unexpected returns what an answer says, as an error.
func (a answer) unexpected() error {
	return fmt.Errorf("the service answers %d: %v %v %v", a.status, a.body["code"], a.body["name"], a.body["message"])
}

func (a answer) isOK() bool { return a.status >= 200 && a.status < 300 }

// isRefusal reports whether the service found fault with what was sent.
func (a answer) isRefusal() bool {
	return slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity}, a.status)
}

func (a answer) record() map[string]any {
	record, _ := a.body["data"].(map[string]any)
	return record
}

// ok is do, with an error for what is no success.
func (p *prober) ok(method, path string, body any) (answer, error) {
	got, err := p.do(method, path, body)
	if err == nil && !got.isOK() {
		err = got.unexpected()
	}
	return got, err
}

// freshNumber returns a number that no conversation has.
func (p *prober) freshNumber() string {
	p.probes++
	return p.own(fmt.Sprintf("+1 (907) 555-01%02d", p.probes))
}

// create makes a conversation with a number of its own.
func (p *prober) create(fields map[string]any) (answer, string, error) {
	all := map[string]any{"phone_id": phone, "recipient_phone_number": p.freshNumber()}
	maps.Copy(all, fields)
	got, err := p.ok(http.MethodPost, conversations, all)
	id, _ := got.record()["id"].(string)
	if err == nil && id == "" {
		err = fmt.Errorf("a created conversation has no id: %w", got.unexpected())
	}
	if id != "" {
		p.made = append(p.made, id)
	}
	return got, id, err
}

// list returns the records that the filters find, by their names; each value may
// have an operator in front, as in "gt 7". More is other parameters, as in
// "order-by=revision".
func (p *prober) list(entity string, filters map[string]string, more ...string) (answer, []map[string]any, error) {
	query := url.Values{}
	for field, value := range filters {
		if op, operand, found := strings.Cut(value, " "); found {
			query.Set("filter-op["+field+"]", op)
			value = operand
		}
		query.Set("filter["+field+"]", value)
	}
	for _, parameter := range more {
		name, value, _ := strings.Cut(parameter, "=")
		query.Set(name, value)
	}
	got, err := p.do(http.MethodGet, entity+"?"+query.Encode(), nil)
	var records []map[string]any
	items, _ := got.body["data"].([]any)
	for _, item := range items {
		if record, ok := item.(map[string]any); ok {
			records = append(records, record)
		}
	}
	return got, records, err
}

// find returns a conversation, also one that is deleted.
func (p *prober) find(id string) (map[string]any, error) {
	got, records, err := p.list(conversations, map[string]string{"id": id}, "include-deleted=true")
	if err == nil && (len(records) != 1 || records[0]["id"] != id) {
		err = fmt.Errorf("looking for a conversation by its id finds %d: %w", len(records), got.unexpected())
	}
	if err != nil {
		return nil, err
	}
	return records[0], nil
}

// revisionMoves reports whether the revision of a conversation is another one
// after a change.
func (p *prober) revisionMoves(id string, change func() error) (bool, error) {
	before, err := p.find(id)
	if err == nil {
		err = change()
	}
	if err != nil {
		return false, err
	}
	after, err := p.find(id)
	return before["revision"] != after["revision"], err
}

// clean deletes what the probes have made.
func (p *prober) clean(t *testing.T) {
	t.Helper()
	for _, id := range p.made {
		got, err := p.do(http.MethodDelete, conversations+"/"+id, nil)
		if err != nil || !got.isOK() && got.status != http.StatusNotFound {
			t.Errorf("deleting the conversation %s of a probe: %v, %v", id, err, got.unexpected())
		}
	}
}
