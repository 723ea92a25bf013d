package engine

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// since returns an update whose baseline is the conversation as it was.
func since(before client.Conversation) conversationChange {
	input := change(before)
	input.Baseline = &Baseline{Revision: before.Revision, AsOf: before.Revision, Fields: conversationFields(client.PhoneNumbers{}).texts(&before)}
	return input
}

// idAt returns the id of the conversation that an update is for.
func idAt(inputs []conversationChange, i int) client.ID {
	id, _ := inputs[i].Input.ID.Get()
	return id
}

func (s testSpace) edit(t testing.TB, id client.ID, fields map[string]any) {
	t.Helper()
	apitest.Must(t, s.Edit(apitest.ConversationSegment, id.String(), fields))
}

func (s testSpace) record(t testing.TB, id client.ID) map[string]any {
	t.Helper()
	record, found := s.Record(apitest.ConversationSegment, id.String())
	if !found {
		t.Fatalf("no record %s", id)
	}
	return record
}

// staleRevisions are the two ways in which a service may treat an old revision.
var staleRevisions = []string{mockserver.Ignored, mockserver.Refused}

// A field that both the update and someone else have changed is a conflict, unless both set
// the same value. A field that only one of them has changed gets that value.
func TestConflicts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		update   func(*conversationChange)
		others   map[string]any
		conflict []Conflict
		holds    map[string]any
	}{
		"the same field": {
			update:   func(in *conversationChange) { in.Input.RecipientContactID = client.Value(jones) },
			others:   map[string]any{"recipient_contact_id": smith.String()},
			conflict: []Conflict{{Field: "recipient_contact_id", Known: "", Wanted: jones.String(), Held: smith.String()}},
			holds:    map[string]any{"recipient_contact_id": smith.String()},
		},
		"the same field, and another one": {
			update: func(in *conversationChange) {
				in.Input.RecipientContactID, in.Input.RecipientAccountID = client.Value(jones), client.Value(zenith)
			},
			others:   map[string]any{"recipient_contact_id": smith.String()},
			conflict: []Conflict{{Field: "recipient_contact_id", Known: "", Wanted: jones.String(), Held: smith.String()}},
			holds:    map[string]any{"recipient_contact_id": smith.String(), "recipient_account_id": acme.String()},
		},
		"emptied by both": {
			update: func(in *conversationChange) { in.Input.RecipientAccountID = client.Null[client.ID]() },
			others: map[string]any{"recipient_account_id": nil},
			holds:  map[string]any{"recipient_account_id": nil},
		},
		"set to the same": {
			update: func(in *conversationChange) { in.Input.RecipientContactID = client.Value(jones) },
			others: map[string]any{"recipient_contact_id": jones.String()},
			holds:  map[string]any{"recipient_contact_id": jones.String()},
		},
		"another field": {
			update: func(in *conversationChange) { in.Input.RecipientContactID = client.Value(jones) },
			others: map[string]any{"recipient_account_id": zenith.String(), "contact_relations": []string{smith.String()}},
			holds:  map[string]any{"recipient_contact_id": jones.String(), "recipient_account_id": zenith.String()},
		},
		"links": {
			update:   func(in *conversationChange) { *in = linked(*in, acme, zenith) },
			others:   map[string]any{"account_relations": []string{acme.String(), initech.String()}},
			conflict: []Conflict{{Field: "account_relations", Known: acme.String(), Wanted: TextOf(acme, zenith), Held: TextOf(acme, initech)}},
			holds:    map[string]any{},
		},
		"links, the same": {
			update: func(in *conversationChange) { *in = linked(*in, acme, zenith) },
			others: map[string]any{"account_relations": []string{zenith.String(), acme.String()}},
			holds:  map[string]any{},
		},
	} {
		for _, stale := range staleRevisions {
			t.Run(name+", stale revision "+stale, func(t *testing.T) {
				inSpace(t, mockserver.Behavior{StaleRevision: stale}, func(t *testing.T, s testSpace) {
					first := newConversation(1)
					first.Input.RecipientAccountID = client.Value(acme)
					before, err := s.engine.Conversations.writeOne(t.Context(), linked(first, acme), 0)
					apitest.Must(t, err)
					s.edit(t, before.ID, test.others)
					input := since(before)
					test.update(&input)
					_, err = s.engine.Conversations.writeOne(t.Context(), input, 0)
					s.wantConflict(t, err, before, test.conflict)
					record := s.record(t, before.ID)
					for field, want := range test.holds {
						wantEqual(t, field, want, record[field])
					}
				})
			})
		}
	}
}

func (s testSpace) wantConflict(t testing.TB, err error, known client.Conversation, want []Conflict) {
	t.Helper()
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		if err != nil || want != nil {
			t.Errorf("the error is %v; want the conflict %v", err, want)
		}
		return
	}
	wantEqual(t, "conflict", want, conflict.Fields)
	wantEqual(t, "the known revision", known.Revision, conflict.Known)
	wantEqual(t, "the current revision", s.record(t, known.ID)["revision"], any(int(conflict.Current)))
	wantProblem(t, err, client.Conflicting)
}

// A service may refuse an old revision because someone else changes the record after the
// comparison. The rest of the request is not lost, whatever form the refusal has.
func TestConflictBehindTheComparison(t *testing.T) {
	t.Parallel()
	for _, overwrite := range []bool{false, true} {
		for _, rollback := range []int{0, 1} {
			for _, reply := range []string{mockserver.ErrorReply, mockserver.Indexed, mockserver.Items} {
				t.Run(fmt.Sprintf("overwrite %t, rollback %d, %s", overwrite, rollback, reply), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						s := newSpace(t, mockserver.Behavior{StaleRevision: mockserver.Refused, RollbackReply: reply},
							func(c *testConfig) { c.Overwrite = overwrite })
						inputs := []conversationChange{newConversation(5)}
						for i := range 3 {
							inputs = append(inputs, since(s.create(t.Context(), t, i)))
							inputs[i+1].Input.RecipientContactID = client.Value(jones)
						}
						s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Do: func() {
							s.edit(t, idAt(inputs, 1), map[string]any{"recipient_contact_id": smith.String()})
							s.edit(t, idAt(inputs, 2), map[string]any{"recipient_account_id": acme.String()})
						}})
						results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: rollback}, false)
						for i, result := range results {
							if conflict := i == 1 && !overwrite; conflict != (client.ProblemOf(result.Err) == client.Conflicting) || !conflict && result.Err != nil {
								t.Errorf("result %d: %v", i, result.Err)
							}
						}
						if contact := s.record(t, idAt(inputs, 1))["recipient_contact_id"]; overwrite != (contact == jones.String()) {
							t.Errorf("the contact is %v", contact)
						}
						wantEqual(t, "someone else's account", any(acme.String()), s.record(t, idAt(inputs, 2))["recipient_account_id"])
						wantEqual(t, "conversations", 4, len(s.live()))
					})
				})
			}
		}
	}
}

// An update that is refused for another reason is not sent again.
func TestRefusedUpdateIsNotRepeated(t *testing.T) {
	inSpace(t, mockserver.Behavior{StaleRevision: mockserver.Refused}, func(t *testing.T, s testSpace) {
		input := since(s.create(t.Context(), t, 1))
		input.Input.RecipientPhoneNumber = client.Value("nonsense")
		s.ResetRequests()
		_, err := s.engine.Conversations.writeOne(t.Context(), input, 0)
		wantProblem(t, err, client.Refused)
		s.wantRequests(t, apitest.ListConversations, apitest.BatchModify, apitest.ListConversations)
	})
}

// The service carries out a request as a whole or not at all, and one of its updates refers to a record that does not
// exist. The rest is not sent again without that update, although the record of another one has changed meanwhile.
func TestRolledBackUpdateIsNotSentAlone(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{mockserver.ErrorReply, mockserver.Indexed, mockserver.Items} {
		t.Run(reply, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{RollbackReply: reply}, func(t *testing.T, s testSpace) {
				inputs := []conversationChange{since(s.create(t.Context(), t, 0)), linked(since(s.create(t.Context(), t, 1)), unknown)}
				inputs[0].Input.RecipientContactID = client.Value(jones)
				s.Inject(mockserver.Fault{Path: "batch-modify", Times: 1, Do: func() {
					s.edit(t, idAt(inputs, 0), map[string]any{"recipient_account_id": acme.String()})
				}})
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: client.RollbackAll}, false)
				wantProblem(t, results[1].Err, client.RelationNotFound)
				if contact := s.record(t, idAt(inputs, 0))["recipient_contact_id"]; contact != nil || results[0].Err == nil {
					t.Errorf("the other update has set the contact to %v: %v", contact, results[0].Err)
				}
			})
		})
	}
}

// Comparing a batch costs one request, however scattered its conversations are in the
// space, and whatever was written meanwhile.
func TestComparisonIsOneRequest(t *testing.T) {
	t.Parallel()
	for _, filter := range []string{mockserver.Honoured, mockserver.Ignored} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{RevisionFilter: filter}, func(c *testConfig) { c.MaxConcurrentRequests = 1 })
			ids := s.seed(t, 400)
			known, err := s.engine.Conversations.FetchMany(t.Context(), ids, NoFloor)
			apitest.Must(t, err)
			asOf := int64(s.Revision())
			s.edit(t, ids[7], map[string]any{"recipient_account_id": acme.String()})
			s.ResetRequests()
			const batches, size = 8, 10
			for batch := range batches {
				inputs := make([]conversationChange, size)
				for i := range inputs {
					inputs[i] = since(known[ids[(batch*size+i)*5+2]])
					inputs[i].Baseline.AsOf = asOf
					inputs[i].Input.RecipientContactID = client.Value(jones)
				}
				for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: 1}, false) {
					if result.Err != nil || result.Value.RecipientContactID != jones {
						t.Errorf("%d of batch %d: %+v, %v", i, batch, result.Value, result.Err)
					}
				}
			}
			learning := map[string]int{mockserver.Ignored: 1}[filter] // whether the service orders by revision
			wantEqual(t, "requests", 3*batches+learning, len(s.Requests()))
			wantEqual(t, "someone else's account", any(acme.String()), s.record(t, ids[7])["recipient_account_id"])
		})
	}
}

// The engine reads records that the feed does not cover, or only with many pages.
func TestComparisonWithoutMirror(t *testing.T) {
	t.Parallel()
	for name, manyNewer := range map[string]int{"little has changed": 0, "much has changed": 450} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				ids := s.seed(t, 3)
				var inputs []conversationChange
				for _, id := range ids {
					known, err := s.engine.Conversations.Get(t.Context(), id)
					apitest.Must(t, err)
					inputs = append(inputs, since(known))
					inputs[len(inputs)-1].Input.RecipientContactID = client.Value(jones)
				}
				s.seed(t, manyNewer)
				s.edit(t, ids[0], map[string]any{"recipient_contact_id": smith.String()})
				s.edit(t, ids[1], map[string]any{"recipient_account_id": acme.String()})
				for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: 1}, false) {
					if conflict := client.ProblemOf(result.Err) == client.Conflicting; conflict != (i == 0) || !conflict && result.Err != nil {
						t.Errorf("result %d: %v", i, result.Err)
					}
				}
			})
		})
	}
}

// A record that changes while the feed reads several pages moves in front of them. The feed
// does not miss it.
func TestMirrorMissesNothing(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 600)
		known, err := s.engine.Conversations.FetchMany(t.Context(), ids, NoFloor)
		apitest.Must(t, err)
		for _, id := range ids[:350] {
			s.edit(t, id, map[string]any{"recipient_account_id": acme.String()})
		}
		s.Inject(mockserver.Fault{Method: "GET", Skip: 1, Times: 1, Do: func() { // between the first page and the second
			s.edit(t, ids[0], map[string]any{"recipient_contact_id": smith.String()})
		}})
		var inputs []conversationChange
		for _, id := range ids {
			inputs = append(inputs, since(known[id]))
			inputs[len(inputs)-1].Input.RecipientContactID = client.Value(jones)
		}
		for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: 1}, false) {
			if conflict := client.ProblemOf(result.Err) == client.Conflicting; conflict != (i == 0) || !conflict && result.Err != nil {
				t.Errorf("result %d: %v", i, result.Err)
			}
		}
		wantEqual(t, "the contact", any(smith.String()), s.record(t, ids[0])["recipient_contact_id"])
	})
}

// Someone else's change shows only after a newer one, between the comparisons of two batches. The second batch does
// not overwrite it.
func TestMirrorShowsAChangeLate(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 2)
		known, err := s.engine.Conversations.FetchMany(t.Context(), ids, NoFloor)
		apitest.Must(t, err)
		asOf := int64(s.Revision())
		s.edit(t, ids[1], map[string]any{"recipient_contact_id": smith.String()})
		s.stranger(t, apitest.NumberOf(9)) // the newer change
		isLate := true
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			if r.Method == http.MethodGet && isLate {
				return replaced(response, err, ids[1].String(), unknown.String())
			}
			return response, err
		})
		for i, want := range []client.Problem{0, client.Conflicting} {
			update := since(known[ids[i]])
			update.Baseline.AsOf = asOf
			update.Input.RecipientContactID = client.Value(jones)
			result := s.engine.Conversations.CreateOrUpdate(t.Context(), update, 0)
			if client.ProblemOf(result.Err) != want {
				t.Errorf("update %d: %v", i, result.Err)
			}
			isLate = false
		}
		wantEqual(t, "the contact", any(smith.String()), s.record(t, ids[1])["recipient_contact_id"])
	})
}

// A record that was deleted meanwhile is not updated.
func TestUpdateOfWhatIsGone(t *testing.T) {
	t.Parallel()
	for _, get := range []string{mockserver.NotFound, mockserver.OK} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{DeletedGet: get})
			for _, restorable := range []bool{true, false} {
				before := s.create(t.Context(), t, 1)
				apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, before.ID.String()))
				if !restorable {
					apitest.Must(t, s.Purge(apitest.ConversationSegment, before.ID.String()))
				}
				input := since(before)
				input.Input.RecipientContactID = client.Value(jones)
				_, err := s.engine.Conversations.writeOne(t.Context(), input, 0)
				wantProblem(t, err, client.NotFound)
				var gone *GoneError // unless restorable, the service's own error may come
				if restorable && (!errors.As(err, &gone) || !gone.Restorable || gone.ID != before.ID) {
					t.Errorf("the error is %v", err)
				}
			}
		})
	}
}

// restoreOf returns a change that restores the conversation, with it as the baseline.
func restoreOf(before client.Conversation) conversationChange {
	input := since(before)
	input.Restore = true
	return input
}

// Restores share a request. The same write then updates the restored conversations.
func TestRestore(t *testing.T) {
	t.Parallel()
	for _, get := range []string{mockserver.NotFound, mockserver.OK} {
		for _, revision := range []string{mockserver.Bump, mockserver.Keep} {
			for _, stale := range staleRevisions {
				t.Run(get+" "+revision+" "+stale, func(t *testing.T) {
					inSpace(t, mockserver.Behavior{DeletedGet: get, DeletedRevision: revision, StaleRevision: stale}, func(t *testing.T, s testSpace) {
						inputs := make([]conversationChange, 20)
						for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), newConversations(len(inputs)), client.WriteOptions{}, true) {
							apitest.Must(t, result.Err)
							inputs[i] = restoreOf(result.Value)
							if i != 3 { // someone else has restored it
								apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, result.Value.ID.String()))
							}
							if i%2 == 0 {
								inputs[i].Input.RecipientContactID = client.Value(jones)
							}
						}
						s.ResetRequests()
						apitest.Together(len(inputs), func(i int) {
							got, err := s.engine.Conversations.writeOne(t.Context(), inputs[i], 0)
							id, _ := inputs[i].Input.ID.Get()
							if err != nil || got.ID != id || got.IsDeleted || i%2 == 0 != (got.RecipientContactID == jones) {
								t.Errorf("%d: %+v, %v", i, got, err)
							}
						})
						s.wantRequests(t, apitest.ListConversations, apitest.BatchRestore, apitest.BatchModify, apitest.ListConversations)
						wantEqual(t, "conversations", 20, len(s.live()))
					})
				})
			}
		}
	}
}

func TestRestoreFails(t *testing.T) {
	t.Parallel()
	for _, get := range []string{mockserver.NotFound, mockserver.OK} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{DeletedGet: get})
			inputs := make([]conversationChange, 10)
			for i := range inputs {
				before := s.create(t.Context(), t, i)
				inputs[i] = restoreOf(before)
				inputs[i].Input.RecipientContactID = client.Value(jones)
				apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, before.ID.String()))
			}
			apitest.Must(t, s.Purge(apitest.ConversationSegment, idAt(inputs, 0).String()))
			s.Inject(mockserver.Fault{Path: "batch-restore", Body: idAt(inputs, 1).String(), Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply},
				mockserver.Fault{Path: "batch-restore", Body: idAt(inputs, 5).String(), Kind: mockserver.DropAfter, Times: 1})
			apitest.Together(len(inputs), func(i int) {
				_, err := s.engine.Conversations.writeOne(t.Context(), inputs[i], 0)
				var refused *RestoreError
				switch {
				case i == 0:
					wantProblem(t, err, client.NotFound)
				case i == 1:
					if wantProblem(t, err, client.Refused); !errors.As(err, &refused) || refused.ID != idAt(inputs, 1) {
						t.Errorf("the error is %v", err)
					}
				case err != nil:
					t.Errorf("%d: %v", i, err)
				}
			})
			wantEqual(t, "conversations", 8, len(s.live()))
		})
	}
}

// A record that can't be restored does not roll back the restore of another one, although the updates are all or
// nothing.
func TestRestoresAreIndependent(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{mockserver.ErrorReply, mockserver.Indexed, mockserver.Items} {
		t.Run(reply, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{RollbackReply: reply}, func(t *testing.T, s testSpace) {
				inputs := []conversationChange{{}, {}}
				for i := range inputs {
					before := s.create(t.Context(), t, i)
					apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, before.ID.String()))
					inputs[i] = change(before)
					inputs[i].Restore = true
				}
				apitest.Must(t, s.Purge(apitest.ConversationSegment, idAt(inputs, 0).String()))
				results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: client.RollbackAll}, false)
				wantProblem(t, results[0].Err, client.NotFound)
				apitest.Must(t, results[1].Err)
				wantEqual(t, "is deleted", any(false), s.record(t, idAt(inputs, 1))["is_deleted"])
			})
		})
	}
}

// The error tells a protected record from a missing permission.
func TestDeleteProtected(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		apitest.Must(t, s.Seed(map[string][]map[string]any{apitest.ConversationSegment: {{"id": apitest.ID1, "phone_id": frontDesk, "is_delete_protected": true}}}))
		err := s.engine.Conversations.Delete(t.Context(), idOf(apitest.ID1), 0)
		if !errors.As(err, new(*ProtectedError)) {
			t.Errorf("the error is %v", err)
		}
		id := s.seed(t, 1)[0]
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: http.StatusForbidden, Times: 1})
		err = s.engine.Conversations.Delete(t.Context(), id, 0)
		if wantProblem(t, err, client.NotPermitted); errors.As(err, new(*ProtectedError)) {
			t.Errorf("the error is %v", err)
		}
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

// The engine adopts what earlier attempts at creates have made before it creates anything.
// It adopts each record once, and none that is claimed.
func TestAdoptsEarlierAttempts(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 1)
		now, err := s.engine.Conversations.entity.now(t.Context())
		apitest.Must(t, err)
		attempt := func(i int) conversationChange {
			input := newConversation(i)
			input.Earlier = &Attempt{Since: now}
			return input
		}
		var made []client.ID
		for _, i := range []int{1, 2, 2, 3} {
			id, err := s.Create(apitest.ConversationSegment, map[string]any{"phone_id": frontDesk, "recipient_phone_number": apitest.NumberOf(i)})
			apitest.Must(t, err)
			made = append(made, idOf(id))
		}
		s.engine.Conversations.Claim("", made[3:]...)
		inputs := []conversationChange{attempt(1), attempt(2), attempt(2), attempt(3), attempt(100_000), newConversation(1)}
		var got []client.ID
		for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: 1}, false) {
			apitest.Must(t, result.Err)
			if result.Value.IsDeleted || slices.Contains(got, result.Value.ID) {
				t.Errorf("result %d: %+v", i, result.Value)
			}
			got = append(got, result.Value.ID)
		}
		wantEqual(t, "adopted", sorted(made[:3]), sorted(got[:3]))
		if slices.Contains(append(made, ids...), got[3]) || slices.Contains(append(made, ids...), got[4]) {
			t.Errorf("adopted what was known or old: %v", got)
		}
		wantEqual(t, "conversations", 8, len(s.live()))
	})
}

func TestAdoptsNothingUnseen(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		now, err := s.engine.Conversations.entity.now(t.Context())
		apitest.Must(t, err)
		input := newConversation(1)
		input.Earlier = &Attempt{Since: now}
		s.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: http.StatusForbidden, Times: 1})
		_, err = s.engine.Conversations.writeOne(t.Context(), input, 0)
		wantProblem(t, err, client.OutcomeUnknown)
		var unknown *LostCreateError
		if !errors.As(err, &unknown) || unknown.Since != now {
			t.Errorf("the error is %v, of %v", err, unknown)
		}
		wantEqual(t, "conversations", 0, len(s.live()))
	})
}

// An update of links always reads them from the CRM: a link of others need not change the
// conversation's revision, and only the CRM knows the ids of the relations that stay.
func TestLinksAreComparedBeyondTheRevision(t *testing.T) {
	inSpace(t, mockserver.Behavior{RelationRevision: mockserver.Keep}, func(t *testing.T, s testSpace) {
		input, err := s.engine.Conversations.writeOne(t.Context(), linked(newConversation(1), acme), 0)
		apitest.Must(t, err)
		_, err = s.Create(apitest.RelationSegment, map[string]any{"text_message_conversation_id": input.ID.String(), "account_id": initech.String()})
		apitest.Must(t, err)
		_, err = s.engine.Conversations.writeOne(t.Context(), linked(since(input), acme, zenith), 0)
		s.wantConflict(t, err, input, []Conflict{{Field: "account_relations", Known: acme.String(), Wanted: TextOf(acme, zenith), Held: TextOf(acme, initech)}})
		wantEqual(t, "links", texts(acme, initech), s.Links(input.ID.String(), "account_relations"))
	})
}

// A record with an earlier as-of than the rest does not count as current just because
// nothing has changed since the later as-of.
func TestEachIsComparedAsOfItsOwnRevision(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 2)
		early, err := s.engine.Conversations.Get(t.Context(), ids[0])
		apitest.Must(t, err)
		s.edit(t, ids[0], map[string]any{"recipient_contact_id": smith.String()})
		late, err := s.engine.Conversations.FetchMany(t.Context(), ids, NoFloor)
		apitest.Must(t, err)
		inputs := []conversationChange{since(early), since(late[ids[1]])}
		for i := range inputs {
			inputs[i].Input.RecipientContactID = client.Value(jones)
		}
		results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: 1}, false)
		wantProblem(t, results[0].Err, client.Conflicting)
		apitest.Must(t, results[1].Err)
	})
}
