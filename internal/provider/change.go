package provider

import (
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

type (
	conversationChange = engine.Change[client.ConversationInput]
	messageChange      = engine.Change[client.MessageInput]
)

// change returns what must be written to turn prior into m, all that m sets where prior
// is nil, together with what the state knows of the conversation.
func (m conversationModel) change(n numbers, prior *conversationModel) conversationChange {
	change := conversationChange{Input: m.toAPI(n, prior)}
	change.Restore = prior != nil && isRestored(m.IsDeleted, prior.IsDeleted)
	if prior != nil && change.IsNeeded() { // of the entries of a map, most stay as they are
		change.Known = prior.known(n)
	}
	return change
}
