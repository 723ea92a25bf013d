package provider

import (
	"slices"
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// An attemptIndex finds attempts by the identity of what they would have created.
type attemptIndex struct {
	mu sync.Mutex
	of map[engine.Identity][]keyedAttempt
}

type keyedAttempt struct {
	key string
	attempt
}

func (x *attemptIndex) add(n numbers, all openCreates) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, key := range all.keys() {
		of := all[key].identity(n)
		note(&x.of, of, append(x.of[of], keyedAttempt{key, all[key]}))
	}
}

// take returns an attempt that a create may repeat, nil for none, and forgets it: one that contradicts
// nothing in the input, or else the first one.
func (x *attemptIndex) take(n numbers, planned conversationModel, input client.ConversationInput) *keyedAttempt {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.of) == 0 { // numbers are slow to parse
		return nil
	}
	of := n.identityOf(planned)
	if len(x.of[of]) == 0 {
		return nil
	}
	i := max(0, slices.IndexFunc(x.of[of], func(a keyedAttempt) bool { return !a.contradicts(n, input) }))
	found := x.of[of][i]
	if x.of[of] = slices.Delete(x.of[of], i, i+1); len(x.of[of]) == 0 {
		delete(x.of, of)
	}
	return &found
}

// repeatAttempts makes each create the repetition of an earlier attempt, if there is one. The attempt under
// the same key comes first, then those under other keys, then those that other resources have left in
// this apply: a resource that replaces one of these must not create a second conversation.
func (w *conversationWork) repeatAttempts() {
	open, n := w.memory.open, w.memory.numbers
	for i := range w.changes {
		change := &w.changes[i]
		if tried, isOpen := open[change.key]; isOpen && change.prior == nil && tried.identity(n) == n.identityOf(change.planned.conversationModel) {
			delete(open, change.key)
			tried.repeatIn(&change.write)
		}
	}
	var own attemptIndex
	own.add(n, open)
	for i := range w.changes {
		change := &w.changes[i]
		if change.prior != nil || change.write.Earlier != nil {
			continue
		}
		planned, input := change.planned.conversationModel, change.write.Input
		if found := own.take(n, planned, input); found != nil {
			delete(open, found.key)
			found.repeatIn(&change.write)
		} else if left := w.provider.left.take(n, planned, input); left != nil {
			left.IsRecalled = true // what a refresh has left, it has left to another resource
			left.repeatIn(&change.write)
		}
	}
}
