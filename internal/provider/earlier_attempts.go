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

func (x *attemptIndex) isEmpty() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.of) == 0
}

// takeUnder returns the attempt of this identity under the key, nil for none, and forgets it.
func (x *attemptIndex) takeUnder(of engine.Identity, key string) *keyedAttempt {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.take(of, slices.IndexFunc(x.of[of], func(a keyedAttempt) bool { return a.key == key }))
}

// takeFor returns an attempt of this identity, nil for none, and forgets it: one that contradicts
// nothing in the input, or else the first one.
func (x *attemptIndex) takeFor(of engine.Identity, input client.ConversationInput) *keyedAttempt {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.of[of]) == 0 {
		return nil
	}
	return x.take(of, max(0, slices.IndexFunc(x.of[of], func(a keyedAttempt) bool { return !a.contradicts(input) })))
}

// take takes the attempt at a place, none at -1. The caller holds mu.
func (x *attemptIndex) take(of engine.Identity, i int) *keyedAttempt {
	if i < 0 {
		return nil
	}
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
	var own attemptIndex
	open, n := w.memory.open, w.memory.numbers
	own.add(n, open)
	for i := range w.changes {
		change := &w.changes[i]
		if _, isOpen := open[change.key]; !isOpen || change.prior != nil { // numbers are slow to parse
			continue
		}
		if found := own.takeUnder(n.identityOf(change.planned.conversationModel), change.key); found != nil {
			delete(open, change.key)
			found.repeatIn(&change.write)
		}
	}
	for i := range w.changes {
		change := &w.changes[i]
		if change.prior != nil || change.write.Earlier != nil || own.isEmpty() && w.provider.left.isEmpty() {
			continue
		}
		of := n.identityOf(change.planned.conversationModel)
		if found := own.takeFor(of, change.write.Input); found != nil {
			delete(open, found.key)
			found.repeatIn(&change.write)
		} else if left := w.provider.left.takeFor(of, change.write.Input); left != nil {
			left.IsRecalled = true // what a refresh has left, it has left to another resource
			left.repeatIn(&change.write)
		}
	}
}
