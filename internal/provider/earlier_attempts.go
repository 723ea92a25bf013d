package provider

import (
	"slices"
	"sync"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// An attemptIndex finds attempts by the identity of what they would have created.
type attemptIndex map[engine.Identity][]keyedAttempt

type keyedAttempt struct {
	key string
	attempt
}

func (x attemptIndex) add(n numbers, all openCreates) {
	for _, key := range all.keys() {
		of := all[key].identity(n)
		x[of] = append(x[of], keyedAttempt{key, all[key]})
	}
}

// own returns the place of the attempt of this identity under the key, -1 for none.
func (x attemptIndex) own(of engine.Identity, key string) int {
	return slices.IndexFunc(x[of], func(a keyedAttempt) bool { return a.key == key })
}

// any returns the place of an attempt of this identity: one that contradicts nothing in the
// input, or else the first one. It returns -1 if there is none.
func (x attemptIndex) any(of engine.Identity, input client.ConversationInput) int {
	if len(x[of]) == 0 {
		return -1
	}
	return max(0, slices.IndexFunc(x[of], func(a keyedAttempt) bool { return !a.contradicts(input) }))
}

// takeOut returns the attempt at this place, and forgets it. It returns nil for -1.
func (x attemptIndex) takeOut(of engine.Identity, i int) *keyedAttempt {
	if i < 0 {
		return nil
	}
	found := x[of][i]
	if x[of] = slices.Delete(x[of], i, i+1); len(x[of]) == 0 {
		delete(x, of)
	}
	return &found
}

// leftAttempts are attempts that this apply has abandoned, because of their
// deletion_policy. A resource that replaces theirs does not know them, and must not
// create a second conversation.
type leftAttempts struct {
	mu    sync.Mutex
	index attemptIndex
}

func (l *leftAttempts) add(n numbers, left openCreates) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.index == nil {
		l.index = attemptIndex{}
	}
	l.index.add(n, left)
}

func (l *leftAttempts) isEmpty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.index) == 0
}

func (l *leftAttempts) takeOut(of engine.Identity, input client.ConversationInput) *keyedAttempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.index.takeOut(of, l.index.any(of, input))
}

// earlierAttempts are the attempts of a resource, and those that this apply has
// abandoned.
type earlierAttempts struct {
	own     openCreates
	index   attemptIndex // of own
	numbers numbers
	left    *leftAttempts
}

func (o openCreates) earlier(n numbers, left *leftAttempts) earlierAttempts {
	e := earlierAttempts{o, make(attemptIndex, len(o)), n, left}
	e.index.add(n, o)
	return e
}

// repeatedUnder returns the attempt under the key of a create that repeats it, and forgets it. It
// returns nil if there is none.
func (e earlierAttempts) repeatedUnder(key string, m conversationModel) *attempt {
	if _, isOpen := e.own[key]; !isOpen { // numbers are slow to parse
		return nil
	}
	of := e.numbers.identityOf(m)
	return e.take(e.index.takeOut(of, e.index.own(of, key)))
}

// repeatedBy does the same for an attempt under any key. Each create first takes the one under its
// own key.
func (e earlierAttempts) repeatedBy(m conversationModel) *attempt {
	if len(e.own) == 0 && e.left.isEmpty() {
		return nil
	}
	of, input := e.numbers.identityOf(m), m.toAPI(e.numbers, nil)
	if found := e.take(e.index.takeOut(of, e.index.any(of, input))); found != nil {
		return found
	}
	if found := e.left.takeOut(of, input); found != nil {
		found.IsRecalled = true // what a refresh has left, it has left to another resource
		return &found.attempt
	}
	return nil
}

func (e earlierAttempts) take(found *keyedAttempt) *attempt {
	if found == nil {
		return nil
	}
	delete(e.own, found.key)
	return &found.attempt
}
