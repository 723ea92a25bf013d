package mockserver

import (
	"bytes"
	"cmp"
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
	Fault  string     `json:"fault"`  // the kind of the fault that hit it, "do" if that has no kind, empty if there is none
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

type requestLog struct {
	mu       sync.Mutex
	first    int // number of the first entry that is still in the log
	requests []Request
}

// add adds an entry for a request and the fault that hits it, if any. It returns the number of the entry.
func (l *requestLog) add(c *call, f *Fault) int {
	query, _ := url.ParseQuery(c.rawQuery) // leaves out what it can't parse
	entry := Request{Method: c.method, Path: c.path, Query: query, Body: c.body}
	if f != nil {
		entry.Fault = cmp.Or(string(f.Kind), "do")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, entry)
	return l.first + len(l.requests) - 1
}

// finish notes the status of an entry, unless the log has been emptied meanwhile.
func (l *requestLog) finish(entry, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if entry >= l.first {
		l.requests[entry-l.first].Status = status
	}
}

func (l *requestLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.requests)
}

// Requests returns the requests to the API so far, in the order of their arrival.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	requests := append([]Request{}, s.log.requests...)
	for i, r := range requests {
		requests[i].Body = bytes.Clone(r.Body)
		requests[i].Query = make(url.Values, len(r.Query))
		for name, values := range r.Query {
			requests[i].Query[name] = slices.Clone(values)
		}
	}
	return requests
}

// ResetRequests empties the request log.
func (s *Server) ResetRequests() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.first += len(s.log.requests)
	s.log.requests = nil
}
