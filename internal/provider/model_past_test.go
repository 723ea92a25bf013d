package provider_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// Reads may show the past: for a while, from a lagging replica, or for good, after the space was restored from a
// backup. The provider must not mistake either for what people did.

// letLag makes reads lag until [machine.endTrouble]. They show what other users did earlier, but not what they do
// until then.
func (m *machine) letLag(t *rapid.T) {
	lag := oneOf(t, "lag", time.Second, 4*time.Second)
	m.log("  reads lag by %s", lag)
	m.crm.SetLag(lag)
}

// endTrouble ends faults and lag.
func (m *machine) endTrouble() {
	m.crm.ClearFaults()
	m.crm.SetLag(0)
}

// restoreBackup restores the space to a time before a change that the state has seen.
// Then neither a plan nor the apply of an earlier plan may change anything, and the state
// stays.
func (m *machine) restoreBackup(t *rapid.T) {
	all, known := m.snapshot(), claimedIn(m.core.state)
	ids := slices.DeleteFunc(m.byName(all), func(id string) bool { return !known[id] || all[id].deleted })
	if len(ids) == 0 {
		t.Skip("nothing can be newer than the backup")
	}
	m.endTrouble() // what it makes others do would raise the revision again
	m.crm.AwaitCommits()
	m.crm.Backup()
	id := oneOf(t, "newer", ids...)
	account := acme
	if all[id].meaning["recipient_account_id"] == shortName[acme] {
		account = globex
	}
	if err := m.crm.Edit(conversations, id, map[string]any{"recipient_account_id": account}); err != nil {
		m.t.Fatalf("the test asks the mock for what it refuses: %v", err)
	}
	m.log("a backup is made; others set recipient_account_id = %s of %s", shortName[account], m.nameOf(id))
	plan := m.plan(true)
	m.core.state = plan.refreshed
	m.log("the backup is restored")
	if err := m.crm.RestoreBackup(); err != nil {
		m.t.Fatal(err)
	}
	before := m.snapshot()
	m.crm.ResetRequests()

	planning := m.core.walk()
	if again := planning.plan(m.config()); again != nil {
		m.fail("a restored backup is taken for what people did", "%s", planText(again))
	}
	// Each change first asks whether the space is older than what its state has seen. A new resource has seen nothing,
	// and core may plan to destroy a resource before its refresh.
	plan.changes = slices.DeleteFunc(plan.changes, func(c *change) bool {
		return c.action != update || !m.bulk && stateID(c.prior.value) != id // the others have seen nothing newer
	})
	applying := m.core.walk()
	applying.apply(plan)
	m.log("  planned: %s; applied: %s", strings.Join(planning.errors(), "; "), strings.Join(applying.errors(), "; "))
	m.obeysCore()
	for _, request := range m.crm.Requests() {
		if request.Method != http.MethodGet {
			m.fail("something is sent to a restored backup", "%s %s", request.Method, request.Path)
		}
	}
	if after := m.snapshot(); !maps.EqualFunc(before, after, func(a, b held) bool { return maps.Equal(a.meaning, b.meaning) }) {
		m.fail("a restored backup was changed", "%v, then %v", before, after)
	}
	for range 3 { // until the space is newer than the state
		m.othersWork(t)
	}
}
