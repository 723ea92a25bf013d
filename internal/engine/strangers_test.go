package engine

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A message that someone else wrote before the create began is not the create's result, even in an engine that has
// written before that message.
func TestLostMessageLikeOneOfOthers(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		conversation := s.create(t.Context(), t, 1)
		message := newMessage("Hi")
		message.TextMessageConversationID = client.Value(conversation.ID)
		_, err := s.engine.Messages.writeOne(t.Context(), messageChange{Input: message}, 0)
		apitest.Must(t, err)
		time.Sleep(time.Minute)
		message.Content = client.Value("Welcome")
		others := scriptedEngine(t, s.network.RoundTrip)
		theirs, err := others.Messages.writeOne(t.Context(), messageChange{Input: message}, 0)
		apitest.Must(t, err)
		time.Sleep(time.Minute)
		s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: mockserver.DropBefore, Times: 1})
		mine := s.engine.Messages.CreateOrUpdate(t.Context(), messageChange{Input: message}, 0)
		apitest.Must(t, mine.Err)
		if mine.Value.ID == theirs.ID {
			t.Errorf("the message of others, from before, is taken for the new one, which is never sent")
		}
	})
}

// The same holds for conversations.
func TestLostConversationLikeOneOfOthers(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.create(t.Context(), t, 1)
		time.Sleep(time.Minute)
		theirs := s.stranger(t, apitest.NumberOf(2))
		time.Sleep(time.Minute)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1})
		mine := s.engine.Conversations.CreateOrUpdate(t.Context(), newConversation(2), 0)
		apitest.Must(t, mine.Err)
		if mine.Value.ID == theirs {
			t.Errorf("the conversation of others, from before, is taken for the new one")
		}
	})
}

// A conversation with the phone and number was created meanwhile. It has one message of the direction that was sent,
// or gets it later, or has none. Only the content shows whether a lost create has made it, now or in an earlier run.
func TestMessageOfOthersInside(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		theirs string // empty for none
		after  time.Duration
		isOurs bool
	}{"another content": {"Bye", 0, false}, "a spelling": {"Hello \n", 0, true}, "later": {"Bye", 1500 * time.Millisecond, false}, "its own, later": {"Hello", 1500 * time.Millisecond, true}, "none": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSpace(t, mockserver.Behavior{}, func(c *testConfig) { c.MaxRetries = 0 })
				s.seed(t, 1)
				create := newConversation(2)
				create.Input.Messages = client.Value([]client.MessageInput{newMessage("Hello")})
				var theirs client.ID
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropBefore, Times: 1, Do: func() {
					theirs = s.stranger(t, apitest.NumberOf(2))
					time.AfterFunc(test.after, func() {
						if test.theirs != "" {
							_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": theirs, "content": test.theirs, "direction": 1})
							apitest.Must(t, err)
						}
					})
				}})
				judge := func(run string, result Result[client.Conversation]) {
					switch {
					case test.isOurs && (result.Err != nil || result.Value.ID != theirs):
						t.Errorf("%s: %s is not recognized, but %s, %v", run, theirs, result.Value.ID, result.Err)
					case !test.isOurs && !errors.As(result.Err, new(*AmbiguousError)):
						t.Errorf("%s: a conversation of others is taken: %s, %v", run, result.Value.ID, result.Err)
					}
				}
				first := s.engine.Conversations.CreateOrUpdate(t.Context(), create, 0)
				judge("the same run", first)
				if lost := attemptOf(first.Err); lost != nil {
					create.Earlier = &Attempt{Since: lost.Since, Messages: [][]client.MessageInput{orZero(create.Input.Messages)}}
					next := scriptedEngine(t, s.network.RoundTrip)
					judge("the next look", next.Conversations.LookFor(t.Context(), []conversationChange{create}, false)[0])
					judge("the next apply", next.Conversations.CreateOrUpdate(t.Context(), create, 0))
				}
				wantEqual(t, "conversations", 2, len(s.live()))
			})
		})
	}
}

// A state of an earlier version contains only the directions of what was sent, so the engine can compare nothing
// else.
func TestMessageOfUnknownContentInside(t *testing.T) {
	t.Parallel()
	for direction, isOurs := range map[int]bool{1: true, 2: false} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			attempt := s.openAttempt(t)
			attempt.Earlier.Messages = [][]client.MessageInput{messagesTo(1)}
			made := s.stranger(t, apitest.NumberOf(5))
			_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": made, "content": "Hello", "direction": direction})
			apitest.Must(t, err)
			found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
			if isOurs != (found.Err == nil && found.Value.ID == made) {
				t.Errorf("direction %d: %s, %v", direction, found.Value.ID, found.Err)
			}
		})
	}
}

// The messages of a lost create appear one after the other. The conversation is adopted when all are there. If one
// never appears, the conversation may belong to others.
func TestMessagesShowOneByOne(t *testing.T) {
	t.Parallel()
	for _, areAll := range []bool{true, false} {
		t.Run(fmt.Sprint("all ", areAll), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{DeletedRevision: mockserver.Keep}, func(t *testing.T, s testSpace) {
				create := messaged(newConversation(1), "One", "Two", "Three")
				var late string
				look := mockserver.Fault{Method: http.MethodGet, Path: apitest.ConversationSegment, Times: 1}
				hide, show := look, look
				hide.Do = func() {
					late = s.Records(messageSegment)[1]["id"].(string)
					apitest.Must(t, s.SoftDelete(messageSegment, late))
				}
				show.Skip = 3
				show.Do = func() {
					if areAll {
						apitest.Must(t, s.Restore(messageSegment, late))
					}
				}
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusAfter, Status: http.StatusGatewayTimeout, Times: 1, Do: func() { s.Inject(hide, show) }})
				result := s.engine.Conversations.CreateOrUpdate(t.Context(), create, 0)
				if result.Adopted != areAll || errors.As(result.Err, new(*AmbiguousError)) == areAll || len(s.live()) != 1 {
					t.Errorf("adopted %v, %v, of %d", result.Adopted, result.Err, len(s.live()))
				}
			})
		})
	}
}

// A data source that reads a conversation by its id does not claim it. A look still finds
// it as the result of a lost create, in this run and in the next.
func TestLookedAtByID(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		now, err := s.engine.Conversations.entity.now(t.Context())
		apitest.Must(t, err)
		lost := s.stranger(t, apitest.NumberOf(5))             // by the attempt
		_, err = s.engine.Conversations.Get(t.Context(), lost) // as the data source does
		apitest.Must(t, err)
		attempt := newConversation(5)
		attempt.Earlier = &Attempt{Since: now}
		found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
		apitest.Must(t, found.Err)
		if found.Value.ID != lost {
			t.Errorf("this run does not find it: %v, earlier %v", found.Value.ID, found.Earlier)
		}
		if found.Earlier != nil {
			attempt.Earlier = found.Earlier // what the state keeps
		}
		next := scriptedEngine(t, s.network.RoundTrip)
		made := next.Conversations.CreateOrUpdate(t.Context(), attempt, 0)
		apitest.Must(t, made.Err)
		if made.Value.ID != lost {
			t.Errorf("the next run creates a second one, %s beside %s", made.Value.ID, lost)
		}
	})
}

// A later look passes the records that an earlier one has passed, although it does not know their claims. It finds
// the record of the attempt, even if that appears later and has an older revision.
func TestPassed(t *testing.T) {
	inSpace(t, mockserver.Behavior{DeletedRevision: mockserver.Keep}, func(t *testing.T, s testSpace) {
		now, err := s.engine.Conversations.entity.now(t.Context())
		apitest.Must(t, err)
		lost := s.stranger(t, apitest.NumberOf(1)) // by the attempt
		apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, lost.String()))
		s.create(t.Context(), t, 1) // for another resource
		attempt := newConversation(1)
		attempt.Earlier = &Attempt{Since: now}
		found := s.engine.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
		if apitest.Must(t, found.Err); !found.Value.ID.IsZero() || found.Earlier == nil {
			t.Fatalf("%v is found, and %v passed; want what the other resource has to be passed", found.Value.ID, found.Earlier)
		}
		attempt.Earlier = found.Earlier // what the state keeps
		apitest.Must(t, s.Restore(apitest.ConversationSegment, lost.String()))
		next := scriptedEngine(t, s.network.RoundTrip)
		found = next.Conversations.LookFor(t.Context(), []conversationChange{attempt}, false)[0]
		if apitest.Must(t, found.Err); found.Value.ID != lost {
			t.Errorf("the next look finds %v; want %v, with its older revision", found.Value.ID, lost)
		}
	})
}

// A create may be answered with an id that no record has, for example because a duplicate check has purged the
// record. That does not block reads in a space that no one else changes.
func TestPhantom(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		ids := s.seed(t, 2)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.StatusReply, Status: http.StatusOK, Reply: `{"success":true,"data":["` + unknown.String() + `"]}`, Times: 1})
		if _, err := s.engine.Conversations.writeOne(t.Context(), newConversation(7), 0); err == nil {
			t.Error("the create ends well")
		}
		for range 3 {
			time.Sleep(24 * time.Hour)
			next := scriptedEngine(t, s.network.RoundTrip)
			next.Expect(s.engine.Newest())
			next.Reach(s.engine.Reached())
			if _, err := next.Conversations.Read(t.Context(), ids[0]); err != nil {
				t.Errorf("a day later, another conversation can't be read: %v", err)
			}
		}
	})
}

// Two creates with one number are lost, each with a different message. The messages show which conversation belongs
// to which create, in whatever order the service has made them.
func TestTwoOfOneNumber(t *testing.T) {
	t.Parallel()
	for _, texts := range [][]string{{"Hello", "Bye"}, {"Bye", "Hello"}, {"Bye"}} {
		synctest.Test(t, func(t *testing.T) {
			s := newSpace(t, mockserver.Behavior{})
			s.seed(t, 1)
			now, err := s.engine.Conversations.entity.now(t.Context())
			apitest.Must(t, err)
			made := map[string]client.ID{}
			for _, text := range texts {
				made[text] = s.stranger(t, apitest.NumberOf(5))
				_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": made[text], "content": text, "direction": 1})
				apitest.Must(t, err)
			}
			var attempts []conversationChange
			for _, text := range []string{"Hello", "Bye"} {
				attempt := newConversation(5)
				attempt.Input.Messages = client.Value([]client.MessageInput{newMessage(text)})
				attempt.Earlier = &Attempt{Since: now, Messages: [][]client.MessageInput{orZero(attempt.Input.Messages)}}
				attempts = append(attempts, attempt)
			}
			for i, found := range s.engine.Conversations.LookFor(t.Context(), attempts, false) {
				apitest.Must(t, found.Err)
				wantEqual(t, "found", made[[]string{"Hello", "Bye"}[i]], found.Value.ID)
			}
		})
	}
}
