package mockserver

import (
	"fmt"
	"slices"
	"strings"
)

// The values of the fields of [Behavior]. [Switches] lists those of each field.
const (
	Honoured = "honored"
	Ignored  = "ignored"
	Newest   = "newest"
	Refused  = "refused"

	ErrorReply = "error"
	Indexed    = "indexed"
	Items      = "items"

	Replace = "replace"
	Merge   = "merge"

	NotFound = "not_found"
	OK       = "ok"
	Created  = "created"

	Bump = "bump"
	Keep = "keep"

	On  = "on"
	Off = "off"

	Kept       = "kept"
	E164       = "e164"
	Digits     = "digits"
	DoubleZero = "double-zero"
	Country    = "country"
	Masked     = "masked"

	Trimmed   = "trimmed"
	CRLF      = "crlf"
	NFD       = "nfd"
	Entities  = "entities"
	Collapsed = "collapsed"

	Milliseconds = "milliseconds"
	Seconds      = "seconds"

	AlwaysTrue = "true"
	MixedFalse = "mixed-false"

	Behind = "behind"
	Null   = "null"

	Allowed = "allowed"

	MessageOnly = "message"
	FieldToo    = "field"

	Either         = "either"
	Hyphen         = "hyphen"
	HyphenOnly     = "hyphen-only"
	Underscore     = "underscore"
	UnderscoreOnly = "underscore-only"

	TimeSpace = "space"
	TimeT     = "t"
)

// Behavior says how the mock behaves where the documentation leaves it open. An empty field stands for the first
// value that [Switches] lists for it.
type Behavior struct {
	RevisionFilter   string
	StaleRevision    string
	RollbackReply    string
	ArrayUpdate      string
	DeletedGet       string
	DeletedRevision  string
	RecipientMatch   string
	GetParameters    string
	PhoneFormat      string
	RelationError    string
	RelationRevision string
	MessageRevision  string
	TimeFormat       string
	CreateStatus     string
	ContentFormat    string
	TimePrecision    string
	BatchSuccess     string
	OrderBy          string
	CreatedClock     string
	Duplicates       string
	IncludeDeleted   string
}

// Switch describes one field of [Behavior]: what it decides and the values it can have, the default first.
type Switch struct {
	Name   string // as a flag, e.g. "revision-filter"
	Doc    string
	Values []string
	Field  func(*Behavior) *string
}

// Switches are all switches. The flags of the command, its help and the validation in [New] come from them. A test that
// must hold either way can range over them.
var Switches = []Switch{
	{
		Name: "revision-filter", Values: []string{Honoured, Ignored, Refused},
		Doc:   "what a list does with a filter on revision; refused is a 400",
		Field: func(b *Behavior) *string { return &b.RevisionFilter },
	},
	{
		Name: "stale-revision", Values: []string{Ignored, Refused},
		Doc:   "what an update does with a revision that is not the current one; refused is a 422",
		Field: func(b *Behavior) *string { return &b.StaleRevision },
	},
	{
		Name: "rollback-reply", Values: []string{ErrorReply, Indexed, Items},
		Doc:   "how a batch that was rolled back is answered: a 422 that names no item, a 422 with its index, or a 200 with an error for each item",
		Field: func(b *Behavior) *string { return &b.RollbackReply },
	},
	{
		Name: "array-update", Values: []string{Replace, Merge},
		Doc:   "whether an array in an update replaces the whole set or is added to it",
		Field: func(b *Behavior) *string { return &b.ArrayUpdate },
	},
	{
		Name: "deleted-get", Values: []string{NotFound, OK},
		Doc:   "how a get of a soft-deleted record is answered",
		Field: func(b *Behavior) *string { return &b.DeletedGet },
	},
	{
		Name: "deleted-revision", Values: []string{Bump, Keep},
		Doc:   "whether a soft delete and a restore give the record a new revision",
		Field: func(b *Behavior) *string { return &b.DeletedRevision },
	},
	{
		Name: "recipient-match", Values: []string{On, Off},
		Doc:   "whether the recipient's contact and account are found by the phone number when the request omits them",
		Field: func(b *Behavior) *string { return &b.RecipientMatch },
	},
	{
		Name: "get-parameters", Values: []string{Honoured, Ignored, Refused},
		Doc:   "what a get does with expand, include-deleted and load-only; refused is a 400",
		Field: func(b *Behavior) *string { return &b.GetParameters },
	},
	{
		Name: "phone-format", Values: []string{Kept, Digits, DoubleZero, Country, Masked, E164},
		Doc: "how recipient_phone_number is stored: as sent; as digits only; with 00 for the +; in E.164, with +1 where there is " +
			"no country; with * for all but the last four digits; or reduced to a leading + and digits",
		Field: func(b *Behavior) *string { return &b.PhoneFormat },
	},
	{
		Name: "relation-error", Values: []string{MessageOnly, FieldToo},
		Doc:   "whether the error for a related record that doesn't exist names the field as well",
		Field: func(b *Behavior) *string { return &b.RelationError },
	},
	{
		Name: "relation-revision", Values: []string{Bump, Keep},
		Doc:   "whether writing a relation through its own entity gives its conversation a new revision",
		Field: func(b *Behavior) *string { return &b.RelationRevision },
	},
	{
		Name: "message-revision", Values: []string{Keep, Bump},
		Doc:   "whether writing a message through its own entity gives its conversation a new revision",
		Field: func(b *Behavior) *string { return &b.MessageRevision },
	},
	{
		Name: "time-format", Values: []string{TimeSpace, TimeT},
		Doc:   "how times are written: 2024-07-09 12:51:48.050073+00:00, or 2024-07-09T12:51:48.050073",
		Field: func(b *Behavior) *string { return &b.TimeFormat },
	},
	{
		Name: "create-status", Values: []string{Created, OK},
		Doc:   "the status of a single create: 201 or 200",
		Field: func(b *Behavior) *string { return &b.CreateStatus },
	},
	{
		Name: "content-format", Values: []string{Kept, CRLF, NFD, Entities, Collapsed, Trimmed},
		Doc: "how the content of a message is stored: as sent, with CR LF at line ends, in Unicode's NFD, with HTML entities, " +
			"with one blank for all white space in a row, or trimmed",
		Field: func(b *Behavior) *string { return &b.ContentFormat },
	},
	{
		Name: "time-precision", Values: []string{Kept, Milliseconds, Seconds},
		Doc:   "how precisely datetime_sent is stored: in microseconds, milliseconds or seconds",
		Field: func(b *Behavior) *string { return &b.TimePrecision },
	},
	{
		Name: "batch-success", Values: []string{AlwaysTrue, MixedFalse},
		Doc:   "the top-level success of a batch that is answered item by item: always true, or false if an item failed",
		Field: func(b *Behavior) *string { return &b.BatchSuccess },
	},
	{
		Name: "order-by", Values: []string{Honoured, Newest, Ignored, Refused},
		Doc:   "what a list does with order-by; newest: always the newest first; ignored: by id; refused: 400 if ordered by revision",
		Field: func(b *Behavior) *string { return &b.OrderBy },
	},
	{
		Name: "created-clock", Values: []string{Kept, Behind, Null},
		Doc:   "the time of creation that a new record gets: now, ten seconds ago, or none",
		Field: func(b *Behavior) *string { return &b.CreatedClock },
	},
	{
		Name: "duplicate-conversations", Values: []string{Allowed, Refused},
		Doc:   "whether two conversations that are not deleted can have the same phone and number; refused is a 422 for the second one",
		Field: func(b *Behavior) *string { return &b.Duplicates },
	},
	{
		Name: "include-deleted", Values: []string{Either, Hyphen, Underscore, HyphenOnly, UnderscoreOnly},
		Doc: "which spelling of the parameter a list or a get honors: include-deleted, include_deleted, or either; " +
			"the other spelling is ignored, or with -only answered with a 400",
		Field: func(b *Behavior) *string { return &b.IncludeDeleted },
	},
}

// complete returns b with every empty field set to its default, or an error if a field has a value that its switch
// does not know.
func (b Behavior) complete() (Behavior, error) {
	for _, sw := range Switches {
		value := sw.Field(&b)
		if *value == "" {
			*value = sw.Values[0]
		}
		if !slices.Contains(sw.Values, *value) {
			return b, fmt.Errorf("%s must be one of %s, not %q", sw.Name, strings.Join(sw.Values, ", "), *value)
		}
	}
	return b, nil
}
