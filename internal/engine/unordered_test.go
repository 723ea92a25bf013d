package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// If neither a filter on revision nor the order narrows a list, a batch costs at most one
// request to write, and for each record a get to compare it and one to read it back.
func TestSinglesWhereListsCantBeNarrowed(t *testing.T) {
	t.Parallel()
	const count, callers, learning = 300, 10, 10
	for _, filter := range []string{mockserver.Ignored, mockserver.Refused} {
		for _, others := range []int{0, 1500} {
			t.Run(fmt.Sprint(filter, " ", others), func(t *testing.T) {
				inSpace(t, mockserver.Behavior{RevisionFilter: filter, OrderBy: mockserver.Ignored}, func(t *testing.T, s testSpace) {
					s.seed(t, others)
					batches, pages := count/callers, pagesFor(count+others)
					// inTurns calls f for each record, by concurrent callers, and checks the number of
					// requests.
					inTurns := func(what string, most int, f func(i int)) {
						s.ResetRequests()
						var workers sync.WaitGroup
						for first := range callers {
							workers.Go(func() {
								for i := first; i < count; i += callers {
									f(i)
								}
							})
						}
						workers.Wait()
						if made := len(s.Requests()); made > most {
							t.Errorf("%s: %d requests; want at most %d", what, made, most)
						}
					}
					made := make([]client.Conversation, count)
					inTurns("create", batches+count+pages+learning, func(i int) { made[i] = s.create(t.Context(), t, i) })
					inTurns("update", batches+2*count+pages+learning, func(i int) {
						update := since(made[i])
						update.Input.RecipientContactID = client.Value(jones)
						got, err := s.engine.Conversations.writeOne(t.Context(), update, 0)
						if err != nil || got.RecipientContactID != jones {
							t.Errorf("update %d: %v, %v", i, got.RecipientContactID, err)
						}
					})
				})
			})
		}
	}
}

// A service ignores the filter and the order, and lists what was created last first. As long as no
// one has edited the newest records, that looks like the order by revision. But an old record may
// have changed since.
func TestOrderOfCreation(t *testing.T) {
	inSpace(t, mockserver.Behavior{RevisionFilter: mockserver.Ignored, OrderBy: mockserver.Newest}, func(t *testing.T, s testSpace) {
		id := s.seed(t, 1)[0]
		for i := range 150 {
			time.Sleep(time.Second)
			s.stranger(t, apitest.NumberOf(1000+i))
		}
		known, err := s.engine.Conversations.Get(t.Context(), id)
		apitest.Must(t, err)
		asOf := int64(s.Revision())
		s.edit(t, id, map[string]any{"recipient_account_id": zenith.String()})
		update := since(known)
		update.Baseline.AsOf = asOf
		update.Input.RecipientAccountID = client.Value(acme)
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), update, 0)
		wantProblem(t, result.Err, client.Conflicting)

		next := scriptedEngine(t, s.network.RoundTrip)
		next.Expect(int64(s.Revision()))
		read, err := next.Conversations.Read(t.Context(), id)
		apitest.Must(t, err)
		wantEqual(t, "account", zenith, read.RecipientAccountID)
	})
}

// No document says that a list can be ordered by revision. A service may refuse that.
func TestOrderByRevisionRefused(t *testing.T) {
	t.Parallel()
	for _, filter := range []string{mockserver.Honoured, mockserver.Ignored, mockserver.Refused} {
		t.Run(filter, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{RevisionFilter: filter, OrderBy: mockserver.Refused}, func(t *testing.T, s testSpace) {
				s.seed(t, 250)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
				made := s.create(t.Context(), t, 1) // its reply is lost
				update := since(made)
				update.Input.RecipientContactID = client.Value(jones)
				got, err := s.engine.Conversations.writeOne(t.Context(), update, 0)
				apitest.Must(t, err)
				wantEqual(t, "contact", jones, got.RecipientContactID)
				apitest.Must(t, s.engine.Conversations.Delete(t.Context(), made.ID, 0))
				got, err = s.engine.Conversations.Get(t.Context(), made.ID)
				apitest.Must(t, err)
				wantEqual(t, "deleted", true, got.IsDeleted)
				wantEqual(t, "conversations", 250, len(s.live()))
				refused := 0
				for _, request := range s.Requests() {
					if request.Status == http.StatusBadRequest && strings.Contains(request.Query.Get("order-by"), "revision") {
						refused++
					}
				}
				if refused > 4 { // two are the same list, with one spelling of include-deleted each
					t.Errorf("%d lists were refused; want at most four", refused)
				}
			})
		})
	}
}

// A service lists what was created last first, whatever the requested order. An older conversation changes before a
// create begins. It may not be the create's result, even if it is not on the first page and that page doesn't say
// that another one follows.
func TestOldConversationInAnotherOrder(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct{ isRead, isSilent bool }{
		"at first": {}, "after a read": {isRead: true}, "silent": {isSilent: true}, "silent after a read": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{OrderBy: mockserver.Newest}, func(t *testing.T, s testSpace) {
				if of.isSilent {
					s.network.RoundTripper = silent(t, s.network.RoundTripper)
				}
				theirs := s.stranger(t, apitest.NumberOf(5), "recipient_account_id", acme.String())
				var last []client.ID
				for range 2 * client.MaxPageSize {
					time.Sleep(time.Second)
					last = s.seed(t, 1)
				}
				s.edit(t, theirs, map[string]any{"recipient_account_id": nil})
				if of.isRead { // its list shows the first page
					_, err := s.engine.Conversations.ReadMany(t.Context(), last)
					apitest.Must(t, err)
				}
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
				got := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(5), 0)
				ambiguous, isAmbiguous := errors.AsType[*AmbiguousError](got.Err)
				if !isAmbiguous || !slices.Equal(ambiguous.IDs, []client.ID{theirs}) {
					t.Errorf("it ends in %v; want a doubt about the conversation of others", got.Err)
				}
			})
		})
	}
}

// silent returns a network whose lists say neither how many records match nor whether another page follows.
func silent(t testing.TB, network http.RoundTripper) apitest.RoundTripper {
	t.Helper()
	return func(r *http.Request) (*http.Response, error) {
		got, err := network.RoundTrip(r)
		if err != nil || r.Method != http.MethodGet {
			return got, err
		}
		var page map[string]any
		apitest.Must(t, json.NewDecoder(got.Body).Decode(&page))
		delete(page, "total")
		delete(page, "page_info")
		body, err := json.Marshal(page)
		apitest.Must(t, err)
		return apitest.Answer(r, got.StatusCode, string(body)), nil
	}
}

// In a large space, two small lists prove the order before lost creates adopt what they have made.
// Creates that are not lost need no proof.
func TestLostCreateInLargeSpace(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]mockserver.Fault{
		"lost": {{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1}}, "not lost": nil,
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.seed(t, 2*client.MaxPageSize)
				s.Inject(faults...)
				s.ResetRequests()
				two := []conversationChange{newConversation(2 * client.MaxPageSize), newConversation(2*client.MaxPageSize + 1)}
				for _, got := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), two, client.WriteOptions{}, false) {
					if apitest.Must(t, got.Err); got.Adopted != (faults != nil) {
						t.Errorf("adopted: %t", got.Adopted)
					}
				}
				proofs := 0
				for _, request := range s.Requests() {
					if first := request.Query.Get("first"); first == "1" || first == "2" {
						proofs++
					}
				}
				if want := 2 * len(faults); proofs != want {
					t.Errorf("%d requests prove the order; want %d", proofs, want)
				}
			})
		})
	}
}

// The read-back of a create shows the newest revision of a small space. A create shortly after it
// does not ask for that again.
func TestReadBackShowsTheNewest(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		for i := range 3 {
			time.Sleep(fresh - time.Second)
			s.ResetRequests()
			s.create(t.Context(), t, i)
		}
		s.wantRequests(t, apitest.BatchModify, apitest.ListConversations)
	})
}
