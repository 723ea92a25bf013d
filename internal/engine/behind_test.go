package engine

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// nextAfter returns the engine of a later run, whose user has seen all of the space. Reads come
// from a copy that lags behind.
func (s testSpace) nextAfter(t *testing.T) *Engine {
	t.Helper()
	next := scriptedEngine(t, s.network.RoundTrip)
	next.Expect(int64(s.Revision()))
	return next
}

// assign returns an update that sets the account of a conversation, with a baseline.
func assign(e *Engine, known client.Conversation) conversationChange {
	update := change(known)
	update.Input.RecipientAccountID = client.Value(acme)
	update.Baseline = &Baseline{Revision: known.Revision, AsOf: known.Revision, Fields: e.Conversations.fields.texts(&known)}
	return update
}

// breakLists makes all lists of conversations after the first one fail with a status. Gets still work.
func (s testSpace) breakLists(status int) {
	lists := 0
	s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, apitest.ConversationSegment) {
			if lists++; lists > 1 {
				return apitest.Answer(r, status, ""), nil
			}
		}
		return mock.RoundTrip(r)
	})
}

// An update is compared with a list of a copy that lags behind. Once the copy has caught up, it
// is compared with a new list.
func TestComparedBeforeTheCopyCaughtUp(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		id := s.seed(t, 3)[0]
		known, err := s.engine.Conversations.Read(t.Context(), id)
		apitest.Must(t, err)
		s.SetLag(3 * time.Second)
		s.edit(t, id, map[string]any{"recipient_account_id": zenith.String()})
		next := s.nextAfter(t)
		if got := next.Conversations.CreateOrUpdate(t.Context(), assign(next, known), 0); !errors.As(got.Err, new(*ConflictError)) {
			t.Errorf("the error is %v, want a conflict", got.Err)
		}
	})
}

// The space is behind, and the look for its newest revision fails. Then nothing there counts as
// unchanged, and a read does not return it.
func TestFailedLookAtACopyBehind(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				ids := s.seed(t, 3)
				known, err := s.engine.Conversations.Read(t.Context(), ids[0])
				apitest.Must(t, err)
				s.SetLag(time.Hour)
				s.edit(t, ids[0], map[string]any{"recipient_account_id": zenith.String()})
				healthy := s.network.RoundTripper
				s.breakLists(status)
				next := s.nextAfter(t)
				if got := next.Conversations.CreateOrUpdate(t.Context(), assign(next, known), 0); got.Err == nil {
					t.Error("an update that was compared with an old copy succeeds")
				}
				wantEqual(t, "account", any(zenith.String()), s.record(t, ids[0])["recipient_account_id"])
				s.network.RoundTripper = healthy
				s.breakLists(status)
				if got, err := s.nextAfter(t).Conversations.Read(t.Context(), ids[0]); err == nil {
					t.Errorf("a read returns an old copy: %v", got)
				}
			})
		})
	}
}

// While updates are compared, another caller tells the engine of a revision that the space does not show. What was
// read may be outdated, so no update is sent. If only a record that could not be read back may still come, that
// holds up nothing but its own update.
func TestComparedWhileSpaceTurnsOutBehind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tell  func(e *Engine, revision int64)
		found bool
	}{"expected": {(*Engine).Expect, false}, "reached": {(*Engine).Reach, true}} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{RevisionFilter: mockserver.Ignored}, func(t *testing.T, s testSpace) {
				known, err := s.engine.Conversations.Read(t.Context(), s.seed(t, 2)[0])
				apitest.Must(t, err)
				var next *Engine
				s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, unknown.String()) {
						test.tell(next, int64(s.Revision())+10)
					}
					return mock.RoundTrip(r)
				})
				next = scriptedEngine(t, s.network.RoundTrip)
				unread := change(client.Conversation{RecordValues: client.RecordValues{ID: unknown, Revision: known.Revision}})
				unread.Input.RecipientAccountID = client.Value(acme)
				update := linked(assign(next, known), initech) // links are always compared
				results := next.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{update, unread}, client.WriteOptions{RollbackMethod: client.RollbackFailed}, false)
				wantProblem(t, results[1].Err, client.Behind)
				if test.found {
					apitest.Must(t, results[0].Err)
				} else {
					wantProblem(t, results[0].Err, client.Behind)
				}
				wantEqual(t, "is changed", test.found, s.record(t, known.ID)["recipient_account_id"] == acme.String())
			})
		})
	}
}

// The caller may get records, but not list them, so it can't know whether the space is behind. An update is compared
// with what it gets.
func TestComparedWithoutLists(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		known, err := s.engine.Conversations.Read(t.Context(), s.seed(t, 2)[0])
		apitest.Must(t, err)
		s.edit(t, known.ID, map[string]any{"recipient_account_id": zenith.String()})
		s.seed(t, 1) // newer
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if !strings.HasSuffix(r.URL.Path, known.ID.String()) && r.Method == http.MethodGet {
				return apitest.Answer(r, http.StatusForbidden, ""), nil
			}
			return mock.RoundTrip(r)
		})
		next := s.nextAfter(t)
		_, err = next.Conversations.writeOne(t.Context(), linked(assign(next, known), initech), 0)
		wantProblem(t, err, client.Conflicting)
	})
}

// The space is behind what the user has seen. Nothing there is deleted or restored, because it may have changed since.
func TestNothingIsDeletedOrRestoredBehind(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 2)
		page, err := s.client.Conversations.List(t.Context(), client.Query{})
		apitest.Must(t, err)
		apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, ids[1].String()))
		next := scriptedEngine(t, s.network.RoundTrip)
		next.Expect(int64(s.Revision()) + 1)
		wantProblem(t, next.Conversations.Delete(t.Context(), ids[0], 0), client.Behind)
		deleted := change(page.Records[slices.IndexFunc(page.Records, func(c client.Conversation) bool { return c.ID == ids[1] })])
		deleted.Restore = true
		_, err = next.Conversations.writeOne(t.Context(), deleted, 0)
		wantProblem(t, err, client.Behind)
		for i, id := range ids {
			wantEqual(t, "is deleted", any(i == 1), s.record(t, id)["is_deleted"])
		}
	})
}

// A record was created, but could not be read back. Its deletion gets lost, and the copy that answers the look does
// not show the record yet. That does not count as gone.
func TestUnreadIsNotDeleted(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		time.Sleep(time.Hour)
		s.SetLag(time.Minute)
		id := s.stranger(t, apitest.NumberOf(1))
		next := scriptedEngine(t, s.network.RoundTrip, func(c *testConfig) { c.RecoveryTimeout = time.Second })
		next.Reach(int64(s.Revision()))
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.DropBefore})
		wantProblem(t, next.Conversations.Delete(t.Context(), id, 0), client.Behind)
	})
}

// A space that is behind does not show what an open create has made. That proves nothing.
func TestLookForInASpaceBehind(t *testing.T) {
	t.Parallel()
	for name, isPatient := range map[string]bool{"one look": false, "patient": true} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				attempt := s.openAttempt(t)
				s.SetLag(time.Hour)
				s.stranger(t, apitest.NumberOf(5))
				found := s.nextAfter(t).Conversations.LookFor(t.Context(), []conversationChange{attempt}, isPatient)[0]
				if !errors.As(found.Err, new(*LostCreateError)) || !errors.As(found.Err, new(*BehindError)) {
					t.Errorf("found is %v, %v", found.Value.ID, found.Err)
				}
			})
		})
	}
}

// After a wait in vain, the engine still notices when the copy has caught up.
func TestCaughtUpAfterAll(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		id := s.seed(t, 1)[0]
		s.SetLag(100 * time.Second)
		s.edit(t, id, map[string]any{"recipient_account_id": acme.String()})
		next := scriptedEngine(t, s.network.RoundTrip)
		next.Expect(int64(s.Revision()))
		for _, want := range []client.Problem{client.Behind, client.Behind, 0} {
			s.ResetRequests()
			read, err := next.Conversations.Read(t.Context(), id)
			if client.ProblemOf(err) != want || want == 0 && read.RecipientAccountID != acme {
				t.Errorf("account %s: %v", read.RecipientAccountID, err)
			}
			time.Sleep(40 * time.Second)
		}
	})
}

// A service merges arrays, and reads lag. An update that removes a link is not answered with a
// copy that still shows the link.
func TestRemovedLinkInALaggingCopy(t *testing.T) {
	inSpace(t, mockserver.Behavior{ArrayUpdate: mockserver.Merge}, func(t *testing.T, s testSpace) {
		made := s.engine.Conversations.CreateOrUpdate(t.Context(), linked(newConversation(1), acme), 0)
		apitest.Must(t, made.Err)
		update := since(made.Value)
		update.Input.AccountRelations = client.Value([]client.RelationInput{})
		s.SetLag(4 * time.Second)
		updated := s.engine.Conversations.CreateOrUpdate(t.Context(), update, 0)
		apitest.Must(t, updated.Err)
		wantEqual(t, "links", 0, len(updated.Value.AccountRelations))
		wantEqual(t, "revision", s.record(t, made.Value.ID)["revision"], any(int(updated.Value.Revision)))
	})
}

// A revision that was seen and one that must have been reached with creates can both be missing. The error says which
// of them the space has shown before.
func TestSeenAndReachedRevision(t *testing.T) {
	t.Parallel()
	const unread = "and until it is %d, a created record that could not be read back may still appear"
	for name, test := range map[string]struct {
		seen, reached int64 // above the newest revision
		all           bool
		want          string
	}{
		"seen":    {10, 20, false, "but it has shown revision %d before"},
		"both":    {10, 20, true, "but it has shown revision %d before"},
		"reached": {0, 10, true, unread},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.seed(t, 1)
				newest := int64(s.Revision())
				s.engine.Expect(newest + test.seen)
				s.engine.Reach(newest + test.reached)
				err := s.engine.shows(t.Context(), test.all)
				wantProblem(t, err, client.Behind)
				wantEqual(t, "error", fmt.Sprintf("the newest revision of the space %s is %d, "+test.want, s.client.SpaceID(), newest, newest+10), err.Error())
			})
		})
	}
}
