package engine

import (
	"errors"
	"net/http"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// isTransient reports whether a lost request may succeed if it is sent again. A redirect,
// or a refusal that may come from a proxy, stays the same.
func isTransient(err error) bool {
	status := client.StatusOf(err)
	return status < 300 || status >= 500 || status == http.StatusRequestTimeout
}

// isTooLarge reports whether the service refused the request because of its size.
func isTooLarge(err error) bool { return client.StatusOf(err) == http.StatusRequestEntityTooLarge }

// isRefusedWhole reports whether the service refused a batch as a whole because of what is
// in it.
func isRefusedWhole(err error) bool {
	return client.HasProblem(err, client.Refused, client.RelationNotFound, client.NotFound) && !errors.As(err, new(*unprovenError))
}

// An unprovenError does not prove whether an earlier attempt at a change was carried out. It is the error of a read,
// or of a batch that may have been refused because of another item.
type unprovenError struct{ error }

func (e *unprovenError) Unwrap() error { return e.error }

// isRefusal reports whether the service refused the request because of its content.
func isRefusal(err error) bool { return client.ProblemOf(err) == client.Refused }

// isOfService reports whether the error concerns the service, and not one request. Any other request would fail too.
func isOfService(err error) bool {
	return client.HasProblem(err, client.Unreachable, client.Unavailable, client.Throttled, client.WrongCredentials, client.WrongAddress, client.Behind)
}

// mayPass reports whether another look may succeed.
func mayPass(err error) bool {
	return client.HasProblem(err, client.Unreachable, client.Unavailable, client.UnexpectedReply, client.Throttled, client.Other)
}

// isWorthALook reports whether the service may have received the request in spite of the error, so that it makes
// sense to look at the record.
func isWorthALook(err error) bool {
	isOfAPI := errors.As(err, new(*client.APIError))
	return isOfAPI && client.ProblemOf(err) == client.Other ||
		client.HasProblem(err, client.NotFound, client.Refused, client.RelationNotFound, client.NotPermitted, client.Unavailable, client.UnexpectedReply, client.OutcomeUnknown)
}

// mayBeDeleted reports whether a delete with this error may have been carried out although a look still shows the
// record, because a lagging copy answers. "Not found" may be the answer to a repeated delete.
func mayBeDeleted(err error) bool {
	return client.HasProblem(err, client.NotFound, client.UnexpectedReply, client.OutcomeUnknown)
}

// isForbidden reports whether the caller lacks a permission. Then another look won't help.
func isForbidden(err error) bool { return client.ProblemOf(err) == client.NotPermitted }

// isUnknown reports whether the error says that the outcome of a change is unknown.
func isUnknown(err error) bool { return client.ProblemOf(err) == client.OutcomeUnknown }

// causeOf returns why an outcome is unknown.
func causeOf(err error) error {
	if unknown, ok := errors.AsType[*client.OutcomeUnknownError](err); ok {
		return unknown.Err
	}
	if lost, ok := errors.AsType[*LostCreateError](err); ok {
		return lost.Err
	}
	return err
}

// withoutPlace returns the error of a reply that does not show the phone of a conversation.
func withoutPlace(id client.ID) error {
	return &client.ReplyError{HTTPStatus: http.StatusOK, Reason: "does not show the phone of a conversation", Snippet: id.String()}
}

// withoutContent returns the error of a list that shows a message which a get does not find.
func withoutContent(id client.ID) error {
	return &client.ReplyError{HTTPStatus: http.StatusOK, Reason: "lists a message that can't be found", Snippet: id.String()}
}

// answeredWith returns the error of a reply whose id can't belong to what was sent.
func answeredWith(id client.ID) error {
	return &client.ReplyError{HTTPStatus: http.StatusOK, Reason: "answers a change with the id of another record", Snippet: id.String()}
}
