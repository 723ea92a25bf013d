package provider_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/probe"
)

// sweep deletes what earlier runs have left in the real space: the conversations of the tests' phones that have a
// fictional number of the tests, and contain only the tests' own messages. The caller names the space of the
// environment once more, so that a forgotten variable deletes nothing.
func sweep(spaceID string) error {
	if missing := missingVariables(); len(missing) > 0 {
		return fmt.Errorf("the space to sweep takes %s; missing: %s", strings.Join(accVariables, ", "), strings.Join(missing, ", "))
	}
	if spaceID != os.Getenv(accSpaceID) {
		return fmt.Errorf("-sweep names the space %q, %s another one", spaceID, accSpaceID)
	}
	ctx := context.Background()
	c, err := realClient()
	if err != nil {
		return err
	}
	all, err := ofTestPhones(ctx, c)
	if err != nil {
		return err
	}
	var problems []error
	for _, conversation := range all {
		if conversation.IsDeleted || !probe.IsFictional(conversation.RecipientPhoneNumber) {
			continue
		}
		isTests, err := hasOnlyProbes(ctx, c, conversation.ID)
		if err == nil && isTests {
			fmt.Printf("sweeping %s\n", conversation.ID)
			err = deleteLive(ctx, c, []client.Conversation{conversation})
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// hasOnlyProbes reports whether only the tests have written to a conversation.
func hasOnlyProbes(ctx context.Context, c *client.Client, id client.ID) (bool, error) {
	messages, err := c.Messages.Some(ctx, client.Query{
		Filters: []client.Filter{{Field: "text_message_conversation_id", Value: id.String()}}, IncludeDeleted: true,
	}, 0)
	for _, message := range messages {
		if message.TextMessageConversationID != id {
			continue // the filter was not honoured
		}
		if !strings.HasPrefix(strings.TrimSpace(message.Content), probe.MessageContent) {
			return false, nil
		}
	}
	return err == nil, err
}
