package provider

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// openCreates are the creates whose outcome is unknown, by the keys of the map. The key of
// a single resource is empty. The private state keeps them, so that the next refresh,
// apply or destroy looks for them first.
type openCreates map[string]attempt

// An attempt is an attempt at a create.
type attempt struct {
	Since  engine.Moment            `json:"since"`            // the moment before it
	Passed map[client.ID]int64      `json:"passed,omitempty"` // see [engine.Attempt]
	Sent   client.ConversationInput `json:"sent"`

	// AlsoSent are the messages of later tries that had different ones.
	AlsoSent [][]client.MessageInput `json:"also_sent,omitempty"`
	// AlsoTried are the inputs of earlier tries that had others, without messages.
	AlsoTried []client.ConversationInput `json:"also_tried,omitempty"`
	// IsRecalled marks an attempt that the provider found in the state because Terraform had dropped the private
	// state, or that another resource has abandoned. See [engine.Attempt].
	IsRecalled bool `json:"recalled,omitempty"`
	// Found is the revision of the conversation that the last refresh found and did not adopt, or 0.
	Found int64 `json:"found,omitempty"`
	// InUpdate marks an attempt at an entry that joined the map in an update. Only an apply adopts the conversation,
	// because the entry may have changed since.
	InUpdate bool `json:"in_update,omitempty"`

	isUnsent bool // only an earlier try was sent
}

// attemptAt returns the attempt at a create that failed with err, if its outcome is unknown. If this try was not
// sent, only the earlier try was.
func attemptAt(err error, create conversationChange) (attempt, bool) {
	lost, ok := errors.AsType[*engine.LostCreateError](err)
	if !ok {
		return attempt{}, false
	}
	sent, also := create.Input, create.AlsoTried
	switch {
	case create.Tried == nil:
	case lost.Unsent:
		sent = *create.Tried
	default:
		also = withInput(also, *create.Tried, sent)
	}
	tried := attempt{Since: lost.Since, Passed: lost.Passed, Sent: sent, AlsoTried: also, IsRecalled: lost.IsRecalled, isUnsent: lost.Unsent}
	if len(lost.Messages) > 0 {
		tried.Sent.Messages, tried.AlsoSent = client.Value(lost.Messages[0]), lost.Messages[1:]
	}
	return tried, true
}

// earlier returns the attempt as the engine knows it.
func (a attempt) earlier() *engine.Attempt {
	messages, _ := a.Sent.Messages.Get()
	return &engine.Attempt{Since: a.Since, Passed: a.Passed, Messages: append([][]client.MessageInput{messages}, a.AlsoSent...), IsRecalled: a.IsRecalled}
}

// repeatIn makes a create repeat the attempt.
func (a attempt) repeatIn(create *conversationChange) {
	create.Earlier, create.Tried, create.AlsoTried = a.earlier(), &a.Sent, a.AlsoTried
}

// withInput adds the input of an earlier try to those of others, without its messages, unless it is among them or the
// latest try has sent the same.
func withInput(inputs []client.ConversationInput, earlier, latest client.ConversationInput) []client.ConversationInput {
	text := func(input client.ConversationInput) string {
		input.Messages = client.Field[[]client.MessageInput]{}
		text, _ := json.Marshal(input) //nolint:errchkjson // it has been marshaled to be sent
		return string(text)
	}
	earlier.Messages = client.Field[[]client.MessageInput]{}
	isSame := func(input client.ConversationInput) bool { return text(input) == text(earlier) }
	if isSame(latest) || slices.ContainsFunc(inputs, isSame) {
		return inputs
	}
	return append(slices.Clone(inputs), earlier)
}

// isAbout reports whether the attempt of a single resource, if there is one, would have
// created this conversation.
func (o openCreates) isAbout(m conversationModel, n numbers) bool {
	tried, isOpen := o[""]
	return !isOpen || tried.identity(n) == n.identityOf(m)
}

// contradicts reports whether the attempt sent a different value of a field than a create with this input sends.
// Messages are compared one by one.
func (a attempt) contradicts(n numbers, input client.ConversationInput) bool {
	sent, wanted := a.Sent.Fields(), input.Fields()
	return slices.ContainsFunc(configurableFields, func(f conversationField) bool {
		isInBoth := slices.Contains(sent, f.name) && slices.Contains(wanted, f.name)
		return isInBoth && !f.same(n, types.StringNull())(f.sent(a.Sent), f.sent(input))
	})
}

// identity returns the identity of the conversation that the attempt would have created.
func (a attempt) identity(n numbers) engine.Identity {
	number, _ := a.Sent.RecipientPhoneNumber.Get()
	return n.identity(a.phone(), number)
}

func (a attempt) phone() client.ID {
	phone, _ := a.Sent.PhoneID.Get()
	return phone
}

// pass notes what a look found that did not settle the attempt, and the records that it passed because they belong to
// other resources. The next look may not know those resources.
func (o openCreates) pass(key string, found engine.Result[client.Conversation]) {
	tried, isOpen := o[key]
	if !isOpen {
		return
	}
	if found.Earlier != nil {
		tried.Passed = found.Earlier.Passed
	}
	switch _, isAmbiguous := candidatesOf(found.Err); {
	case found.Err == nil:
		tried.Found = found.Value.Revision
	case isAmbiguous:
		tried.Found = tried.Since.Revision + 1 // any of them
	}
	o[key] = tried
}

// above returns a revision that is below anything that the attempt may have made. No record above it is known to
// belong to another resource.
func (a attempt) above() int64 {
	revision := a.Since.Revision
	for _, passed := range a.Passed {
		if a.Found == 0 || passed < a.Found {
			revision = max(revision, passed)
		}
	}
	return revision
}

// An attemptIndex finds attempts by the identity of what they would have created.
type attemptIndex struct {
	mu sync.Mutex
	of map[engine.Identity][]keyedAttempt
}

type keyedAttempt struct {
	key string
	attempt
}

func (x *attemptIndex) add(n numbers, all openCreates) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, key := range all.keys() {
		of := all[key].identity(n)
		note(&x.of, of, append(x.of[of], keyedAttempt{key, all[key]}))
	}
}

// take returns an attempt that a create may repeat, or nil, and removes it from the index. It prefers an attempt that
// contradicts nothing in the input, and otherwise returns the first one.
func (x *attemptIndex) take(n numbers, planned conversationModel, input client.ConversationInput) *keyedAttempt {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.of) == 0 { // numbers are slow to parse
		return nil
	}
	of := n.identityOf(planned)
	if len(x.of[of]) == 0 {
		return nil
	}
	i := max(0, slices.IndexFunc(x.of[of], func(a keyedAttempt) bool { return !a.contradicts(n, input) }))
	found := x.of[of][i]
	if x.of[of] = slices.Delete(x.of[of], i, i+1); len(x.of[of]) == 0 {
		delete(x.of, of)
	}
	return &found
}

// unreadAnswers are the creates that were answered but could not be read back, by the ids in the answers. The state
// has these ids, although an id may belong to another conversation. The next refresh, or an apply without a refresh,
// checks that first.
type unreadAnswers map[client.ID]attempt

// keys returns the keys, sorted.
func (o openCreates) keys() []string { return slices.Sorted(maps.Keys(o)) }
