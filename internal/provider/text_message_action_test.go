package provider_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	frameworkaction "github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	pipeliner "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

const messageAction = "pipeliner_text_message"

// An invocation is what Terraform learns of an invocation.
type invocation struct {
	progress    []string
	diagnostics []*tfprotov6.Diagnostic
}

// invoked invokes the action through the protocol.
func (r rpc) invoked(attributes map[string]any) (got invocation) {
	r.t.Helper()
	stream, err := r.ProviderServer.(tfprotov6.ActionServer).InvokeAction(r.t.Context(), &tfprotov6.InvokeActionRequest{
		ActionType: messageAction, Config: r.action(attributes),
	})
	must(r.t, err)
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			got.progress = append(got.progress, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			got.diagnostics = append(got.diagnostics, event.Diagnostics...)
		}
	}
	return got
}

// action returns the configuration of an action.
func (r rpc) action(attributes map[string]any) *tfprotov6.DynamicValue {
	return r.encode(r.schemas.ActionSchemas[messageAction].Schema.ValueType(), attributes)
}

// rpc speaks to a provider in the bubble of the stage.
func (s *stage) rpc() rpc {
	s.t.Helper()
	server := s.core.walk().server
	schemas, err := server.GetProviderSchema(s.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(s.t, err)
	return rpc{server, server.(tfprotov6.ListResourceServer), s.t, schemas}
}

// hello returns the configuration of an outgoing message.
func hello(conversation string) map[string]any {
	return map[string]any{"text_message_conversation_id": conversation, "content": "Hello", "direction": "outgoing"}
}

// messageWrites returns the number of requests that have written.
func (w *world) messageWrites() (count int) {
	for _, request := range w.Requests() {
		if request.Method != http.MethodGet {
			count++
		}
	}
	return count
}

func TestMessageAction_schema(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, construct := range pipeliner.New("test")().(provider.ProviderWithActions).Actions(ctx) {
		var metadata frameworkaction.MetadataResponse
		var described frameworkaction.SchemaResponse
		construct().Metadata(ctx, frameworkaction.MetadataRequest{ProviderTypeName: "pipeliner"}, &metadata)
		construct().Schema(ctx, frameworkaction.SchemaRequest{}, &described)
		plain := described.Schema
		if diags := plain.ValidateImplementation(ctx); diags.HasError() || metadata.TypeName != messageAction {
			t.Errorf("%s: %v", metadata.TypeName, diags)
		}
		for name, attribute := range plain.Attributes {
			if text := attribute.GetMarkdownDescription(); text == "" || strings.Contains(text, "`id`") {
				t.Errorf("%s: the description of %s is %q", metadata.TypeName, name, text)
			}
		}
	}
}

// Only an invocation knows an id that was unknown in its plan.
func TestMessageAction_invokedInAnotherSpace(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		got := s.rpc().invoked(hello(otherSpaceURI + s.add(map[string]any{"phone_id": phone})))
		s.rpc().wantDiagnostics(got.diagnostics, "text_message_conversation_id: Id of Another Space: …names the space \"theirs\", but the provider is configured for the space…")
		if sent := s.Requests(); len(sent) > 0 {
			s.t.Errorf("there were requests: %v", sent)
		}
	})
}

func TestMessageAction_creates(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		id := s.add(map[string]any{"phone_id": phone})
		config := hello(id)
		config["status"], config["message_sid"], config["datetime_sent"] = "sent", "SM1", "2026-01-02T03:04:05Z"
		got := s.rpc().invoked(config)
		s.rpc().wantDiagnostics(got.diagnostics)
		message := s.liveMessages()["Hello"]
		want := map[string]any{"text_message_conversation_id": id, "direction": 1, "status": 2, "message_sid": "SM1"}
		for field := range want {
			if message[field] != want[field] {
				s.t.Errorf("%s is %v; want %v", field, message[field], want[field])
			}
		}
		progress := []string{"Creating an outgoing message in the conversation " + id, "Created the message " + message["id"].(string)}
		if diff := cmp.Diff(progress, got.progress); diff != "" {
			s.t.Errorf("progress (-want +got):\n%s", diff)
		}
		if again := s.rpc().invoked(config); len(again.diagnostics) > 0 || len(s.Records(textMessages)) != 2 {
			s.t.Errorf("invoked again, there are %d messages, and %v", len(s.Records(textMessages)), again.diagnostics)
		}
	})
}

// Actions that are invoked at the same time share a request.
func TestMessageAction_batch(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		id := s.add(map[string]any{"phone_id": phone})
		r := s.rpc()
		done := make(chan invocation)
		for range 20 {
			go func() { done <- r.invoked(hello(id)) }()
		}
		for range 20 {
			r.wantDiagnostics((<-done).diagnostics)
		}
		if made, writes := len(s.Records(textMessages)), s.messageWrites(); made != 20 || writes > 2 {
			s.t.Errorf("%d messages in %d requests; want 20 in one or two", made, writes)
		}
	})
}

// Whatever happens to the reply, there is one message.
func TestMessageAction_lostReply(t *testing.T) {
	t.Parallel()
	const adopted = ": Text Message Adopted: The CRM gave no usable reply when the provider created the message.…and sent no second one."
	for name, test := range map[string]struct {
		fault mockserver.Fault
		want  []string
	}{
		"carried out":                     {mockserver.Fault{Kind: mockserver.DropAfter}, []string{adopted}},
		"carried out, an envelope of 500": {mockserver.Fault{Kind: mockserver.StatusAfter, Status: 500, Envelope: true}, []string{adopted}},
		"carried out later":               {mockserver.Fault{Kind: mockserver.CommitLater, Status: 504, CommitAfter: 9 * time.Second}, []string{adopted}},
		"not carried out":                 {mockserver.Fault{Kind: mockserver.DropBefore}, nil},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			id := s.add(map[string]any{"phone_id": phone})
			s.lose("batch-modify", test.fault)
			got := s.rpc().invoked(hello(id))
			s.rpc().wantDiagnostics(got.diagnostics, test.want...)
			if made := len(s.Records(textMessages)); made != 1 {
				s.t.Errorf("%d messages were made; want one", made)
			}
			if !slices.Contains(got.progress, "Still waiting for the CRM (10s)") {
				s.t.Errorf("the progress is %q", got.progress)
			}
			if progress := ": " + strings.Join(got.progress, ": "); len(test.want) > 0 && !strings.Contains(progress, ": Text Message Adopted: ") {
				s.t.Errorf("the progress does not have the warnings: %q", got.progress)
			}
		})
	}
}

// If the provider can't find out the outcome, the error says so, and what to do.
func TestMessageAction_unknownOutcome(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		id := s.add(map[string]any{"phone_id": phone})
		s.Inject(
			mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter},
			mockserver.Fault{Method: "GET", Path: textMessages, Skip: 1, Kind: mockserver.StatusReply, Status: 502},
		)
		got := s.rpc().invoked(hello(id))
		s.rpc().wantDiagnostics(got.diagnostics, ": Unable to Create Text Message: The message may or may not have been created, and the CRM may have sent it. "+
			"An action has no state, so the provider doesn't look for it again. Look in the CRM for a message of the conversation "+id+" with a revision above …. "+
			"Only if it isn't there, invoke the action again: terraform apply -invoke=action.pipeliner_text_message.NAME.\n\nCause: …")
		if writes := s.messageWrites(); writes != 1 {
			s.t.Errorf("%d requests have written; want one", writes)
		}
		if strings.Contains(got.diagnostics[0].Detail, "Hello") {
			s.t.Errorf("the error shows the text: %s", got.diagnostics[0].Detail)
		}
	})
}

func TestMessageAction_refused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(s *stage) (conversation string)
		want    string
		writes  int
	}{
		"no conversation": {
			func(*stage) string { return nobody },
			"text_message_conversation_id: Unable to Create Text Message: The CRM has no conversation " + nobody + " in this space. The action created no message. Check text_message_conversation_id, then invoke the action again: …", 1,
		},
		"a deleted conversation": {
			func(s *stage) string {
				id := s.add(map[string]any{"phone_id": phone})
				must(s.t, s.SoftDelete(conversations, id))
				return id
			},
			"text_message_conversation_id: Deleted Text Message Conversation: The conversation … is deleted in the CRM. The action created no message. Restore the conversation, then invoke the action again: …", 0,
		},
		"no permission": {
			func(s *stage) string {
				s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.StatusReply, Status: 403, Envelope: true})
				return s.add(map[string]any{"phone_id": phone})
			},
			": Unable to Create Text Message: The CRM does not permit this. …", 1,
		},
		"a conversation that can't be read": {
			func(s *stage) string {
				s.Inject(mockserver.Fault{Method: "GET", Path: conversations + "/", Kind: mockserver.StatusReply, Status: 403, Envelope: true})
				return s.add(map[string]any{"phone_id": phone})
			},
			": Unable to Create Text Message: The CRM does not permit this. …", 0,
		},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			got := s.rpc().invoked(hello(test.prepare(s)))
			s.rpc().wantDiagnostics(got.diagnostics, test.want)
			if made, writes := len(s.Records(textMessages)), s.messageWrites(); made != 0 || writes != test.writes {
				s.t.Errorf("%d messages, %d requests that write; want none, and %d", made, writes, test.writes)
			}
		})
	}
}

// The plan refuses an invalid message, and warns of one that may reach a person. It sends
// nothing.
func TestMessageAction_plan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	r := w.rpc()
	with := func(name string, value any) map[string]any {
		config := hello(nobody)
		config[name] = value
		return config
	}
	for name, test := range map[string]struct {
		config map[string]any
		valid  []string
		plan   []string
	}{
		"outgoing":       {hello(nobody), nil, []string{"direction: Outgoing Message Will Be Created: The action creates an outgoing message in the conversation " + nobody + ". The CRM may send it…"}},
		"to an unknown":  {with("text_message_conversation_id", tftypes.UnknownValue), nil, []string{"direction: Outgoing Message Will Be Created: The action creates an outgoing message in a conversation that is not known yet. The CRM may…"}},
		"incoming":       {with("direction", "incoming"), nil, nil},
		"no id":          {with("text_message_conversation_id", "ada"), []string{"text_message_conversation_id: Invalid Id: …"}, nil},
		"another entity": {with("text_message_conversation_id", "https://x/entities/Phones/"+phone), []string{"text_message_conversation_id: Id of Another Entity: …"}, nil},
		"another space":  {with("text_message_conversation_id", otherSpaceURI+nobody), nil, []string{"text_message_conversation_id: Id of Another Space: …names the space \"theirs\", but the provider is configured for the space…"}},
		"no text":        {with("content", ""), []string{"content: Invalid Attribute Value Length: …"}, nil},
		"only blanks":    {with("content", " \n\u00a0"), []string{"content: Invalid Attribute Value Length: …"}, nil},
		"a direction":    {with("direction", "up"), []string{"direction: Invalid Attribute Value Match: …"}, nil},
		"a time":         {with("datetime_sent", "now"), []string{"datetime_sent: Invalid Time: …"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			actions := r.ProviderServer.(tfprotov6.ActionServer)
			valid, err := actions.ValidateActionConfig(t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: messageAction, Config: r.action(test.config)})
			must(t, err)
			r.wantDiagnostics(valid.Diagnostics, test.valid...)
			if len(test.valid) > 0 {
				return
			}
			planned, err := actions.PlanAction(t.Context(), &tfprotov6.PlanActionRequest{ActionType: messageAction, Config: r.action(test.config)})
			must(t, err)
			r.wantDiagnostics(planned.Diagnostics, test.plan...)
		})
	}
	t.Cleanup(func() { // after the parallel tests
		if requests := w.Requests(); len(requests) > 0 {
			t.Errorf("there were requests: %v", requests)
		}
	})
}
