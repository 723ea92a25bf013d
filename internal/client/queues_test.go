package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A validation level belongs to a whole request: no request has items of two.
func TestLevelsDontShareRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{})
		ids := s.seed(t, 20)
		must(t, s.client.isThere(t.Context()))
		together(20, func(i int) {
			level := int64(i%2) * 8
			if _, err := s.client.Conversations.writeOne(t.Context(), newConversation(i), level); err != nil {
				t.Error(err)
			}
			if err := s.client.Conversations.Delete(t.Context(), ids[i], level); err != nil {
				t.Error(err)
			}
		})
		got := map[string]int{}
		for _, r := range s.Requests() {
			if r.Method == http.MethodGet {
				continue
			}
			var items []any
			must(t, json.Unmarshal(r.Body, &items))
			for _, item := range items {
				i := slices.IndexFunc(ids, func(id ID) bool { return id.String() == item })
				if input, ok := item.(map[string]any); ok {
					i, _ = strconv.Atoi(strings.TrimPrefix(fmt.Sprint(input["recipient_phone_number"]), "+1555"))
				}
				if want := fmt.Sprint(i % 2 * 8); r.Query.Get("validation-level") != want {
					t.Errorf("%v is sent with the level %s", item, r.Query.Get("validation-level"))
				}
			}
			got[fmt.Sprintf("%d items to %s, rollback %s", len(items), path.Base(r.Path), r.Query.Get("rollback-method"))]++
		}
		wantEqual(t, "requests", map[string]int{"10 items to batch-modify, rollback 1": 2, "10 items to batch-delete, rollback 1": 2}, got)
	})
}

// Close lets nothing get lost and takes nothing new, of any level.
func TestCloseClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpace(t, mockserver.Behavior{}, func(c *Config) { c.BatchWindow = time.Hour })
		ids := s.seed(t, 1)
		var callers sync.WaitGroup
		callers.Go(func() { s.create(t.Context(), t, 1) })
		callers.Go(func() { must(t, s.client.Conversations.Delete(t.Context(), ids[0], 4)) })
		synctest.Wait()
		s.client.Close()
		callers.Wait()
		wantEqual(t, "conversations", 1, len(s.live()))
		for level := range int64(3) {
			if _, err := s.client.Conversations.writeOne(t.Context(), newConversation(1), 2*level); !errors.Is(err, ErrClosed) {
				t.Errorf("a write of level %d after Close: %v", level, err)
			}
			if err := s.client.Conversations.Delete(t.Context(), ids[0], 2*level); !errors.Is(err, ErrClosed) {
				t.Errorf("a delete of level %d after Close: %v", level, err)
			}
		}
	})
}
