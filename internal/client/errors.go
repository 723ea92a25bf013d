package client

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An APIError says that the service did not carry out the request. It is the error object of the API's envelope or of
// one item of a batch, or stands for an HTTP status that is sufficient by itself: 401, 403 or 429. Source: the
// vendor's OpenAPI document, and replies of the service.
type APIError struct {
	HTTPStatus          int               `json:"http_status"`
	Code                int               `json:"code"` // such as 40000; 0 if the reply has none
	Name                string            `json:"name"` // such as ERROR_ENTITY_VALIDATION
	Message             string            `json:"message"`
	EntityID            string            `json:"entity_id"` // no proof that such a record exists
	EntityName          string            `json:"entity_name"`
	EntityIndex         *int              `json:"entity_index"` // position in the batch, if known
	EntityErrors        []ErrorItem       `json:"entity_errors"`
	FieldErrors         []FieldError      `json:"field_errors"`
	StepChecklistErrors []json.RawMessage `json:"step_checklist_errors"`

	// Request is the purpose of the request, such as "read TextMessages". It is empty for an item of a batch.
	Request string `json:"-"`

	fromEnvelope bool // it comes from a complete envelope of the API, not from an HTTP status alone
}

// An ErrorItem is one reason inside an [APIError].
type ErrorItem struct {
	Code      int    `json:"code"`
	Name      string `json:"name"`
	Message   string `json:"message"`
	FieldID   string `json:"field_id"`
	FieldName string `json:"field_name"`
}

// A FieldError contains the reasons that concern one field.
type FieldError struct {
	ErrorItem
	Errors []ErrorItem `json:"errors"`
}

// Text returns what is wrong with the field, in the service's words: the message for the field as a whole, if there
// is one, and each reason once.
func (e FieldError) Text() string {
	var texts []string
	if e.Message != "" || len(e.Errors) == 0 {
		texts = append(texts, e.ErrorItem.Text())
	}
	for _, item := range e.Errors {
		if text := item.Text(); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n")
}

// Text returns the reason in the service's words, or else its name or code.
func (e ErrorItem) Text() string {
	switch {
	case strings.TrimSpace(e.Message) != "":
		return strings.TrimSpace(e.Message)
	case e.Name != "":
		return e.Name
	}
	return fmt.Sprintf("error %d", e.Code)
}

// Error returns status, code, name and message on one line.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP %d", e.HTTPStatus)
	if e.Code != 0 || e.Name != "" {
		b.WriteString(strings.TrimSuffix(fmt.Sprintf(", error %d %s", e.Code, e.Name), " "))
	}
	if message := strings.Join(strings.Fields(e.Message), " "); message != "" {
		fmt.Fprintf(&b, ": %s", message)
	}
	return b.String()
}

const (
	// codeRelationsDontExist is ERROR_RELATIONS_DOESNT_EXIST: an input names a
	// related record that does not exist.
	codeRelationsDontExist = 120
	// codeUnknownType is ERROR_UNKNOWN_TYPE: the path names no entity.
	codeUnknownType = 2006
)

// A Problem is a kind of failure. Each kind has its own advice.
type Problem int

// These are the problems that [ProblemOf] distinguishes.
const (
	Other            Problem = iota
	WrongCredentials         // the service does not accept user name and password
	NotPermitted             // the application lacks a permission
	NotFound                 // there is no such record (or no such space)
	Conflicting              // an update has a conflict
	RelationNotFound         // a related record does not exist
	Refused                  // the service found fault with what was sent
	Unreachable              // no connection to the service
	Unavailable              // a proxy, or the service itself, says that the service is down
	UnexpectedReply          // the reply is not the API's: not JSON, of another shape, too long
	OutcomeUnknown           // the request may or may not have been carried out
	WrongAddress             // there is no Pipeliner API, or no such space
	Throttled                // the service keeps asking to wait
	Behind                   // the space shows an older state than the client has seen before
)

// ProblemOf returns the problem of the outermost error in err that has a method Problem, or [Other] if there is none.
// The error may come from any package.
func ProblemOf(err error) Problem {
	if carrier, ok := errors.AsType[interface {
		error
		Problem() Problem
	}](err); ok {
		return carrier.Problem()
	}
	return Other
}

// HasProblem reports whether the problem of err is one of these.
func HasProblem(err error, problems ...Problem) bool {
	return slices.Contains(problems, ProblemOf(err))
}

// Problem returns the kind of failure.
func (e *APIError) Problem() Problem {
	switch {
	case e.Code == codeRelationsDontExist:
		return RelationNotFound
	case e.Code == codeUnknownType:
		return WrongAddress
	case e.HTTPStatus == http.StatusUnauthorized:
		return WrongCredentials
	case e.HTTPStatus == http.StatusForbidden:
		return NotPermitted
	case e.HTTPStatus == http.StatusNotFound:
		return NotFound
	case e.HTTPStatus == http.StatusBadRequest, e.HTTPStatus == http.StatusUnprocessableEntity,
		e.HTTPStatus == http.StatusConflict, e.HTTPStatus == http.StatusPreconditionFailed:
		return Refused
	case isUnavailable(e.HTTPStatus):
		return Unavailable
	}
	return Other
}

// isUnavailable reports whether a status says that the service is down. Proxies use additional statuses, such as 520.
func isUnavailable(status int) bool { return status >= http.StatusBadGateway }

// A ConfigError names the wrong setting.
type ConfigError struct {
	Setting string // in Terraform's words, such as "service_url"
	Err     error
}

func (e *ConfigError) Error() string { return fmt.Sprintf("%s: %v", e.Setting, e.Err) }
func (e *ConfigError) Unwrap() error { return e.Err }

// A ConnectError says that a request never reached the service, or that the
// connection broke during a read. Nothing has changed.
type ConnectError struct {
	Host string
	Err  error
}

func (e *ConnectError) Error() string {
	if errors.As(e.Err, new(*TimeoutError)) {
		return fmt.Sprintf("%s sent %v", e.Host, e.Err)
	}
	return fmt.Sprintf("the connection to %s failed: %v", e.Host, e.Err)
}
func (e *ConnectError) Unwrap() error { return e.Err }

// Problem is [Unreachable].
func (e *ConnectError) Problem() Problem { return Unreachable }

// IsUntrusted reports whether err says that the certificate of the service can't be verified.
func IsUntrusted(err error) bool { return errors.As(err, new(*tls.CertificateVerificationError)) }

// A TimeoutError says that the reply to a request was not complete in time.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no complete reply within %s (request_timeout)", DurationText(e.After))
}

// A problemError is an error that consists of a problem and a text.
type problemError struct {
	error

	problem Problem
}

func (e *problemError) Unwrap() error    { return e.error }
func (e *problemError) Problem() Problem { return e.problem }

// A ReplyError says that a reply does not have the form of the API.
type ReplyError struct {
	HTTPStatus int
	Reason     string // such as "is not JSON"
	Snippet    string // the first 200 characters of the reply

	isRedirect bool // the reason says where it leads to
}

func (e *ReplyError) Error() string {
	text := fmt.Sprintf("the reply (HTTP %d) %s", e.HTTPStatus, e.Reason)
	switch {
	case e.isRedirect:
		return text
	case e.Snippet == "":
		return text + "; it is empty"
	}
	return text + "; it begins: " + e.Snippet
}

// Problem is [UnexpectedReply], unless the HTTP status alone says more.
func (e *ReplyError) Problem() Problem {
	switch {
	case e.HTTPStatus == http.StatusNotFound:
		return WrongAddress
	case isUnavailable(e.HTTPStatus):
		return Unavailable
	}
	return UnexpectedReply
}

// An OutcomeUnknownError says that a request may or may not have been carried
// out: it was sent, and no usable reply came.
type OutcomeUnknownError struct{ Err error }

func (e *OutcomeUnknownError) Error() string {
	return "the service may have carried out the request, but sent no usable reply: " + e.Err.Error()
}
func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// Problem is [OutcomeUnknown].
func (e *OutcomeUnknownError) Problem() Problem { return OutcomeUnknown }

const snippetLength = 200 // characters

// snippet returns the beginning of a reply on one line, safe to print.
func snippet(body []byte) string {
	body = bytes.TrimSpace(body)
	body = body[:min(len(body), utf8.UTFMax*snippetLength)]
	words := strings.FieldsFunc(strings.ToValidUTF8(string(body), "\uFFFD"), func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) })
	runes := []rune(strings.Join(words, " "))
	return string(runes[:min(len(runes), snippetLength)])
}

// IsUnknownEntity reports whether the service knows no entity of that name.
func IsUnknownEntity(err error) bool {
	api, ok := errors.AsType[*APIError](err)
	return ok && api.Code == codeUnknownType
}
