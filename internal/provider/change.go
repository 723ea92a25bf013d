package provider

import (
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

type (
	conversationChange = engine.Change[client.ConversationInput]
	messageChange      = engine.Change[client.MessageInput]
)

// change returns what must be written to turn prior into m, and what the state knows of
// the conversation. If prior is nil, everything that m sets must be written.
func (m conversationModel) change(n numbers, prior *conversationModel) conversationChange {
	change := conversationChange{Input: m.toAPI(n, prior)}
	change.Restore = prior != nil && isRestored(m.IsDeleted, prior.IsDeleted)
	if prior != nil && change.IsNeeded() { // most entries of a map stay as they are
		change.Baseline = prior.baseline(n)
	}
	return change
}

// changeAsOf does the same as change for a prior conversation that is known as of a
// revision of the space.
func (m conversationModel) changeAsOf(n numbers, prior conversationModel, asOf int64) conversationChange {
	change := m.change(n, &prior)
	change.KnownAsOf(asOf)
	return change
}
