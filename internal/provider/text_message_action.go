package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

var (
	_ action.ActionWithConfigure  = (*messageAction)(nil)
	_ action.ActionWithModifyPlan = (*messageAction)(nil)
)

func newMessageAction() action.Action { return &messageAction{} }

// messageAction is the action pipeliner_text_message. It has no state, so it remembers
// nothing of an invocation.
type messageAction struct{ provider *providerData }

// A messageActionModel is the configuration of the action.
type messageActionModel struct {
	messageModel

	ConversationID  types.String
	ValidationLevel wholeNumber
}

func messageActionFrom(ctx context.Context, config tfsdk.Config) (m messageActionModel, diags diag.Diagnostics) {
	var object types.Object
	diags = config.Get(ctx, &object)
	m.messageModel = messageFromObject(object)
	m.ConversationID, _ = object.Attributes()[conversationOfMessage].(types.String)
	m.ValidationLevel, _ = object.Attributes()["validation_level"].(wholeNumber)
	return m, diags
}

func (a *messageAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_text_message"
}

func (a *messageAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Creates one message in a conversation, each time that it is invoked. Terraform doesn't keep the message in its state: " +
			"it never changes or deletes the message. For messages that Terraform manages, use `messages` of the conversation.",
		Attributes: messageActionAttributes(),
	}
}

// messageActionAttributes returns the attributes of a message to create, with the
// validators of the attribute messages.
func messageActionAttributes() map[string]schema.Attribute {
	level := validationLevelAttribute()
	attributes := map[string]schema.Attribute{
		conversationOfMessage: schema.StringAttribute{
			Required:            true,
			Validators:          []validator.String{isReference{entity: conversationEntity}},
			MarkdownDescription: "UUID of the conversation, or a URI that ends in it.",
		},
		"validation_level": schema.Int64Attribute{CustomType: wholeNumberType{}, Optional: true, Validators: level.Validators, MarkdownDescription: level.MarkdownDescription},
	}
	required := map[string]string{
		"content": "The text.",
		"direction": "The direction: `outgoing` or `incoming`. **Whether creating an outgoing message sends it " +
			"to the recipient is not documented** by the CRM's API. Assume that it does.",
	}
	for name, attribute := range messageAttributes() {
		text, isText := attribute.(resourceschema.StringAttribute)
		if !isText || attribute.IsComputed() {
			continue
		}
		description, isRequired := required[name]
		if !isRequired {
			description = text.MarkdownDescription
		}
		attributes[name] = schema.StringAttribute{Required: isRequired, Optional: !isRequired, Validators: text.Validators, MarkdownDescription: description}
	}
	return attributes
}

// conversationOfMessage is the API's name for the conversation of a message.
const conversationOfMessage = "text_message_conversation_id"

func (a *messageAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.provider, _ = req.ProviderData.(*providerData)
}

// ModifyPlan warns of a message that may reach a person. It doesn't check the conversation, which may not exist yet
// or may be restored by the same apply. Only Invoke does.
func (a *messageAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	config, diags := messageActionFrom(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(checkReference(path.Root(conversationOfMessage), config.ConversationID, a.provider.ownSpace())...)
	if resp.Diagnostics.HasError() {
		return
	}
	if config.isOutgoing() {
		where := "a conversation that is not known yet"
		if isKnown(config.ConversationID) {
			where = "the conversation " + reference(config.ConversationID).String()
		}
		resp.Diagnostics.AddAttributeWarning(path.Root("direction"), "Outgoing Message Will Be Created", "The action creates an outgoing message in "+
			where+". The CRM may send it to the recipient: its documentation does not say.")
	}
}

func (a *messageAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	config, diags := messageActionFrom(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(checkReference(path.Root(conversationOfMessage), config.ConversationID, a.provider.ownSpace())...)
	api, diags := a.provider.engine()
	if resp.Diagnostics.Append(diags...); resp.Diagnostics.HasError() {
		return
	}
	if resp.Diagnostics.Append(a.checkConversation(ctx, api, config)...); resp.Diagnostics.HasError() {
		return
	}
	say := func(text string, values ...any) {
		resp.SendProgress(action.InvokeProgressEvent{Message: fmt.Sprintf(text, values...)})
	}
	conversation := reference(config.ConversationID)
	say("Creating an %s message in the conversation %s", config.Direction.ValueString(), conversation)
	change := messageChange{Input: config.toAPI(nil)}
	change.Input.TextMessageConversationID = client.Value(conversation)
	made := await(progressInterval, func(passed time.Duration) { say("Still waiting for the CRM (%s)", passed) }, func() engine.Result[client.Message] {
		return api.Messages.CreateOrUpdate(ctx, change, a.provider.validationLevel(config.ValidationLevel))
	})
	id, diags := a.created(config, made)
	resp.Diagnostics.Append(diags...)
	for _, warning := range diags.Warnings() {
		say("%s: %s", warning.Summary(), warning.Detail()) // Terraform 1.14 shows no warnings of an action
	}
	if !id.IsZero() {
		say("Created the message %s", id)
	}
}

// checkConversation refuses a deleted conversation, where users of the CRM would not see the message. It accepts a
// conversation that it does not find, because a lagging replica may have answered. If the conversation does not
// exist, the CRM refuses the message.
func (a *messageAction) checkConversation(ctx context.Context, api *engine.Engine, config messageActionModel) (diags diag.Diagnostics) {
	conversation, err := api.Conversations.Get(ctx, reference(config.ConversationID))
	switch {
	case err == nil && conversation.IsDeleted:
		diags.AddAttributeError(path.Root(conversationOfMessage), "Deleted Text Message Conversation",
			fmt.Sprintf("The conversation %s is deleted in the CRM. The action created no message. Restore the "+
				"conversation, then %s.", conversation.ID, invokeAgain))
	case err != nil && client.ProblemOf(err) != client.NotFound:
		f := failure{action: "Create", message: true, invoked: true, err: fmt.Errorf("reading the conversation "+
			"failed: %w", err), causes: &a.provider.causes}
		diags.Append(f.diagnostics()...)
	}
	return diags
}

// created returns the id of the message, or zero. It adds an error if no message was created, or if that is unknown.
func (a *messageAction) created(config messageActionModel, made engine.Result[client.Message]) (id client.ID, diags diag.Diagnostics) {
	if unread, ok := errors.AsType[*engine.UnreadError](made.Err); ok {
		diags.AddWarning("Text Message Not Fully Known",
			fmt.Sprintf("The action created the message %s, but couldn't read it back.\n\nCause: %v",
				unread.ID, unread.Err))
		return unread.ID, diags
	}
	if made.Err != nil {
		f := failure{action: "Create", message: true, invoked: true, subject: conversationModel{ID: config.ConversationID}, err: made.Err, causes: &a.provider.causes}
		if client.ProblemOf(made.Err) == client.RelationNotFound { // the only record that a message refers to
			f.at = path.Root(conversationOfMessage)
		}
		return client.ID{}, f.diagnostics()
	}
	diags.Append(warnOfMade(path.Empty(), made)...)
	diags.Append(warnOfNotKept(path.Empty(), "message", made.Value.ID, engine.Differences(config.toAPI(nil), made.Value))...)
	return made.Value.ID, diags
}

// progressInterval is how often a waiting action reports its progress.
const progressInterval = 10 * time.Second

// await returns the result of do. While it waits, it reports at this interval how much time has passed.
func await[T any](interval time.Duration, say func(passed time.Duration), do func() T) T {
	done := make(chan T, 1)
	begun, ticker := time.Now(), time.NewTicker(interval)
	defer ticker.Stop()
	go func() { done <- do() }()
	for {
		select {
		case result := <-done:
			return result
		case <-ticker.C:
			say(time.Since(begun).Round(time.Second))
		}
	}
}
