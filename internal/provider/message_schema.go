package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// messageEntity is the API's name for messages.
const messageEntity = "TextMessages"

// ownedAttributes returns the attributes of an [ownedModel].
func ownedAttributes() map[string]schema.Attribute {
	attributes := conversationAttributes()
	attributes["messages"] = schema.MapNestedAttribute{
		Optional:   true,
		Validators: []validator.Map{areDifferent{}, haveKeys{}},
		NestedObject: schema.NestedAttributeObject{
			Attributes: messageAttributes(),
			Validators: []validator.Object{isMessage{}},
		},
		MarkdownDescription: "The messages of the conversation that Terraform manages, each under a key of your choice. Terraform never changes, removes or shows other messages. It reads the contents of other messages only to find a message of its own whose reply got lost: those of new messages with the same direction in that conversation. " +
			"If you remove a message from the map, or the whole map, the apply deletes the message in the CRM. " +
			"If a message moves to another key, Terraform only renames it in the state. **Whether creating an outgoing message sends it to the recipient is not documented** " +
			"by the CRM's API. Assume that it does, and try it with a number of your own.",
	}
	return attributes
}

// messageModel is a message in configuration, plan or state. A message that is only attached has an id, and none of
// the fields that the provider sends.
type messageModel struct {
	Content      types.String
	Direction    types.String
	DatetimeSent types.String
	MessageSID   types.String
	Status       types.String
	ID           types.String
	IsDeleted    types.Bool
}

// messageFields are the fields of a message, one for each value of [messageModel].
var messageFields = []messageField{
	contentField("content",
		schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{isContent},
			MarkdownDescription: "The text. Required unless you set `id`. White space at the end and different line ends don't count as a change.",
		},
		func(m *messageModel) *types.String { return &m.Content },
		func(m *client.Message) *string { return &m.Content },
		func(in *client.MessageInput) *client.Field[string] { return &in.Content }),
	enumField("direction", client.MessageDirections,
		schema.StringAttribute{Optional: true, MarkdownDescription: "Whether the message goes out or came in. Required unless you set `id`."},
		func(m *messageModel) *types.String { return &m.Direction },
		func(m *client.Message) *int { return &m.Direction },
		func(in *client.MessageInput) *client.Field[int] { return &in.Direction }),
	enumField("status", client.MessageStatuses,
		schema.StringAttribute{Optional: true, MarkdownDescription: "The delivery status. If you omit it, the CRM sets it."},
		func(m *messageModel) *types.String { return &m.Status },
		func(m *client.Message) *int { return &m.Status },
		func(in *client.MessageInput) *client.Field[int] { return &in.Status }),
	timeField("datetime_sent",
		schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "When the message was sent, in RFC 3339, such as `2026-01-02T15:04:05Z`. A fraction of a second that the CRM doesn't keep doesn't count as a change. If you omit it, the CRM sets it.",
		},
		func(m *messageModel) *types.String { return &m.DatetimeSent },
		func(m *client.Message) *client.Time { return &m.DatetimeSent },
		func(in *client.MessageInput) *client.Field[client.Time] { return &in.DatetimeSent }),
	stringField("message_sid",
		schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{isNotEmpty},
			MarkdownDescription: "The SMS provider's id of the message. If you omit it, the CRM sets it.",
		},
		func(m *messageModel) *types.String { return &m.MessageSID },
		func(m *client.Message) *string { return &m.MessageSID },
		func(in *client.MessageInput) *client.Field[string] { return &in.MessageSID }),
	idField[client.MessageInput](messageEntity,
		schema.StringAttribute{
			Optional:   true,
			Computed:   true,
			Validators: []validator.String{isReference{entity: messageEntity}},
			MarkdownDescription: "UUID of the message. Set it, without any other attribute, to attach an existing message to the conversation. " +
				"If you remove it later, the message stays where it is.",
		},
		func(m *messageModel) *types.String { return &m.ID },
		func(m *client.Message) client.ID { return m.ID }),
	shownField[client.MessageInput]("is_deleted",
		schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the message is deleted in the CRM."},
		func(m *messageModel) *types.Bool { return &m.IsDeleted },
		func(m *client.Message) types.Bool { return types.BoolValue(m.IsDeleted) }),
}

func messageAttributes() map[string]schema.Attribute { return attributesOf(messageFields) }

// isMessage accepts an id alone, or a message with content and direction.
type isMessage struct{ undescribed }

func (isMessage) ValidateObject(_ context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	complain := func(at path.Path, text string) {
		resp.Diagnostics.AddAttributeError(at, "Invalid Message", located(at, text))
	}
	switch {
	case req.ConfigValue.IsUnknown():
		return
	case req.ConfigValue.IsNull():
		complain(req.Path, "The message is null. Remove it, or set its attributes.")
		return
	}
	message := messageFromObject(req.ConfigValue)
	if message.ID.IsUnknown() {
		return
	}
	if !message.ID.IsNull() {
		for _, field := range sentFields {
			if !field.get(&message).IsNull() {
				complain(req.Path.AtName(field.name), fmt.Sprintf("An id attaches an existing message as it is. Remove %s, or remove the id.", field.name))
			}
		}
		return
	}
	var missing []string
	for _, field := range sentFields {
		if isNeeded := field.name == "content" || field.name == "direction"; isNeeded && field.get(&message).IsNull() {
			missing = append(missing, field.name)
		}
	}
	if len(missing) > 0 {
		complain(req.Path, fmt.Sprintf("The message has no %s. Add the %s, or declare an existing message by its id alone.",
			strings.Join(missing, " and no "), strings.Join(missing, " and the ")))
	}
}

// areDifferent accepts messages with different ids.
type areDifferent struct{ undescribed }

func (areDifferent) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	first := map[client.ID]string{}
	configured := messagesFrom(req.ConfigValue)
	for _, key := range configured.keys() {
		if configured[key] == nil || reference(configured[key].ID).IsZero() {
			continue
		}
		id := reference(configured[key].ID)
		if twin, found := first[id]; found {
			at := req.Path.AtMapKey(key).AtName("id")
			resp.Diagnostics.AddAttributeError(at, "Same Message Twice",
				located(at, fmt.Sprintf("The messages %q and %q have the same id, %s. Remove one of them.", twin, key, id)))
			continue
		}
		first[id] = key
	}
}

// haveKeys warns of a message with an empty key, which usually comes from a blank cell.
type haveKeys struct{ undescribed }

func (haveKeys) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	for key := range req.ConfigValue.Elements() {
		if strings.TrimSpace(key) == "" {
			resp.Diagnostics.AddAttributeWarning(req.Path, "Empty Key",
				located(req.Path, fmt.Sprintf("A message has the key %q, which may come from a blank cell. Check that the message is one that you want.", key)))
		}
	}
}

// messageType is the type of one message.
var messageType = types.ObjectType{AttrTypes: attributeTypes(messageAttributes())}

func attributeTypes(attributes map[string]schema.Attribute) map[string]attr.Type {
	types := make(map[string]attr.Type, len(attributes))
	for name, attribute := range attributes {
		types[name] = attribute.GetType()
	}
	return types
}
