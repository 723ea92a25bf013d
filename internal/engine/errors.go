package engine

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A BehindError says that the newest record of the space is older than what its
// user has seen there: reads are answered by a copy that lags behind, or a backup
// was restored. Nothing there counts as gone or as unchanged.
type BehindError struct {
	Space        string
	Seen, Newest int64 // revisions
}

func (e *BehindError) Error() string {
	return fmt.Sprintf("the newest revision that the space %s shows is %d, but revision %d has been seen there", e.Space, e.Newest, e.Seen)
}

// Problem is [client.Behind].
func (e *BehindError) Problem() client.Problem { return client.Behind }

// An AmbiguousError says that requests that did not say may have created these records,
// but that there are too many, or that they may as well be somebody else's: none is chosen.
type AmbiguousError struct{ IDs []client.ID }

func (e *AmbiguousError) Error() string {
	texts := make([]string, len(e.IDs))
	for i, id := range e.IDs {
		texts[i] = id.String()
	}
	return "any of these may be it: " + strings.Join(texts, ", ")
}

// A LostCreateError says that a create may or may not have been carried out, and since
// when to look for it.
type LostCreateError struct {
	Since Moment // before it was sent
	Err   error
}

func (e *LostCreateError) Error() string { return (&client.OutcomeUnknownError{Err: e.Err}).Error() }
func (e *LostCreateError) Unwrap() error { return e.Err }

// Problem is [client.OutcomeUnknown].
func (e *LostCreateError) Problem() client.Problem { return client.OutcomeUnknown }
