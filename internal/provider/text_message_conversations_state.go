package provider

import (
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// recalled returns the entries of a state, with what the private state remembers of them.
func (m *bulkModel) recalled(memory *memory) (entries, diag.Diagnostics) {
	found, diags := m.entries()
	failed := m.Failed.Elements()
	for key, entry := range found.known() {
		entry.isPart = true
		if !found.exists(key) {
			entry.Revision = m.Revision // the conversation may have been created above it
			if hasUnknownOutcome(failed[key]) {
				memory.recall(key, *entry)
			}
			continue
		}
		memory.recallNumber(entry)
		id := reference(entry.ID)
		if revision, isRead := memory.revisions[id]; isRead {
			entry.Revision = types.Int64Value(revision)
		}
		entry.IsDeleteProtected = types.BoolValue(memory.protected[id])
	}
	return found, diags
}

// become makes the entries that a refresh has left the entries of the state.
func (m *bulkModel) become(e entries, open openCreates) {
	m.Failed = e.stillFailed(*m, open)
	m.Revision = e.revision(open)
	m.Conversations = e.sealed()
}

// stillFailed updates the failures of a state after its refresh: it removes the creates that the refresh has found,
// and adds the creates whose outcome is unknown again.
func (e entries) stillFailed(before bulkModel, open openCreates) types.Map {
	failed := before.Failed.Elements()
	was := entries{}
	if len(failed)+len(open) > 0 {
		was, _ = before.entries() // which were read before
	}
	maps.DeleteFunc(failed, func(key string, _ attr.Value) bool { return e.exists(key) && !was.exists(key) })
	for key := range e {
		if was.exists(key) && !e.exists(key) {
			failed[key] = failedWith(0, outcomeUnknown, withReasons(errWrongAnswer))
		}
	}
	return types.MapValueMust(failedType, failed)
}
