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
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// adoptions are results of creates by key, an empty one for a single resource.
type adoptions map[string]engine.Result[client.Conversation]

// idInState returns the id that the result of a create gives the state, zero for none:
// what followed the create may have failed.
func idInState(result engine.Result[client.Conversation]) client.ID {
	if result.Err == nil {
		return result.Value.ID
	}
	if unread, ok := errors.AsType[*engine.UnreadError](result.Err); ok {
		return unread.ID
	}
	if leftover, ok := errors.AsType[*engine.LeftoverError](result.Err); ok {
		return leftover.ID
	}
	return client.ID{}
}

// warnOfAdoption warns of conversations that stand for something whose creation was
// not seen, and of those that may exist twice.
func warnOfAdoption(at path.Path, results adoptions) (diags diag.Diagnostics) {
	var adopted, twins []string
	for _, key := range slices.Sorted(maps.Keys(results)) {
		result, name := results[key], ""
		if key != "" {
			name = fmt.Sprintf("%q: ", key)
		}
		if id := idInState(result); result.Adopted && !id.IsZero() {
			adopted = append(adopted, name+id.String())
		}
		if len(result.Twins) > 0 {
			twins = append(twins, fmt.Sprintf("%s%s, and %s", name, result.Value.ID, idList(result.Twins)))
		}
	}
	if len(adopted) > 0 {
		diags.AddAttributeWarning(at, "Text Message Conversation Adopted",
			"The CRM did not reply to the creation. The provider found a conversation that appeared since and has everything that was sent, and took it for the one it created: "+
				firstOfMany(adopted)+". If the resource is tainted, the apply deletes and replaces it: run terraform untaint to keep it. "+
				"If it belongs to someone else, also set deletion_policy = \"abandon\", apply, remove it from the configuration, and create another one.")
	}
	if len(twins) > 0 {
		diags.AddAttributeWarning(at, "Text Message Conversation May Exist Twice",
			"The CRM did not reply to the creation, and showed nothing of it for as long as recovery_timeout says, so the provider sent it again. "+
				"Both requests may have been carried out: "+firstOfMany(twins)+". The first of each is in the state. Delete the other one in the CRM if nobody needs it.")
	}
	return diags
}

// claim tells the engine which conversations a resource has, so that it takes none of
// them for what another one has lost. The error says of which it is too late.
func claim(api *engine.Engine, at path.Path, ids ...client.ID) (diags diag.Diagnostics) {
	if taken := api.Conversations.Known(ids...); len(taken) > 0 {
		diags.AddAttributeError(at, "Text Message Conversation Adopted by Another Resource", fmt.Sprintf(
			"Terraform knows %s as part of this resource. The provider has just taken it for what another resource tried to create, "+
				"because that attempt got no reply (a warning of that resource says so). It stays as it is. Run the command again. "+
				"If the error comes back, remove the other resource from the state with terraform state rm.", idList(taken)))
	}
	return diags
}

// isAmbiguous reports whether conversations may be the one that was created, and may be
// somebody else's, and returns their ids.
func isAmbiguous(err error) ([]client.ID, bool) {
	ambiguous, ok := errors.AsType[*engine.AmbiguousError](err)
	if !ok {
		return nil, false
	}
	return ambiguous.IDs, true
}

// candidates says of conversations that one of them may be what was created, and what
// to do. Of a single one that has another content than was sent, or messages of others,
// it is not clear whose it is.
func candidates(ids []client.ID) string {
	if len(ids) == 1 {
		return fmt.Sprintf("The conversation %s in the CRM may be it, or somebody else's: it is not quite what was sent, or others have written in it. Terraform leaves it alone. %s", ids[0], severalAdvice)
	}
	return fmt.Sprintf("Several conversations in the CRM may be it: %s. Terraform leaves all of them alone. %s", idList(ids), severalAdvice)
}

const severalAdvice = "Find out in the CRM which one it is. Then run terraform state rm with the address of this resource (or remove the entry), " +
	"and import that one by its UUID; or delete in the CRM those that nobody needs, and apply again. " +
	"If the resource is tainted, run terraform untaint first: else the apply replaces the one that is left."

func idList(ids []client.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return strings.Join(texts, ", ")
}
