package provider

import (
	"context"

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
	err = messages.of(ctx, e)
	return messages.asOf(asOf), err
}
