package mockserver

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// distortedAnswer is a decoded reply, with the data that a distortion may need.
type distortedAnswer struct {
	server *Server
	call   *call
	fault  *Fault
	body   map[string]any
	data   []any // of a batch or a list, or the one record
}

// distortions change an answer whose data is an array or one record. They return the new data.
var distortions = map[Kind]func(*distortedAnswer) []any{
	ShortArray:   func(a *distortedAnswer) []any { return a.data[:len(a.data)-1] },
	LongArray:    func(a *distortedAnswer) []any { return append(a.data, a.data[len(a.data)-1]) },
	SuccessFalse: (*distortedAnswer).withoutSuccess,
	ItemObjects:  (*distortedAnswer).withObjects,
	NullField:    func(a *distortedAnswer) []any { return a.eachRecord(func(r map[string]any) { r[a.field()] = nil }) },
	OmitField:    func(a *distortedAnswer) []any { return a.eachRecord(func(r map[string]any) { delete(r, a.field()) }) },
	RepeatRecord: (*distortedAnswer).withRecordBefore,
	TotalTooHigh: (*distortedAnswer).withHigherTotal,
	EndsEarly:    func(a *distortedAnswer) []any { return a.withNextPage(false, nil) },
	EndlessList:  (*distortedAnswer).withoutEnd,
}

// distorted returns the reply with the distortion. A reply without data stays as it is.
func (s *Server) distorted(c *call, f *Fault, r reply, distort func(*distortedAnswer) []any) reply {
	if f.Kind == EndlessList {
		r = s.startAgain(c, r)
	}
	a := &distortedAnswer{server: s, call: c, fault: f}
	a.body, a.data = takenApart(r)
	ofWhole := f.Kind == SuccessFalse || f.Kind == TotalTooHigh // these need no record
	if a.body["data"] == nil || len(a.data) == 0 && !ofWhole {
		return r
	}
	_, isArray := a.body["data"].([]any)
	if !isArray && (f.Kind == ShortArray || f.Kind == LongArray) {
		return r
	}
	if data := distort(a); isArray {
		a.body["data"] = data
	}
	r.body = encode(a.body)
	return r
}

func takenApart(r reply) (body map[string]any, data []any) {
	decoded, _ := decode(r.body)
	body, _ = decoded.(map[string]any)
	switch d := body["data"].(type) {
	case []any:
		return body, d
	case map[string]any:
		return body, []any{d}
	}
	return body, nil
}

func (a *distortedAnswer) withoutSuccess() []any {
	a.body["success"] = false
	return a.data
}

func (a *distortedAnswer) withObjects() []any {
	for i, item := range a.data {
		if id, ok := item.(string); ok {
			a.data[i] = map[string]any{"id": id}
		}
	}
	return a.data
}

func (a *distortedAnswer) field() string {
	return cmp.Or(a.fault.Field, "revision")
}

func (a *distortedAnswer) eachRecord(change func(map[string]any)) []any {
	for _, item := range a.data {
		if r, ok := item.(map[string]any); ok && r["success"] == nil {
			change(r)
		}
	}
	return a.data
}

// withRecordBefore puts the record that the cursor of the request names before the data.
func (a *distortedAnswer) withRecordBefore() []any {
	query, _ := url.ParseQuery(a.call.rawQuery)
	segments := strings.Split(a.call.path, "/")
	cursor, err := base64.StdEncoding.DecodeString(query.Get("after"))
	decoded, _ := decode(cursor)
	place, _ := decoded.([]any)
	if err != nil || len(place) == 0 {
		return a.data
	}
	for name := range query {
		if name != paramExpand && name != paramLoadOnly {
			query.Del(name)
		}
	}
	query.Set("filter[id]", fmt.Sprint(place[len(place)-1]))
	honored, _ := a.server.behavior().includeDeletedNames()
	query.Set(honored[0], "true")
	again := *a.call
	again.rawQuery = query.Encode()
	again.path = "/entities/" + segments[len(segments)-1]
	_, before := takenApart(a.server.route(&again))
	return append(before, a.data...)
}

func (a *distortedAnswer) withHigherTotal() []any {
	if total, ok := a.body["total"].(json.Number); ok {
		n, _ := total.Int64()
		a.body["total"] = n + 1
	}
	return a.data
}

func (a *distortedAnswer) withNextPage(has bool, endCursor any) []any {
	if info, ok := a.body["page_info"].(map[string]any); ok {
		info["has_next_page"], info["end_cursor"] = has, endCursor
	}
	return a.data
}

func (a *distortedAnswer) withoutEnd() []any {
	info, _ := a.body["page_info"].(map[string]any)
	cursor, _ := info["end_cursor"].(string)
	return a.withNextPage(true, respelt(cursor, a.server.cursors.Add(1)))
}

// startAgain returns the first page if the request asks for a page after the last one.
func (s *Server) startAgain(c *call, r reply) reply {
	query, _ := url.ParseQuery(c.rawQuery)
	if _, data := takenApart(r); len(data) > 0 || !query.Has("after") {
		return r
	}
	query.Del("after")
	again := *c
	again.rawQuery = query.Encode()
	return s.route(&again)
}

// respelt returns a cursor of the same place that is written differently for each number: it adds white space after the
// JSON, which means nothing.
func respelt(cursor string, number int64) string {
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return cursor
	}
	space := strings.NewReplacer("0", " ", "1", "\t").Replace(fmt.Sprintf("%b", number))
	return base64.StdEncoding.EncodeToString(append(text, space...))
}
