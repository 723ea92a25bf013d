package engine

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

func TestDelete(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 20)
		apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, ids[0].String()))
		apitest.Must(t, s.Purge(apitest.ConversationSegment, ids[1].String()))
		apitest.Must(t, s.Seed(map[string][]map[string]any{apitest.ConversationSegment: {{"id": apitest.ID1, "phone_id": frontDesk, "is_delete_protected": true}}}))
		apitest.Together(20, func(i int) {
			id := ids[i]
			if i == 19 {
				id = idOf(apitest.ID1)
			}
			err := s.engine.Conversations.Delete(t.Context(), id, 0)
			if i == 19 {
				wantProblem(t, err, client.NotPermitted)
			} else if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
		// The engine looks only at the record that is refused and at the one that is gone, in any
		// order, and then at the space.
		asked := s.requests()
		if slices.Index(asked, apitest.BatchDelete) != 0 || slices.Contains(asked[1:], apitest.BatchDelete) || len(asked) > 7 {
			t.Errorf("it asks %v", asked)
		}
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// The engine divides a batch that is refused as a whole. A look shows which records were
// already gone.
func TestDeleteRefusedWhole(t *testing.T) {
	t.Parallel()
	for _, get := range []string{mockserver.NotFound, mockserver.OK} {
		for name, fault := range map[string]mockserver.Fault{
			"validation": {Status: 422, Reply: apitest.ValidationReply},
			"not found":  {Status: 404, Reply: notFoundReply},
		} {
			t.Run(name+" "+get, func(t *testing.T) {
				inSpace(t, mockserver.Behavior{DeletedGet: get}, func(t *testing.T, s testSpace) {
					ids := s.seed(t, 10)
					apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, ids[3].String()))
					fault.Kind, fault.Path, fault.Body = mockserver.StatusReply, "batch-delete", ids[3].String()
					s.Inject(fault)
					apitest.Together(len(ids), func(i int) {
						if err := s.engine.Conversations.Delete(t.Context(), ids[i], 0); err != nil {
							t.Errorf("%d: %v", i, err)
						}
					})
					wantEqual(t, "conversations", 0, len(s.live()))
				})
			})
		}
	}
}

// If the service keeps failing, the engine looks at one record, not at each.
func TestDeleteWithoutAService(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 50)
		s.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusBadGateway})
		begin := time.Now()
		apitest.Together(len(ids), func(i int) {
			wantProblem(t, s.engine.Conversations.Delete(t.Context(), ids[i], 0), client.OutcomeUnknown)
		})
		apitest.WithinBubble(t, begin, 0, time.Minute)
		wantEqual(t, "conversations", 50, len(s.live()))
	})
}

// One list shows what a delete without a usable reply has done, instead of a look at each record.
func TestDeleteLooksOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]mockserver.Fault{
		"lost":    {Kind: mockserver.DropAfter},
		"garbled": {Kind: mockserver.ShortArray},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				ids := s.seed(t, 100)
				fault.Path = "batch-delete"
				s.Inject(fault)
				for i, err := range s.engine.Conversations.DeleteMany(t.Context(), ids, 0) {
					if err != nil {
						t.Errorf("%d: %v", i, err)
					}
				}
				s.wantRequests(t, apitest.BatchDelete+" "+string(fault.Kind), apitest.ListConversations)
				wantEqual(t, "conversations", 0, len(s.live()))
			}, func(c *testConfig) { c.MaxRetries = 0 })
		})
	}
}

// A delete that is answered with the ids of other records is not believed before a look shows it.
func TestDeleteAnsweredWithOtherIDs(t *testing.T) {
	t.Parallel()
	for name, isDone := range map[string]bool{"done": true, "not done": false} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				ids := s.seed(t, 3)
				s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
					if r.Method != http.MethodPost {
						return mock.RoundTrip(r)
					}
					if isDone {
						if _, err := mock.RoundTrip(r); err != nil {
							return nil, err
						}
					}
					return apitest.Answer(r, http.StatusOK, `{"success":true,"data":["`+ids[0].String()+`","`+ids[2].String()+`"]}`), nil
				})
				errs := s.engine.Conversations.DeleteMany(t.Context(), ids[:2], 0)
				if errs[0] != nil || (errs[1] == nil) != isDone {
					t.Errorf("the errors are %v", errs)
				}
			})
		})
	}
}

// The reply to a delete is lost, and an old copy answers the look. All records are deleted once it
// has caught up, so no delete fails.
func TestLostDeleteOfACopy(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 12)
		s.SetLag(5 * time.Second)
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.DropAfter, Times: 1})
		begin := time.Now()
		for i, err := range s.engine.Conversations.DeleteMany(t.Context(), ids, 0) {
			if err != nil {
				t.Errorf("delete %d: %v", i, err)
			}
		}
		apitest.WithinBubble(t, begin, 5*time.Second, 10*time.Second)
		wantEqual(t, "requests", 7, len(s.requests())) // the delete, two lists, and looks at the first record
	}, func(c *testConfig) { c.MaxRetries = 0 })
}

// The service answers for one record that it is not available. A look shows that the record was
// already deleted.
func TestDeleteOfAnUnavailableItem(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 2)
		apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, ids[0].String()))
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.ReplaceReply, Reply: `{"success":true,"data":[{"success":false,"http_status":503}]}`})
		apitest.Must(t, s.engine.Conversations.Delete(t.Context(), ids[0], 0))
	})
}
