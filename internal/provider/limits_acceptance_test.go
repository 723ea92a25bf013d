//go:build unix

package provider_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A batch that is too large for a proxy is divided until it passes.
func TestAccLimits_tooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	w.SetMaxBatchItems(2)
	s := newBinary(t, "").scene(t, w)
	s.plays(w.bulk(numbered(5), "", recoversSoon), 0, applies, "Apply complete!")
	s.made(0, 5, 5)
	s.owns()
	if diff := cmp.Diff(map[int][]int{413: {5, 3}, 200: {2, 1, 2}}, w.batches(t)); diff != "" {
		t.Errorf("sizes of the batches by status (-want +got):\n%s", diff)
	}
}

// batches returns the numbers of conversations in the batches, by the status of the
// reply.
func (w *world) batches(t *testing.T) map[int][]int {
	t.Helper()
	sizes := map[int][]int{}
	for _, request := range w.Requests() {
		if request.Method != http.MethodPost {
			continue
		}
		var batch []json.RawMessage
		must(t, json.Unmarshal(request.Body, &batch))
		sizes[request.Status] = append(sizes[request.Status], len(batch))
	}
	return sizes
}

// For three seconds, the service asks to wait, and says for how long. The provider sends
// nothing before that, and the wait does not count as a retry.
func TestAccLimits_throttled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	w.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusReply, Status: 429, RetryAfter: mockserver.Remaining, For: 3 * time.Second})
	s := newBinary(t, "").scene(t, w)
	s.plays(w.singles(numbered(3), "max_retries = 0"), 0, applies, "Apply complete!")
	s.made(0, 3, 3)
	if diff := cmp.Diff(map[int][]int{429: {3}, 200: {3}}, w.batches(t)); diff != "" {
		t.Errorf("sizes of the batches by status (-want +got):\n%s", diff)
	}
}

// A list that does not end is an error, and so is one that shows fewer records than it
// counts.
func TestAccLimits_lists(t *testing.T) {
	t.Parallel()
	for kind, text := range map[mockserver.Kind]string{
		mockserver.EndlessList:  "is a list that does not end",
		mockserver.TotalTooHigh: "is a list that ends too soon",
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mockserver.Behavior{})
			w.addMany(3)
			w.Inject(mockserver.Fault{Method: http.MethodGet, Path: conversations, Kind: kind})
			s := newBinary(t, "").scene(t, w)
			s.plays(w.config(conversationsData("")), 1, plans, "Unable to Find", text)
		})
	}
}
