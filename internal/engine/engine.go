package engine

import (
	"cmp"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Settings are those of an [Engine]. BatchSize can't be zero: then it is what
// [Defaults] gives.
type Settings struct {
	DefaultRegion   string        // see [client.PhoneNumbers]; empty: none
	RecoveryTimeout time.Duration // how long to look for a create whose reply got lost before it counts as not carried out
	BatchSize       int           // items in one batch request
	BatchWindow     time.Duration // how long a batch waits for another item
	Overwrite       bool          // what someone else changed meanwhile; false: *ConflictError
}

// Defaults returns the settings that serve most users.
func Defaults() Settings {
	return Settings{RecoveryTimeout: 30 * time.Second, BatchSize: 100, BatchWindow: 20 * time.Millisecond}
}

// An Engine reads and writes one space for many callers in few requests, so that
// nothing gets lost. It is safe for concurrent use, and its methods may be called from
// any number of goroutines: that is what fills batches.
type Engine struct {
	Conversations *Collection[client.Conversation, client.ConversationInput]
	Messages      *Collection[client.Message, client.MessageInput]

	api       *client.Client
	settings  Settings
	config    client.Config // of the client
	relations *entityOf[client.Relation, client.RelationInput]
	numbers   client.PhoneNumbers

	seen     history
	claims   claims
	contents contents
	refused  refusals
}

// New makes the engine of a client's space. It sends nothing yet. An error is a *client.ConfigError.
func New(api *client.Client, settings Settings) (*Engine, error) {
	numbers, err := client.NewPhoneNumbers(settings.DefaultRegion)
	if err != nil {
		return nil, &client.ConfigError{Setting: "default_region", Err: err}
	}
	settings.BatchSize = cmp.Or(max(settings.BatchSize, 0), Defaults().BatchSize)
	e := &Engine{api: api, settings: settings, config: api.Config(), numbers: numbers, seen: newHistory(), claims: newClaims()}
	e.refused.log = e.config.Logger
	e.relations = &entityOf[client.Relation, client.RelationInput]{Entity: api.Relations, engine: e}
	e.Conversations, e.Messages = conversationsOf(e), messagesOf(e)
	return e, nil
}

// Client returns the client of the space, for what needs no engine.
func (e *Engine) Client() *client.Client { return e.api }
