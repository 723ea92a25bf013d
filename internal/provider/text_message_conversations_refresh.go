package provider

import (
	"context"
	"math"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// refresh replaces the entries with what the CRM holds, and drops those that are gone. It
// returns the as-of of the entries.
func (e entries) refresh(ctx context.Context, messages *messageRefresh, n numbers) (asOf int64, err error) {
	found, err := messages.api.Conversations.ReadMany(ctx, e.ids())
	if err != nil {
		return engine.NoFloor, err
	}
	asOf = engine.NoFloor
	for key, entry := range e {
		if !e.exists(key) {
			continue // it has not been created yet
		}
		conversation, ok := found[reference(entry.ID)]
		if !ok {
			delete(e, key)
			continue
		}
		entry.conversationModel = n.conversationFromAPI(conversation, entry.conversationModel)
		if asOf == engine.NoFloor || conversation.AsOf < asOf {
			asOf = conversation.AsOf
		}
	}
	err = messages.ofMany(ctx, e)
	return min(asOf, sharedAsOf(messages.api)), err
}

// sharedAsOf returns the as-of of messages that were listed for several resources.
// Messages are listed after their conversations.
func sharedAsOf(api *engine.Engine) int64 {
	messages, conversations := api.Messages.ListedAsOf(), api.Conversations.ListedAsOf()
	switch {
	case messages == engine.NoFloor:
		return math.MaxInt64
	case conversations == engine.NoFloor:
		return messages
	}
	return conversations
}
