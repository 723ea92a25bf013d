package engine

import (
	"sync/atomic"
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

// Client returns the client of the space, for what needs no engine.
func (e *Engine) Client() *client.Client { return e.api }

// An entityOf has the API's operations on an entity, and those that need to know the
// space: "not found" means that a record is gone only where the space is known to exist.
type entityOf[T client.Record, In any] struct {
	*client.Entity[T, In]

	engine *Engine
	known  atomic.Pointer[time.Time] // when the newest of its records was last seen
	pages  atomic.Int64              // that listing all records takes, as far as is known
}
