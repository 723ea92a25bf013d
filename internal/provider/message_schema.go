package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// ownedAttributes are the attributes of a conversation that Terraform owns, those
// of [ownedModel].
func ownedAttributes() map[string]schema.Attribute {
	attributes := conversationAttributes()
	attributes["messages"] = schema.MapNestedAttribute{
		Optional:   true,
		Validators: []validator.Map{areDifferent{}},
		NestedObject: schema.NestedAttributeObject{
			Attributes: messageAttributes(),
			Validators: []validator.Object{isMessage{}},
		},
		MarkdownDescription: "The messages of the conversation that Terraform manages, each under a key of your choice. Terraform never reads, changes, removes or shows other messages. " +
			"If a message moves to another key, Terraform only renames it in the state. **Whether creating an outgoing message sends it to the recipient is not documented** " +
			"by the CRM's API. Assume that it does, and try it with a number of your own.",
	}
	return attributes
}

func messageAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"content": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "The text. Required unless you set `id`. White space at the end and different line ends don't count as a change.",
		},
		"direction": enumAttribute("Whether the message goes out or came in. Required unless you set `id`.", client.MessageDirections),
		"status":    enumAttribute("The delivery status. If you omit it, the CRM sets it.", client.MessageStatuses),
		"datetime_sent": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{isTime{}},
			MarkdownDescription: "When the message was sent, in RFC 3339, such as `2026-01-02T15:04:05Z`. A fraction of a second that the CRM doesn't keep doesn't count as a change. If you omit it, the CRM sets it.",
		},
		"message_sid": schema.StringAttribute{
			Optional:            true,
			Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "The SMS provider's id of the message. If you omit it, the CRM sets it.",
		},
		"id": schema.StringAttribute{
			Optional:   true,
			Computed:   true,
			Validators: []validator.String{isReference{entity: "TextMessages"}},
			MarkdownDescription: "UUID of the message. Set it, without any other attribute, to attach an existing message to the conversation. " +
				"If you remove it later, the message stays where it is.",
		},
		"is_deleted": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the message is soft-deleted in the CRM.",
		},
	}
}

// enumAttribute is an attribute with names in the place of the API's numbers.
func enumAttribute(description string, enum client.Enum) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		Validators:          []validator.String{stringvalidator.OneOf(enum.Names()...)},
		MarkdownDescription: fmt.Sprintf("%s One of `%s`.", description, strings.Join(enum.Names(), "`, `")),
	}
}

// isMessage accepts an id alone, or a message with what it needs.
type isMessage struct{}

func (isMessage) Description(context.Context) string {
	return "value must have content and direction, or an id and nothing else"
}

func (v isMessage) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

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
		for name, value := range message.sent() {
			if !value.IsNull() {
				complain(req.Path.AtName(name), fmt.Sprintf("An id attaches an existing message as it is. Remove %s, or remove the id.", name))
			}
		}
		return
	}
	for name, value := range map[string]basetypes.StringValue{"content": message.Content, "direction": message.Direction} {
		if value.IsNull() {
			complain(req.Path, fmt.Sprintf("The message has no %s. Set it, or the id of an existing message.", name))
		}
	}
}

// areDifferent accepts messages of which no two have the same id.
type areDifferent struct{}

func (areDifferent) Description(context.Context) string { return "no two messages have the same id" }

func (v areDifferent) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

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

// isTime accepts a time in RFC 3339.
type isTime struct{}

func (isTime) Description(context.Context) string {
	return "value must be a time in RFC 3339, such as 2026-01-02T15:04:05Z"
}

func (v isTime) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v isTime) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := time.Parse(time.RFC3339Nano, req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Time",
			fmt.Sprintf("Attribute %s: %s, got: %q.", req.Path, v.Description(ctx), req.ConfigValue.ValueString()))
	}
}

// messageType is the type of one message.
var messageType = types.ObjectType{AttrTypes: attributeTypes(messageAttributes())}
