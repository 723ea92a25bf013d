package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Request is an entry of the mock server's log.
type Request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // below the space
	Query  url.Values      `json:"query"`
	Body   json.RawMessage `json:"body"`
	Status int             `json:"status"`
}

// Kind returns what the request does, such as "list" or "batch-modify", followed by the entity unless that is the
// conversations.
func (r Request) Kind() string {
	entity, rest, _ := strings.Cut(strings.TrimPrefix(r.Path, "/entities/"), "/")
	kind := strings.ToLower(r.Method)
	switch {
	case strings.HasPrefix(rest, "batch-"):
		kind = rest
	case r.Method == http.MethodGet && rest == "":
		kind = "list"
	}
	if entity != "TextMessageConversations" {
		kind += " " + entity
	}
	return kind
}

// Items returns how many items a batch request has, and 0 for every other request.
func (r Request) Items() int {
	var items []json.RawMessage
	if err := json.Unmarshal(r.Body, &items); err != nil {
		return 0
	}
	return len(items)
}

// Requests are entries of a log, in order.
type Requests []Request

// OfKind returns the requests of one kind.
func (r Requests) OfKind(kind string) Requests {
	return slices.DeleteFunc(slices.Clone(r), func(one Request) bool { return one.Kind() != kind })
}

// CountByKind returns the number of requests of each kind.
func (r Requests) CountByKind() map[string]int {
	counts := map[string]int{}
	for _, one := range r {
		counts[one.Kind()]++
	}
	return counts
}

// ByKind returns the number of requests of each kind as text: "101 batch-modify, 102 list".
func (r Requests) ByKind() string { return tally(r.CountByKind(), "%d %s") }

// BatchSizes returns the number of batches of each size: "2 of 8, 98 of 10".
func (r Requests) BatchSizes() string {
	counts := map[int]int{}
	for _, one := range r {
		if items := one.Items(); items > 0 {
			counts[items]++
		}
	}
	return tally(counts, "%d of %d")
}

// tally returns each count and its key in the given format, in the order of the keys.
func tally[T cmp.Ordered](counts map[T]int, format string) string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf(format, counts[what], what))
	}
	return strings.Join(parts, ", ")
}
