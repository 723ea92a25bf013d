package engine

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// conversationLinks are the links of conversations to accounts, contacts and others.
type conversationLinks struct{ engine *Engine }

func (conversationLinks) areSet(in client.ConversationInput) bool {
	return slices.ContainsFunc(client.RelationKinds, func(kind client.RelationKind) bool { return !kind.Input(&in).IsZero() })
}

// prepare notes the relations of the conversation's existing links, and which of them the update removes.
func (conversationLinks) prepare(change *pending[client.ConversationInput], conversation client.Conversation) {
	input := &change.Input
	if messages, isSet := input.Messages.Get(); isSet { // an update never sends messages
		change.inline, input.Messages = messages, client.Field[[]client.MessageInput]{}
	}
	change.kept, change.dropped = map[link]client.ID{}, nil
	for _, kind := range client.RelationKinds {
		wanted, isSet := kind.Input(input).Get()
		if !isSet {
			continue
		}
		for _, ref := range *kind.Refs(&conversation) {
			linked := kind.LinkedBy(ref.Record)
			change.kept[link{kind.Field, linked}] = ref.ID
			if !slices.ContainsFunc(wanted, func(item client.RelationInput) bool { return item.Target() == linked }) {
				change.dropped = append(change.dropped, ref.ID)
			}
		}
	}
}

// sent returns the input, with the URI of the relation for each link that the conversation already has. So the
// service creates no link again, whether it replaces an array or merges into it.
func (l conversationLinks) sent(change *pending[client.ConversationInput]) client.ConversationInput {
	input := change.Input
	for _, kind := range client.RelationKinds {
		field := kind.Input(&input)
		wanted, isSet := field.Get()
		if !isSet {
			continue
		}
		items := make([]client.RelationInput, len(wanted))
		for i, item := range wanted {
			items[i] = item
			if relation, isKept := change.kept[link{kind.Field, item.Target()}]; isKept {
				items[i] = client.RelationInput{URI: l.engine.api.Relations.URI(relation)}
			}
		}
		*field = client.Value(items)
	}
	return input
}

// adds reports whether the change makes links that the conversation does not have. A service that merges arrays makes
// them again each time.
func (conversationLinks) adds(change *pending[client.ConversationInput]) bool {
	for _, kind := range client.RelationKinds {
		wanted, _ := kind.Input(&change.Input).Get()
		for _, item := range wanted {
			if _, isKept := change.kept[link{kind.Field, item.Target()}]; !isKept {
				return true
			}
		}
	}
	return false
}

// clean deletes the links that updates should have removed but the service has kept, because it merges arrays. It
// keeps links that other users have made since. It reports whether there was any link to delete.
func (w *writing[T, In]) clean(ctx context.Context) bool {
	owners := map[client.ID]int{} // relation → item
	var extra []client.ID
	for _, i := range w.written() {
		for _, relation := range w.col.links.left(&w.changes[i], w.results[i].Value) {
			owners[relation] = i
			extra = append(extra, relation)
		}
	}
	for chunk := range slices.Chunk(extra, w.col.engine.settings.BatchSize) {
		for n, err := range w.col.engine.relations.remove(ctx, chunk, w.options) {
			if err != nil {
				w.results[owners[chunk[n]]].Err = fmt.Errorf("%w: %w", ErrLinksLeft, err)
			}
		}
	}
	return len(extra) > 0
}

// left returns the relations that the update should have removed and the conversation still shows.
func (conversationLinks) left(change *pending[client.ConversationInput], conversation client.Conversation) (left []client.ID) {
	for _, kind := range client.RelationKinds {
		for _, ref := range *kind.Refs(&conversation) {
			if slices.Contains(change.dropped, ref.ID) {
				left = append(left, ref.ID)
			}
		}
	}
	return left
}

// completeConversation reads the links that a reply shows only as URIs, and drops the messages. It also drops deleted
// links, which a service may show if the query includes deleted records. A deleted conversation keeps its deleted
// links: they may have been deleted with it, and come back with it.
func (e *Engine) completeConversation(ctx context.Context, conversation *client.Conversation) error {
	conversation.Messages = nil
	missing := func(ref client.Ref[client.Relation]) bool { return ref.Record == nil }
	bare := slices.ContainsFunc(client.RelationKinds, func(kind client.RelationKind) bool {
		return slices.ContainsFunc(*kind.Refs(conversation), missing)
	})
	relations := map[client.ID]*client.Relation{}
	if bare {
		for relation, err := range e.relations.All(ctx, client.Query{Filters: ofConversation(conversation.ID), IncludeDeleted: true}) {
			if err != nil {
				return err
			}
			relations[relation.ID] = &relation
		}
	}
	isGone := func(ref client.Ref[client.Relation]) bool {
		return ref.Record != nil && ref.Record.IsDeleted && !conversation.IsDeleted
	}
	for _, kind := range client.RelationKinds {
		refs := *kind.Refs(conversation)
		for i := range refs {
			if refs[i].Record == nil {
				refs[i].Record = relations[refs[i].ID]
			}
			if refs[i].ID.IsZero() || refs[i].Record == nil || kind.LinkedBy(refs[i].Record).IsZero() {
				return &client.ReplyError{HTTPStatus: http.StatusOK, Reason: fmt.Sprintf("does not show which record is linked by %s of the conversation %s", kind.Field, conversation.ID), Snippet: refs[i].ID.String()}
			}
		}
		*kind.Refs(conversation) = slices.DeleteFunc(refs, isGone)
	}
	return nil
}
