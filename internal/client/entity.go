package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// An Entity has the operations of the API for one entity, whose records are read as T and written as In. Source: the
// vendor's OpenAPI document, version 100.
//
// An operation returns an *APIError, a *ReplyError, a *ConnectError, an *OutcomeUnknownError, the error of the
// context, an error whose problem is [Throttled] or, for a list, an error whose problem is [WrongAddress]. See
// [ProblemOf].
type Entity[T Record, In any] struct {
	Segment string // of its path, in the plural

	connection *connection
	revised    bool // each of its records must have a revision
}

// A Page is one page of a list.
type Page[T any] struct {
	Total       int  // of all matches
	IsCounted   bool // by the service; otherwise, Total is the number of Records
	Records     []T
	EndCursor   string
	HasNextPage bool
	IsOpen      bool // it is full, and says neither how many match nor whether another page follows
}

// A BatchResult is the answer to one item of a batch: its id, or the error.
type BatchResult struct {
	ID  ID
	Err error
}

// Get returns one record. It uses only Expand, LoadOnly and IncludeDeleted of the query.
// If there is no such record, [ProblemOf] the error is [NotFound].
//
// GET /entities/{entity}/{id}
func (e *Entity[T, In]) Get(ctx context.Context, id ID, query Query) (T, error) {
	var record T
	parameters := url.Values{}
	query.shape(parameters)
	got, err := e.connection.read(ctx, e.path(id.String()), parameters, &record)
	if err != nil {
		return record, err
	}
	if record.Meta().ID != id {
		return record, got.unexpected("contains another record than the requested one, " + id.String())
	}
	return record, e.check(record, query, got)
}

// check returns an error if a record lacks its id or its revision.
func (e *Entity[T, In]) check(record T, query Query, got reply) error {
	switch {
	case record.Meta().ID.IsZero():
		return got.unexpected("contains a record without an id")
	case e.revised && query.shows("revision") && record.Meta().Revision <= 0:
		return got.unexpected("contains a record without a revision, " + record.Meta().ID.String())
	}
	return nil
}

// List returns one page.
//
// GET /entities/{entity}
func (e *Entity[T, In]) List(ctx context.Context, query Query) (page Page[T], err error) {
	got, err := e.connection.read(ctx, e.path(), query.values(), &page.Records)
	if ProblemOf(err) == NotFound {
		err = &problemError{fmt.Errorf("there is no such space: %w", err), WrongAddress} // a list names no record that could be missing
	}
	if err != nil {
		return Page[T]{}, err
	}
	var list struct {
		Total    *int `json:"total"`
		PageInfo struct {
			EndCursor   string `json:"end_cursor"`
			HasNextPage *bool  `json:"has_next_page"`
		} `json:"page_info"`
	}
	if err := json.Unmarshal(got.body, &list); err != nil {
		return Page[T]{}, got.unexpected("is not a page of a list (" + got.problem(err) + ")")
	}
	for _, record := range page.Records {
		if err := e.check(record, query, got); err != nil {
			return Page[T]{}, err
		}
	}
	page.EndCursor, page.Total = list.PageInfo.EndCursor, len(page.Records)
	if page.IsCounted = list.Total != nil; page.IsCounted {
		page.Total = *list.Total
	}
	if list.PageInfo.HasNextPage != nil {
		page.HasNextPage = *list.PageInfo.HasNextPage
	}
	page.IsOpen = !page.IsCounted && list.PageInfo.HasNextPage == nil && len(page.Records) >= cmp.Or(max(query.First, 0), MaxPageSize)
	if page.HasNextPage && page.EndCursor == "" {
		return Page[T]{}, got.unexpected("announces another page, but has no cursor for it")
	}
	return page, nil
}

// BatchModify creates the items without an id and updates the items with one. The results are in the order of the
// items.
//
// POST /entities/{entity}/batch-modify
func (e *Entity[T, In]) BatchModify(ctx context.Context, items []In, options WriteOptions) ([]BatchResult, error) {
	return e.batch(ctx, batchModify, items, len(items), options, false)
}

// BatchDelete soft-deletes records. Deleting again does no harm.
//
// POST /entities/{entity}/batch-delete
func (e *Entity[T, In]) BatchDelete(ctx context.Context, ids []ID, options WriteOptions) ([]BatchResult, error) {
	return e.batch(ctx, batchDelete, ids, len(ids), options, true)
}

// BatchRestore undoes soft deletes. Restoring again does no harm.
//
// POST /entities/{entity}/batch-restore
func (e *Entity[T, In]) BatchRestore(ctx context.Context, ids []ID, options WriteOptions) ([]BatchResult, error) {
	return e.batch(ctx, batchRestore, ids, len(ids), options, true)
}

func (e *Entity[T, In]) batch(ctx context.Context, operation string, items any, count int, options WriteOptions, repeatable bool) ([]BatchResult, error) {
	if count == 0 {
		return nil, nil
	}
	body, err := json.Marshal(items)
	if err != nil {
		return nil, err
	}
	got, err := e.connection.do(ctx, call{method: http.MethodPost, path: e.path(operation), query: options.values(), body: body, repeatable: repeatable})
	results, itemsErr := decodeBatch(got, count)
	if itemsErr == nil {
		return results, nil
	}
	isOpen := err == nil && !isAPIRefusal(itemsErr) || namesIDs(got)
	err = cmp.Or(err, itemsErr)
	if !repeatable && isOpen && !errors.As(err, new(*OutcomeUnknownError)) {
		err = &OutcomeUnknownError{Err: err}
	}
	return nil, err
}

// URI returns the URI of a record, as the API writes it.
func (e *Entity[T, In]) URI(id ID) string {
	return e.connection.base.JoinPath(e.path(id.String())...).String()
}

func (e *Entity[T, In]) path(below ...string) []string {
	return append([]string{"entities", e.Segment}, below...)
}

// decodeBatch reads the reply to a batch of count items. It accepts an array of the right length in data if the array
// contains only ids and errors, whatever the reply says about the success of the batch.
func decodeBatch(got reply, count int) ([]BatchResult, error) {
	var items []json.RawMessage
	var mixed struct{ Data []json.RawMessage }
	if json.Unmarshal(got.body, &mixed) == nil && len(mixed.Data) == count {
		items = mixed.Data
	} else if err := got.decode(&items); err != nil {
		return nil, err
	}
	if len(items) != count {
		return nil, got.unexpected(fmt.Sprintf("has %d results for a batch of %d", len(items), count))
	}
	results := make([]BatchResult, count)
	for i, item := range items {
		result, ok := decodeBatchItem(item)
		if !ok {
			if err := got.decode(&items); err != nil {
				return nil, err
			}
			return nil, got.unexpected(fmt.Sprintf("has a result, number %d, that is neither an id nor an error", i+1))
		}
		if result.Err != nil {
			result, _ = decodeBatchItem(got.secrets.hideInJSON(item))
		}
		results[i] = result
	}
	return results, nil
}

// namesIDs reports whether the reply to a batch contains the id of a record. Then a part of the batch was carried
// out, whatever the reply says about the whole.
func namesIDs(got reply) bool {
	var mixed struct{ Data []json.RawMessage }
	return json.Unmarshal(got.body, &mixed) == nil && slices.ContainsFunc(mixed.Data, func(item json.RawMessage) bool {
		result, ok := decodeBatchItem(item)
		return ok && result.Err == nil
	})
}

func decodeBatchItem(item json.RawMessage) (result BatchResult, ok bool) {
	if item[0] != '{' {
		err := json.Unmarshal(item, &result.ID)
		return result, err == nil && !result.ID.IsZero()
	}
	var object struct {
		APIError
		ID      ID    `json:"id"`
		Success *bool `json:"success"`
	}
	if !isErrorObject(item, &object) {
		return result, false
	}
	if object.Success != nil && !*object.Success || object.HTTPStatus >= 400 || object.Code != 0 {
		result.Err = &object.APIError
		return result, true
	}
	result.ID = object.ID
	return result, !object.ID.IsZero()
}
