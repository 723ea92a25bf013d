package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// A reply is the reply to a call.
type reply struct {
	status  int
	body    []byte  // unchanged: hide the secrets before any part of it gets into an error or a log
	secrets secrets // that no text of the reply may show
}

// decode reads the data of a 2xx reply.
func (r reply) decode(data any) error {
	var envelope struct {
		Success *bool           `json:"success"`
		Data    json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(r.body, &envelope); errors.As(err, new(*json.UnmarshalTypeError)) {
		return r.unexpected("does not have the form of the API (" + r.problem(err) + ")")
	} else if err != nil {
		return r.unexpected("is not JSON")
	}
	if envelope.Success != nil && !*envelope.Success {
		return r.apiError()
	}
	if len(envelope.Data) == 0 || bytes.Equal(envelope.Data, []byte("null")) {
		return r.unexpected("has no data")
	}
	if err := json.Unmarshal(envelope.Data, data); err != nil {
		return r.unexpected("contains data that does not have the form of the API (" + r.problem(err) + ")")
	}
	return nil
}

func (r reply) unexpected(reason string) *ReplyError {
	return &ReplyError{HTTPStatus: r.status, Reason: reason, Snippet: r.secrets.snippet(r.body)}
}

// problem says what is wrong with the reply's JSON, without the names of Go types.
func (r reply) problem(err error) string {
	text := err.Error()
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		// The path also names embedded structs, such as ConversationValues.
		path := slices.DeleteFunc(strings.Split(mismatch.Field, "."), func(name string) bool { return name != strings.ToLower(name) })
		text = fmt.Sprintf("%s at %q", mismatch.Value, strings.Join(path, "."))
	}
	return r.secrets.snippet([]byte(text)) // it may quote the reply
}

// apiError returns the error of a reply without data. It is an *APIError if the body is the API's envelope, or if the
// status is sufficient by itself. Otherwise it is a *ReplyError.
func (r reply) apiError() error {
	var envelope struct {
		APIError
		Success *bool `json:"success"`
	}
	if isErrorObject(r.secrets.hideInJSON(r.body), &envelope) && envelope.Success != nil && !*envelope.Success {
		apiError := envelope.APIError
		apiError.fromEnvelope = apiError.HTTPStatus != 0 // the API always sends it, and gateways have their own error objects
		apiError.HTTPStatus = cmp.Or(apiError.HTTPStatus, r.status)
		return &apiError
	}
	snippet := r.secrets.snippet(r.body)
	switch r.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return &APIError{HTTPStatus: r.status, Message: snippet}
	case http.StatusNotFound:
		return &ReplyError{HTTPStatus: r.status, Reason: "does not come from the API of a Pipeliner space", Snippet: snippet}
	}
	return &ReplyError{HTTPStatus: r.status, Reason: "is an error that does not come from the API", Snippet: snippet}
}

// quotedNumber matches a number in quotes in an error object, possibly with leading zeros.
var quotedNumber = regexp.MustCompile(`("(?:http_status|code|entity_index)"\s*:\s*)"0*(\d+)"`)

// isErrorObject reads an error object, and reports whether data is one. A field of an
// unexpected type does not hide the other fields.
func isErrorObject(data []byte, object any) bool {
	err := json.Unmarshal(quotedNumber.ReplaceAll(data, []byte("$1$2")), object)
	return err == nil || errors.As(err, new(*json.UnmarshalTypeError))
}
