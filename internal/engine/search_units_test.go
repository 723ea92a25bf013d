package engine

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// messagesTo returns messages with these directions.
func messagesTo(directions ...int) []client.MessageInput {
	inputs := make([]client.MessageInput, len(directions))
	for i, direction := range directions {
		inputs[i].Direction = client.Value(direction)
	}
	return inputs
}

// A conversation may have the messages of this request or of the earlier one, but not a mixture.
func TestUseOf(t *testing.T) {
	t.Parallel()
	say := func(contents ...string) []client.MessageInput {
		return orZero(messaged(newConversation(1), contents...).Input.Messages)
	}
	for name, test := range map[string]struct {
		before [][]client.MessageInput // nil: a first attempt
		isSent bool
		held   []string
		want   use
	}{
		"a first attempt":      {nil, true, []string{"c", "d"}, unused},
		"its part":             {nil, true, []string{"d"}, incomplete},
		"an earlier one":       {[][]client.MessageInput{say("a"), say("b")}, false, []string{"b"}, unused},
		"this one, not sent":   {[][]client.MessageInput{say("a")}, false, []string{"c", "d"}, used},
		"this one, sent":       {[][]client.MessageInput{say("a")}, true, []string{"d", "c"}, unused},
		"a mixture":            {[][]client.MessageInput{say("a", "b")}, true, []string{"a", "d"}, used},
		"the same, once more":  {[][]client.MessageInput{say("d", "c")}, true, []string{"c", "d"}, unused},
		"none, or some":        {[][]client.MessageInput{nil, say("a")}, false, []string{"a"}, unused},
		"another beside those": {[][]client.MessageInput{say("a")}, true, []string{"c", "d", "e"}, used},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			id := s.seed(t, 1)[0]
			for _, content := range test.held {
				_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": id, "content": content, "direction": 1})
				apitest.Must(t, err)
			}
			change := &pending[client.ConversationInput]{isSent: test.isSent}
			change.Input.Messages = client.Value(say("c", "d"))
			if test.before != nil {
				change.Earlier = &Attempt{Messages: test.before}
			}
			inside := conversationInside{s.engine}
			found, err := inside.useOf(t.Context(), change, id)
			apitest.Must(t, err)
			wantEqual(t, name, test.want, found)
			if test.before != nil {
				isOther := test.isSent && !strings.Contains(name, "once more")
				wantEqual(t, name+", lists", len(test.before)+map[bool]int{true: 1}[isOther], len(inside.sent(change)))
			}
		})
	}
}

// An attempt that repeats an earlier one and gets lost too remembers what it has sent itself, even if it could not be
// sent once more.
func TestAttemptRemembersItsMessages(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		now, err := s.engine.Conversations.entity.now(t.Context())
		apitest.Must(t, err)
		again := newConversation(1)
		again.Earlier = &Attempt{Since: now, Messages: [][]client.MessageInput{messagesTo(2)}}
		again.Input.Messages = client.Value([]client.MessageInput{{MessageWrites: client.MessageWrites{Content: client.Value("Hi"), Direction: client.Value(1)}}})
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Do: func() {
			s.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: http.StatusForbidden})
		}})
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), again, 0)
		lost := attemptOf(result.Err)
		if lost == nil || len(lost.Messages) != 2 {
			t.Errorf("it remembers %v: %v", lost, result.Err)
		}
	})
}

// A caller who may not list messages learns nothing about them. While the service fails, nothing is known. If lists
// don't show the conversations of messages, any conversation may have some.
func TestTalked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  mockserver.Fault
		fails  bool
		talked []client.ID
	}{
		"not permitted":    {mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusForbidden}, false, nil},
		"not available":    {mockserver.Fault{Kind: mockserver.StatusReply, Status: http.StatusBadGateway}, true, nil},
		"no conversations": {mockserver.Fault{Kind: mockserver.OmitField, Field: "text_message_conversation_id"}, false, []client.ID{{}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.MaxRetries = 0 })
			id := s.seed(t, 1)[0]
			_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": id, "content": "Hi", "direction": 2})
			apitest.Must(t, err)
			test.fault.Path = messageSegment
			s.Inject(test.fault)
			inside := conversationInside{s.engine}
			if found, err := inside.talked(t.Context(), NoFloor); (err != nil) != test.fails || !slices.Equal(slices.Collect(maps.Keys(found)), test.talked) {
				t.Errorf("%s: %v, %v", name, found, err)
			}
			if use, err := inside.useOf(t.Context(), &pending[client.ConversationInput]{}, id); use != used || (err == nil) != (test.fault.Kind == mockserver.OmitField) {
				t.Errorf("%s: the use is %d, %v", name, use, err)
			}
		})
	}
}

// Lists of messages don't show their conversations. A conversation in which another user writes may look like the
// result of a create, and stays theirs.
func TestMessagesOfUnknownConversations(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		create := s.openAttempt(t)
		theirs := s.stranger(t, apitest.NumberOf(5))
		_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": theirs, "content": "Hi", "direction": 2})
		apitest.Must(t, err)
		s.Inject(mockserver.Fault{Method: http.MethodGet, Path: messageSegment, Kind: mockserver.OmitField, Field: "text_message_conversation_id"})
		if got := s.engine.Conversations.CreateOrUpdate(t.Context(), create, 0); !errors.As(got.Err, new(*AmbiguousError)) {
			t.Errorf("the create gives %s: %v", got.Value.ID, got.Err)
		}
	})
}

// If the service ignores the filter on revision, older messages tell in which conversations there are
// messages, but none of them is kept.
func TestOlderMessagesAreNotKept(t *testing.T) {
	inSpace(t, mockserver.Behavior{RevisionFilter: mockserver.Ignored, OrderBy: mockserver.Ignored}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 2)
		write := func(of client.ID) {
			_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": of, "content": "Hi", "direction": 2})
			apitest.Must(t, err)
		}
		write(ids[0])
		write(ids[1])
		floor := int64(s.Revision())
		write(ids[1])
		found, err := conversationInside{s.engine}.talked(t.Context(), floor)
		apitest.Must(t, err)
		wantEqual(t, "conversations", 2, len(found))
		wantEqual(t, "messages of the first", 0, len(found[ids[0]]))
		wantEqual(t, "messages of the second", 1, len(found[ids[1]]))
	})
}

// Messages that belong to no conversation say nothing, whether or not the service filters.
func TestUseBesideMessagesOfNone(t *testing.T) {
	t.Parallel()
	for _, filters := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
				if query := r.URL.Query(); !filters {
					query.Del("filter[text_message_conversation_id]")
					r.URL.RawQuery = query.Encode()
				}
				return mock.RoundTrip(r)
			})
			ids := s.seed(t, 2)
			_, err := s.Create(messageSegment, map[string]any{"content": "Hi", "direction": 2})
			apitest.Must(t, err)
			_, err = s.Create(messageSegment, map[string]any{"text_message_conversation_id": ids[1], "content": "Hi", "direction": 2})
			apitest.Must(t, err)
			inside := conversationInside{s.engine}
			if use, err := inside.useOf(t.Context(), &pending[client.ConversationInput]{}, ids[0]); err != nil || use != unused {
				t.Errorf("filters %v: the use is %d", filters, use)
			}
		})
	}
}

// A record may be the twin of a create if it has the name of the create, or else, whatever its
// name, everything but that.
func TestIsLike(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	input := newConversation(1)
	number := apitest.NumberOf(1)
	input.Input.RecipientAccountID, input.Earlier = client.Value(acme), &Attempt{Since: Moment{Revision: 5}}
	conversations := newSearch(newWriting(s.engine.Conversations, []conversationChange{input}, client.WriteOptions{}), []int{0})
	for name, test := range map[string]struct {
		number   string
		account  client.ID
		revision int64
		want     bool
	}{
		"the same":              {number, acme, 6, true},
		"changed":               {number, zenith, 6, true},
		"respelled and changed": {number[1:], zenith, 6, true},
		"beyond recognition":    {"token", acme, 6, true},
		"beyond, and changed":   {"token", zenith, 6, false},
		"another country":       {"+44" + number[4:], acme, 6, true},
		"another number":        {apitest.NumberOf(2), acme, 6, false},
		"older":                 {number, acme, 5, false},
	} {
		record := client.Conversation{RecordValues: client.RecordValues{ID: unknown, Revision: test.revision}}
		record.PhoneID, record.RecipientPhoneNumber, record.RecipientAccountID = frontDesk, test.number, test.account
		wantEqual(t, name, test.want, conversations.isTwin(0, record))
	}
	said := say(unknown, 1, "Hi")
	said.Earlier = input.Earlier
	messages := newSearch(newWriting(s.engine.Messages, []messageChange{said}, client.WriteOptions{}), []int{0})
	message := client.Message{RecordValues: client.RecordValues{Revision: 6}}
	message.TextMessageConversationID, message.Content, message.Direction = unknown, "Ho", 1
	wantEqual(t, "another text", false, messages.isTwin(0, message))
	message.Content, message.Status = "Hi", 3
	wantEqual(t, "a changed message", true, messages.isTwin(0, message))
}

// An unclaimed record is the look-alike of a create if it has the same identity.
func TestNoteLookAlikes(t *testing.T) {
	t.Parallel()
	type conversationWriting = writing[client.Conversation, client.ConversationInput]
	for name, change := range map[string]func(w *conversationWriting, record *client.Conversation){
		"": func(*conversationWriting, *client.Conversation) {},
		"another number": func(_ *conversationWriting, record *client.Conversation) {
			record.RecipientPhoneNumber = apitest.NumberOf(2)
		},
		"deleted": func(_ *conversationWriting, record *client.Conversation) { record.IsDeleted = true },
		"claimed": func(w *conversationWriting, record *client.Conversation) {
			w.col.engine.claims.claim(record.ID, created)
		},
		"an update": func(w *conversationWriting, _ *client.Conversation) { w.creates[0] = false },
		"a failure": func(w *conversationWriting, _ *client.Conversation) { w.results[0].Err = errGone },
		"a twin":    func(w *conversationWriting, record *client.Conversation) { w.results[0].Twins = []client.ID{record.ID} },
	} {
		w := newWriting(newSpace(t, mockserver.Behavior{}).engine.Conversations, []conversationChange{newConversation(1)}, client.WriteOptions{})
		record := client.Conversation{RecordValues: client.RecordValues{ID: unknown}}
		record.PhoneID, record.RecipientPhoneNumber = frontDesk, apitest.NumberOf(1)
		change(w, &record)
		w.noteLookAlikes(t.Context(), w.all(), map[client.ID]client.Conversation{record.ID: record})
		if isAlike := len(w.results[0].LookAlikes) > 0; isAlike != (name == "") {
			t.Errorf("%q is a look-alike: %t", name, isAlike)
		}
	}
}

// What the engine has been told of the space's history is never taken back.
func TestExpectAndReach(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	for _, revision := range []int64{7, 3} {
		s.engine.Expect(revision)
		s.engine.Reach(revision + 1)
	}
	_, expected, _ := s.engine.seen.wanted(false)
	wantEqual(t, "expected", int64(7), expected)
	wantEqual(t, "reached", int64(8), s.engine.Reached())
}

// A conversation that the engine has created did not exist before. One that its user knows did. A deleted one does not
// count, even if the service shows it.
func TestOfPhoneBefore(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, apitest.ConversationSegment) {
				r.URL.RawQuery += "&include-deleted=true"
			}
			return mock.RoundTrip(r)
		})
		apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, s.stranger(t, apitest.NumberOf(4)).String()))
		theirs := s.stranger(t, apitest.NumberOf(1))
		s.engine.Conversations.Claim("", theirs)
		created := s.create(t.Context(), t, 2)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
		adopted := s.create(t.Context(), t, 3)
		taken, doubted := s.engine.Conversations.Claim("", theirs, created.ID, adopted.ID)
		wantEqual(t, "adopted", []client.ID{adopted.ID}, taken)
		wantEqual(t, "doubted", 0, len(doubted))
		found, err := s.engine.OfPhoneBefore(t.Context(), frontDesk)
		apitest.Must(t, err)
		if len(found) != 1 || found[0].ID != theirs {
			t.Errorf("%d existed before", len(found))
		}
	})
}

// Nothing is said about a phone while a create is under way, or if the space or the list may lack a conversation.
func TestOfPhoneBefore_incomplete(t *testing.T) {
	t.Parallel()
	t.Run("create under way", func(t *testing.T) {
		inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
			apitest.Must(t, s.engine.claims.creating.Acquire(t.Context(), one))
			listed := make(chan error, 1)
			go func() {
				_, err := s.engine.OfPhoneBefore(t.Context(), frontDesk)
				listed <- err
			}()
			time.Sleep(time.Minute)
			wantEqual(t, "requests during the create", 0, len(s.requests()))
			s.engine.claims.creating.Release(one)
			apitest.Must(t, <-listed)
		})
	})
	t.Run("behind", func(t *testing.T) {
		inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
			s.engine.Expect(int64(s.Revision()) + 1)
			_, err := s.engine.OfPhoneBefore(t.Context(), frontDesk)
			wantProblem(t, err, client.Behind)
		})
	})
	t.Run("phone not shown", func(t *testing.T) {
		inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
			id := s.seed(t, 1)[0]
			s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
				return without(mock, r, id, apitest.NumberOf(1))
			})
			_, err := s.engine.OfPhoneBefore(t.Context(), frontDesk)
			wantProblem(t, err, client.UnexpectedReply)
		})
	})
}

// The outcome of a create that repeats an earlier attempt is still unknown after a refusal, unless the attempt has
// sent the same. It is known if the create was carried out, even if that was undone or could not be read back.
func TestStillOpen(t *testing.T) {
	t.Parallel()
	c := replyingEngine(t, "").Conversations
	refusal := &client.APIError{HTTPStatus: http.StatusUnprocessableEntity, Code: 40000}
	for name, test := range map[string]struct {
		err    error
		tried  int // the number of the attempt's conversation; 0: as now
		isOpen bool
	}{
		"not sent":               {err: ErrNotSent, isOpen: true},
		"refused":                {err: refusal},
		"refused, as before":     {err: refusal, tried: 1},
		"refused, unlike before": {err: refusal, tried: 2, isOpen: true},
		"unread":                 {err: &UnreadError{Err: errGone}},
		"undone":                 {err: ErrUndone},
		"left over":              {err: &LeftoverError{Err: errUnread}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := newConversation(1)
			change.Earlier = &Attempt{}
			if test.tried > 0 {
				change.Tried = new(inputOf(test.tried))
			}
			if err := c.stillOpen(change, test.err); errors.As(err, new(*LostCreateError)) != test.isOpen {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// The engine does not get a message whose content belongs to someone else, unless the service
// refuses to list it.
func TestFindMessageOfOthers(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]int{"": 0, apitest.ValidationReply: 1} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.MaxRetries = 0 })
			conversation := s.create(t.Context(), t, 1).ID
			id, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": conversation, "content": "theirs", "direction": 2})
			apitest.Must(t, err)
			s.engine.ReferToMessages([]client.ID{idOf(id)})
			gets := 0
			s.Inject(
				mockserver.Fault{Path: messageSegment + "/" + id, Kind: mockserver.Latency, Do: func() { gets++ }},
				mockserver.Fault{Path: messageSegment, Kind: mockserver.StatusReply, Status: http.StatusBadGateway, Reply: reply},
			)
			if _, err := s.engine.Messages.Get(t.Context(), idOf(id)); gets != want || (err == nil) != (want == 1) {
				t.Errorf("%q: %d gets: %v", reply, gets, err)
			}
		})
	}
}

// A message that the caller refers to is gone for good. The service takes no parameters in a get, so that
// a get would show the contents of others: lists tell.
func TestFindPurgedMessageOfOthers(t *testing.T) {
	t.Parallel()
	for _, reply := range []string{"", apitest.ValidationReply} { // to a list that is filtered by id
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{GetParameters: mockserver.Refused})
			conversation := s.create(t.Context(), t, 1).ID
			var ids []client.ID
			for _, content := range []string{"theirs", "purged"} {
				id, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": conversation, "content": content, "direction": 2})
				apitest.Must(t, err)
				ids = append(ids, idOf(id))
			}
			apitest.Must(t, s.Purge(messageSegment, ids[1].String()))
			s.engine.ReferToMessages(ids)
			if reply != "" {
				s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
					if r.URL.Query().Get("filter[id]") != "" {
						return apitest.Answer(r, http.StatusUnprocessableEntity, reply), nil
					}
					return mock.RoundTrip(r)
				})
			}
			found, err := s.engine.Messages.Get(t.Context(), ids[0])
			if apitest.Must(t, err); found.ID != ids[0] || found.Content != "" {
				t.Errorf("found %+v", found)
			}
			if _, err := s.engine.Messages.Get(t.Context(), ids[1]); client.ProblemOf(err) != client.NotFound {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func attemptOf(err error) *Attempt {
	lost, _ := errors.AsType[*LostCreateError](err)
	if lost == nil {
		return nil
	}
	return &lost.Attempt
}

// Two batches create the same conversation at the same time. The one whose reply comes first reads both results back.
// The other batch's result is not a look-alike.
func TestLookAlikeOfAnotherBatch(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		var posts atomic.Int64
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			response, err := mock.RoundTrip(r)
			if r.Method == http.MethodPost && posts.Add(1) == 1 {
				time.Sleep(3 * time.Second)
			}
			return response, err
		})
		apitest.Together(2, func(int) {
			result := s.engine.Conversations.CreateOrUpdateMany(t.Context(), []conversationChange{newConversation(1)}, client.WriteOptions{RollbackMethod: 1}, false)[0]
			apitest.Must(t, result.Err)
			wantEqual(t, "look-alikes", 0, len(result.LookAlikes))
		})
		wantEqual(t, "conversations", 3, len(s.live()))
	})
}
