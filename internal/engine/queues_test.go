package engine

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A validation level belongs to a whole request, so no request has items of two levels.
func TestLevelsDontShareRequests(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 20)
		apitest.Must(t, s.engine.isThere(t.Context()))
		apitest.Together(20, func(i int) {
			level := int64(i%2) * 8
			if _, err := s.engine.Conversations.writeOne(t.Context(), newConversation(i), level); err != nil {
				t.Error(err)
			}
			if err := s.engine.Conversations.Delete(t.Context(), ids[i], level); err != nil {
				t.Error(err)
			}
		})
		got := map[string]int{}
		for _, r := range s.Requests() {
			if r.Method == http.MethodGet {
				continue
			}
			var items []any
			apitest.Must(t, json.Unmarshal(r.Body, &items))
			for _, item := range items {
				i := slices.IndexFunc(ids, func(id client.ID) bool { return id.String() == item })
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
