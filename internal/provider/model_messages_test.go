package provider_test

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

const (
	messagesField = "messages"
)

// A message is a text and its direction.
type message struct{ content, direction string }

// meaning returns the message without what a CRM may change in its content.
func (s message) meaning() message {
	return message{strings.Join(strings.Fields(norm.NFC.String(html.UnescapeString(s.content))), " "), s.direction}
}

func (s message) String() string { return fmt.Sprintf("%s %q", s.direction, s.content) }

// messagesByKey are the messages that a conversation declares.
type messagesByKey map[string]message

// A CRM changes some contents. Some are declared under several keys, and other users write the same ones. If a CRM
// turns two lines into one, nothing can recognize such a message.
var (
	contents   = []string{"hello", "bye", "two\nlines", "Tom & Zoë", " hello "}
	directions = []string{"outgoing", "incoming"}
	textKeys   = []string{"x", "y", "z"}
)

func (m *machine) drawMessage(t *rapid.T) message {
	return message{oneOf(t, "content", m.contents...), oneOf(t, "direction", directions...)}
}

func (m *machine) drawMessages(t *rapid.T) messagesByKey {
	all := messagesByKey{}
	for _, key := range textKeys[:oneOf(t, "messages", 1, 2, 3)] {
		all[key] = m.drawMessage(t)
	}
	return all
}

func (d declared) messages() messagesByKey {
	all, _ := d[messagesField].(messagesByKey)
	return all
}

// value returns the messages as an attribute of a configuration.
func (s messagesByKey) value(typ tftypes.Type) map[string]tftypes.Value {
	element := typ.(tftypes.Map).ElementType
	values := map[string]tftypes.Value{}
	for key, message := range s {
		attributes := map[string]tftypes.Value{}
		for name, attributeType := range element.(tftypes.Object).AttributeTypes {
			attributes[name] = tftypes.NewValue(attributeType, nil)
		}
		attributes["content"] = tftypes.NewValue(tftypes.String, message.content)
		attributes["direction"] = tftypes.NewValue(tftypes.String, message.direction)
		values[key] = tftypes.NewValue(element, attributes)
	}
	return values
}

// changeTexts changes the declared messages of a slot.
func (m *machine) changeTexts(t *rapid.T) {
	slot := m.aSlot(t)
	d := maps.Clone(m.slots[slot])
	all := maps.Clone(d.messages())
	if all == nil {
		all = messagesByKey{}
	}
	key := oneOf(t, "key", textKeys...)
	switch oneOf(t, "text", "set", "set", "remove", "swap") {
	case "set":
		all[key] = m.drawMessage(t)
	case "remove":
		delete(all, key)
	case "swap":
		other := oneOf(t, "with", textKeys...)
		one, hasOne := all[key]
		two, hasTwo := all[other]
		delete(all, key)
		delete(all, other)
		if hasOne {
			all[other] = one
		}
		if hasTwo {
			all[key] = two
		}
	}
	d[messagesField] = all
	if len(all) == 0 {
		delete(d, messagesField)
	}
	m.slots[slot] = d
	m.log("messages of %s: %v", slot, all)
}

// A stateMessage is a message in a state or a plan.
type stateMessage struct {
	message

	id      string // empty if unknown
	deleted bool
}

// textsOf returns the messages of a conversation in a state.
func textsOf(conversation tftypes.Value) map[string]stateMessage {
	all := map[string]stateMessage{}
	for key, v := range parts(parts(conversation)[messagesField]) {
		attributes := parts(v)
		all[key] = stateMessage{
			message{stringOf(attributes["content"]), stringOf(attributes["direction"])}, stringOf(attributes["id"]), isTrue(attributes["is_deleted"]),
		}
	}
	return all
}

// messagesDiffer reports whether the messages in the state are not those declared.
func (d declared) messagesDiffer(state tftypes.Value) bool {
	wanted, is := d.messages(), textsOf(state)
	if len(wanted) != len(is) || (d[messagesField] == nil) != parts(state)[messagesField].IsNull() {
		return true
	}
	for key, message := range wanted {
		if held, ok := is[key]; !ok || held.deleted || !message.isSame(held.message) {
			return true
		}
	}
	return false
}

// isSame reports whether the difference has no meaning.
func (s message) isSame(other message) bool {
	plain := func(content string) string {
		return strings.TrimRight(strings.ReplaceAll(content, "\r\n", "\n"), " \n")
	}
	return s.direction == other.direction && plain(s.content) == plain(other.content)
}

// isAltered reports whether a change concerns only messages that the CRM alters, so that
// they always differ.
func (m *machine) isAltered(c *change) bool {
	if c.action != update {
		return false
	}
	prior, planned := entries(c.address, c.typeName, c.prior.value), entries(c.address, c.typeName, c.planned)
	for slot := range planned {
		was, wants := textsOf(prior[slot]), m.slots[slot]
		if _, exists := prior[slot]; !exists {
			return false
		}
		if len(intent{before: meaningOfState(prior[slot]), wants: wants.meaning()}.changes()) > 0 || len(was) != len(wants.messages()) {
			return false
		}
		for key, wanted := range wants.messages() {
			if held := was[key]; held.deleted || held.id == "" || held.meaning() != wanted.meaning() {
				return false
			}
		}
	}
	return len(prior) == len(planned)
}

// A heldMessage is what the CRM holds of a message.
type heldMessage struct {
	message

	revision string
	deleted  bool
	others   bool // someone else wrote it
	first    bool // and started the conversation with it
}

// bySID marks the messages of others. A declared message has no SID.
const bySID = "of others"

// messages returns the messages that the CRM holds, by conversation and id.
func (m *machine) messages() map[string]map[string]heldMessage {
	all := map[string]map[string]heldMessage{}
	for _, record := range m.crm.Records(textMessages) {
		id, conversation := record["id"].(string), fmt.Sprint(record["text_message_conversation_id"])
		if m.names[id] == "" {
			m.names[id] = fmt.Sprintf("(message %d)", len(m.names)+1)
		}
		if all[conversation] == nil {
			all[conversation] = map[string]heldMessage{}
		}
		number := fmt.Sprint(record["direction"])
		direction := map[string]string{"1": "outgoing", "2": "incoming"}[number]
		sid, _ := record["message_sid"].(string)
		all[conversation][id] = heldMessage{
			message{fmt.Sprint(record["content"]), direction}, fmt.Sprint(record["revision"]), record["is_deleted"] == true, strings.HasPrefix(sid, bySID), sid == bySender,
		}
	}
	return all
}

// ofOthers returns a message as others write it.
func (s message) ofOthers() map[string]any {
	return map[string]any{"content": s.content, "direction": 1 + slices.Index(directions, s.direction), "message_sid": bySID}
}

// othersWrite writes a message into a conversation. Its text may be a declared one.
func (m *machine) othersWrite(t *rapid.T, id string) (string, error) {
	written := m.drawMessage(t)
	fields := written.ofOthers()
	fields["text_message_conversation_id"] = id
	_, err := m.crm.Create(textMessages, fields)
	return fmt.Sprintf("write %s into", written), err
}

// othersCorrect changes, deletes, restores or purges a message.
func (m *machine) othersCorrect(t *rapid.T, now held) (string, error) {
	ids := slices.Sorted(maps.Keys(now.messages))
	if len(ids) == 0 {
		return "read the messages of", nil
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(m.names[a], m.names[b]) })
	id := oneOf(t, "message", ids...)
	deleted := now.messages[id].deleted
	switch does := oneOf(t, "correct", "edit", "delete", "purge"); {
	case deleted:
		return "restore " + m.names[id] + " of", m.crm.Restore(textMessages, id)
	case does == "delete":
		return "delete " + m.names[id] + " of", m.crm.SoftDelete(textMessages, id)
	case does == "purge":
		return "purge " + m.names[id] + " of", m.crm.Purge(textMessages, id)
	}
	content := oneOf(t, "content", append([]string{"what they meant"}, m.contents...)...)
	return fmt.Sprintf("change %s to %q in", m.names[id], content), m.crm.Edit(textMessages, id, map[string]any{"content": content})
}
