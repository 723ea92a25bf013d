package provider_test

import (
	"maps"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"
)

// A second state declares conversations in the same CRM, some of them with phones and numbers that the first one
// declares. From the view of the first state, they belong to other users. Messages that only the second state sends
// mark them.

// ofSecond draws the next configuration of the second state: nothing, or one
// conversation.
func (m *machine) ofSecond(t *rapid.T) declared {
	if chance(t, "nothing", 4) {
		return nil
	}
	act := m.incoming(t)
	return declared{phones.field: act.Create.Values[phones.field], number: act.Create.Values[number]}
}

func (m *machine) secondApplies(t *rapid.T) {
	d := m.ofSecond(t)
	m.log("the second state declares %s", d.meaning())
	m.applySecond(d)
	m.snapshot()
	m.judgeSecond()
}

// applySecond applies the second state. Only its adoptions matter.
func (m *machine) applySecond(d declared) {
	if !m.secondActs.CompareAndSwap(false, true) {
		return // the second apply is running, and may have met the fault itself
	}
	defer m.secondActs.Store(false)
	m.secondActed = true
	defer func() { maps.Copy(m.ofSecondEver, claimedIn(m.second.state)) }()
	config := map[string]block{}
	if d != nil {
		typ := m.second.schemas[singleType].ValueType()
		all := typ.(tftypes.Object).AttributeTypes[messagesField]
		sent := messagesByKey{"first": {"from the second state", "outgoing"}}.value(all)
		attributes := parts(sent["first"])
		attributes["message_sid"] = tftypes.NewValue(tftypes.String, bySender)
		sent["first"] = tftypes.NewValue(sent["first"].Type(), attributes)
		config["second"] = block{singleType, d.value(typ, map[string]any{messagesField: sent})}
	}
	walk := m.second.walk()
	plan := walk.plan(config)
	m.hearAdoptedBySecond(walk)
	if plan == nil {
		return
	}
	walk = m.second.walk()
	walk.apply(plan)
	m.hearAdoptedBySecond(walk)
}

func (m *machine) hearAdoptedBySecond(walk *walk) {
	for _, said := range walk.said {
		for _, d := range said {
			if d.Summary == "Text Message Conversation Adopted" {
				m.heardBySecond += d.Detail
			}
		}
	}
}

// judgeSecond checks that no conversation is in both states, unless one of them got a
// warning that it may belong to someone else.
func (m *machine) judgeSecond() {
	if len(m.second.broken) > 0 {
		m.fail("the provider breaks a rule of Terraform's in the second state", "%s", strings.Join(m.second.broken, "\n  "))
	}
	second := claimedIn(m.second.state)
	for id := range claimedIn(m.core.state) {
		if id != "" && second[id] && !m.taken[id] && !strings.Contains(m.heardBySecond, id) {
			m.fail("a conversation is in two states, and nobody is told", "%s", id)
		}
	}
}
