package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

func TestCreate(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 3)
		input := linked(newConversation(1), acme, zenith)
		input.Input.RecipientContactID = client.Value(jones)
		got, err := s.engine.Conversations.writeOne(t.Context(), input, 8)
		apitest.Must(t, err)
		s.wantRequests(t, apitest.ListConversations, apitest.BatchModify, apitest.ListConversations)

		held, _ := s.Record(apitest.ConversationSegment, got.ID.String())
		wantEqual(t, "what the server holds", []any{frontDesk.String(), apitest.NumberOf(1), jones.String(), int(got.Revision)},
			[]any{held["phone_id"], held["recipient_phone_number"], held["recipient_contact_id"], held["revision"]})
		wantEqual(t, "its links", texts(acme, zenith), s.Links(got.ID.String(), "account_relations"))
		wantEqual(t, "what is returned", []any{frontDesk, apitest.NumberOf(1), jones, 2, 0, true},
			[]any{got.PhoneID, got.RecipientPhoneNumber, got.RecipientContactID, len(got.AccountRelations), len(got.ContactRelations), got.Messages == nil})

		s.create(t.Context(), t, 2)
		s.wantRequests(t, apitest.BatchModify, apitest.ListConversations) // the moment is known by now
	})
}

func TestManyCreatesAreOneBatch(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := make([]client.ID, 100)
		apitest.Together(100, func(i int) {
			got := s.create(t.Context(), t, i)
			ids[i] = got.ID
			if got.RecipientPhoneNumber != apitest.NumberOf(i) {
				t.Errorf("caller %d got the conversation with %s", i, got.RecipientPhoneNumber)
			}
		})
		s.wantRequests(t, apitest.ListConversations, apitest.BatchModify, apitest.ListConversations)
		for i, id := range ids {
			if held, _ := s.Record(apitest.ConversationSegment, id.String()); held["recipient_phone_number"] != apitest.NumberOf(i) {
				t.Errorf("caller %d got the id of %v", i, held)
			}
		}
		wantEqual(t, "conversations", 100, len(s.live()))
	})
}

func TestBadNeighbours(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		gone := client.Conversation{RecordValues: client.RecordValues{ID: s.seed(t, 1)[0], Revision: 1}}
		apitest.Must(t, s.Purge(apitest.ConversationSegment, gone.ID.String()))
		inputs := []conversationChange{
			newConversation(0),
			{Input: client.ConversationInput{ConversationWrites: client.ConversationWrites{PhoneID: client.Value(frontDesk), RecipientPhoneNumber: client.Value("no number")}}},
			newConversation(2),
			{Input: client.ConversationInput{ConversationWrites: client.ConversationWrites{PhoneID: client.Value(unknown), RecipientPhoneNumber: client.Value(apitest.NumberOf(3))}}},
			linked(newConversation(4), unknown),
			change(gone),
		}
		inputs[5].Input.RecipientContactID = client.Value(jones)
		problems := []client.Problem{-1, client.Refused, -1, client.RelationNotFound, client.RelationNotFound, client.NotFound}
		apitest.Together(len(inputs), func(i int) {
			got, err := s.engine.Conversations.writeOne(t.Context(), inputs[i], 0)
			switch {
			case problems[i] >= 0:
				wantProblem(t, err, problems[i])
			case err != nil || got.RecipientPhoneNumber != apitest.NumberOf(i):
				t.Errorf("caller %d: %s, %v", i, got.RecipientPhoneNumber, err)
			}
		})
		// The engine looks for the record to update in a list, with a get, and among the deleted.
		s.wantRequests(t, apitest.ListConversations, apitest.ListConversations, apitest.GetConversation, apitest.ListConversations, apitest.BatchModify, apitest.ListConversations)
		wantEqual(t, "conversations", 2, len(s.live()))
	})
}

func TestUpdateSendsWhatChanges(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		before := s.create(t.Context(), t, 1)
		s.ResetRequests()
		input := change(before)
		input.Input.RecipientContactID = client.Value(jones)
		got, err := s.engine.Conversations.writeOne(t.Context(), input, 0)
		apitest.Must(t, err)
		sent := s.Requests()[1]
		wantEqual(t, "body", fmt.Sprintf(`[{"id":"%s","revision":%d,"recipient_contact_id":"%s"}]`, before.ID, before.Revision, jones), string(sent.Body))
		wantEqual(t, "query", apitest.ParseQuery(t, "validation-level=0&rollback-method=1"), sent.Query)
		s.wantRequests(t, apitest.ListConversations, apitest.BatchModify, apitest.ListConversations)
		if got.RecipientContactID != jones || got.Revision <= before.Revision || got.RecipientPhoneNumber != before.RecipientPhoneNumber {
			t.Errorf("the update returns %+v", got)
		}
	})
}

// In every undocumented behavior of the service, the links end up as set, those of other
// kinds stay, and none is made twice.
func TestEveryBehavior(t *testing.T) {
	t.Parallel()
	for name, behavior := range behaviors() {
		t.Run(name, func(t *testing.T) {
			inSpace(t, behavior, func(t *testing.T, s testSpace) {
				others := 5
				if behavior.RevisionFilter == mockserver.Ignored || behavior.RevisionFilter == mockserver.Refused {
					others = 101 // more than a page
				}
				s.seed(t, others)
				ctx := t.Context()
				input := linked(newConversation(1), acme, zenith)
				input.Input.OpportunityRelations = client.RelationKinds[4].Links([]client.ID{opportunity})
				created, err := s.engine.Conversations.writeOne(ctx, input, 0)
				apitest.Must(t, err)
				for i := range 5 { // others write meanwhile
					_, err := s.Create(apitest.ConversationSegment, map[string]any{"phone_id": frontDesk, "recipient_phone_number": apitest.NumberOf(200_000 + i)})
					apitest.Must(t, err)
				}
				links := func() [][]string {
					id := created.ID.String()
					return [][]string{s.Links(id, "account_relations"), s.Links(id, "opportunity_relations"), s.Links(id, "lead_relations")}
				}
				wantEqual(t, "links of the new", [][]string{texts(acme, zenith), texts(opportunity), {}}, links())
				kept := s.relationOf(t, created.ID, zenith)

				updated, err := s.engine.Conversations.writeOne(ctx, linked(change(created), zenith, initech), 0)
				apitest.Must(t, err)
				wantEqual(t, "links after the update", [][]string{texts(zenith, initech), texts(opportunity), {}}, links())
				wantEqual(t, "links that it returns", []client.ID{zenith, initech}, sorted(client.RelationKinds[0].Linked(&updated)))
				wantEqual(t, "the kept relation", kept, s.relationOf(t, created.ID, zenith))

				got, err := s.engine.Conversations.Get(ctx, created.ID)
				apitest.Must(t, err)
				wantEqual(t, "links of a get", [][]client.ID{{zenith, initech}, {opportunity}}, [][]client.ID{sorted(client.RelationKinds[0].Linked(&got)), client.RelationKinds[4].Linked(&got)})
				wantEqual(t, "messages of a get", true, got.Messages == nil)

				updated, err = s.engine.Conversations.writeOne(ctx, linked(change(got)), 0)
				apitest.Must(t, err)
				wantEqual(t, "links after the last", [][]string{{}, texts(opportunity), {}}, links())
				wantEqual(t, "links that it returns", []client.ID{}, client.RelationKinds[0].Linked(&updated))

				apitest.Must(t, s.engine.Conversations.Delete(ctx, created.ID, 0))
				got, err = s.engine.Conversations.Get(ctx, created.ID)
				if client.ProblemOf(err) != client.NotFound && (err != nil || !got.IsDeleted) {
					t.Errorf("the deleted: %+v, %v", got, err)
				}
				apitest.Must(t, s.engine.Conversations.Delete(ctx, created.ID, 0))
				wantEqual(t, "conversations", others+5, len(s.live()))
			})
		})
	}
}

// behaviors returns every combination of the switches that matter for reading and linking,
// and every value of the other switches.
func behaviors() map[string]mockserver.Behavior {
	all := map[string]mockserver.Behavior{}
	for _, filter := range []string{mockserver.Honoured, mockserver.Ignored, mockserver.Refused} {
		for _, get := range []string{mockserver.Honoured, mockserver.Ignored, mockserver.Refused} {
			for _, array := range []string{mockserver.Replace, mockserver.Merge} {
				all[strings.Join([]string{"filter", filter, "get", get, array}, "_")] = mockserver.Behavior{
					RevisionFilter: filter, GetParameters: get, ArrayUpdate: array, RelationRevision: mockserver.Keep,
					DeletedRevision: mockserver.Keep, StaleRevision: mockserver.Refused,
				}
			}
		}
	}
	for _, sw := range mockserver.Switches {
		for _, value := range sw.Values {
			var b mockserver.Behavior
			*sw.Field(&b) = value
			all[sw.Name+"_"+value] = b
		}
	}
	return all
}

// relationOf returns the id of the relation that links the account.
func (s testSpace) relationOf(t testing.TB, conversation, account client.ID) string {
	t.Helper()
	for _, r := range s.Records(apitest.RelationSegment) {
		if r["text_message_conversation_id"] == conversation.String() && r["account_id"] == account.String() && r["is_deleted"] != true {
			return fmt.Sprint(r["id"])
		}
	}
	t.Errorf("%s is not linked with %s", conversation, account)
	return ""
}

// An update sends a link that stays as the URI of its relation, and a new one as the id of
// its record.
func TestLinksSent(t *testing.T) {
	t.Parallel()
	for array, want := range map[string][]string{
		mockserver.Replace: {apitest.ListConversations, apitest.BatchModify, apitest.ListConversations},
		mockserver.Merge:   {apitest.ListConversations, apitest.BatchModify, apitest.ListConversations, apitest.DeleteRelations, apitest.ListConversations},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{ArrayUpdate: array})
			created, err := s.engine.Conversations.writeOne(t.Context(), linked(newConversation(1), acme, zenith), 0)
			apitest.Must(t, err)
			relation := s.relationOf(t, created.ID, zenith)
			s.ResetRequests()
			_, err = s.engine.Conversations.writeOne(t.Context(), linked(change(created), zenith, initech), 0)
			apitest.Must(t, err)
			var sent []map[string]json.RawMessage
			apitest.Must(t, json.Unmarshal(s.Requests()[1].Body, &sent))
			wantEqual(t, "links sent", fmt.Sprintf(`[{"id":"https://crm.example/api/v100/rest/spaces/acme_sales/entities/TextMessageConversationRelationses/%s"},{"account_id":"%s"}]`, relation, initech), string(sent[0]["account_relations"]))
			s.wantRequests(t, want...)
		})
	}
}

// A conversation that was written but could not be read back does not get lost. Its caller
// gets the id, and the other callers get their whole records.
func TestUnread(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faults []mockserver.Fault
		spoil  func(s testSpace) // before the read-back
		want   []bool            // which callers get an UnreadError
		says   string
	}{
		"the read-back fails": {
			faults: []mockserver.Fault{{Method: "GET", Skip: 1, Kind: mockserver.StatusReply, Status: 500}},
			want:   []bool{true, true}, says: "HTTP 500",
		},
		"one is gone": {
			spoil: func(s testSpace) {
				apitest.Must(t, s.Purge(apitest.ConversationSegment, fmt.Sprint(s.live()[1]["id"])))
			},
			want: []bool{false, true}, says: "no longer shows it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.Inject(test.faults...)
				if test.spoil != nil {
					s.Inject(mockserver.Fault{Method: "GET", Skip: 1, Times: 1, Do: func() { test.spoil(s) }})
				}
				apitest.Together(2, func(i int) {
					time.Sleep(time.Duration(i) * time.Millisecond)
					got, err := s.engine.Conversations.writeOne(t.Context(), linked(newConversation(i), acme), 0)
					var unread *UnreadError
					switch {
					case !test.want[i]:
						if err != nil || got.RecipientPhoneNumber != apitest.NumberOf(i) {
							t.Errorf("caller %d: %s, %v", i, got.RecipientPhoneNumber, err)
						}
					case !errors.As(err, &unread) || !strings.Contains(err.Error(), test.says):
						t.Errorf("caller %d: %v; want it unread because it %q", i, err, test.says)
					default:
						held, found := s.Record(apitest.ConversationSegment, unread.ID.String())
						if found && held["recipient_phone_number"] != apitest.NumberOf(i) || unread.ID.IsZero() {
							t.Errorf("caller %d gets the id of %v", i, held)
						}
					}
				})
			})
		})
	}
}

// If the service does not show the links of one conversation fully, only that one fails.
func TestLinkThatIsNotShown(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			return replaced(response, err, `"account_id":"`+zenith.String()+`"`, `"account_id":null`)
		})
		apitest.Together(3, func(i int) {
			account := []client.ID{acme, zenith, initech}[i]
			got, err := s.engine.Conversations.writeOne(t.Context(), linked(newConversation(i), account), 0)
			var unread *UnreadError
			if i == 1 {
				if !errors.As(err, &unread) || !strings.Contains(err.Error(), "does not show which record is linked by account_relations") {
					t.Errorf("the one that is not shown: %v", err)
				}
				return
			}
			apitest.Must(t, err)
			wantEqual(t, "links", []client.ID{account}, client.RelationKinds[0].Linked(&got))
		})
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}

// A service merges arrays, and refuses to delete the link that the update should have removed.
func TestLinkThatStays(t *testing.T) {
	inSpace(t, mockserver.Behavior{ArrayUpdate: mockserver.Merge}, func(t *testing.T, s testSpace) {
		made, err := s.engine.Conversations.writeOne(t.Context(), linked(newConversation(1), acme), 0)
		apitest.Must(t, err)
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: http.StatusForbidden, Envelope: true})
		_, err = s.engine.Conversations.writeOne(t.Context(), linked(since(made)), 0)
		if wantProblem(t, err, client.NotPermitted); !errors.Is(err, ErrLinksLeft) {
			t.Errorf("the error is %v", err)
		}
	})
}

// If a caller gives up before its batch is sent, nothing of it is sent. Later, the engine
// waits for the result, reads it back and returns it.
func TestInterruptedWrite(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	for name, test := range map[string]struct {
		after    time.Duration
		sent     int
		finished bool
	}{
		"in the queue":               {10 * time.Millisecond, 0, false},
		"while asking for the floor": {500 * time.Millisecond, 1, false},
		"while it is written":        {1500 * time.Millisecond, 3, true},
		"while it is read back":      {2500 * time.Millisecond, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.Inject(mockserver.Fault{Kind: mockserver.Latency, Latency: time.Second})
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(test.after, func() { cancel(stopped) })
				got, err := s.engine.Conversations.writeOne(ctx, newConversation(1), 0)
				wantEqual(t, "requests", test.sent, len(s.Requests()))
				if !test.finished {
					if !errors.Is(err, stopped) {
						t.Errorf("%v; want the context's cause", err)
					}
					wantEqual(t, "conversations", 0, len(s.live()))
					return
				}
				apitest.Must(t, err)
				wantEqual(t, "number", apitest.NumberOf(1), got.RecipientPhoneNumber)
				wantEqual(t, "conversations", 1, len(s.live()))
			})
		})
	}
}

// If the caller gives up before the turn of a batch, a create that an earlier attempt may have made
// stays lost.
func TestInterruptedBeforeItsTurn(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		for range cap(s.engine.Conversations.batches) {
			apitest.Must(t, s.engine.Conversations.batches.acquire(t.Context()))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		again := newConversation(1)
		again.Earlier = &Attempt{Since: Moment{Revision: 1}}
		if result := s.engine.Conversations.CreateOrUpdate(ctx, again, 0); attemptOf(result.Err) == nil {
			t.Errorf("it does not stay lost: %v", result.Err)
		}
		wantEqual(t, "requests", 0, len(s.Requests()))
	})
}

// An answer with the id of another record is never taken for the caller's conversation.
func TestAnswersWithAnotherID(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]func(known client.Conversation) string{
		"twice": func(c client.Conversation) string {
			return `["` + apitest.ID1 + `","` + apitest.ID1 + `","` + c.ID.String() + `"]`
		},
		"known already": func(c client.Conversation) string {
			return `["` + c.ID.String() + `","` + apitest.ID1 + `","` + c.ID.String() + `"]`
		},
		"not the updated": func(client.Conversation) string {
			return `["` + apitest.ID1 + `","` + apitest.ID2 + `","` + apitest.ID3 + `"]`
		},
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				known := s.create(t.Context(), t, 1)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.ReplaceReply, Reply: `{"success":true,"data":` + data(known) + `}`})
				inputs := []conversationChange{newConversation(7), newConversation(8), change(known)}
				inputs[2].Input.RecipientContactID = client.Value(jones)
				for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: 1}, false) {
					apitest.Must(t, result.Err)
					wantEqual(t, "id", s.live()[(i+1)%3]["id"], any(result.Value.ID.String()))
				}
				wantEqual(t, "conversations", 3, len(s.live()))
			})
		})
	}
}

// Such an answer comes for a create, and nothing can be read after that. No create takes the id, because another
// caller has it.
func TestAnswersWithAnotherID_unread(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]func(first, known client.ID) client.ID{
		"twice":         func(first, _ client.ID) client.ID { return first },
		"known already": func(_, known client.ID) client.ID { return known },
	} {
		t.Run(name, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				first, known := idOf(apitest.ID1), s.create(t.Context(), t, 1).ID
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.ReplaceReply, Reply: `{"success":true,"data":["` + first.String() + `","` + second(first, known).String() + `"]}`, Do: func() {
					s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusBadGateway})
				}})
				for i, result := range s.engine.Conversations.CreateOrUpdateMany(t.Context(), newConversations(2), client.WriteOptions{RollbackMethod: client.RollbackFailed}, false) {
					if !errors.As(result.Err, new(*LostCreateError)) {
						t.Errorf("create %d is not open: %v", i, result.Err)
					}
				}
			})
		})
	}
}

// A batch that is too large for a proxy is divided until it passes, whether it writes or deletes.
// Nothing is created twice.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	for _, method := range []int{client.RollbackAll, client.RollbackFailed} {
		t.Run(fmt.Sprint("rollback ", method), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.SetMaxBatchItems(2)
				ids := make([]client.ID, 5)
				for i, result := range s.engine.Conversations.write(t.Context(), newConversations(len(ids)), client.WriteOptions{RollbackMethod: method}) {
					apitest.Must(t, result.Err)
					ids[i] = result.Value.ID
				}
				wantEqual(t, "conversations", len(ids), len(s.live()))
				for _, err := range s.engine.Conversations.remove(t.Context(), ids, client.WriteOptions{RollbackMethod: method}) {
					apitest.Must(t, err)
				}
				wantEqual(t, "conversations", 0, len(s.live()))
			})
		})
	}
}
