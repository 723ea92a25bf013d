package provider

import (
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// unnamedRefusal says how to find the faulty entry. The provider does not search for it by creating parts of the
// batch. It could delete only what a part creates: the records would stay in the CRM as deleted, and outgoing
// messages may have been sent by then.
const unnamedRefusal = "The CRM refuses the request, and doesn't say which of these entries is at fault. " + findTheEntry

const findTheEntry = "The request changed nothing. Look first at the entries that warnings of the plan name. If they are right, set rollback_method = 1 and apply again: " +
	"the CRM then names each entry that it refuses, and accepts the others."

// isUnnamed reports whether the CRM refused to write several entries without naming the faulty one.
func (f failure) isUnnamed() bool { return f.unnamed && f.action != "Delete" }

func (f failure) isRefused() bool {
	problem := client.ProblemOf(f.err)
	return problem == client.Refused || problem == client.RelationNotFound
}

// namedRefusal is the reason if the CRM names a record, and the provider knows which entries
// refer to it.
func (f failure) namedRefusal() string {
	all := len(f.keys) + f.named.beside
	who, which := fmt.Sprintf("Of the %d entries in the request, only these refer to it", all), "these entries"
	switch {
	case f.named.beside == 0:
		who = "All of these entries refer to it"
	case len(f.keys) == 1:
		who, which = fmt.Sprintf("Of the %d entries in the request, only this one refers to it", all), "this entry"
	}
	if f.named.attribute != "" && len(f.keys) > 1 { // else the error begins with the attribute
		who += ", at " + f.named.attribute
	}
	return fmt.Sprintf("The CRM refuses the request because of a record that the cause names. %s. The request changed nothing. Correct %s and apply again.", who, which)
}

// notPermitted says which permission is missing, if that is known, or what other reason there may be.
func (f failure) notPermitted() string {
	if f.isSought() {
		return f.missingPermission()
	}
	return f.missingPermission() + " If only one conversation or message fails, the CRM may protect it."
}

// mayHaveSent says that messages may have been sent although their conversations have been deleted again.
func (f failure) mayHaveSent() string {
	if !f.sends {
		return ""
	}
	return " But the CRM may have sent their outgoing messages, and the next apply creates them again: to avoid that, set rollback_method = 1."
}

func (f failure) refused() string {
	if f.isSought() {
		return "The CRM refuses the query. It may not know a field, may be unable to filter or order by it, or may not " +
			"understand a value. The cause shows what the CRM says. To see the names of the fields, use the data source pipeliner_records " +
			"without filter and fields, and set limit = 1."
	}
	switch {
	case f.isUnnamed() && (f.creates || f.action == "Create"):
		return unnamedRefusal + adoptTaken(true)
	case f.isUnnamed():
		return unnamedRefusal
	}
	switch f.action {
	case "Create":
		if f.invoked {
			return "The CRM refuses what the configuration says. The action created no message. Correct the " +
				"configuration, then " + invokeAgain + "."
		}
		return "The CRM refuses what the configuration says, and created nothing. Correct the configuration and " +
			"apply again." + mayBeTaken(f.err, false)
	case "Update":
		return "The CRM refuses the change. Either it does not accept the new values, or the " + f.thing() +
			" has changed since the plan was made. Run terraform plan again. If the CRM still refuses the " +
			"change, correct the configuration."
	}
	return "The CRM refuses this. The cause says why."
}

// mayBeTaken says what to do if another conversation may already have the number. The documentation doesn't say with
// which code the CRM refuses such a create, so the text depends only on the field that the CRM names.
func mayBeTaken(err error, many bool) string {
	refusal, ok := errors.AsType[*client.APIError](err)
	if !ok || !slices.ContainsFunc(reasonsOf(refusal), func(r reason) bool { return r.field == numberAttribute }) {
		return ""
	}
	return adoptTaken(many)
}

func adoptTaken(many bool) string {
	return inNumber(many, " If the CRM already has {a conversation of this phone and number, adopt it|conversations of these phones and numbers, adopt them} "+
		"with adopt_existing = true. {A deleted one is|Deleted ones are} not adopted: restore {it|them} in the CRM first.")
}

func (f failure) notFound() string {
	switch gone, isGone := errors.AsType[*engine.GoneError](f.err); {
	case f.action == "Attach":
		return fmt.Sprintf("The CRM has no message %s in this space. Check the id, or remove the entry.", f.subject.ID.ValueString())
	case f.action == "Delete": // else it would be no error
		return f.inNumber("The CRM says that {it doesn't|they don't} exist, but still shows {it|them}. If it still does so in a few minutes, delete {it|them} in the CRM.")
	case isGone && gone.Restorable:
		return fmt.Sprintf(f.inNumber("Someone has deleted {this %s|these %ss} since the plan was made. The provider didn't change {it|them}. "+
			"Run terraform plan again: the new plan restores {it|them}."), f.thing())
	}
	return "The CRM no longer has this " + f.thing() + ", or a record that it refers to. Run terraform plan " +
		"again: the new plan shows what is needed now."
}

func (f failure) relationNotFound() string {
	switch {
	case f.invoked:
		return fmt.Sprintf("The CRM has no conversation %s in this space. The action created no message. "+
			"Check %s, then %s.",
			f.subject.ID.ValueString(), conversationOfMessage, invokeAgain)
	case f.isUnnamed():
		return "One of these entries refers to a record that does not exist in this space, and the CRM " +
			"doesn't say which one. " + findTheEntry
	}
	return "The " + f.thing() + " refers to a record that does not exist in this space. Check the ids: the " +
		"record may have been deleted, belong to another space, or be of another kind."
}
