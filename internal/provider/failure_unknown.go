package provider

import (
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// invokeAgain says how to repeat an action. Another apply does not repeat it: an apply triggers an action only if it
// changes the resource that the action belongs to.
const invokeAgain = "invoke the action again: terraform apply -invoke=action.pipeliner_text_message.NAME"

const untaintAdvice = "To keep what was found, first run terraform untaint with the address of this resource. With " +
	"deletion_policy = \"abandon\", the next apply adopts what it finds."

func (f failure) outcomeUnknown() string {
	const seePlan = " Run terraform plan again: the new plan shows what is left to do."
	ids, isAmbiguous := candidatesOf(f.err)
	switch {
	case f.invoked:
		return f.invocationUnknown()
	case len(f.keys) > 1 && !f.creates:
		return fmt.Sprintf("The changes of these %ss may or may not have been carried out."+seePlan, f.thing())
	case isKnown(f.subject.ID) && f.action == "Delete":
		return fmt.Sprintf("The deletion of the %s %s may or may not have been carried out. It stays in the state."+seePlan, f.thing(), f.subject.ID.ValueString())
	case isKnown(f.subject.ID):
		return fmt.Sprintf("The change of the %s %s may or may not have been carried out."+seePlan, f.thing(), f.subject.ID.ValueString())
	case isAmbiguous && f.message:
		return notIdentified(ids)
	case f.message:
		return "The message may or may not have been created. The next plan looks for it in the conversation, " +
			"and creates it again only if it isn't there. Don't plan with -refresh=false: such a plan does not " +
			"look for the message."
	case isAmbiguous:
		if len(f.keys) > 1 {
			return "The CRM gave no usable reply when the provider created these conversations. For each of them, the CRM has one or more candidates, which may " +
				"belong to someone else. The provider leaves all of them alone. The next plan names them. " + severalAdvice(false)
		}
		return "The CRM gave no usable reply when the provider created the conversation. " + candidates(ids, len(f.keys) == 0)
	}
	return f.createUnknown()
}

// createUnknown says what is known of a conversation that may have been created. The private state contains each such
// attempt.
func (f failure) createUnknown() string {
	looks := f.inNumber("The next apply first looks for {it|them} in the CRM, and adopts {it if it exists|those that exist}.")
	switch {
	case f.isRefusedNow() && !f.isOfThisApply():
		return f.inNumber("The CRM refuses what the configuration says. Correct it and apply again. An earlier apply may or may not have created {this conversation|these conversations}. ") + looks
	case f.action == "Read": // without an id
		return f.inNumber("An earlier apply may or may not have created {this conversation|these conversations}, and the provider couldn't look for {it|them} in the CRM. ") + f.whyLookFailed()
	case f.action == "Delete": // without an id
		return "An earlier apply may or may not have created this conversation, and the provider couldn't find out. The resource stays in the " +
			"state. The next apply searches again, and deletes what it finds." + f.whyForbidden()
	case f.taints:
		return f.inNumber("{The conversation|These conversations} may or may not have been created. {It is in the state without an id, and its|They are in the state without ids, and their} "+
			"resource is tainted. The next plan looks for {it|them} in the CRM, and the next apply deletes what it "+
			"finds and creates the resource again. Outgoing messages may then be sent twice. ") + untaintAdvice + f.whyForbidden() + f.whyRefused()
	}
	return f.inNumber("{The conversation|These conversations} may or may not have been created. ") + looks + f.whyForbidden() + f.whyRefused()
}

// whyLookFailed says why a look failed, and what to do.
func (f failure) whyLookFailed() string {
	if text := explanationOf(problemOfLook(f.err), f.err); text != "" {
		return text
	}
	if why := f.whyForbidden(); why != "" {
		return "It changed nothing." + why
	}
	return "It changed nothing. Try again later."
}

func (f failure) isRefusedNow() bool { return errors.Is(f.err, engine.ErrRefusedNow) }

// isOfThisApply reports whether this apply has sent a create whose outcome is unknown.
func (f failure) isOfThisApply() bool {
	lost, isLost := errors.AsType[*engine.LostCreateError](f.err)
	return isLost && !lost.Unsent
}

// whyRefused says what it means if the CRM refuses the repetition of a lost request.
func (f failure) whyRefused() string {
	if !f.isRefusedNow() {
		return ""
	}
	return " The CRM gave no usable reply to the first request, and refused the second one. The first one may be the reason: in that case, the next apply " +
		"finds the conversation. If the next apply is refused too, correct the configuration, or set adopt_existing = true if the CRM had the " +
		"conversation before."
}

// invocationUnknown says what to do about a message that an action may have created.
func (f failure) invocationUnknown() string {
	text := "The message may or may not have been created, and the CRM may have sent it. "
	if ids, isAmbiguous := candidatesOf(f.err); isAmbiguous {
		return text + fmt.Sprintf("Each of these messages of the conversation %s may be it: %s. Look at them in the CRM. If none is the message, %s.",
			f.subject.ID.ValueString(), idList(ids), invokeAgain)
	}
	var since string
	if lost, ok := errors.AsType[*engine.LostCreateError](f.err); ok {
		since = fmt.Sprintf(" with a revision above %d", lost.Since.Revision)
	}
	return text + fmt.Sprintf("An action has no state, so the provider doesn't look for it again. Look in the "+
		"CRM for a message of the conversation %s%s. Only if it isn't there, %s.",
		f.subject.ID.ValueString(), since, invokeAgain)
}

// notRemoved says that the provider could not delete a record that no key stands for any more, or doesn't know
// whether it did.
func (f failure) notRemoved(isUnknown bool) string {
	text := "The provider couldn't delete %s. {It is|They are} still in the CRM, and in the state%s. Run the command again to try once more."
	if isUnknown {
		text = "The provider may or may not have deleted %s. {It stays|They stay} in the state%s. Run the command again to try once more."
	}
	return fmt.Sprintf(f.inNumber(text), f.whatStays(), f.underKeys())
}

// whatStays says what remains after a removal.
func (f failure) whatStays() string {
	switch {
	case len(f.keys) <= 1:
		return fmt.Sprintf("the %s %s of this key", f.thing(), f.subject.ID.ValueString())
	case f.blamesNone():
		return fmt.Sprintf("%d %ss", len(f.keys), f.thing())
	}
	return fmt.Sprintf("the %ss of these keys", f.thing())
}

// underKeys says under which keys the state keeps the conversations, unless the keys are unchanged.
func (f failure) underKeys() string {
	if slices.Equal(f.keys, f.kept) {
		return ""
	}
	return f.inNumber(" under the {key|keys} ") + quoted(f.kept)
}

// notRestored says what to do about a record that stays deleted.
func (f failure) notRestored(id client.ID) string {
	another := "replace it with a new one: terraform apply -replace=ADDRESS, with the address of this resource"
	switch {
	case f.message:
		another = "create a new one, which may be sent again: remove the message from the configuration, apply, and add it again"
	case len(f.keys) > 0:
		another = "create a new one: remove the entry, apply, and add it again"
	}
	return fmt.Sprintf("The %s %s is deleted in the CRM, and the CRM does not restore it. The provider changed "+
		"nothing. Restore it in the CRM and apply again, or %s.", f.thing(), id, another)
}
