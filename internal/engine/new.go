package engine

import (
	"cmp"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// New returns an engine for the client's space. It sends no request. Its error is a
// *client.ConfigError.
func New(api *client.Client, settings Settings) (*Engine, error) {
	numbers, err := client.NewPhoneNumbers(settings.DefaultRegion)
	if err != nil {
		return nil, &client.ConfigError{Setting: "default_region", Err: err}
	}
	settings.BatchSize = cmp.Or(max(settings.BatchSize, 0), Defaults().BatchSize)
	e := &Engine{api: api, settings: settings, config: api.Config(), numbers: numbers, seen: newHistory(), claims: newClaims()}
	e.unsupported = unsupported{log: e.config.Logger, set: map[string]bool{}}
	e.contents.readAt, e.contents.referred = map[client.ID]int64{}, map[client.ID]bool{}
	e.relations = &entityOf[client.Relation, client.RelationInput]{Entity: api.Relations, engine: e}
	e.Conversations, e.Messages = conversationsOf(e), messagesOf(e)
	return e, nil
}
