package engine

import (
	"cmp"
	"sync/atomic"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// Settings are the settings of an [Engine]. If BatchSize is not positive, the engine uses the value of [Defaults].
type Settings struct {
	DefaultRegion   string        // see [client.PhoneNumbers]; empty: none
	RecoveryTimeout time.Duration // how long to look for what a lost create has made, and to wait for a copy that lags
	BatchSize       int           // items in one batch request
	BatchWindow     time.Duration // how long a batch waits for another item
	Overwrite       bool          // in a conflict, take the side of the update; false: *ConflictError
}

// Defaults returns settings that suit most users.
func Defaults() Settings {
	return Settings{RecoveryTimeout: 30 * time.Second, BatchSize: 100, BatchWindow: 20 * time.Millisecond}
}

// An Engine reads and writes one space for many callers in few requests, so that
// nothing gets lost. It is safe for concurrent use: concurrent calls share batches.
type Engine struct {
	Conversations *Collection[client.Conversation, client.ConversationInput]
	Messages      *Collection[client.Message, client.MessageInput]

	api       *client.Client
	settings  Settings
	config    client.Config // of the client
	relations *entityOf[client.Relation, client.RelationInput]
	numbers   client.PhoneNumbers

	seen        history
	claims      claims
	contents    contents
	unsupported unsupported
	ordered     atomic.Bool // a list has proved that the service orders by revision
}

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

// Client returns the client of the space, for operations that need no engine.
func (e *Engine) Client() *client.Client { return e.api }

// An entityOf has the API's operations on an entity, and operations that need knowledge of the space. "Not found"
// means that a record is gone only if the space is known to exist.
type entityOf[T client.Record, In any] struct {
	*client.Entity[T, In]

	engine     *Engine
	newestSeen atomic.Pointer[sight]
	failed     RecentError  // of the latest question for it that didn't reach the space
	pages      atomic.Int64 // pages in a list of all records, 0 if unknown
}

// A sight is the last time that the engine saw the newest record of an entity. It is unproven if it came from a list
// whose order may differ from the requested one.
type sight struct {
	at       time.Time
	isProven bool
}
