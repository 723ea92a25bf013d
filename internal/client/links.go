package client

import (
	"context"
	"fmt"
	"net/http"
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
func (c *Client) removeExtraLinks(ctx context.Context, w *writing[Conversation, ConversationInput]) bool {
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
	for chunk := range slices.Chunk(extra, c.config.BatchSize) {
		for n, result := range c.relations.remove(ctx, chunk, w.options) {
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

// completeRelations reads the links that a reply shows as URIs only.
func (c *Client) completeRelations(ctx context.Context, conversation *Conversation) error {
	missing := func(ref Ref[Relation]) bool { return ref.Record == nil }
	bare := slices.ContainsFunc(RelationKinds, func(kind RelationKind) bool {
		return slices.ContainsFunc(*kind.Refs(conversation), missing)
	})
	relations := map[ID]*Relation{}
	if bare {
		filter := Filter{Field: "text_message_conversation_id", Value: conversation.ID.String()}
		for relation, err := range c.relations.All(ctx, Query{Filters: []Filter{filter}}) {
			if err != nil {
				return err
			}
			relations[relation.ID] = &relation
		}
	}
	for _, kind := range RelationKinds {
		refs := *kind.Refs(conversation)
		for i := range refs {
			if refs[i].Record == nil {
				refs[i].Record = relations[refs[i].ID]
			}
			if refs[i].ID.IsZero() || refs[i].Record == nil || kind.linked(refs[i].Record).IsZero() {
				return &ReplyError{HTTPStatus: http.StatusOK, Reason: fmt.Sprintf("does not show which record is linked by %s of the conversation %s", kind.Field, conversation.ID), Snippet: refs[i].ID.String()}
			}
		}
	}
	return nil
}
