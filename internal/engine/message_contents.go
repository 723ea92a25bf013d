package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// OwnMessages tells the engine which messages its caller owns, each with the revision at which the caller has read
// it, or [NoFloor] if it has not. The engine returns a message as a stub as long as it has that revision.
func (e *Engine) OwnMessages(readAt map[client.ID]int64) {
	e.Messages.Claim("", slices.Collect(maps.Keys(readAt))...)
	e.contents.mu.Lock()
	defer e.contents.mu.Unlock()
	maps.Copy(e.contents.readAt, readAt)
}

// ReferToMessages tells the engine which messages its caller refers to. If the engine doesn't know such a message as
// owned, it returns a stub. It deletes none of them: one resource may drop a message that another one takes over.
func (e *Engine) ReferToMessages(ids []client.ID) {
	e.Messages.Claim("", ids...)
	e.contents.mu.Lock()
	defer e.contents.mu.Unlock()
	for _, id := range ids {
		e.contents.referred[id] = true
	}
}

// completeMessage gets the whole message, if the engine needs more than the list has shown.
func (e *Engine) completeMessage(ctx context.Context, m *client.Message) error {
	if e.contents.suffices(*m) {
		return nil
	}
	whole, err := e.Messages.getWhole(ctx, m.ID)
	switch {
	case err == nil:
		*m = whole
	case !isOfService(err) && client.ProblemOf(err) != client.NotFound:
		return fmt.Errorf("the message %s: %w", m.ID, err)
	}
	return err
}
