package client

import (
	"context"
	"fmt"
	"slices"
)

// keepLinks returns the input with those of its links that the conversation
// has already named by their relation's URI: whether the service replaces an
// array or merges into it, they are neither made anew nor doubled.
func (c *Client) keepLinks(input ConversationInput, conversation Conversation) ConversationInput {
	for _, kind := range RelationKinds {
		field := kind.Input(&input)
		wanted, set := field.Get()
		if !set {
			continue
		}
		existing := make(map[ID]ID) // linked record → relation
		for _, ref := range *kind.Refs(&conversation) {
			existing[*kind.linked(ref.Record)] = ref.ID
		}
		items := make([]RelationInput, len(wanted))
		for i, item := range wanted {
			items[i] = item
			if relation, linked := existing[item.target()]; linked {
				items[i] = RelationInput{URI: c.uri(c.relations.segment, relation), kept: item.target()}
			} else if !item.kept.IsZero() { // it was there when it was last looked at
				items[i] = kind.link(item.kept)
			}
		}
		*field = Value(items)
	}
	return input
}

// removeExtraLinks deletes the links that updates should have removed and that
// a service which merges arrays has kept. It reports whether there were any.
func (w *writing) removeExtraLinks(ctx context.Context) bool {
	owners := map[ID]int{} // relation → item
	var extra []ID
	for _, i := range w.written() {
		for _, kind := range RelationKinds {
			wanted, set := kind.Input(&w.inputs[i]).Get()
			if !set {
				continue
			}
			for _, ref := range *kind.Refs(&w.results[i].Value) {
				linked := *kind.linked(ref.Record)
				if !slices.ContainsFunc(wanted, func(item RelationInput) bool { return item.target() == linked }) {
					owners[ref.ID] = i
					extra = append(extra, ref.ID)
				}
			}
		}
	}
	if len(extra) == 0 {
		return false
	}
	for chunk := range slices.Chunk(extra, w.client.config.BatchSize) {
		for n, result := range w.client.relations.remove(ctx, chunk, w.options) {
			if result.Err == nil {
				continue
			}
			i, err := owners[chunk[n]], fmt.Errorf("removing a link: %w", result.Err)
			if !w.isUpdate(i) { // it must not get lost
				err = &UnreadError{ID: w.results[i].Value.ID, Err: err}
			}
			w.results[i].Err = err
		}
	}
	return true
}
