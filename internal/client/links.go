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
	if messages, isSet := input.Messages.Get(); isSet { // they never go into an update
		input.inline, input.Messages = messages, Field[[]MessageInput]{}
	}
	input.dropped = nil
	for _, kind := range RelationKinds {
		field := kind.Input(&input)
		wanted, set := field.Get()
		if !set {
			continue
		}
		existing := make(map[ID]ID) // linked record → relation
		for _, ref := range *kind.Refs(&conversation) {
			linked := *kind.linked(ref.Record)
			existing[linked] = ref.ID
			if !slices.ContainsFunc(wanted, func(item RelationInput) bool { return item.target() == linked }) {
				input.dropped = append(input.dropped, ref.ID)
			}
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

// removeDropped deletes the links that updates should have removed and that a
// service which merges arrays has kept; links that others have made meanwhile are
// theirs. It reports whether there were any.
func (c *Client) removeDropped(ctx context.Context, w *writing[Conversation, ConversationInput]) bool {
	owners := map[ID]int{} // relation → item
	var extra []ID
	for _, i := range w.written() {
		for _, kind := range RelationKinds {
			for _, ref := range *kind.Refs(&w.results[i].Value) {
				if slices.Contains(w.inputs[i].dropped, ref.ID) {
					owners[ref.ID] = i
					extra = append(extra, ref.ID)
				}
			}
		}
	}
	for chunk := range slices.Chunk(extra, c.config.BatchSize) {
		for n, result := range c.relations.remove(ctx, chunk, w.options) {
			if result.Err != nil {
				w.results[owners[chunk[n]]].Err = fmt.Errorf("removing a link: %w", result.Err)
			}
		}
	}
	return len(extra) > 0
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
