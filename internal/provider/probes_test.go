package provider_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// probes find out which value of a switch a service plays. They make and change
// conversations of their own, each to a fictional number, and send no message.
var probes = map[string]func(*prober) (string, error){
	"revision-filter":   (*prober).revisionFilter,
	"stale-revision":    (*prober).staleRevision,
	"rollback-reply":    (*prober).rollbackReply,
	"array-update":      (*prober).arrayUpdate,
	"deleted-get":       (*prober).deletedGet,
	"deleted-revision":  (*prober).deletedRevision,
	"recipient-match":   (*prober).recipientMatch,
	"get-parameters":    (*prober).getParameters,
	"phone-format":      (*prober).phoneFormat,
	"relation-error":    (*prober).relationError,
	"relation-revision": (*prober).relationRevision,
	"message-revision":  (*prober).messageRevision,
	"time-format":       (*prober).timeFormat,
	"create-status":     (*prober).createStatus,
	"content-format":    (*prober).contentFormat,
	"time-precision":    (*prober).timePrecision,
	"batch-success":     (*prober).batchSuccess,
	"order-by":          (*prober).orderBy,
	"created-clock":     (*prober).createdClock,

	"duplicate-conversations": (*prober).duplicateConversations,
}

// either returns the one or the other value, or no value with an error.
func either(is bool, yes, no string, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case is:
		return yes, nil
	}
	return no, nil
}

// needs returns an error where the real space has no such record.
func needs(record, use string) error {
	if variable, isUnset := unset[record]; isUnset {
		return &lackingError{variable, use}
	}
	return nil
}

// A filter asks for the older of two by its id, and for what is newer than it: an
// honoured one finds nothing then.
func (p *prober) revisionFilter() (string, error) {
	older, olderID, err := p.create(nil)
	if err != nil {
		return "", err
	}
	revision, isNumber := older.record()["revision"].(float64)
	if !isNumber {
		return "", fmt.Errorf("a created conversation has the revision %v", older.record()["revision"])
	}
	_, newerID, err := p.create(nil)
	if err != nil {
		return "", err
	}
	floor := fmt.Sprintf("gt %.0f", revision)
	got, found, err := p.list(conversations, map[string]string{"id": olderID, "revision": floor})
	switch {
	case err != nil:
		return "", err
	case got.isRefusal():
		return mockserver.Refused, nil
	case !got.isOK():
		return "", got.unexpected()
	case len(found) > 0:
		return mockserver.Ignored, nil
	}
	_, found, err = p.list(conversations, map[string]string{"id": newerID, "revision": floor})
	if err == nil && len(found) != 1 {
		err = errors.New("a filter on revision finds neither what is older nor what is newer")
	}
	return mockserver.Honoured, err
}

func (p *prober) staleRevision() (string, error) {
	made, id, err := p.create(nil)
	if err != nil {
		return "", err
	}
	revision, _ := made.record()["revision"].(float64)
	update := map[string]any{"revision": revision, "recipient_contact_id": nil}
	if needs(acme, "") == nil {
		update["recipient_account_id"] = acme // a real change
	}
	if _, err := p.ok(http.MethodPatch, conversations+"/"+id, update); err != nil {
		return "", fmt.Errorf("an update with the current revision: %w", err)
	}
	update["revision"], update["recipient_account_id"] = revision-1, nil
	got, err := p.do(http.MethodPatch, conversations+"/"+id, update)
	if err == nil && !got.isOK() && !got.isRefusal() {
		err = got.unexpected()
	}
	return either(got.isOK(), mockserver.Ignored, mockserver.Refused, err)
}

// One of two items names a phone that does not exist.
func (p *prober) rollbackReply() (string, error) {
	good := p.freshNumber()
	batch := []map[string]any{
		{"phone_id": phone, "recipient_phone_number": good},
		{"phone_id": nobody, "recipient_phone_number": p.freshNumber()},
	}
	got, err := p.do(http.MethodPost, conversations+"/batch-modify?validation-level=0&rollback-method=0", batch)
	if err != nil {
		return "", err
	}
	if items, ok := got.body["data"].([]any); ok && got.isOK() {
		return mockserver.Items, p.areErrors(items)
	}
	if got.status != http.StatusUnprocessableEntity {
		return "", got.unexpected()
	}
	for _, record := range p.live() {
		if number, _ := record["recipient_phone_number"].(string); digits(number) == digits(good) {
			err = errors.New("a batch is answered with an error, and written all the same")
		}
	}
	return either(got.body["entity_index"] == nil, mockserver.ErrorReply, mockserver.Indexed, err)
}

// areErrors returns an error if an item is an id: then it was not rolled back.
func (p *prober) areErrors(items []any) error {
	if written := p.note(items); len(written) > 0 {
		return fmt.Errorf("%d items of a batch were written that must be rolled back", len(written))
	}
	return nil
}

// An update empties an array, which a merging service does not.
func (p *prober) arrayUpdate() (string, error) {
	if err := needs(acme, "an account to link"); err != nil {
		return "", err
	}
	_, id, err := p.create(map[string]any{"account_relations": []any{map[string]any{"account_id": acme}}})
	if err != nil {
		return "", err
	}
	links := func() (int, error) {
		got, found, err := p.list(relations, map[string]string{"text_message_conversation_id": id})
		if err == nil && !got.isOK() {
			err = got.unexpected()
		}
		return len(found), err
	}
	if before, err := links(); err != nil || before != 1 {
		return "", fmt.Errorf("a conversation created with a link has %d: %w", before, err)
	}
	if _, err := p.ok(http.MethodPatch, conversations+"/"+id, map[string]any{"account_relations": []any{}}); err != nil {
		return "", err
	}
	after, err := links()
	return either(after == 0, mockserver.Replace, mockserver.Merge, err)
}

// deleted returns a conversation that is deleted.
func (p *prober) deleted() (id string, err error) {
	_, id, err = p.create(nil)
	if err == nil {
		_, err = p.ok(http.MethodDelete, conversations+"/"+id, nil)
	}
	return id, err
}

func (p *prober) deletedGet() (string, error) {
	id, err := p.deleted()
	if err != nil {
		return "", err
	}
	got, err := p.do(http.MethodGet, conversations+"/"+id, nil)
	if err == nil && got.status != http.StatusNotFound && got.record()["is_deleted"] != true {
		err = got.unexpected()
	}
	return either(got.isOK(), mockserver.OK, mockserver.NotFound, err)
}

func (p *prober) deletedRevision() (string, error) {
	_, id, err := p.create(nil)
	if err != nil {
		return "", err
	}
	moves, err := p.revisionMoves(id, func() error {
		_, err := p.ok(http.MethodDelete, conversations+"/"+id, nil)
		return err
	})
	return either(moves, mockserver.Bump, mockserver.Keep, err)
}

// A conversation to the number of a contact, which has to be a fictional one.
func (p *prober) recipientMatch() (string, error) {
	const use = "a contact with a number such as +1 907 555 0123"
	if err := needs(ada, use); err != nil {
		return "", err
	}
	contact, err := p.ok(http.MethodGet, "Contacts/"+ada, nil)
	if err != nil {
		return "", err
	}
	for i := range 5 {
		number, _ := contact.record()[fmt.Sprintf("phone%d", i+1)].(string)
		if !fictional.MatchString(digits(number)) {
			continue
		}
		made, _, err := p.create(map[string]any{"recipient_phone_number": number})
		return either(made.record()["recipient_contact_id"] != nil, mockserver.On, mockserver.Off, err)
	}
	return "", &lackingError{accContactID, use}
}

func (p *prober) getParameters() (string, error) {
	_, id, err := p.create(nil)
	if err != nil {
		return "", err
	}
	got, err := p.do(http.MethodGet, conversations+"/"+id+"?expand=phone&load-only=id,phone", nil)
	if err != nil {
		return "", err
	}
	_, expands := got.record()["phone"].(map[string]any)
	_, hasMore := got.record()["created"]
	switch {
	case got.isRefusal():
		return mockserver.Refused, nil
	case !got.isOK():
		return "", got.unexpected()
	case expands && !hasMore:
		return mockserver.Honoured, p.heedsIncludeDeleted(id)
	case !expands && hasMore:
		return mockserver.Ignored, nil
	}
	return "", fmt.Errorf("a get heeds expand: %t, load-only: %t", expands, !hasMore)
}

// heedsIncludeDeleted deletes the conversation.
func (p *prober) heedsIncludeDeleted(id string) error {
	if _, err := p.ok(http.MethodDelete, conversations+"/"+id, nil); err != nil {
		return err
	}
	if _, err := p.ok(http.MethodGet, conversations+"/"+id+"?include-deleted=true", nil); err != nil {
		return fmt.Errorf("a get heeds expand and load-only, but not include-deleted: %w", err)
	}
	return nil
}

func (p *prober) relationError() (string, error) {
	got, err := p.do(http.MethodPost, conversations, map[string]any{"phone_id": nobody, "recipient_phone_number": p.freshNumber()})
	if err != nil {
		return "", err
	}
	p.note([]any{got.body["data"]})
	if !got.isRefusal() {
		return "", got.unexpected()
	}
	fields, _ := got.body["field_errors"].([]any)
	return either(len(fields) == 0, mockserver.MessageOnly, mockserver.FieldToo, nil)
}

func (p *prober) relationRevision() (string, error) {
	if err := needs(acme, "an account to link"); err != nil {
		return "", err
	}
	return p.childRevision(relations, map[string]any{"account_id": acme})
}

func (p *prober) messageRevision() (string, error) {
	return p.childRevision(textMessages, incomingMessage(probeContent))
}

// childRevision finds out whether creating a record of a conversation gives the
// conversation a new revision.
func (p *prober) childRevision(entity string, fields map[string]any) (string, error) {
	_, id, err := p.create(nil)
	if err != nil {
		return "", err
	}
	fields["text_message_conversation_id"] = id
	var child answer
	moves, err := p.revisionMoves(id, func() (err error) {
		child, err = p.ok(http.MethodPost, entity, fields)
		return err
	})
	if childID, _ := child.record()["id"].(string); childID != "" {
		_, deleting := p.ok(http.MethodDelete, entity+"/"+childID, nil)
		err = errors.Join(err, deleting)
	}
	return either(moves, mockserver.Bump, mockserver.Keep, err)
}
