//go:build unix

package provider_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Two states declare the same forty numbers and are applied at the same time, and a quarter of the replies get lost.
// No conversation is in both states, and each is in one of them, or an error names it.
func TestAccTwoStates(t *testing.T) {
	t.Parallel()
	const batches = 4 // of each state
	w := newWorld(t, mockserver.Behavior{})
	meet := pairs()
	for i := range 2 * batches {
		fault := mockserver.Fault{Do: meet}
		if i%4 == 0 {
			fault.Kind = mockserver.DropAfter
		}
		w.lose("batch-modify", fault)
	}
	configuration := w.bulk(numbered(10*batches), "rollback_method = 1", "batch_size = 10", "max_concurrent_requests = 1", recoversSoon)
	states := []*scene{newBinary(t, "").scene(t, w), newBinary(t, "").scene(t, w)}
	apply := func() (output string) {
		outputs := make([]string, len(states))
		var applying sync.WaitGroup
		for i, s := range states {
			s.write("main.tf", configuration)
			applying.Go(func() { outputs[i], _ = s.run(nil, applies...) })
		}
		applying.Wait()
		return strings.Join(outputs, "\n")
	}
	apply()
	output := apply() // looks again for open creates
	if live := len(w.live()); live != 2*10*batches || len(w.Records(conversations)) != live {
		t.Errorf("%d conversations are live of %d; want %d", live, len(w.Records(conversations)), 2*10*batches)
	}
	named := 0
	mine, yours := states[0].ids(), states[1].ids()
	for _, record := range w.live() {
		id := fmt.Sprint(record["id"])
		isNamed := strings.Contains(output, id)
		switch {
		case mine[id] && yours[id]:
			t.Errorf("the conversation %s is in both states", id)
		case !mine[id] && !yours[id] && !isNamed:
			t.Errorf("the conversation %s is in no state, and no error names it:\n%s", id, output)
		case isNamed:
			named++
		}
	}
	t.Logf("%d conversations are in the states; the errors name %d", len(mine)+len(yours), named)
}

// pairs returns a function that blocks until it is called a second time, so that two
// requests that call it are carried out at the same time.
func pairs() func() {
	var mu sync.Mutex
	var first chan struct{}
	return func() {
		mu.Lock()
		met := first
		if met != nil {
			close(met)
			first = nil
		} else {
			first = make(chan struct{})
			met = first
		}
		mu.Unlock()
		select {
		case <-met:
		case <-time.After(10 * time.Second): // the other one has failed
		}
	}
}
