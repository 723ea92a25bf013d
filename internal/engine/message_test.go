package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const (
	messageSegment = "TextMessages"
	listMessages   = "GET TextMessages"
	getMessage     = "GET TextMessages/{id}"
)

func newMessage(content string) client.MessageInput {
	return client.MessageInput{MessageWrites: client.MessageWrites{Content: client.Value(content), Direction: client.Value(1)}}
}

// messaged returns the change with messages to create inside the conversation.
func messaged(change conversationChange, contents ...string) conversationChange {
	messages := make([]client.MessageInput, len(contents))
	for i, content := range contents {
		messages[i] = newMessage(content)
	}
	change.Input.Messages = client.Value(messages)
	return change
}

func contentsOf(c client.Conversation) map[string]client.ID {
	contents := map[string]client.ID{}
	for _, ref := range c.Messages {
		contents[ref.Record.Content] = ref.ID
	}
	return contents
}

// Messages that are created inside their conversations are listed with one request for the
// batch and got one by one, even if the reply was lost.
func TestMessagesCreatedAlong(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		for _, filter := range []string{mockserver.Honoured, mockserver.Ignored, mockserver.Refused} {
			t.Run(fmt.Sprintf("lost %t, filter %s", lost, filter), func(t *testing.T) {
				inSpace(t, mockserver.Behavior{RevisionFilter: filter}, func(t *testing.T, s testSpace) {
					stranger := s.seed(t, 1)[0]
					_, err := s.Create(messageSegment, map[string]any{"text_message_conversation_id": stranger.String(), "content": "hello 1", "direction": 1})
					apitest.Must(t, err)
					if lost {
						s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
					}
					inputs := make([]conversationChange, 30)
					for i := range inputs {
						inputs[i] = messaged(newConversation(i), fmt.Sprint("hello ", i), "bye")
					}
					results := s.engine.Conversations.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{}, true)
					for i, result := range results {
						contents := contentsOf(result.Value)
						if result.Err != nil || len(contents) != 2 || contents[fmt.Sprint("hello ", i)].IsZero() || contents["bye"].IsZero() {
							t.Errorf("%d: %v, %v", i, contents, result.Err)
						}
					}
					if !lost && filter == mockserver.Honoured {
						gets := slices.Repeat([]string{getMessage}, 60)
						s.wantRequests(t, append([]string{apitest.ListConversations, apitest.BatchModify, apitest.ListConversations, listMessages}, gets...)...)
					}
					wantEqual(t, "messages", 61, len(s.Records(messageSegment)))
				})
			})
		}
	}
}

// A create is lost, and its record lacks a value, which the engine adds. It does not send the messages again.
func TestMessagesOfAPartAreNotSentAgain(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.seed(t, 1)
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1}, mockserver.Fault{
			Method: http.MethodGet, Path: apitest.ConversationSegment, Skip: 1, Times: 1, Do: func() {
				for _, made := range s.live()[1:] {
					s.edit(t, idOf(fmt.Sprint(made["id"])), map[string]any{"recipient_account_id": nil})
				}
			},
		})
		create := messaged(newConversation(1), "Hi")
		create.Input.RecipientAccountID = client.Value(acme)
		result := s.engine.Conversations.CreateOrUpdate(t.Context(), create, 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "adopted and completed", []any{true, acme}, []any{result.Adopted, result.Value.RecipientAccountID})
		wantEqual(t, "messages", 1, len(s.Records(messageSegment)))
	})
}

// Someone answers before the messages of a new conversation are read. The answer is newer than the created message, so
// it is not read, unless the status of the created message has changed since.
func TestAnswerToAMessageCreatedAlong(t *testing.T) {
	t.Parallel()
	for changes, want := range map[bool][]string{false: {"hello"}, true: {"hello", "who is this?"}} {
		t.Run(fmt.Sprintf("changes %t", changes), func(t *testing.T) {
			inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
				s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
					response, err := mock.RoundTrip(r)
					if strings.HasSuffix(r.URL.Path, "/batch-modify") {
						made := s.Records(messageSegment)[0]
						_, createErr := s.Create(messageSegment, map[string]any{"text_message_conversation_id": made["text_message_conversation_id"], "content": "who is this?", "direction": 2})
						apitest.Must(t, createErr)
						if changes {
							apitest.Must(t, s.Edit(messageSegment, made["id"].(string), map[string]any{"status": 5}))
						}
					}
					return response, err
				})
				begin := time.Now()
				made, err := s.engine.Conversations.writeOne(t.Context(), messaged(newConversation(0), "hello"), 0)
				apitest.Must(t, err)
				wantEqual(t, "messages", want, slices.Sorted(maps.Keys(contentsOf(made))))
				apitest.WithinBubble(t, begin, 0, firstInterval/2)
			})
		})
	}
}

// A message has the same guarantees as a conversation.
func TestMessages(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		conversation := s.seed(t, 1)[0]
		inputs := make([]messageChange, 12)
		for i := range inputs {
			inputs[i].Input = newMessage(fmt.Sprint("twins ", i/2)) // each content twice
			inputs[i].Input.TextMessageConversationID = client.Value(conversation)
			inputs[i].Input.DatetimeSent = client.Value(client.Time{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
		}
		s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
		made := map[client.ID]bool{}
		written := make([]client.Message, len(inputs))
		for i, result := range s.engine.Messages.CreateOrUpdateMany(t.Context(), inputs, client.WriteOptions{RollbackMethod: 1}, false) {
			if result.Err != nil || !Agrees(inputs[i].Input, result.Value) {
				t.Errorf("%d: %+v, %v", i, result.Value, result.Err)
			}
			made[result.Value.ID] = true
			written[i] = result.Value
		}
		wantEqual(t, "made, held", []int{12, 12}, []int{len(made), len(s.Records(messageSegment))})

		edit := func(i int, fields map[string]any) {
			apitest.Must(t, s.Edit(messageSegment, written[i].ID.String(), fields))
		}
		edit(0, map[string]any{"content": "someone else's"})
		edit(1, map[string]any{"status": 5})
		apitest.Must(t, s.SoftDelete(messageSegment, written[2].ID.String()))
		updates := make([]messageChange, 3)
		for i := range updates {
			updates[i].Input = client.MessageInput{MessageWrites: client.MessageWrites{Content: client.Value("ours")}}
			updates[i].Input.ID, updates[i].Input.Revision, updates[i].Baseline = client.Value(written[i].ID), client.Value(written[i].Revision), knownMessage(written[i])
		}
		updates[2].Restore = true
		results := s.engine.Messages.CreateOrUpdateMany(t.Context(), updates, client.WriteOptions{RollbackMethod: 1}, false)
		if conflict, ok := errors.AsType[*ConflictError](results[0].Err); !ok {
			t.Errorf("the error is %v", results[0].Err)
		} else {
			wantEqual(t, "conflict", []Conflict{{Field: "content", Known: "twins 0", Wanted: "ours", Held: "someone else's"}}, conflict.Fields)
		}
		for i, result := range results[1:] {
			if result.Err != nil || result.Value.Content != "ours" || result.Value.IsDeleted {
				t.Errorf("%d: %+v, %v", i, result.Value, result.Err)
			}
		}
		wantEqual(t, "someone else's status", 5, results[1].Value.Status)
		for _, err := range s.engine.Messages.DeleteMany(t.Context(), []client.ID{written[0].ID, written[1].ID}, 0) {
			apitest.Must(t, err)
		}
		got, err := s.engine.MessagesOf(t.Context(), conversation, []client.MessageInput{newMessage("")}, NoFloor, nil)
		apitest.Must(t, err)
		wantEqual(t, "left", 10, len(got))
	})
}

// The reply to an update is lost, and the service stores a spelling of the content. That is
// no change of others.
func TestLostUpdateOfAFormedContent(t *testing.T) {
	t.Parallel()
	for _, format := range []string{mockserver.Entities, mockserver.NFD, mockserver.Trimmed} {
		t.Run(format, func(t *testing.T) {
			inSpace(t, mockserver.Behavior{ContentFormat: format}, func(t *testing.T, s testSpace) {
				create := messageChange{Input: newMessage("Hello")}
				create.Input.TextMessageConversationID = client.Value(s.seed(t, 1)[0])
				made := s.engine.Messages.CreateOrUpdate(t.Context(), create, 0)
				apitest.Must(t, made.Err)
				s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
				update := messageChange{Input: client.MessageInput{MessageWrites: client.MessageWrites{Content: client.Value(" Tom & Zo\u00eb ")}}, Baseline: knownMessage(made.Value)}
				update.Input.ID, update.Input.Revision = client.Value(made.Value.ID), client.Value(made.Value.Revision)
				apitest.Must(t, s.engine.Messages.CreateOrUpdate(t.Context(), update, 0).Err)
			})
		})
	}
}

// An older message with the same content is not taken for a lost one. A create that never
// arrives is sent again, even if the older message is newer than all conversations.
func TestLostMessageLikeAnOlderOne(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		conversation := s.create(t.Context(), t, 1)
		message := newMessage("Welcome")
		message.TextMessageConversationID = client.Value(conversation.ID)
		first, err := s.engine.Messages.writeOne(t.Context(), messageChange{Input: message}, 0)
		apitest.Must(t, err)
		next := scriptedEngine(t, s.network.RoundTrip) // a new engine knows neither record
		s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: mockserver.DropBefore, Times: 1})
		second, err := next.Messages.writeOne(t.Context(), messageChange{Input: message}, 0)
		apitest.Must(t, err)
		if second.ID == first.ID {
			t.Error("the older message is taken for the new one")
		}
	})
}

// Whoever looks for a lost message gets no message of the other direction, whose content is someone else's. If a list
// does not show the direction, the look gets the message, because it may be the lost one.
func TestLooksGetNoOtherDirection(t *testing.T) {
	t.Parallel()
	for _, isShown := range []bool{true, false} {
		for _, isLost := range []bool{true, false} {
			t.Run(fmt.Sprintf("direction shown %t, lost %t", isShown, isLost), func(t *testing.T) {
				inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
					conversation := s.seed(t, 1)[0]
					answer := map[string]any{"text_message_conversation_id": conversation, "content": "Call me", "direction": 2}
					create := messageChange{Input: newMessage("Hello")}
					create.Input.TextMessageConversationID = client.Value(conversation)
					kind := mockserver.DropBefore
					if isLost {
						kind = mockserver.DropAfter
					}
					s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: kind, Times: 1, Do: func() {
						_, err := s.Create(messageSegment, answer)
						apitest.Must(t, err)
					}})
					var reads atomic.Int64
					s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
						reply, err := mock.RoundTrip(r)
						if !isShown && strings.HasSuffix(r.URL.Path, messageSegment) {
							reply, err = replaced(reply, err, `"direction"`, `"ignored"`)
						}
						if err != nil {
							return nil, err
						}
						body, err := io.ReadAll(reply.Body)
						apitest.Must(t, err)
						reply.Body = io.NopCloser(bytes.NewReader(body))
						reads.Add(int64(strings.Count(string(body), "Call me")))
						return reply, nil
					})
					result := s.engine.Messages.CreateOrUpdate(t.Context(), create, 0)
					apitest.Must(t, result.Err)
					wantEqual(t, "adopted", isLost, result.Adopted)
					found, err := s.engine.MessagesOf(t.Context(), conversation, []client.MessageInput{create.Input}, NoFloor, nil)
					apitest.Must(t, err)
					wantEqual(t, "found", isShown, len(found) == 1)
					wantEqual(t, "finds it", true, slices.ContainsFunc(found, func(m client.Message) bool { return m.Content == "Hello" }))
					wantEqual(t, "reads none", isShown, reads.Load() == 0)
				})
			})
		}
	}
}

// A list shows the contents although it was not asked for them. A lost message is found all the same.
func TestLostMessageInAListWithContents(t *testing.T) {
	inSpace(t, mockserver.Behavior{}, func(t *testing.T, s testSpace) {
		s.intercept(func(r *http.Request, mock http.RoundTripper) (*http.Response, error) {
			if query := r.URL.Query(); strings.HasSuffix(r.URL.Path, messageSegment) && query.Has("load-only") {
				query.Set("load-only", query.Get("load-only")+",content,direction,status")
				r.URL.RawQuery = query.Encode()
			}
			return mock.RoundTrip(r)
		})
		create := messageChange{Input: newMessage("Hello")}
		create.Input.TextMessageConversationID = client.Value(s.seed(t, 1)[0])
		s.Inject(mockserver.Fault{Path: "TextMessages/batch-modify", Kind: mockserver.DropAfter, Times: 1})
		result := s.engine.Messages.CreateOrUpdate(t.Context(), create, 0)
		apitest.Must(t, result.Err)
		wantEqual(t, "adopted", true, result.Adopted)
	})
}

// A create without a direction may have made a message of any direction, and so may any create if the direction of the
// message is not known.
func TestMessageMayDouble(t *testing.T) {
	t.Parallel()
	for of, want := range map[[2]int]bool{{1, 1}: true, {1, 2}: false, {1, 0}: true, {0, 2}: true, {0, 0}: true} {
		identity, message := messageIdentity(unknown, of[0], "Hi"), client.Message{}
		message.Direction = of[1]
		wantEqual(t, fmt.Sprint(of), want, messageNames{}.mayDouble(identity, message))
	}
}
