package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// warnOfBlind warns that the plan can't tell which conversations the apply adopts, or whether another resource
// already manages them. The apply can't tell the latter either: it does not see resources without changes.
func (l layout) warnOfBlind(keys []string) diag.Diagnostics {
	of := ""
	switch {
	case len(keys) == 0:
		return nil
	case !l.isSingle:
		of = " of " + quoted(keys)
	}
	return diag.Diagnostics{placed(l.root(), diag.NewWarningDiagnostic("Existing Text Message Conversation Not Known Yet", fmt.Sprintf(
		"adopt_existing is true, but the plan doesn't know the phone or the number%s yet. The apply looks for an "+
			"existing conversation, and adopts it without asking. It doesn't notice if a resource that it doesn't "+
			"change already manages that conversation. To see in a plan what the apply adopts, first apply the "+
			"source of the phone or the number with -target. Then plan again.", of)))}
}

// warnOfLeaving warns of new resources or entries whose conversations are in the state of a tainted resource, which
// may be the same resource.
func warnOfLeaving(at path.Path, names ...string) diag.Diagnostics {
	return warnOf(names, at, "Existing Text Message Conversation May Be Deleted", "adopt_existing is true, and the CRM already has a conversation with this phone and number: %s. It is in the state of "+
		"a tainted resource, probably this one. If not, the plan fails at the resource that has it. The apply deletes it and then creates another one. With create_before_destroy, the apply adopts it instead, doesn't delete it, and creates the declared messages in it, even if it has the same ones already. "+
		"To keep the conversation, run terraform untaint with the address of the resource.")
}

func isNotAdoptable(err error) bool { return errors.As(err, new(*existingError)) }

// summary returns the summary of the error.
func (e *existingError) summary() string {
	if e.managed {
		return "Existing Text Message Conversation Already Managed"
	}
	return "Several Existing Text Message Conversations"
}

// advice returns the detail of the error: what is wrong, and what to do. In a map, the setting applies to all
// entries, and Terraform can't import a single entry.
func (e *existingError) advice(inMap bool) string {
	if e.owned {
		return fmt.Sprintf("This resource manages the conversation %s, but a new resource, or a new entry of a map, is about to adopt it. The warning "+
			"\"Existing Text Message Conversation Will Be Adopted\" or \"Existing Text Message Conversation May Be Deleted\" shows which one. If that is the new address of this resource, add a moved block. "+
			"If this resource is being removed or changes its number, apply that first, without the other one. "+
			"Otherwise, remove one of the two, or set adopt_existing = false at the new one to create another conversation.", idList(e.ids))
	}
	if e.managed {
		text := fmt.Sprintf("The CRM has the conversation %s with this phone and number, but another resource of the "+
			"configuration or the state already manages it or adopts it. If that is this resource under its earlier address, add a moved block. "+
			"If the other resource is being removed or changes its number, apply that first, without this one. "+
			"Otherwise, remove one of the two, or set adopt_existing = false "+
			"to create another conversation. To replace the conversation of this resource, set adopt_existing = "+
			"false too. If the resource is tainted, run terraform untaint to keep its conversation.", idList(e.ids))
		if inMap {
			text += " adopt_existing applies to all entries of the map."
		}
		return text
	}
	choices := "Import the right one by its UUID, delete the others in the CRM, or set adopt_existing = false to create another one."
	if inMap {
		choices = "Delete the others in the CRM, or remove this entry until then. Don't set adopt_existing = false: that applies to all " +
			"entries, so the apply would create other conversations for them too."
	}
	return fmt.Sprintf("The CRM has several conversations with this phone and number: %s. adopt_existing doesn't choose between them. %s", idList(e.ids), choices)
}

// diagnostic returns the error for the conversation at a path.
func (e *existingError) diagnostic(at path.Path) diag.Diagnostic {
	inMap := len(at.Steps()) > 0
	return placed(at, diag.NewErrorDiagnostic(e.summary(), located(at, e.advice(inMap))))
}

// existingSummary returns the summary of the warning of an adoption.
func existingSummary(step existingStep) string {
	if step == whilePlanning {
		return "Existing Text Message Conversation Will Be Adopted"
	}
	return "Existing Text Message Conversation Adopted"
}

// sentAgain says what a plan with messages does in an existing conversation.
const sentAgain = " The apply creates the declared messages in it, even if it has the same ones already, and the CRM may send them. To take over a message, declare it by its id."

// warnOfExisting warns of the existing conversations that entries adopt, by key.
// changes are the fields of each conversation that the apply overwrites.
func (l layout) warnOfExisting(ids map[string]client.ID, step existingStep, planned entries, changes map[string][]string) diag.Diagnostics {
	has, adopts, then := "had", "adopted", "Terraform now manages {it|them}: "
	if step == whilePlanning {
		has, adopts, then = "has", "adopts", "The apply sets what {the configuration declares|the entries declare}, and leaves everything else as it is. "+
			"From then on, Terraform manages {the conversation|these conversations}: "
	}
	var texts []string
	var again string
	for _, key := range slices.Sorted(maps.Keys(ids)) {
		text := underKey(key, ids[key].String())
		if len(changes[key]) > 0 {
			text += fmt.Sprintf(" (the apply changes its %s)", strings.Join(changes[key], ", "))
		}
		texts = append(texts, text)
		if step == whilePlanning && messagesFrom(planned[key].Messages).have(func(m *messageModel) bool { return m != nil && m.ID.IsUnknown() && !m.isAttached() }) {
			again = sentAgain
		}
	}
	return warnOf(texts, l.root(), existingSummary(step), inNumber(!l.isSingle, "The CRM already "+has+
		" {a conversation with this phone and number, %s|conversations with the phone and number of these entries}. adopt_existing is true, so the apply "+adopts+
		" {it instead of creating another one. |them instead of creating others:"+asItem+"}"+then+
		"if you remove {it|an entry} from the configuration, Terraform deletes {it|its conversation}, unless deletion_policy is \"abandon\".")+again)
}

// warnOfNotAdopted warns of existing conversations that the CRM showed only after the apply had created others. The
// apply doesn't know whether a plan has named them: Terraform plans again in the apply, and passes on nothing from
// the first plan.
func warnOfNotAdopted(at path.Path, results createResults) diag.Diagnostics {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(results)) {
		if alike := results[key].LookAlikes; len(alike) > 0 {
			pairs = append(pairs, underKey(key, fmt.Sprintf("%s, and %s", results[key].Value.ID, idList(alike))))
		}
	}
	return warnOf(pairs, at, "Existing Text Message Conversation Not Adopted",
		"The CRM has another conversation with the same phone and number as one that the apply created: %s. adopt_existing is true, but the CRM did not "+
			"show that conversation when the apply looked for it: it is new, or an older copy of the space answered. The state contains the first conversation "+
			"of each pair. Delete the other one in the CRM, unless someone needs it. To manage the other one instead, remove the resource or the "+
			"entry from the configuration, apply, which deletes the first one, and declare it again.")
}

// warnOfKeptForAdopter warns of conversations that are not deleted, because this run has
// adopted them.
func warnOfKeptForAdopter(names ...string) diag.Diagnostics {
	return warnOf(names, path.Empty(), "Adopted Text Message Conversation Not Deleted",
		"This apply adopted the conversation for another resource, or for this one, so the provider did not delete it: %s.")
}
