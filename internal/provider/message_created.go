package provider

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// inlineMessages returns the messages that are created together with a new conversation.
func inlineMessages(planned types.Map) client.Field[[]client.MessageInput] {
	_, inputs := inline(messagesFrom(planned))
	if len(inputs) == 0 {
		return client.Field[[]client.MessageInput]{}
	}
	return client.Value(inputs)
}

// inline returns the keys and the inputs of the messages that are created together with a new conversation.
func inline(wanted messages) (keys []string, inputs []client.MessageInput) {
	for _, key := range wanted.keys() {
		if message := wanted[key]; message != nil && !message.isAttached() {
			keys, inputs = append(keys, key), append(inputs, message.toAPI(nil))
		}
	}
	return keys, inputs
}

// createdMessages returns the planned messages of a new conversation after the create: the messages for the state,
// and the wanted messages, some of which still have to be attached. A message that was created together with the
// conversation has an id, or null if it is unknown which message it is. createdMessages warns of messages that the
// conversation does not show, and remembers them, because they may appear later. If the conversation could not be
// read, nothing is attached: it may be another conversation.
//
// earlier is the attempt that the create repeated. If that attempt made the conversation, the state does not get
// messages that the attempt has not sent. They have yet to be created.
func createdMessages(at path.Path, conversation client.ID, planned types.Map, earlier *engine.Attempt, result engine.Result[client.Conversation], memory *messageMemory) (state, attach types.Map, diags diag.Diagnostics) {
	isEarlier := result.Adopted && earlier != nil // the earlier attempt may have made it
	if planned.IsNull() && !isEarlier {
		return types.MapNull(messageType), types.MapNull(messageType), nil
	}
	at = at.AtName("messages")
	inState, wanted := messages{}, messagesFrom(planned)
	keys, inputs := inline(wanted)
	made := shownMessages(result.Value)
	earlier = tryOf(earlier, made)
	matched, left := matchCreated(inputs, made)
	var doubted []client.ID
	for i, key := range keys {
		var actual client.Message
		isNew := result.Unsent && !earlier.MayHaveSent(inputs[i])
		if isNew && (matched[i] < 0 || !earlier.MayHaveSent(asInput(made[matched[i]]))) {
			continue // a match may be a message of another user
		}
		if matched[i] >= 0 {
			actual = made[matched[i]]
			if !result.Unsent {
				diags.Append(warnOfNotKept(at.AtMapKey(key), "message", actual.ID, engine.Differences(inputs[i], actual))...)
			}
			memory.applied(*wanted[key], actual)
		} else if candidates := sameDirection(inputs[i], left); len(candidates) > 0 {
			diags.Append(unidentified(at.AtMapKey(key), candidates))
			doubted = append(doubted, idsOf(candidates)...)
		} else {
			memory.lost(conversation, *wanted[key], result.Since.Revision)
			if !result.Value.ID.IsZero() { // else a warning says that the conversation could not be read
				diags.Append(warnOfMissing(at.AtMapKey(key)))
			}
		}
		m := wanted[key].applied(actual)
		if reference(m.ID) != actual.ID || actual.ID.IsZero() {
			// This also applies if ignore_changes makes Terraform insist on the id of another message.
			memory.tried(conversation, engine.NoFloor)
		}
		inState[key], wanted[key] = m, m
	}
	for key, message := range wanted {
		if result.Value.ID.IsZero() && message.isAttached() {
			m := message.applied(client.Message{}) // the next refresh sees that it is not there, if the conversation is the right one
			inState[key], wanted[key] = m, m
		}
	}
	switch {
	case !isEarlier:
	case result.Err != nil: // it could not be read, or only in part
		diags.Append(mayBeUndeclared(at, conversation, earlier, inputs)...)
	default:
		diags.Append(undeclared(at, earlier, left, doubted)...)
	}
	if planned.IsNull() {
		return types.MapNull(messageType), types.MapNull(messageType), diags
	}
	return inState.toMap(), wanted.toMap(), diags
}

// shownMessages returns the messages that were read with a conversation.
func shownMessages(conversation client.Conversation) (shown []client.Message) {
	for _, ref := range conversation.Messages {
		if ref.Record != nil {
			shown = append(shown, *ref.Record)
		}
	}
	return shown
}

// tryOf returns the attempt reduced to the messages of the try that made all messages of the conversation, if there
// is one. The other tries made nothing.
func tryOf(earlier *engine.Attempt, made []client.Message) *engine.Attempt {
	if earlier == nil {
		return nil
	}
	for _, sent := range earlier.Messages {
		if len(sent) > 0 && !slices.Contains(engine.MatchMessages(sent, made), -1) {
			only := *earlier
			only.Messages = [][]client.MessageInput{sent}
			return &only
		}
	}
	return earlier
}

// asInput returns the fields that tell whether the message was sent.
func asInput(m client.Message) client.MessageInput {
	return client.MessageInput{MessageWrites: client.MessageWrites{Direction: client.Value(m.Direction), Content: client.Value(m.Content)}}
}

// undeclared warns of messages that the earlier attempt sent and that the configuration no longer declares. left are
// all messages that no key stands for, and doubted are the messages that a key may stand for.
func undeclared(at path.Path, earlier *engine.Attempt, left []client.Message, doubted []client.ID) (diags diag.Diagnostics) {
	gone := slices.DeleteFunc(slices.Clone(left), func(m client.Message) bool {
		return slices.Contains(doubted, m.ID) || !earlier.MayHaveSent(asInput(m))
	})
	if len(gone) > 0 {
		diags.AddAttributeWarning(at, "Text Message No Longer Declared", located(at, fmt.Sprintf(
			"The adopted conversation has messages that an earlier apply created and the configuration no longer declares: %s. They stay in the CRM. "+
				"Delete them there if no one needs them.", idList(idsOf(gone)))))
	}
	return diags
}

// mayBeUndeclared does the same for an adopted conversation that could not be read back.
func mayBeUndeclared(at path.Path, conversation client.ID, earlier *engine.Attempt, declared []client.MessageInput) (diags diag.Diagnostics) {
	if earlier.MayHaveSentMore(declared) {
		diags.AddAttributeWarning(at, "Text Message May Have Been Left", located(at, fmt.Sprintf(
			"The adopted conversation %s may have messages that an earlier apply created and the configuration no longer declares. The provider couldn't read the conversation back, "+
				"so it can't name them. They stay in the CRM. Compare the messages there with the configuration, and delete those that no one needs.", conversation)))
	}
	return diags
}

// matchCreated matches the messages of a new conversation like [engine.MatchMessages], and returns the remaining
// ones. If no one else has written there, the last remaining message is certain.
func matchCreated(inputs []client.MessageInput, made []client.Message) (matched []int, left []client.Message) {
	matched = engine.MatchMessages(inputs, made)
	left = unmatched(matched, made)
	i := slices.Index(matched, -1)
	if len(made) == len(inputs) && len(left) == 1 && len(sameDirection(inputs[i], left)) == 1 {
		last := slices.IndexFunc(made, func(m client.Message) bool { return m.ID == left[0].ID })
		matched[i], left = last, nil
	}
	return matched, left
}

// unmatched returns the messages that [engine.MatchMessages] has left.
func unmatched(matched []int, found []client.Message) []client.Message {
	isMatched := map[client.ID]bool{}
	for _, i := range matched {
		if i >= 0 {
			isMatched[found[i].ID] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(found), func(m client.Message) bool { return isMatched[m.ID] })
}

// sameDirection returns the messages that have the direction of the input.
func sameDirection(input client.MessageInput, others []client.Message) (same []client.Message) {
	for _, other := range others {
		if direction, _ := input.Direction.Get(); direction == other.Direction {
			same = append(same, other)
		}
	}
	return same
}

// unidentified warns that it is unknown which of the messages in the CRM a message is.
func unidentified(at path.Path, candidates []client.Message) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(at, "Text Message Not Identified", located(at, notIdentified(idsOf(candidates))))
}

// warnOfMissing warns of a message that a new or adopted conversation does not show.
func warnOfMissing(at path.Path) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(at, "Text Message Not Identified", fmt.Sprintf(
		"The provider can't find the message %s in its conversation. The next plan looks again. If the message still isn't "+
			"there, the next apply looks for it for as long as recovery_timeout says, and then creates it.", at))
}

// notIdentified says what to do about a message that may be one of these.
func notIdentified(ids []client.ID) string {
	return fmt.Sprintf("The provider has sent the message, but can't tell whether it is one of these messages of "+
		"the conversation: %s. It chooses none, and doesn't send the message again. The next plan looks "+
		"again.\n\n"+
		"If one of them is the message, declare it by its id alone: { id = \"…\" }. If none is, declare the "+
		"message under another key. Terraform then creates it again.", idList(ids))
}

// asTried returns the state of a conversation that may not exist. If its plan, m, was not sent because the outcome of
// an earlier try is unknown, the state has what the earlier try sent. If Terraform drops the private state of a
// tainted resource, only the state tells what to look for.
func (m ownedModel) asTried(n numbers, tried attempt) ownedModel {
	if !tried.isUnsent {
		return m
	}
	sent := tried.Sent
	for _, field := range configurableFields {
		field.set(&m.conversationModel, keepSpelling(field.get(&m.conversationModel), field.sent(sent), field.same(n, types.StringNull())))
	}
	inputs, _ := sent.Messages.Get()
	if _, planned := inline(messagesFrom(m.Messages)); reflect.DeepEqual(planned, inputs) || len(planned)+len(inputs) == 0 {
		return m
	}
	state := messages{}
	for i, input := range inputs { // their keys are lost, but their order is the same
		message := messageModel{ID: types.StringNull(), IsDeleted: types.BoolValue(false)}
		for _, field := range sentFields {
			field.set(&message, field.sent(input))
		}
		state[fmt.Sprintf("sent %04d", i+1)] = &message
	}
	m.Messages = state.toMap()
	return m
}

// notCreated returns the state of a conversation that may not exist, or only in part. id is zero if it is unknown.
// Its messages have no ids.
func (m ownedModel) notCreated(id client.ID) ownedModel {
	m.conversationModel = m.applied(unreadConversation(id, nil))
	if m.Messages.IsNull() {
		m.Messages = types.MapNull(messageType)
		return m
	}
	state := messagesFrom(m.Messages)
	for key, message := range state {
		state[key] = message.applied(client.Message{})
	}
	m.Messages = state.toMap()
	return m
}
