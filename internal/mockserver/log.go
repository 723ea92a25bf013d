package mockserver

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"sync"
)

// Request is an entry of the request log. It has no headers, and so no credentials.
type Request struct {
	Method string     `json:"method"`
	Path   string     `json:"path"` // below the space, e.g. "/entities/TextMessages/batch-modify"; whole if outside it
	Query  url.Values `json:"query"`
	Body   []byte     `json:"body"`
	Status int        `json:"status"` // 0 until there is an answer, or if there is none
	Fault  string     `json:"fault"`  // the kind of the fault that hit it, if any
}

// MarshalJSON writes the body as JSON if it is JSON, as null if it is empty, and otherwise as a string.
func (r Request) MarshalJSON() ([]byte, error) {
	type plain Request
	out := struct {
		plain
		Body any `json:"body"`
	}{plain: plain(r)}
	switch {
	case json.Valid(r.Body):
		out.Body = json.RawMessage(r.Body)
	case len(r.Body) > 0:
		out.Body = string(r.Body)
	}
	return json.Marshal(out)
}

// Requests returns the requests to the API so far, in the order of their arrival.
func (s *Server) Requests() []Request {
	return s.log.all()
}

// ResetRequests empties the request log.
func (s *Server) ResetRequests() {
	s.log.reset()
}

type requestLog struct {
	mu       sync.Mutex
	first    int // number of the first entry that is still in the log
	requests []Request
}

// add adds an entry and returns its number.
func (l *requestLog) add(c *call) int {
	query, _ := url.ParseQuery(c.rawQuery) // leaves out what it can't parse
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, Request{Method: c.method, Path: c.path, Query: query, Body: c.body})
	return l.first + len(l.requests) - 1
}

// change changes an entry, unless the log has been emptied meanwhile.
func (l *requestLog) change(entry int, change func(*Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if entry >= l.first {
		change(&l.requests[entry-l.first])
	}
}

func (l *requestLog) hit(entry int, f *Fault) {
	l.change(entry, func(r *Request) { r.Fault = f.label() })
}

func (l *requestLog) finish(entry, status int) {
	l.change(entry, func(r *Request) { r.Status = status })
}

func (l *requestLog) all() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	requests := make([]Request, 0, len(l.requests))
	for _, r := range l.requests {
		query := make(url.Values, len(r.Query))
		for name, values := range r.Query {
			query[name] = slices.Clone(values)
		}
		r.Query, r.Body = query, bytes.Clone(r.Body)
		requests = append(requests, r)
	}
	return requests
}

func (l *requestLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.requests)
}

func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first += len(l.requests)
	l.requests = nil
}
