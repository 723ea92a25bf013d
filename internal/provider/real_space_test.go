package provider_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const relations = "TextMessageConversationRelationses" // the entity

// A realSpace shows and changes the conversations of one test in a real space: those with
// the test's numbers that did not exist before the run.
type realSpace struct {
	t      *testing.T
	client *client.Client

	mu      sync.Mutex
	numbers map[string]string // of the test → its own, as digits
}

// own replaces each number in the text by one that marks the test's conversations, in the
// same spelling. With a mock, it changes nothing.
func (s *space) own(text string) string {
	if s.real == nil {
		return text
	}
	return phoneNumber.ReplaceAllStringFunc(text, func(number string) string {
		return respelled(s.real.number(digits(number)), number)
	})
}

// number returns the number of this run that replaces a number of the test.
func (r *realSpace) number(ofTest string) string {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.numbers[ofTest] == "" {
		number, err := allotted.take(r.t.Context(), r.client)
		if err != nil {
			r.t.Fatal(err)
		}
		r.numbers[ofTest] = number
	}
	return r.numbers[ofTest]
}

// ofTestPhones returns the conversations of the tests' phones, deleted ones too, without
// links and messages.
func ofTestPhones(ctx context.Context, c *client.Client) (all []client.Conversation, err error) {
	phones := []string{phone}
	if _, isUnset := unset[otherPhone]; !isUnset {
		phones = append(phones, otherPhone)
	}
	for _, id := range phones {
		found, err := c.Conversations.Some(ctx, client.Query{
			Filters: []client.Filter{{Field: "phone_id", Value: id}}, OrderBy: []string{"created"}, IncludeDeleted: true,
			LoadOnly: []string{"id", "phone_id", "recipient_account_id", "recipient_contact_id", "recipient_phone_number", "revision", "is_deleted"},
		}, 0)
		if err != nil {
			return nil, err
		}
		all = append(all, slices.DeleteFunc(found, func(c client.Conversation) bool { return c.PhoneID.String() != id })...)
	}
	return all, nil
}

// conversations returns the test's own conversations, deleted ones too.
func (r *realSpace) conversations(ctx context.Context) ([]client.Conversation, error) {
	all, err := ofTestPhones(ctx, r.client)
	r.mu.Lock()
	defer r.mu.Unlock()
	own := map[string]bool{}
	for _, number := range r.numbers {
		own[number] = true
	}
	return slices.DeleteFunc(all, func(c client.Conversation) bool {
		return !own[digits(c.RecipientPhoneNumber)] || allotted.isOlder(c.ID)
	}), err
}

// isOwn returns an error if the conversation does not belong to the test.
func (r *realSpace) isOwn(id string) error {
	all, err := r.conversations(r.t.Context())
	if err == nil && !slices.ContainsFunc(all, func(c client.Conversation) bool { return c.ID.String() == id }) {
		err = fmt.Errorf("%s is no conversation of this test", id)
	}
	return err
}

func (r *realSpace) Create(entity string, fields map[string]any) (string, error) {
	if entity == relations {
		conversation, _ := fields["text_message_conversation_id"].(string)
		if err := r.isOwn(conversation); err != nil {
			return "", err
		}
		return written(r.client.Relations.BatchModify(r.t.Context(), []client.RelationInput{relationOf(fields)}, client.WriteOptions{}))
	}
	number, isGiven := fields["recipient_phone_number"].(string)
	if entity != conversations || !isGiven {
		return "", fmt.Errorf("a test makes no %s in a real space but conversations with a number", entity)
	}
	input := conversationOf(fields)
	input.RecipientPhoneNumber = client.Value(respelled(r.number(digits(number)), number))
	return written(r.client.Conversations.BatchModify(r.t.Context(), []client.ConversationInput{input}, client.WriteOptions{}))
}

func (r *realSpace) Edit(_, id string, fields map[string]any) error {
	if err := r.isOwn(id); err != nil {
		return err
	}
	input := conversationOf(fields)
	input.ID = client.Value(idOf(id))
	_, err := written(r.client.Conversations.BatchModify(r.t.Context(), []client.ConversationInput{input}, client.WriteOptions{}))
	return err
}

func (r *realSpace) SoftDelete(_, id string) error {
	if err := r.isOwn(id); err != nil {
		return err
	}
	_, err := written(r.client.Conversations.BatchDelete(r.t.Context(), []client.ID{idOf(id)}, client.WriteOptions{}))
	return err
}

// Records returns the records with numbers as + and digits.
func (r *realSpace) Records(entity string) []map[string]any {
	r.t.Helper()
	own, err := r.conversations(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	var records []map[string]any
	for _, c := range own {
		if entity == relations {
			records = append(records, r.relationsOf(c.ID)...)
			continue
		}
		records = append(records, map[string]any{
			"id": c.ID.String(), "phone_id": textOf(c.PhoneID), "recipient_account_id": textOf(c.RecipientAccountID),
			"recipient_contact_id": textOf(c.RecipientContactID), "recipient_phone_number": "+" + digits(c.RecipientPhoneNumber),
			"revision": int(c.Revision), "is_deleted": c.IsDeleted,
		})
	}
	return records
}

func (r *realSpace) relationsOf(conversation client.ID) (records []map[string]any) {
	r.t.Helper()
	found, err := r.client.Relations.Some(r.t.Context(), client.Query{
		Filters: []client.Filter{{Field: "text_message_conversation_id", Value: conversation.String()}}, OrderBy: []string{"created"},
	}, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, relation := range found {
		records = append(records, map[string]any{"id": relation.ID.String(), "is_deleted": relation.IsDeleted})
	}
	return records
}

func (r *realSpace) Links(conversationID, field string) []string {
	r.t.Helper()
	e, err := engine.New(r.client, engine.Defaults())
	if err != nil {
		r.t.Fatal(err)
	}
	found, err := e.Find(r.t.Context(), client.Query{Filters: []client.Filter{{Field: "id", Value: conversationID}}}, 1)
	if err != nil || len(found) != 1 || found[0].ID.String() != conversationID {
		r.t.Fatalf("looking for the links of %s: found %d, %v", conversationID, len(found), err)
	}
	links := []string{}
	for _, kind := range client.RelationKinds {
		if kind.Field != field {
			continue
		}
		for _, id := range kind.Linked(&found[0]) {
			links = append(links, id.String())
		}
	}
	slices.Sort(links)
	return links
}

// Requests returns none, because a real space does not show them.
func (*realSpace) Requests() []mockserver.Request { return nil }

// ResetRequests has nothing to reset.
func (*realSpace) ResetRequests() {}

// clean deletes what the test has left behind.
func (r *realSpace) clean() {
	ctx := context.WithoutCancel(r.t.Context())
	own, err := r.conversations(ctx)
	if err == nil {
		err = deleteLive(ctx, r.client, own)
	}
	if err != nil {
		r.t.Errorf("deleting what the test has left (the sweeper does it too): %v", err)
	}
}

// deleteLive deletes the conversations that are not deleted yet.
func deleteLive(ctx context.Context, c *client.Client, all []client.Conversation) error {
	for _, conversation := range all {
		if conversation.IsDeleted {
			continue
		}
		if _, err := written(c.Conversations.BatchDelete(ctx, []client.ID{conversation.ID}, client.WriteOptions{})); err != nil {
			return fmt.Errorf("%s: %w", conversation.ID, err)
		}
	}
	return nil
}

// written returns the result of a batch of one.
func written(results []client.BatchResult, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return results[0].ID.String(), results[0].Err
}

// conversationOf returns the input for these fields, with links as plain ids.
func conversationOf(fields map[string]any) (input client.ConversationInput) {
	for name, value := range fields {
		id := fieldOf(value)
		switch name {
		case "phone_id":
			input.PhoneID = id
		case "recipient_account_id":
			input.RecipientAccountID = id
		case "recipient_contact_id":
			input.RecipientContactID = id
		}
		for _, kind := range client.RelationKinds {
			if links, ok := value.([]string); ok && kind.Field == name {
				ids := make([]client.ID, len(links))
				for i, link := range links {
					ids[i] = idOf(link)
				}
				*kind.Input(&input) = kind.Links(ids)
			}
		}
	}
	return input
}

func relationOf(fields map[string]any) client.RelationInput {
	var input client.RelationInput
	for name, field := range map[string]*client.Field[client.ID]{
		"text_message_conversation_id": &input.TextMessageConversationID, "account_id": &input.AccountID, "contact_id": &input.ContactID,
		"project_id": &input.ProjectID, "lead_oppty_id": &input.LeadOpptyID, "quote_id": &input.QuoteID,
	} {
		if value, isSet := fields[name]; isSet {
			*field = fieldOf(value)
		}
	}
	return input
}

// fieldOf returns a field that a nil value empties.
func fieldOf(value any) client.Field[client.ID] {
	text, isText := value.(string)
	if !isText {
		return client.Null[client.ID]()
	}
	return client.Value(idOf(text))
}

// idOf returns the id in the text, zero for none.
func idOf(text string) client.ID {
	id, _ := client.ParseID(text)
	return id
}

// textOf returns the text of an id, nil for none.
func textOf(id client.ID) any {
	if id.IsZero() {
		return nil
	}
	return id.String()
}

// shown returns a configured number in the spelling of [crm.Records].
func (s *space) shown(number string) string {
	if s.real == nil {
		return number
	}
	return "+" + s.real.number(digits(number))
}
