package mockserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is what a fault does to a request.
type Kind string

// The kinds of faults. Those that say "carried out" do what the request asks for; the others leave everything as it is.
const (
	// Latency waits for the fault's Latency, or until the client gives up, and goes on.
	Latency Kind = "latency"
	// StatusReply answers with the fault's Status, by default 503, and its Reply, by default what a proxy would send.
	StatusReply Kind = "status"
	// DropBefore closes the connection without an answer.
	DropBefore Kind = "drop_before"
	// DropAfter closes the connection without an answer to a request that was carried out.
	DropAfter Kind = "drop_after"
	// StatusAfter answers like StatusReply to a request that was carried out.
	StatusAfter Kind = "status_after"
	// CommitLater carries out the request when CommitAfter has passed since its arrival. Before or after that, when
	// Latency has passed, it answers like StatusReply, or closes the connection if the fault has no Status.
	CommitLater Kind = "commit_later"
	// Truncate cuts the answer to a request that was carried out half way.
	Truncate Kind = "truncate"
	// ReplaceReply answers a request that was carried out with Reply and Status, by default 200.
	ReplaceReply Kind = "reply"

	// The rest changes the answer to a request that was carried out, if its data is an array or, where that makes
	// sense, one record.

	// ShortArray leaves out the last item of the data.
	ShortArray Kind = "short_array"
	// LongArray repeats the last item of the data.
	LongArray Kind = "long_array"
	// SuccessFalse says that there was no success, and leaves the data as it is.
	SuccessFalse Kind = "success_false"
	// ItemObjects puts an object with the id in the place of every id in the data.
	ItemObjects Kind = "item_objects"
	// NullField makes the fault's Field, by default the revision, null in all records.
	NullField Kind = "null_field"
	// OmitField leaves the fault's Field, by default the revision, out of all records.
	OmitField Kind = "omit_field"
	// RepeatRecord begins a page with the last record of the page before.
	RepeatRecord Kind = "repeat_record"
	// TotalTooHigh counts one match more in total than the pages bring.
	TotalTooHigh Kind = "total_too_high"
	// EndsEarly says that a page is the last one.
	EndsEarly Kind = "ends_early"
	// EndlessList says that no page is the last one. No cursor comes twice, and after the end the records begin again.
	EndlessList Kind = "endless_list"
)

// Kinds is every kind of fault that there is.
var Kinds = append([]Kind{
	Latency, StatusReply, DropBefore, DropAfter, StatusAfter, CommitLater, Truncate, ReplaceReply,
}, slices.Sorted(maps.Keys(distortions))...)

// Remaining as the RetryAfter of a fault is the rest of its For.
const Remaining = "remaining"

// Fault is a fault to order: which requests it hits and what it does to them. Go's HTTP client repeats a GET by itself
// when a connection that it had kept open is closed without an answer.
type Fault struct {
	Method string `json:"method,omitempty"` // any if empty
	Path   string `json:"path,omitempty"`   // a part of the path below the space
	Body   string `json:"body,omitempty"`   // a part of the body
	Skip   int    `json:"skip,omitempty"`   // so many matching requests are let through first
	Times  int    `json:"times,omitempty"`  // so many are hit after that; 0 means all

	Kind        Kind   `json:"kind,omitempty"`
	Status      int    `json:"status,omitempty"`
	RetryAfter  string `json:"retry_after,omitempty"` // the header
	Location    string `json:"location,omitempty"`    // the header
	Reply       string `json:"reply,omitempty"`       // the body of the answer
	ContentType string `json:"content_type,omitempty"`
	Envelope    bool   `json:"envelope,omitempty"` // the body is the API's error object, whatever the status
	Field       string `json:"field,omitempty"`    // for NullField and OmitField

	// Latency is waited for first, whatever the kind. In JSON it is a string like "1.5s", as the other times are.
	Latency time.Duration `json:"-"`
	// CommitAfter is for CommitLater.
	CommitAfter time.Duration `json:"-"`
	// For is how long the fault goes on after its first hit; 0 means without end. A RetryAfter of [Remaining] is the
	// seconds that are left of it.
	For time.Duration `json:"-"`

	// Before is done by somebody else when the fault hits, After as soon as the request is carried out. With no Kind,
	// they are all there is.
	Before Acts `json:"before,omitempty"`
	After  Acts `json:"after,omitempty"`

	// Do is called when the fault hits, before the request is carried out, and before Before.
	Do func() `json:"-"`
}

// faultJSON is a Fault with its times in writing.
type faultJSON struct {
	*plainFault
	Latency     writtenDuration `json:"latency,omitempty"`
	CommitAfter writtenDuration `json:"commit_after,omitempty"`
	For         writtenDuration `json:"for,omitempty"`
}

type plainFault Fault

// writtenDuration is a duration that JSON has as a string.
type writtenDuration time.Duration

func (d writtenDuration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

func (d *writtenDuration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = writtenDuration(parsed)
	return err
}

// MarshalJSON writes the fault with its times as strings.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultJSON{
		(*plainFault)(&f), writtenDuration(f.Latency), writtenDuration(f.CommitAfter), writtenDuration(f.For),
	})
}

// UnmarshalJSON reads a fault. It returns an error for a field, a kind or a duration that doesn't exist, so that a
// misspelt order doesn't go unnoticed.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var plain plainFault
	in := faultJSON{plainFault: &plain}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return err
	}
	plain.Latency, plain.CommitAfter, plain.For = time.Duration(in.Latency), time.Duration(in.CommitAfter), time.Duration(in.For)
	*f = Fault(plain)
	return f.check()
}

func (f *Fault) check() error {
	onlyActs := f.Kind == "" && len(f.Before)+len(f.After) > 0
	switch {
	case !onlyActs && !slices.Contains(Kinds, f.Kind):
		return fmt.Errorf("unknown kind of fault %q", f.Kind)
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		return fmt.Errorf("impossible status %d", f.Status)
	case f.Skip < 0 || f.Times < 0 || min(f.Latency, f.CommitAfter, f.For) < 0:
		return errors.New("skip, times and durations can't be negative")
	case f.RetryAfter == Remaining && f.For == 0:
		return errors.New("retry_after can be " + Remaining + " only with a for")
	}
	return nil
}

// label is what the request log calls the fault.
func (f *Fault) label() string {
	if f.Kind == "" {
		return "do"
	}
	return string(f.Kind)
}

// Inject orders faults. For each request they are tried in the order of their injection; the first one that matches
// and is not used up hits.
func (s *Server) Inject(faults ...Fault) {
	s.faults.add(faults)
}

// ClearFaults cancels all faults.
func (s *Server) ClearFaults() {
	s.faults.clear()
}

type faultQueue struct {
	mu     sync.Mutex
	faults []*orderedFault
}

// orderedFault is a fault, how often it has been matched, and since when it hits.
type orderedFault struct {
	Fault
	matched int
	since   time.Time // of the first hit
}

func (q *faultQueue) add(faults []Fault) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, f := range faults {
		q.faults = append(q.faults, &orderedFault{Fault: f})
	}
}

func (q *faultQueue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.faults = nil
}

// take returns the fault that hits a request, or nil.
func (q *faultQueue) take(c *call) *Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, f := range q.faults {
		if f.usedUp() || !f.matches(c) {
			continue
		}
		f.matched++
		if f.matched > f.Skip {
			return f.hit()
		}
	}
	return nil
}

func (f *orderedFault) usedUp() bool {
	over := f.For > 0 && !f.since.IsZero() && f.left() <= 0
	return over || f.Times > 0 && f.matched >= f.Skip+f.Times
}

// left returns how long the fault goes on.
func (f *orderedFault) left() time.Duration {
	return f.For - time.Since(f.since)
}

// hit returns the fault as it is now.
func (f *orderedFault) hit() *Fault {
	if f.since.IsZero() {
		f.since = time.Now()
	}
	hit := f.Fault
	if hit.RetryAfter == Remaining {
		hit.RetryAfter = strconv.Itoa(int(math.Ceil(f.left().Seconds())))
	}
	return &hit
}

func (f *Fault) matches(c *call) bool {
	return (f.Method == "" || strings.EqualFold(f.Method, c.method)) &&
		strings.Contains(c.path, f.Path) &&
		(f.Body == "" || bytes.Contains(c.body, []byte(f.Body)))
}
