package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A messageMemory is what a resource knows of its messages in addition to the state. The private state keeps it. Its
// maps are nil until they are used.
type messageMemory struct {
	// Revisions are the revisions at which the state's messages were read. A message that
	// still has its revision need not be read again.
	Revisions map[client.ID]int64 `json:"revisions,omitempty"`
	// Since contains the revision of each conversation above which the CRM may have the
	// state's messages without an id.
	Since map[client.ID]int64 `json:"since,omitempty"`
	// Lost contains messages whose create got no reply, by conversation and digest. The value is the revision above
	// which the CRM may still create the message. Another create of the same message looks for it first.
	Lost map[client.ID]map[string]int64 `json:"lost,omitempty"`
	// Refused counts the messages in the state that were certainly not created, by conversation and digest. The next
	// refresh drops that many.
	Refused map[client.ID]map[string]int `json:"refused,omitempty"`
	// Unread contains the messages whose creates were answered with these ids and could not be read back, with the
	// revision before the create. An id may belong to another message. The next refresh, or an apply without a
	// refresh, checks that first.
	Unread map[client.ID]int64 `json:"unread,omitempty"`
}

// keepOnly forgets everything that these conversations don't need.
func (m *messageMemory) keepOnly(conversations entries) {
	needed := messageMemory{Unread: m.Unread}
	for _, conversation := range conversations {
		owner := reference(conversation.ID)
		if since := m.Lost[owner]; len(since) > 0 {
			note(&needed.Lost, owner, since)
		}
		for _, message := range messagesFrom(conversation.Messages) {
			id := reference(message.ID)
			if revision, isRead := m.Revisions[id]; isRead {
				note(&needed.Revisions, id, revision)
			}
			if since, isOpen := m.Since[owner]; isOpen {
				note(&needed.Since, owner, since)
			}
			if digest := message.digest(); id.IsZero() && needed.Refused[owner][digest] < m.Refused[owner][digest] {
				needed.refused(owner, *message)
			}
		}
	}
	*m = needed
}

// tell tells the engine which messages it need not read.
func (m *messageMemory) tell(api *engine.Engine, state types.Map) {
	owned := map[client.ID]int64{}
	var attached []client.ID
	for _, message := range messagesFrom(state) {
		switch {
		case message == nil || !isKnown(message.ID):
		case message.isAttached():
			attached = append(attached, reference(message.ID))
		default:
			id := reference(message.ID)
			revision, isRead := m.Revisions[id]
			if !isRead {
				revision = engine.NoFloor
			}
			owned[id] = revision
		}
	}
	api.OwnMessages(owned)
	api.ReferToMessages(attached)
}

// applied notes a message that was written. If the CRM holds something different from the state, the next refresh
// reads the message again.
func (m *messageMemory) applied(planned messageModel, actual client.Message) {
	delete(m.Revisions, actual.ID)
	if !planned.isAttached() && actual.Revision > 0 && engine.Agrees(planned.toAPI(nil), actual) {
		note(&m.Revisions, actual.ID, actual.Revision)
	}
}

// tried notes an attempt at a message of the conversation whose outcome is unknown.
func (m *messageMemory) tried(conversation client.ID, since int64) {
	noteEarliest(&m.Since, conversation, since)
}

func note[K comparable, V any](noted *map[K]V, key K, value V) {
	if *noted == nil {
		*noted = map[K]V{}
	}
	(*noted)[key] = value
}

// noteEarliest notes a revision, unless it has already noted an earlier one.
func noteEarliest[K comparable](noted *map[K]int64, key K, revision int64) {
	if earlier, isNoted := (*noted)[key]; isNoted {
		revision = min(revision, earlier)
	}
	note(noted, key, revision)
}

// lost notes a create of a message in the conversation that got no reply.
func (m *messageMemory) lost(conversation client.ID, message messageModel, since int64) {
	lost := m.Lost[conversation]
	noteEarliest(&lost, message.digest(), since)
	note(&m.Lost, conversation, lost)
}

// forgetUndeclared forgets the lost creates of messages that an apply no longer declares. If the configuration
// declares such a message again, it is a new message, and a similar one in the CRM may come from someone else.
func (m *messageMemory) forgetUndeclared(conversation client.ID, planned types.Map) {
	declared := map[string]bool{}
	for _, message := range messagesFrom(planned) {
		declared[message.digest()] = true
	}
	maps.DeleteFunc(m.Lost[conversation], func(digest string, _ int64) bool { return !declared[digest] })
}

// unseen notes a message that was sent, and that the conversation does not show. A lagging replica may have answered,
// so a create of the message looks for it first. If the revision before the create is unknown, unseen notes nothing:
// older messages may come from someone else.
func (m *messageMemory) unseen(conversation client.ID, message messageModel) {
	if since := m.since(conversation); since > engine.NoFloor {
		m.lost(conversation, message, since)
	}
}

// refused notes that a create of a message in the conversation was not carried out.
func (m *messageMemory) refused(conversation client.ID, message messageModel) {
	refused := m.Refused[conversation]
	note(&refused, message.digest(), refused[message.digest()]+1)
	note(&m.Refused, conversation, refused)
}

// earlier returns the attempt that a create in the conversation repeats, or nil.
func (m *messageMemory) earlier(conversation client.ID, message messageModel) *engine.Attempt {
	since, isLost := m.Lost[conversation][message.digest()]
	if !isLost {
		return nil
	}
	return &engine.Attempt{Since: engine.Moment{Revision: since}}
}

// digest returns a text that differs for messages with a different direction or content, and reveals neither.
func (m messageModel) digest() string {
	sum := sha256.Sum256([]byte(m.Direction.ValueString() + " " + m.Content.ValueString()))
	return hex.EncodeToString(sum[:8])
}

// since returns a revision that is below all attempts at messages of the conversation.
func (m *messageMemory) since(conversation client.ID) int64 {
	if since, isOpen := m.Since[conversation]; isOpen {
		return since
	}
	return engine.NoFloor
}
