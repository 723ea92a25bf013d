package mockserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is what a fault does to a request.
type Kind string

// The kinds of faults. Latency only delays the request. Each other kind changes records only if its comment says that
// the request is carried out.
const (
	// Latency waits for the fault's Latency. Then it answers as usual, unless the client has given up.
	Latency Kind = "latency"
	// StatusReply answers with the fault's Status, by default 503, and its Reply, by default what a proxy would send.
	StatusReply Kind = "status"
	// DropBefore closes the connection without an answer.
	DropBefore Kind = "drop_before"
	// DropAfter closes the connection without an answer, after the request was carried out.
	DropAfter Kind = "drop_after"
	// StatusAfter answers like StatusReply, after the request was carried out.
	StatusAfter Kind = "status_after"
	// CommitLater carries out the request when CommitAfter has passed since its arrival. When Latency has passed, before
	// or after that, it answers like StatusReply, or closes the connection if the fault has no Status.
	CommitLater Kind = "commit_later"
	// Truncate sends half of the answer, after the request was carried out.
	Truncate Kind = "truncate"
	// ReplaceReply answers with Reply and Status, by default 200, after the request was carried out.
	ReplaceReply Kind = "reply"

	// The other kinds change the answer after the request was carried out. The data of the answer must be an array or,
	// if that makes sense, one record.

	// ShortArray omits the last item of the data.
	ShortArray Kind = "short_array"
	// LongArray repeats the last item of the data.
	LongArray Kind = "long_array"
	// SuccessFalse sets success to false, and leaves the data as it is.
	SuccessFalse Kind = "success_false"
	// ItemObjects replaces each id in the data with an object that has the id.
	ItemObjects Kind = "item_objects"
	// NullField makes the fault's Field, by default the revision, null in all records.
	NullField Kind = "null_field"
	// OmitField omits the fault's Field, by default the revision, from all records.
	OmitField Kind = "omit_field"
	// RepeatRecord begins a page with the last record of the page before.
	RepeatRecord Kind = "repeat_record"
	// TotalTooHigh makes the total one higher than the number of matches.
	TotalTooHigh Kind = "total_too_high"
	// EndsEarly says that a page is the last one.
	EndsEarly Kind = "ends_early"
	// EndlessList says that no page is the last one. No cursor comes twice. After the end, the records start again.
	EndlessList Kind = "endless_list"
)

// Kinds are all kinds of faults.
var Kinds = append([]Kind{
	Latency, StatusReply, DropBefore, DropAfter, StatusAfter, CommitLater, Truncate, ReplaceReply,
}, slices.Sorted(maps.Keys(distortions))...)

// Remaining is the RetryAfter of a fault that stands for the rest of its For.
const Remaining = "remaining"

// Fault says which requests it hits and what it does to them. Note that Go's HTTP client itself repeats a GET if the
// server closes a kept-open connection without an answer.
type Fault struct {
	Method string `json:"method,omitempty"` // any if empty
	Path   string `json:"path,omitempty"`   // a part of the path below the space
	Body   string `json:"body,omitempty"`   // a part of the body
	Skip   int    `json:"skip,omitempty"`   // how many matching requests pass first
	Times  int    `json:"times,omitempty"`  // how many it hits after that; 0 means all

	Kind        Kind   `json:"kind,omitempty"`
	Status      int    `json:"status,omitempty"`
	RetryAfter  string `json:"retry_after,omitempty"` // the header
	Location    string `json:"location,omitempty"`    // the header
	Reply       string `json:"reply,omitempty"`       // the body of the answer
	ContentType string `json:"content_type,omitempty"`
	Envelope    bool   `json:"envelope,omitempty"` // the body is the API's error object, whatever the status
	Field       string `json:"field,omitempty"`    // for NullField and OmitField

	// Latency is how long the fault waits first, whatever its kind. In JSON, all times are strings like "1.5s".
	Latency time.Duration `json:"-"`
	// CommitAfter is for CommitLater.
	CommitAfter time.Duration `json:"-"`
	// For is how long the fault continues after its first hit; 0 means for ever. A RetryAfter of [Remaining] is the
	// number of seconds that are left.
	For time.Duration `json:"-"`

	// Another user does Before when the fault hits, and After as soon as the request is carried out. Without a Kind, the
	// request is answered as usual.
	Before Acts `json:"before,omitempty"`
	After  Acts `json:"after,omitempty"`

	// Do is called when the fault hits, before Before and before the request is carried out.
	Do func() `json:"-"`
}

// faultJSON is a Fault with its times as strings.
type faultJSON struct {
	*plainFault
	Latency     writtenDuration `json:"latency,omitempty"`
	CommitAfter writtenDuration `json:"commit_after,omitempty"`
	For         writtenDuration `json:"for,omitempty"`
}

type plainFault Fault

// writtenDuration is a duration that is a string in JSON.
type writtenDuration time.Duration

func (d writtenDuration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

func (d *writtenDuration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf(`%q is not a duration, such as "1.5s" or "200ms"`, text)
	}
	*d = writtenDuration(parsed)
	return nil
}

// MarshalJSON writes the fault with its times as strings.
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultJSON{
		(*plainFault)(&f), writtenDuration(f.Latency), writtenDuration(f.CommitAfter), writtenDuration(f.For),
	})
}

// UnmarshalJSON reads a fault. It returns an error for an unknown field or kind, or an invalid duration, so that a
// typing mistake does not go unnoticed.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var plain plainFault
	in := faultJSON{plainFault: &plain}
	if err := strictly(data, &in); err != nil {
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
		return fmt.Errorf("unknown kind of fault %q; the kinds are %q", f.Kind, Kinds)
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		return fmt.Errorf("impossible status %d", f.Status)
	case f.Skip < 0 || f.Times < 0 || min(f.Latency, f.CommitAfter, f.For) < 0:
		return errors.New("skip, times and durations can't be negative")
	case f.RetryAfter == Remaining && f.For == 0:
		return errors.New("retry_after can be " + Remaining + " only with a for")
	case f.RetryAfter != "" && !f.hasRetryAfter():
		return fmt.Errorf("retry_after is %q, but must be a number of seconds, an HTTP date or %s", f.RetryAfter, Remaining)
	case f.Kind == Latency && f.Latency == 0:
		return errors.New("a fault of the kind latency needs a latency, such as \"1.5s\"")
	case f.Kind == CommitLater && f.CommitAfter == 0:
		return errors.New("a fault of the kind commit_later needs a commit_after, such as \"3s\"")
	case !slices.Contains(answering, f.Kind) && (f.Envelope || f.Status != 0 || f.RetryAfter+f.Location+f.Reply+f.ContentType != ""):
		return fmt.Errorf("status, reply, content_type, location, retry_after and envelope belong to the kinds %q, not to %q", answering, f.Kind)
	case f.CommitAfter != 0 && f.Kind != CommitLater:
		return fmt.Errorf("commit_after belongs to the kind %q, not to %q", CommitLater, f.Kind)
	case f.Field != "" && f.Kind != NullField && f.Kind != OmitField:
		return fmt.Errorf("field belongs to the kinds %q and %q, not to %q", NullField, OmitField, f.Kind)
	}
	return nil
}

// answering are the kinds of faults that produce their own answer.
var answering = []Kind{StatusReply, StatusAfter, CommitLater, ReplaceReply}

func (f *Fault) hasRetryAfter() bool {
	seconds, err := strconv.ParseFloat(f.RetryAfter, 64)
	_, dateErr := http.ParseTime(f.RetryAfter)
	return err == nil && seconds >= 0 || dateErr == nil || f.RetryAfter == Remaining
}

type faultQueue struct {
	mu     sync.Mutex
	faults []*orderedFault
}

// orderedFault is a fault, with how often it has matched and since when it hits.
type orderedFault struct {
	Fault
	matched int
	since   time.Time // of the first hit
}

// Inject orders faults. The first fault in the order of injection that matches a request and is not used up hits it.
func (s *Server) Inject(faults ...Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, f := range faults {
		s.faults.faults = append(s.faults.faults, &orderedFault{Fault: f})
	}
}

// ClearFaults cancels all faults.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.faults = nil
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

// left returns how long the fault still continues.
func (f *orderedFault) left() time.Duration {
	return f.For - time.Since(f.since)
}

// hit returns the fault with its RetryAfter as it is now, and notes the time of the first hit.
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
