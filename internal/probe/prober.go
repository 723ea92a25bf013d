package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A Prober sends plain HTTP requests, because a client would correct or hide the details that a probe examines.
type Prober struct {
	space  Space
	client *client.Client // only reads which numbers are taken
	http   http.Client
	made   []string // paths of the records to delete, the newest last
	left   []string // numbers that are still free
	ranOut bool     // no number is left
}

// An answer is the service's reply to one request.
type answer struct {
	status int
	body   map[string]any
}

// do sends a request to a path below /entities/, and returns the answer, whatever its
// status.
func (p *Prober) do(ctx context.Context, method, path string, body any) (answer, error) {
	if p.ranOut {
		return answer{}, errors.New("the conversations of the phone have all the numbers that are reserved for fiction: use another phone")
	}
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		content = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, p.client.URL()+"/entities/"+path, content)
	if err != nil {
		return answer{}, err
	}
	request.SetBasicAuth(p.space.Username, p.space.Password)
	request.Header.Set("Content-Type", "application/json")
	response, err := p.http.Do(request)
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

// unexpected returns the answer as an error.
func (a answer) unexpected() error {
	return fmt.Errorf("the service answers %d: %v %v %v", a.status, a.body["code"], a.body["name"], a.body["message"])
}

func (a answer) isOK() bool { return a.status >= 200 && a.status < 300 }

// isRefusal reports whether the service refused the content of the request.
func (a answer) isRefusal() bool {
	return slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity}, a.status)
}

func (a answer) record() map[string]any {
	record, _ := a.body["data"].(map[string]any)
	return record
}

// ok is like do, and returns an error unless the answer is a success.
func (p *Prober) ok(ctx context.Context, method, path string, body any) (answer, error) {
	got, err := p.do(ctx, method, path, body)
	if err == nil && !got.isOK() {
		err = got.unexpected()
	}
	return got, err
}

// freshNumber returns a number that no conversation of the phone has.
func (p *Prober) freshNumber() (number string) {
	if len(p.left) > 0 { // otherwise, the next request returns an error
		number, p.left = p.left[0], p.left[1:]
	} else {
		p.ranOut = true
	}
	return number
}

// create creates a conversation with a free number, and returns its id.
func (p *Prober) create(ctx context.Context, fields map[string]any) (answer, string, error) {
	all := map[string]any{"phone_id": p.space.Phone, "recipient_phone_number": p.freshNumber()}
	maps.Copy(all, fields)
	return p.createIn(ctx, conversations, all)
}

// createIn creates a record of the entity, and returns its id.
func (p *Prober) createIn(ctx context.Context, entity string, fields map[string]any) (answer, string, error) {
	got, err := p.ok(ctx, http.MethodPost, entity, fields)
	id, _ := got.record()["id"].(string)
	if err == nil && id == "" {
		err = fmt.Errorf("a created record of %s has no id: %w", entity, got.unexpected())
	}
	if id != "" {
		p.made = append(p.made, entity+"/"+id)
	}
	return got, id, err
}

// list returns the records that the filters find. filters contains a value for each field, which may begin with an
// operator, as in "gt 7". more contains other parameters, as in "order-by=revision".
func (p *Prober) list(ctx context.Context, entity string, filters map[string]string, more ...string) (answer, []map[string]any, error) {
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
	got, err := p.do(ctx, http.MethodGet, entity+"?"+query.Encode(), nil)
	var records []map[string]any
	items, _ := got.body["data"].([]any)
	for _, item := range items {
		if record, ok := item.(map[string]any); ok {
			records = append(records, record)
		}
	}
	return got, records, err
}

// deletedToo contains the two names of the parameter that asks for deleted records too.
var deletedToo = []string{"include-deleted=true", "include_deleted=true"}

// find returns a conversation, even if it is deleted.
func (p *Prober) find(ctx context.Context, id string) (map[string]any, error) {
	var got answer
	var records []map[string]any
	var err error
	for _, parameter := range deletedToo {
		if got, records, err = p.list(ctx, conversations, map[string]string{"id": id}, parameter); err != nil || len(records) > 0 {
			break
		}
	}
	if err == nil && (len(records) != 1 || records[0]["id"] != id) {
		err = fmt.Errorf("looking for a conversation by its id finds %d: %w", len(records), got.unexpected())
	}
	if err != nil {
		return nil, err
	}
	return records[0], nil
}

// revisionMoves reports whether a change gives the conversation another revision.
func (p *Prober) revisionMoves(ctx context.Context, id string, change func() error) (bool, error) {
	before, err := p.find(ctx, id)
	if err == nil {
		err = change()
	}
	if err != nil {
		return false, err
	}
	after, err := p.find(ctx, id)
	return before["revision"] != after["revision"], err
}

// Clean deletes the records that the probes have made, even if ctx has ended. The service
// keeps them in its bin.
func (p *Prober) Clean(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	p.ranOut = false // deleting needs no number
	var problems []error
	for _, path := range slices.Backward(p.made) {
		got, err := p.do(ctx, http.MethodDelete, path, nil)
		if err == nil && !got.isOK() && got.status != http.StatusNotFound {
			err = got.unexpected()
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("deleting %s of a probe: %w", path, err))
		}
	}
	p.made = nil
	return errors.Join(problems...)
}
