package provider

import (
	"context"
	"errors"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A failure is an error of the client or the engine, with what its diagnostics need. Only this type turns such errors
// into diagnostics.
type failure struct {
	action  string            // "Create", "Read", "Update", "Delete", "Attach", "Import" or, of a data source, "Find"
	what    string            // what the summary names, such as "Records"; empty: the conversation, its entries or the message
	message bool              // it affects a message, whose id is the subject's
	invoked bool              // by an action: there is no state, and the subject's id is that of the conversation
	subject conversationModel // as planned, or as it was
	at      path.Path         // of the conversation; empty for a single resource
	keys    []string          // of the affected entries of the bulk resource
	kept    []string          // the keys under which the state keeps what could not be deleted
	taints  bool              // the resource: the next apply replaces it
	creates bool              // all keys are new, so an update of the map creates them
	sends   bool              // some of them have outgoing messages
	err     error
	causes  *causes // already explained; nil if each failure explains its own

	sharing
}

// sharing says what the entries of a failure have in common. The error of the failure is that of the first entry.
type sharing struct {
	unnamed bool       // each entry shares its error with others, that of their request
	isMixed bool       // the entries have been in different requests
	differs bool       // each entry has its own cause
	alike   bool       // other errors of the run may be the reason for this one, which many have
	named   *referrers // nil: the error names no record that entries refer to
}

// referrers are the entries of a failure that refer to the record that its error names.
type referrers struct {
	attribute string // at which all of them refer to it; empty if they differ
	beside    int    // other entries of the request
}

func (f failure) summary() string { return "Unable to " + f.action + " " + f.affected() }

func (f failure) affected() string {
	switch {
	case f.what != "":
		return f.what
	case len(f.keys) > 1:
		return theConversations
	case f.message:
		return "Text Message"
	}
	return theConversation
}

// isSought reports whether a data source or a list looks for what failed.
func (f failure) isSought() bool { return f.action == "Find" }

// thing returns what the failure affects, for the middle of a sentence.
func (f failure) thing() string {
	if f.message {
		return "message"
	}
	return "conversation"
}

// blamesNone reports whether several keys have the same failure, and no single key caused it.
func (f failure) blamesNone() bool {
	return len(f.keys) > 1 && isCommon(f.err) && client.ProblemOf(f.err) != client.NotPermitted
}

// isInterrupted reports whether the only failure is that Terraform stopped before the provider sent anything. The CRM
// may have carried out a request that was sent.
func (f failure) isInterrupted() bool {
	return errors.Is(f.err, context.Canceled) && client.ProblemOf(f.err) != client.OutcomeUnknown && !errors.As(f.err, new(*engine.LeftoverError))
}

// inNumber returns the text in the singular for one key, and in the plural for several.
func (f failure) inNumber(text string) string { return inNumber(len(f.keys) > 1, text) }

// causes are the causes that the provider has explained in full. A problem of the service, the space or the
// permissions affects every resource: one error explains it, and the other errors refer to that one.
type causes struct{ explained sync.Map }

// isCommon reports whether the cause of an error affects more than one resource.
func isCommon(err error) bool {
	switch client.ProblemOf(err) {
	case client.WrongCredentials, client.NotPermitted, client.WrongAddress, client.Unreachable, client.UnexpectedReply:
		return true
	case client.Unavailable:
		refusal, isRefusal := errors.AsType[*client.APIError](err)
		return !isRefusal || refusal.Request != "" // otherwise one item of a batch has that status
	}
	return false
}

// whyForbidden says which permission a look lacked. It returns an empty text if the look failed for another reason.
// The request that was lost before the look was not refused for lack of permission.
func (f failure) whyForbidden() string {
	refusal, isRefused := errors.AsType[*client.APIError](f.err)
	if !isRefused || client.ProblemOf(refusal) != client.NotPermitted || client.ProblemOf(f.err) != client.OutcomeUnknown {
		return ""
	}
	return " " + f.missingPermission()
}

func (f failure) missingPermission() string {
	var to, origin string
	if refusal, ok := errors.AsType[*client.APIError](f.err); ok {
		if refusal.Request != "" {
			to = " to " + refusal.Request
		}
		if refusal.Code == 0 && refusal.Name == "" {
			origin = " The reply doesn't have the form of the API. It may come from a proxy or a firewall."
		}
	}
	return "The CRM does not permit this. In the space's administration, give the permission" + to + " to the Application whose user name " +
		"the provider uses." + origin
}
