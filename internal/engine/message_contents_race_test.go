package engine

import (
	"fmt"
	"sync"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// One resource owns a message while another one attaches it. It is owned, whoever comes first:
// otherwise its owner would overwrite what others change in it.
func TestOwnedWhileAnotherRefersToIt(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	for i := range 50_000 {
		id := idOf(fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
		var both sync.WaitGroup
		both.Go(func() { s.engine.ReferToMessages([]client.ID{id}) })
		both.Go(func() { s.engine.OwnMessages(map[client.ID]int64{id: 5}) })
		both.Wait()
		if readAt, _ := s.engine.contents.of(id); readAt != 5 {
			t.Fatalf("the message number %d was read at %d, want 5", i, readAt)
		}
	}
}
