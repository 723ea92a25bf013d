package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// messageTexts are the messages of a configuration by key. A string declares an outgoing
// message with this content, a [declared] its attributes.
type messageTexts map[string]any

// messagesOf returns the messages as the attribute of a conversation of this type.
func messagesOf(conversation tftypes.Type, texts messageTexts) map[string]tftypes.Value {
	typ := conversation.(tftypes.Object).AttributeTypes["messages"].(tftypes.Map).ElementType
	values := map[string]tftypes.Value{}
	for key, given := range texts {
		message, ok := given.(declared)
		if !ok {
			message = declared{"content": given, "direction": "outgoing"}
		}
		values[key] = message.value(typ, nil)
	}
	return values
}

// numberedSaying returns n entries of a map, of which the last one has these messages, if any.
func (s *stage) numberedSaying(n int, texts messageTexts) map[string]declared {
	entries := numbered(n).entries()
	if texts != nil {
		entries[fmt.Sprintf("c%03d", n-1)]["messages"] = messagesOf(s.entryType(), texts)
	}
	return entries
}

// saying returns a configuration of one conversation with these messages and further
// attributes.
func (s *stage) saying(texts messageTexts, more declared) map[string]block {
	d := declared{"messages": messagesOf(s.core.schemas[singleType].ValueType(), texts)}
	maps.Copy(d, more)
	return s.with(d)
}

// messageID returns the id of a message in the state.
func (s *stage) messageID(key string) string {
	return stringOf(parts(parts(s.attribute(address, "messages"))[key])["id"])
}

// idOfMessage returns the id of the live message with this content.
func (s *stage) idOfMessage(content string) string {
	return fmt.Sprint(s.liveMessages()[content]["id"])
}

// The life of the messages that Terraform manages, next to one of someone else.
func TestStage_messages(t *testing.T) {
	t.Parallel()
	for change, revision := range map[string]string{mockserver.Replace: mockserver.Keep, mockserver.Merge: mockserver.Bump} {
		runOnStage(t, change+", revision "+revision, mockserver.Behavior{ArrayUpdate: change, MessageRevision: revision}, nil, messagesLive)
	}
}

func messagesLive(s *stage) {
	reply := declared{"content": "Hi", "direction": "incoming", "status": "received", "message_sid": "SM1", "datetime_sent": "2026-01-02T04:04:05+01:00"}
	s.applies(s.saying(messageTexts{"hello": "Hello", "again": "Hello", "reply": reply}, nil), address, create)
	s.checks(s.holdsMessages("Hello", "Hello", "Hi"))
	s.checks(s.wrote(conversations + "/batch-modify"))
	if held := s.liveMessages()["Hi"]; held["direction"] != 2 || held["status"] != 4 || held["message_sid"] != "SM1" || !strings.HasPrefix(fmt.Sprint(held["datetime_sent"]), "2026-01-02 03:04:05") {
		s.t.Errorf("the reply is %v", held)
	}
	hello := s.messageID("hello")
	s.strangersMessage()

	// One message changes, one goes, one comes, and a field of the conversation changes
	// too.
	toBob := declared{"recipient_contact_id": bob}
	reply = declared{"content": "Hi", "direction": "incoming", "datetime_sent": "2026-01-02T03:04:05Z"}
	s.applies(s.saying(messageTexts{"hello": "Hello, Bob", "new": "News", "reply": reply}, toBob), address, update)
	s.checks(s.holdsMessages("Hello, Bob", "News", "Hi", "stranger"))
	for _, request := range s.Requests() {
		if strings.Contains(request.Path, conversations+"/batch-modify") && strings.Contains(string(request.Body), "messages") {
			s.t.Errorf("the update of the conversation holds messages: %s", request.Body)
		}
	}
	s.ResetRequests()

	// Only a key changes.
	reply = declared{"content": "Hi", "direction": "incoming"}
	renamed := messageTexts{"greeting": "Hello, Bob", "new": "News", "reply": reply}
	s.applies(s.saying(renamed, toBob), address, update)
	s.checks(s.wrote())

	// Other users edit, delete and purge.
	must(s.t, s.Edit(textMessages, s.idOfMessage("Hello, Bob"), map[string]any{"content": "Defaced"}))
	must(s.t, s.SoftDelete(textMessages, s.idOfMessage("News")))
	must(s.t, s.Purge(textMessages, s.idOfMessage("Hi")))
	planned := parts(parts(s.applies(s.saying(renamed, toBob), address, update).planned)["messages"])
	if deleted := parts(planned["new"])["is_deleted"]; !deleted.Equal(tftypes.NewValue(tftypes.Bool, false)) || parts(planned["reply"])["id"].IsKnown() {
		s.t.Errorf("the plan is %s", planned)
	}
	s.checks(s.holdsMessages("Hello, Bob", "News", "Hi", "stranger"))
	s.wantSent(5)
	if got := s.messageID("greeting"); got != hello {
		s.t.Errorf("the message is %s now, and was %s", got, hello)
	}

	// An empty map is not the same as no map.
	s.applies(s.saying(nil, toBob), address, update)
	s.checks(s.holdsMessages("stranger"))
}

// Before the provider repeats a create whose outcome is unknown, it looks for the
// message.
func TestStage_messageUnsettled(t *testing.T) {
	t.Parallel()
	settings := map[string]any{"request_timeout": "1s"}
	maps.Copy(settings, impatient)
	onStage(t, mockserver.Behavior{}, settings, func(s *stage) {
		blind := func(kind mockserver.Kind) {
			s.Inject(mockserver.Fault{Path: textMessages + "/batch-modify", Times: 1, Kind: kind, Do: func() {
				s.Inject(mockserver.Fault{Method: http.MethodGet, Path: textMessages, Kind: mockserver.StatusReply, Status: 502})
			}})
		}
		texts := messageTexts{"a": "one"}
		s.applies(s.saying(texts, nil), address, create)
		texts["b"] = "two"
		blind(mockserver.DropAfter)
		s.refused(s.saying(texts, nil), "Unable to Create Text Message", "may or may not have been created", "creates it again only if it isn't there")
		s.ClearFaults()
		s.applies(s.saying(texts, nil), address, noop)
		s.checks(s.holdsMessages("one", "two"))

		texts["c"] = "three" // written, but not read back
		blind("")
		_, errors := s.apply(s.saying(texts, nil))
		s.ClearFaults()
		if errors != "" {
			s.t.Errorf("the apply fails: %s", errors)
		}
		s.applies(s.saying(texts, nil), address, noop)
		s.checks(s.holdsMessages("one", "two", "three"))
	})
}

// A field that the configuration did not declare before belonged to the CRM, so its value there is not a conflict. A
// message that becomes an attached one stays.
func TestStage_messageTakenOver(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.saying(messageTexts{"a": "Hello"}, nil), address, create)
		id := s.idOfMessage("Hello")
		must(s.t, s.Edit(textMessages, id, map[string]any{"status": 2}))
		s.applies(s.saying(messageTexts{"a": declared{"content": "Hello", "direction": "outgoing", "status": "seen"}}, nil), address, update)
		if message := s.liveMessages()["Hello"]; message["status"] != 5 || message["id"] != id {
			s.t.Errorf("the message is %v", message)
		}
		s.applies(s.saying(messageTexts{"b": declared{"id": id}}, nil), address, update)
		s.checks(s.holdsMessages("Hello"))
		if got := s.messageID("b"); got != id {
			s.t.Errorf("the attached message is %q; want %q", got, id)
		}
	})
}

// Warnings say how the CRM changes contents. Two altered messages don't get each other's ids, and are not sent again
// while they may exist.
func TestStage_alteredMessages(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.Inject(mockserver.Fault{Method: http.MethodGet, Path: textMessages, Times: 1, Do: func() {
			for _, content := range []string{"one", "two"} {
				id := s.idOfMessage(content)
				must(s.t, s.Edit(textMessages, id, map[string]any{"content": "altered " + id}))
			}
		}})
		texts := messageTexts{"a": "one", "b": "two", "c": "three"}
		s.applies(s.saying(texts, nil), address, create)
		if a, b, c := s.messageID("a"), s.messageID("b"), s.messageID("c"); a != "" || b != "" || c == "" || len(s.Records(textMessages)) != 3 {
			s.t.Errorf("the ids are %q, %q and %q of %d messages; want that of the last one", a, b, c, len(s.Records(textMessages)))
		}
		texts["a"] = "changed"
		s.refused(s.saying(texts, nil), "Unable to Update Text Message", "the id of the message is not known")
	})
}

// Different white space at the end, line ends or fractions of a second are no drift.
func TestStage_messagesInAnotherSpelling(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		config := s.saying(messageTexts{"a": declared{"content": "one\ntwo ", "direction": "outgoing", "datetime_sent": "2026-01-02T03:04:05.678Z"}}, nil)
		s.applies(config, address, create)
		must(s.t, s.Edit(textMessages, s.idOfMessage("one\ntwo "), map[string]any{"content": "one\r\ntwo", "datetime_sent": "2026-01-02T03:04:05Z"}))
		s.applies(config, address, noop)
		if content := stringOf(parts(parts(s.attribute(address, "messages"))["a"])["content"]); content != "one\ntwo " {
			s.t.Errorf("the content is %q", content)
		}
	})
}

// A refused entry keeps its planned messages, so that the resource is not tainted. A
// message that moves to another entry is not deleted in its old one.
func TestStage_messagesOfFailed(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		existing, err := s.Create(textMessages, map[string]any{"content": "existing", "direction": 1})
		must(s.t, err)
		of := func(good messageTexts, badNumber string, bad messageTexts) map[string]block {
			return s.bulk(map[string]declared{
				"good": {"phone_id": phone, number: "+1 555 010 0001", "messages": messagesOf(s.entryType(), good)},
				"bad":  {"phone_id": phone, number: badNumber, "messages": messagesOf(s.entryType(), bad)},
			}, keeping)
		}
		attached, own := declared{"id": existing}, messageTexts{"n": "own"}
		if _, errors := s.apply(of(own, "nonsense", messageTexts{"m": attached, "n": "own"})); errors != "" || s.core.state[bulkAddress].tainted {
			s.t.Errorf("the apply fails: %s", errors)
		}
		s.applies(of(own, "+1 555 010 0002", messageTexts{"m": attached}), bulkAddress, update)
		s.checks(s.holdsMessages("own", "existing"))
		id := s.idOfMessage("own")
		s.applies(of(nil, "+1 555 010 0002", messageTexts{"m": attached, "o": declared{"id": id}}), bulkAddress, update)
		s.checks(s.holdsMessages("own", "existing"))
		if now := s.idOfMessage("own"); now != id {
			s.t.Errorf("the message is %s; want %s", now, id)
		}
	})
}

// The next refresh remembers the number that could not be read back.
func TestStage_numberRewrittenUnread(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{PhoneFormat: mockserver.Masked}, map[string]any{"max_retries": 0}, func(s *stage) {
		s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Skip: 1, Kind: mockserver.StatusReply, Status: 403, Times: 1})
		config := s.with(declared{number: "+1 907 555 0133"})
		if _, errors := s.apply(config); errors != "" {
			s.t.Errorf("the apply fails: %s", errors)
		}
		id := s.id()
		s.applies(config, address, noop)
		if got := s.id(); got != id {
			s.t.Errorf("the conversation is %s now, and was %s", got, id)
		}
	})
}

// An existing message is attached by its id, and stays where it is afterwards.
func TestStage_attach(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		var ids [2]string
		for i := range ids {
			var err error
			ids[i], err = s.Create(textMessages, map[string]any{"content": fmt.Sprint("existing ", i), "direction": 1})
			must(s.t, err)
		}
		s.applies(s.saying(messageTexts{"a": declared{"id": strings.ToUpper(ids[0])}, "b": "own"}, nil), address, create)
		s.checks(s.inLiveConversations(2))
		s.applies(s.saying(messageTexts{"a": declared{"id": ids[0]}, "c": declared{"id": "https://x/entities/TextMessages/" + ids[1]}}, nil), address, update)
		s.checks(s.holdsMessages("existing 0", "existing 1"))
		s.applies(s.with(declared{}), address, update)
		s.checks(s.holdsMessages("existing 0", "existing 1"))
		s.checks(s.inLiveConversations(3)) // the message b is deleted
	})
}

// A message that a new conversation can't attach is an error, unless that would taint the resource.
func TestStage_attachToNew(t *testing.T) {
	t.Parallel()
	const unable = "Unable to Attach Text Message"
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		attaching := messageTexts{"a": declared{"id": nobody}}
		_, errors := s.apply(s.bulk(s.numberedSaying(1, attaching), nil))
		if errors != "" || !says(unable).MatchString(s.warnings) {
			s.t.Errorf("the create says %q, %q", errors, s.warnings)
		}
		s.applies(s.bulk(numbered(1).entries(), nil), bulkAddress, update)
		s.refused(s.bulk(s.numberedSaying(2, attaching), nil), unable)
	})
}

// Messages of many conversations take as many requests as the conversations.
func TestStage_messagesOfMany(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, messagesOfMany)
}

func messagesOfMany(s *stage) {
	const many = 120
	of := func(key, text string, but int) map[string]block {
		entries := map[string]declared{}
		for i := range many {
			texts := messageTexts{"m": fmt.Sprintf("%s %d", text, i)}
			if i == but {
				texts = nil
			}
			entries[fmt.Sprint(key, i)] = declared{"phone_id": phone, "messages": messagesOf(s.entryType(), texts)}
		}
		return s.bulk(entries, nil)
	}
	asks := func(config map[string]block, want map[string]int) {
		s.t.Helper()
		s.ResetRequests()
		if _, errors := s.apply(config); errors != "" {
			s.t.Fatalf("the apply fails: %s", errors)
		}
		got := map[string]int{}
		for _, request := range s.Requests() {
			got[request.Method+" "+anyID.ReplaceAllString(strings.TrimPrefix(request.Path, "/entities/"), "{id}")]++
		}
		if got["GET "+textMessages] == want["GET "+textMessages]+2 && got["POST "+textMessages+"/batch-modify"] == 2 {
			got["GET "+textMessages] -= 2 // one batch was written before the other one was compared, which then listed its two pages
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.t.Errorf("requests (-want +got):\n%s", diff)
		}
		s.nothingLeft(config)
	}
	// The newest record, the batches, and both read back. Contents are read one by one, so that the provider reads no
	// content of other users.
	asks(of("", "Hello", -1), map[string]int{
		"GET " + conversations: 1 + 2, "POST " + conversations + "/batch-modify": 2,
		"GET " + textMessages: 2, "GET " + textMessages + "/{id}": many,
	})
	// The refresh, the comparisons, the batches, and their read-back.
	asks(of("", "Bye", -1), map[string]int{
		"GET " + conversations: 2, "GET " + textMessages: 2 + 2,
		"POST " + textMessages + "/batch-modify": 2, "GET " + textMessages + "/{id}": many,
	})
	if live := s.liveMessages(); len(live) != many || live["Bye 77"] == nil {
		s.t.Errorf("%d messages", len(live))
	}
	// Under other keys, the messages are the same, except for one entry that has no message any more.
	s.applies(of("moved ", "Bye", 7), bulkAddress, update)
	s.wantMade(many + 1)
	if len(s.live()) != many || len(s.Records(textMessages)) != many {
		s.t.Errorf("%d conversations are left, with %d messages", len(s.live()), len(s.Records(textMessages)))
	}
}
