package engine

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

func TestGetParameters(t *testing.T) {
	t.Parallel()
	for behavior, want := range map[string][][]string{
		mockserver.Honoured: {{apitest.GetConversation}, {apitest.GetConversation}},
		mockserver.Ignored:  {{apitest.GetConversation, apitest.ListRelations}, {apitest.GetConversation, apitest.ListRelations}},
		// First the client tries each spelling of include-deleted alone.
		mockserver.Refused: {{apitest.GetConversation, apitest.GetConversation, apitest.GetConversation, apitest.GetConversation, apitest.ListRelations}, {apitest.GetConversation, apitest.ListRelations}},
	} {
		t.Run(behavior, func(t *testing.T) {
			t.Parallel()
			s := newSpace(t, mockserver.Behavior{GetParameters: behavior})
			id, err := s.Create(apitest.ConversationSegment, map[string]any{"phone_id": frontDesk, "account_relations": texts(acme), "quote_relations": texts(quote)})
			apitest.Must(t, err)
			apitest.Must(t, s.Seed(map[string][]map[string]any{"TextMessages": {{"text_message_conversation_id": id, "content": "Hello", "direction": 1}}}))
			for _, requests := range want {
				got, err := s.engine.Conversations.Get(t.Context(), idOf(id))
				apitest.Must(t, err)
				s.wantRequests(t, requests...)
				wantEqual(t, "links", [][]client.ID{{acme}, {quote}, {}}, [][]client.ID{client.RelationKinds[0].Linked(&got), client.RelationKinds[5].Linked(&got), client.RelationKinds[1].Linked(&got)})
				wantEqual(t, "without messages", true, got.Messages == nil)
			}
		})
	}
}

// A refusal of the id does not count as a refusal of the parameters.
func TestGetRefusedForAnotherReason(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	id := s.seed(t, 1)[0]
	s.Inject(mockserver.Fault{Method: "GET", Times: 4, Kind: mockserver.StatusReply, Status: http.StatusUnprocessableEntity})
	_, err := s.engine.Conversations.Get(t.Context(), id)
	wantProblem(t, err, client.Refused)
	s.ResetRequests()
	_, err = s.engine.Conversations.Get(t.Context(), id)
	apitest.Must(t, err)
	s.wantRequests(t, apitest.GetConversation)
	if s.engine.unsupported.has(getParameters) {
		t.Errorf("the parameters count as refused")
	}
}

func TestGetDeleted(t *testing.T) {
	t.Parallel()
	for _, parameters := range []string{mockserver.Honoured, mockserver.Ignored, mockserver.Refused} {
		for n, honored := range []string{mockserver.Either, mockserver.Hyphen, mockserver.Underscore, mockserver.HyphenOnly, mockserver.UnderscoreOnly, mockserver.Either} {
			deleted := []string{mockserver.NotFound, mockserver.OK}[n/5]
			t.Run(parameters+" "+deleted+" "+honored, func(t *testing.T) {
				t.Parallel()
				s := newSpace(t, mockserver.Behavior{GetParameters: parameters, DeletedGet: deleted, IncludeDeleted: honored})
				id := s.seed(t, 1)[0]
				apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, id.String()))
				got, err := s.engine.Conversations.Get(t.Context(), id)
				apitest.Must(t, err)
				wantEqual(t, "deleted", true, got.IsDeleted)
				apitest.Must(t, s.Purge(apitest.ConversationSegment, id.String()))
				_, err = s.engine.Conversations.Get(t.Context(), id)
				wantProblem(t, err, client.NotFound)
			})
		}
	}
}

// If a wrong address is why nothing is found, no record counts as gone, whatever form the
// reply has.
func TestWrongSpace(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"not the API": `{"status":404,"message":"The requested URL was not found on the server.","errorcode":null,"traceback":null}`,
		"HTML":        "<html>404</html>",
		"envelope":    `{"success":false,"http_status":404,"code":2003,"name":"ERROR_ENTITY_NOT_FOUND","message":"not found"}`,
		"no type":     `{"success":false,"http_status":404,"code":2006,"name":"ERROR_UNKNOWN_TYPE","message":"not found"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				c := scriptedEngine(t, func(r *http.Request) (*http.Response, error) {
					asked++
					return apitest.Answer(r, http.StatusNotFound, body), nil
				})
				ctx := t.Context()
				_, err := c.Conversations.Get(ctx, unknown)
				wantProblem(t, err, client.WrongAddress)
				_, err = c.Conversations.FetchMany(ctx, []client.ID{unknown, acme}, NoFloor)
				wantProblem(t, err, client.WrongAddress)
				_, err = c.Conversations.writeOne(ctx, newConversation(1), 0)
				wantProblem(t, err, client.WrongAddress)
				_, err = c.Conversations.writeOne(ctx, conversationChange{Input: client.ConversationInput{Head: client.Head{ID: client.Value(unknown), Revision: client.Value[int64](1)}, ConversationWrites: client.ConversationWrites{RecipientContactID: client.Value(jones)}}}, 0)
				wantProblem(t, err, client.WrongAddress)
				asked = 0
				apitest.Together(20, func(int) { wantProblem(t, c.Conversations.Delete(ctx, unknown, 0), client.WrongAddress) })
				if asked > 4 {
					t.Errorf("%d requests to find out that the address is wrong", asked)
				}
			})
		})
	}
}

func TestFetchMany(t *testing.T) {
	t.Parallel()
	const records = 350
	for name, test := range map[string]struct {
		pick  func(ids []client.ID) []client.ID
		floor func(s testSpace, ids []client.ID) int64
		want  map[string]int // requests, by how the service treats a filter on revision
	}{
		"none": {
			func([]client.ID) []client.ID { return nil }, func(testSpace, []client.ID) int64 { return NoFloor },
			map[string]int{mockserver.Honoured: 0, mockserver.Ignored: 0, mockserver.Refused: 0},
		},
		"one": {
			func(ids []client.ID) []client.ID { return ids[200:201] }, func(testSpace, []client.ID) int64 { return NoFloor },
			map[string]int{mockserver.Honoured: 1, mockserver.Ignored: 1, mockserver.Refused: 1},
		},
		"the newest": {
			func(ids []client.ID) []client.ID { return ids[340:] }, func(s testSpace, _ []client.ID) int64 { return int64(s.Revision() - 10) },
			map[string]int{mockserver.Honoured: 1, mockserver.Ignored: 1, mockserver.Refused: 4}, // two to learn that it is not include-deleted that is refused
		},
		"the newest 250": {
			func(ids []client.ID) []client.ID { return ids[100:] }, func(s testSpace, _ []client.ID) int64 { return int64(s.Revision() - 250) },
			map[string]int{mockserver.Honoured: 3, mockserver.Ignored: 3, mockserver.Refused: 6},
		},
		"all": {
			slices.Clone[[]client.ID], func(testSpace, []client.ID) int64 { return NoFloor },
			map[string]int{mockserver.Honoured: 4, mockserver.Ignored: 4, mockserver.Refused: 4},
		},
		"two far ones": { // a page, which shows the total, and a get for each
			func(ids []client.ID) []client.ID { return []client.ID{ids[149], ids[201]} }, func(testSpace, []client.ID) int64 { return NoFloor },
			map[string]int{mockserver.Honoured: 3, mockserver.Ignored: 3, mockserver.Refused: 3},
		},
		"two that are older than thought": {
			func(ids []client.ID) []client.ID { return []client.ID{ids[0], ids[1]} }, func(s testSpace, _ []client.ID) int64 { return int64(s.Revision() - 10) },
			map[string]int{mockserver.Honoured: 3, mockserver.Ignored: 4, mockserver.Refused: 7}, // one to learn whether the order holds
		},
		"some that are gone": { // and whether the space is there
			func([]client.ID) []client.ID { return []client.ID{unknown, acme} }, func(testSpace, []client.ID) int64 { return NoFloor },
			map[string]int{mockserver.Honoured: 5, mockserver.Ignored: 5, mockserver.Refused: 5},
		},
	} {
		for filter, want := range test.want {
			t.Run(name+", filter "+filter, func(t *testing.T) {
				t.Parallel()
				s := newSpace(t, mockserver.Behavior{RevisionFilter: filter})
				all := s.seed(t, records)
				ids := test.pick(all)
				got, err := s.engine.Conversations.FetchMany(t.Context(), ids, test.floor(s, all))
				apitest.Must(t, err)
				for _, id := range ids {
					c, found := got[id]
					if exists := slices.Contains(all, id); found != exists || found && (c.ID != id || c.PhoneID != frontDesk) {
						t.Errorf("%s is found: %t, %v", id, found, c)
					}
				}
				for id := range got {
					if !slices.Contains(ids, id) {
						t.Errorf("%s was not asked for", id)
					}
				}
				// Both records that are gone may ask at the same time whether the space is there.
				if n := len(s.Requests()); n != want && (name != "some that are gone" || n > want+1) {
					t.Errorf("%d requests, want %d: %s", n, want, s.requests())
				}
			})
		}
	}
}

// Wherever the records are in the list, reading them costs at most twice as much as the
// cheapest way. If they are the newest, it costs no more than that.
func TestFetchManyAmongOthers(t *testing.T) {
	t.Parallel()
	const records, own = 1500, 150
	s := newSpace(t, mockserver.Behavior{})
	all := s.seed(t, records)
	every := func(step int) (ids []client.ID) {
		for i := 0; len(ids) < own; i += step {
			ids = append(ids, all[i])
		}
		return ids
	}
	for name, test := range map[string]struct {
		ids      []client.ID
		cheapest int
		exactly  bool
	}{
		"the newest":          {all[records-own:], 2, true},
		"the oldest":          {all[:own], records / client.MaxPageSize, true},
		"some of each page":   {every(records / own), records / client.MaxPageSize, true},
		"a few of the oldest": {all[:10], 10, false},
	} {
		s.ResetRequests()
		got, err := s.engine.Conversations.FetchMany(t.Context(), test.ids, NoFloor)
		apitest.Must(t, err)
		wantEqual(t, name, len(test.ids), len(got))
		most := 2 * test.cheapest
		if test.exactly {
			most = test.cheapest
		}
		if n := len(s.Requests()); n > most {
			t.Errorf("%s: %d requests; want at most %d", name, n, most)
		}
	}
}

// If one record fails, the other ones are still read.
func TestFetchManyFailsForOne(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	ids := s.seed(t, 3)
	s.Inject(mockserver.Fault{Path: ids[1].String(), Kind: mockserver.StatusReply, Status: 403},
		mockserver.Fault{Path: "/entities/" + apitest.ConversationSegment, Times: 1, Kind: mockserver.ReplaceReply, Reply: `{"success":true,"total":300,"data":[]}`})
	got, err := s.engine.Conversations.FetchMany(t.Context(), ids, NoFloor)
	wantProblem(t, err, client.NotPermitted)
	wantEqual(t, "found", 2, len(got))
}

// A list does not show the phone of a conversation. A get does.
func TestFetchManyFromAListWithoutPhones(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 3)
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, apitest.ConversationSegment) {
				return without(mock, r, ids[1], apitest.NumberOf(1))
			}
			return mock.RoundTrip(r)
		})
		found, err := s.engine.Conversations.FetchMany(t.Context(), ids, NoFloor)
		apitest.Must(t, err)
		for _, id := range ids {
			wantEqual(t, "the phone", frontDesk, found[id].PhoneID)
		}
	})
}

// If the service goes down, the reads that have not begun are not tried: each try takes as long as all
// retries.
func TestFetchManyFromAServiceThatGoesDown(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 100)
		list := "/entities/" + apitest.ConversationSegment
		s.Inject(mockserver.Fault{Path: list + "/", Kind: mockserver.StatusReply, Status: http.StatusServiceUnavailable},
			mockserver.Fault{Path: list, Times: 1, Kind: mockserver.ReplaceReply, Reply: `{"success":true,"total":30000,"data":[]}`})
		_, err := s.engine.Conversations.FetchMany(t.Context(), ids, NoFloor)
		wantProblem(t, err, client.Unavailable)
		most := client.Defaults().MaxConcurrentRequests * (1 + client.Defaults().MaxRetries)
		if made := len(s.Requests()) - 1; made == 0 || made > most {
			t.Errorf("%d gets; want at most %d", made, most)
		}
	})
}

// If the service ignores the filter, a list of what is newer ends at the first older
// record, however large the space is. One request finds out that the order holds.
func TestNewerThan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		filter string
		newer  int
		want   int
	}{
		{mockserver.Honoured, 10, 1},
		{mockserver.Ignored, 10, 2},
		{mockserver.Refused, 10, 3},
		{mockserver.Honoured, 150, 2},
		{mockserver.Ignored, 150, 3},
		{mockserver.Refused, 150, 4},
		{mockserver.Honoured, 0, 1},
		{mockserver.Ignored, 0, 2},
		{mockserver.Refused, 0, 3},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Parallel()
			s := newSpace(t, mockserver.Behavior{RevisionFilter: test.filter})
			s.seed(t, 320)
			floor := int64(s.Revision())
			s.seed(t, test.newer)
			newer := 0
			for page, err := range s.engine.Conversations.entity.newerThan(t.Context(), floor, wholeConversations()) {
				apitest.Must(t, err)
				for _, c := range page.Records {
					if c.Revision > floor {
						newer++
					}
				}
			}
			wantEqual(t, "newer ones", test.newer, newer)
			wantEqual(t, "requests", test.want, len(s.Requests()))
			s.ResetRequests()
			for _, err := range s.engine.Conversations.entity.newerThan(t.Context(), floor, wholeConversations()) {
				apitest.Must(t, err)
			}
			switch test.filter {
			case mockserver.Ignored:
				test.want-- // that the order holds is known by now
			case mockserver.Refused:
				test.want -= 2 // so is the refusal
			}
			wantEqual(t, "requests the second time", test.want, len(s.Requests()))
		})
	}
}

// An update of links reads the present links before it is sent. If it can't, that update is
// not sent, but the rest of its batch is.
func TestPrepareFailsForOne(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		first, second := s.create(t.Context(), t, 0), s.create(t.Context(), t, 1)
		time.Sleep(time.Second) // a new batch begins
		apitest.Must(t, s.Edit(apitest.ConversationSegment, first.ID.String(), map[string]any{"account_relations": texts(zenith)}))
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			return replaced(response, err, `"account_id":"`+zenith.String()+`"`, `"account_id":null`)
		})
		results := s.engine.Conversations.write(t.Context(), []conversationChange{linked(change(first), acme), linked(change(second), acme), newConversation(2)}, client.WriteOptions{RollbackMethod: 1})
		if err := results[0].Err; err == nil || !strings.Contains(err.Error(), "does not show which record") {
			t.Errorf("the one that can't be prepared: %v", err)
		}
		apitest.Must(t, results[1].Err)
		apitest.Must(t, results[2].Err)
		wantEqual(t, "links", [][]string{texts(zenith), texts(acme)}, [][]string{s.Links(first.ID.String(), "account_relations"), s.Links(second.ID.String(), "account_relations")})
	})
}

// Each link must show the id of its relation and that of the linked record.
func TestGetRefusesBareLinks(t *testing.T) {
	t.Parallel()
	for _, link := range []string{`{"account_id":"` + acme.String() + `"}`, `{"id":"` + apitest.ID2 + `"}`, `{"id":"` + apitest.ID2 + `","contact_id":"` + jones.String() + `"}`, `null`} {
		c := replyingEngine(t, `{"success":true,"data":{"id":"`+apitest.ID1+`","revision":7,"account_relations":[`+link+`]}}`)
		if got, err := c.Conversations.Get(t.Context(), idOf(apitest.ID1)); client.ProblemOf(err) != client.UnexpectedReply {
			t.Errorf("the link %s is taken for %v, %v", link, got.AccountRelations, err)
		}
	}
}

// A service may show deleted links too, whole or as URIs, because the query includes what is
// deleted. A deleted conversation keeps them.
func TestGetDropsDeletedLinks(t *testing.T) {
	t.Parallel()
	one := func(id string, account client.ID, deleted bool) string {
		return fmt.Sprintf(`{"id":"%s","account_id":"%s","is_deleted":%t}`, id, account, deleted)
	}
	deleted, live := one(apitest.ID2, acme, true), one(apitest.ID3, zenith, false)
	for name, links := range map[string]string{"whole": deleted + "," + live, "as URIs": `"` + apitest.ID2 + `","` + apitest.ID3 + `"`} {
		for ofDeleted, want := range map[bool][]client.ID{false: {zenith}, true: {acme, zenith}} {
			c := scriptedEngine(t, func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, apitest.ConversationSegment+"/"+apitest.ID1) {
					return apitest.Answer(r, http.StatusOK, fmt.Sprintf(`{"success":true,"data":{"id":"%s","revision":7,"is_deleted":%t,"account_relations":[%s]}}`, apitest.ID1, ofDeleted, links)), nil
				}
				found := live
				if r.URL.Query().Get("include-deleted") == "true" {
					found += "," + deleted
				}
				return apitest.Answer(r, http.StatusOK, `{"success":true,"page_info":{},"data":[`+found+`]}`), nil
			})
			got, err := c.Conversations.Get(t.Context(), idOf(apitest.ID1))
			apitest.Must(t, err)
			wantEqual(t, name, want, client.RelationKinds[0].Linked(&got))
		}
	}
}

// Other gets may be under way when one learns that the service refuses parameters.
func TestGetParametersRefusedToMany(t *testing.T) {
	inSpace(t, mockserver.Behavior{GetParameters: mockserver.Refused}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 8)
		s.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.Latency, Latency: time.Second})
		apitest.Together(len(ids), func(i int) {
			time.Sleep(time.Duration(i) * 300 * time.Millisecond)
			got, err := s.engine.Conversations.Get(t.Context(), ids[i])
			if err != nil || got.ID != ids[i] {
				t.Errorf("%d: %s, %v", i, got.ID, err)
			}
		})
	})
}

// FetchMany gets the records that are missing in a list that ends too soon.
func TestFetchManyFromAListThatEndsTooSoon(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	ids := s.seed(t, 5)
	c := scriptedEngine(t, func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, apitest.ConversationSegment) {
			return apitest.Answer(r, http.StatusOK, `{"success":true,"total":5,"page_info":{"end_cursor":"c1","has_next_page":false},"data":[]}`), nil
		}
		return mockserver.InProcess(s.Server).RoundTrip(r)
	})
	got, err := c.Conversations.FetchMany(t.Context(), ids, 0)
	apitest.Must(t, err)
	wantEqual(t, "found", 5, len(got))
	s.Inject(mockserver.Fault{Kind: mockserver.ShortArray, Path: apitest.ConversationSegment})
	_, err = s.engine.Find(t.Context(), client.Query{}, 0)
	wantProblem(t, err, client.UnexpectedReply)
}
