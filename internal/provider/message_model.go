package provider

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// ownedModel is a conversation that Terraform owns, with its messages.
type ownedModel struct {
	conversationModel

	Messages types.Map `tfsdk:"messages"` // of messageModel
}

// conversation returns the conversation of m, nil for none.
func (m *ownedModel) conversation() *conversationModel {
	if m == nil {
		return nil
	}
	return &m.conversationModel
}

// messageModel is a message in configuration, plan or state. One that is only
// attached has an id and nothing that is sent.
type messageModel struct {
	Content      types.String
	Direction    types.String
	DatetimeSent types.String
	MessageSID   types.String
	Status       types.String
	ID           types.String
	IsDeleted    types.Bool
}

// messages are the messages of a conversation by key; nil where the whole
// message is not known yet.
type messages map[string]*messageModel

// messagesFrom returns the messages of a map that is known.
func messagesFrom(m types.Map) messages {
	found := messages{}
	for key, element := range m.Elements() {
		found[key] = nil
		if object, ok := element.(types.Object); ok && !object.IsUnknown() && !object.IsNull() {
			message := messageFromObject(object)
			found[key] = &message
		}
	}
	return found
}

func messageFromObject(object types.Object) messageModel {
	text := func(name string) types.String {
		value, _ := object.Attributes()[name].(types.String)
		return value
	}
	m := messageModel{
		Content: text("content"), Direction: text("direction"), DatetimeSent: text("datetime_sent"),
		MessageSID: text("message_sid"), Status: text("status"), ID: text("id"),
	}
	m.IsDeleted, _ = object.Attributes()["is_deleted"].(types.Bool)
	return m
}

// toMap returns the messages as the value of the attribute.
func (m messages) toMap() types.Map {
	elements := make(map[string]attr.Value, len(m))
	for key, message := range m {
		if message == nil {
			elements[key] = types.ObjectUnknown(messageType.AttrTypes)
			continue
		}
		elements[key] = types.ObjectValueMust(messageType.AttrTypes, map[string]attr.Value{
			"content": message.Content, "direction": message.Direction, "datetime_sent": message.DatetimeSent,
			"message_sid": message.MessageSID, "status": message.Status, "id": message.ID, "is_deleted": message.IsDeleted,
		})
	}
	return types.MapValueMust(messageType, elements)
}

func (m messages) keys() []string { return slices.Sorted(maps.Keys(m)) }

// sent returns what a message sends, by name.
func (m messageModel) sent() map[string]types.String {
	return map[string]types.String{
		"content": m.Content, "direction": m.Direction, "datetime_sent": m.DatetimeSent, "message_sid": m.MessageSID, "status": m.Status,
	}
}

// isAttached reports whether the message is an existing one that is not
// Terraform's to change.
func (m messageModel) isAttached() bool { return m.Content.IsNull() }

// toAPI returns what must be written to turn prior, nil for none, into m.
func (m messageModel) toAPI(prior *messageModel) client.MessageInput {
	var input client.MessageInput
	if prior == nil {
		prior = &messageModel{}
	}
	changed := func(value, before types.String) bool { return isKnown(value) && !value.Equal(before) }
	if isKnown(m.Content) && !sameContent(m.Content, prior.Content) {
		input.Content = client.Value(m.Content.ValueString())
	}
	if changed(m.Direction, prior.Direction) {
		input.Direction = client.Value(client.MessageDirections.Number(m.Direction.ValueString()))
	}
	if changed(m.Status, prior.Status) {
		input.Status = client.Value(client.MessageStatuses.Number(m.Status.ValueString()))
	}
	if changed(m.MessageSID, prior.MessageSID) {
		input.MessageSID = client.Value(m.MessageSID.ValueString())
	}
	if isKnown(m.DatetimeSent) && !sameTime(m.DatetimeSent, prior.DatetimeSent) {
		input.DatetimeSent = client.Value(timeToAPI(m.DatetimeSent))
	}
	return input
}

// known returns the message as the state knows it. What that leaves out was the CRM's
// to set.
func (m messageModel) known(conversation client.ID) *engine.Baseline {
	b := &engine.Baseline{Revision: engine.NoFloor, AsOf: engine.NoFloor, Fields: map[string]string{
		"text_message_conversation_id": engine.TextOf(conversation),
	}}
	for name, value := range m.sent() {
		if text := value.ValueString(); text != "" {
			b.Fields[name] = text
		}
	}
	return b
}

// messageFromAPI returns a message as Terraform sees it: of what like leaves
// out, nothing. What means the same in like is written as it is there, and so is
// all that a stub does not show.
func messageFromAPI(message client.Message, like messageModel) messageModel {
	m := like
	m.ID = keep(like.ID, referenceFromAPI(message.ID), sameReference)
	m.IsDeleted = types.BoolValue(message.IsDeleted)
	if like.isAttached() || message.IsStub() {
		return m
	}
	owned := func(value *types.String, actual string) {
		if !value.IsNull() {
			*value = stringFromAPI(actual)
		}
	}
	m.Content = keep(like.Content, types.StringValue(message.Content), sameContent) // null would make it an attached one
	owned(&m.Direction, client.MessageDirections.Name(message.Direction))
	owned(&m.Status, client.MessageStatuses.Name(message.Status))
	owned(&m.MessageSID, message.MessageSID)
	if !m.DatetimeSent.IsNull() {
		m.DatetimeSent = keep(like.DatetimeSent, timeFromAPI(message.DatetimeSent), sameTime)
	}
	return m
}

func timeToAPI(value types.String) client.Time {
	parsed, _ := time.Parse(time.RFC3339Nano, value.ValueString()) // validated in the configuration
	return client.Time{Time: parsed}
}

func sameTime(a, b types.String) bool {
	return a.IsNull() == b.IsNull() && engine.SameTime(timeToAPI(a), timeToAPI(b))
}

func sameContent(a, b types.String) bool {
	return a.IsNull() == b.IsNull() && engine.SameContent(a.ValueString(), b.ValueString())
}

// differences warns of what was sent and is not what the CRM then held. at is the
// path of the message.
func (m messageModel) differences(at path.Path, actual client.Message) (diags diag.Diagnostics) {
	for _, field := range engine.Differences(m.toAPI(nil), actual) {
		diags.AddAttributeWarning(at.AtName(field), "Value Not Kept by the CRM",
			fmt.Sprintf("The CRM accepted %s of the message %s, %s, but then held something else. The next plan shows what.", field, at, actual.ID))
	}
	return diags
}
