package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// created returns the diagnostics of a create. If rollback_method allows it and some conversations were created, the
// rest become entries without an id, so that Terraform doesn't taint the resource.
func (w *conversationWork) created() diag.Diagnostics {
	diags := w.diags
	if len(w.failed) == 0 {
		return diags
	}
	open := w.openCreates()
	if w.allOrNothing || len(w.state) == 0 && len(open) == 0 {
		diags.Append(w.errors("Create")...)
		w.keepAsTried(open)
		return diags
	}
	diags.Append(w.warnOfOpen(open)...)
	keepWithoutID(w, w.failed)
	if len(open) == len(w.failed) {
		return diags
	}
	taken := ""
	for _, err := range w.failed {
		if advice := mayBeTaken(err, true); advice != "" {
			taken = "\n\n" + strings.TrimSpace(advice)
		}
	}
	diags.AddAttributeWarning(path.Root("conversations"), "Some Text Message Conversations Not Created",
		fmt.Sprintf("The provider couldn't create %d of %d conversations. The attribute failed lists them, and "+
			"the next apply tries them again:\n\n%s%s",
			len(w.failed)-len(open), len(w.changes), w.reasons(open), taken))
	return diags
}

// warnOfOpen warns of creates whose outcome is unknown. A separate warning lists the creates for which the CRM has
// candidates.
func (w *conversationWork) warnOfOpen(open openCreates) (diags diag.Diagnostics) {
	groups := map[bool]*failure{}
	for _, key := range open.keys() {
		f := failure{action: "Create", at: at(key), keys: []string{key}, err: w.failed[key], creates: true}
		_, hasCandidates := candidatesOf(f.err)
		groups[hasCandidates] = groups[hasCandidates].with(f)
	}
	for _, hasCandidates := range []bool{false, true} {
		if f := groups[hasCandidates]; f != nil {
			diags.AddAttributeWarning(f.at, "Text Message Conversation May Have Been Created", f.detail(f.at, ""))
		}
	}
	return diags
}

// reasons returns why each key failed, in one line for each of the first few. It skips keys whose outcome is unknown.
func (w *conversationWork) reasons(open openCreates) string {
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(w.failed)) {
		if _, isOpen := open[key]; !isOpen {
			texts = append(texts, underKey(key, withReasons(w.failed[key])))
		}
	}
	return "  - " + strings.Join(firstTexts(texts), "\n  - ")
}

// keepWithoutID keeps the conversations of these keys as entries without an id, so that the
// next apply or destroy finds them in the state, even if Terraform drops the private state.
func keepWithoutID[V any](w *conversationWork, keys map[string]V) {
	for _, change := range w.changes {
		if _, isOne := keys[change.key]; isOne && w.state[change.key] == nil {
			w.keep(change.key, change.planned.notCreated(client.ID{}))
		}
	}
}

// keepAsTried keeps creates with an unknown outcome as they were sent, if the resource becomes tainted or already is.
func (w *conversationWork) keepAsTried(open openCreates) {
	keepWithoutID(w, open)
	for key, tried := range open {
		*w.state[key] = w.state[key].asTried(w.memory.numbers, tried)
	}
}

// done returns the diagnostics of an update or a deletion.
func (w *conversationWork) done(action string) diag.Diagnostics {
	return append(w.diags, w.errors(action)...)
}

// model returns the state of the resource.
func (w *conversationWork) model(plan bulkModel) bulkModel {
	plan.Conversations = w.state.sealed()
	if plan.Revision.IsUnknown() {
		plan.Revision = w.state.revision(w.openCreates())
	}
	errs := make(map[string]error, len(w.failed))
	maps.Copy(errs, w.failed)
	for _, removal := range w.removals {
		if removal.err != nil {
			errs[removal.kept] = removal.err
		}
	}
	failed := make(map[string]attr.Value, len(errs))
	for key, err := range errs {
		var code int
		var name string
		if apiError, ok := errors.AsType[*client.APIError](err); ok {
			code, name = apiError.Code, apiError.Name
		}
		switch {
		case errors.As(err, new(*engine.LostCreateError)):
			name = outcomeUnknown
		case errors.As(err, new(*engine.ConflictError)):
			name = "CONFLICT"
		}
		failed[key] = failedWith(code, name, withReasons(err))
	}
	plan.Failed = types.MapValueMust(failedType, failed)
	return plan
}

// failedWith returns an element of failed.
func failedWith(code int, name, message string) attr.Value {
	return types.ObjectValueMust(failedType.AttrTypes, map[string]attr.Value{
		"code": types.Int64Value(int64(code)), "name": types.StringValue(name), "message": types.StringValue(message),
	})
}

var errWrongAnswer = errors.New("the CRM answered the create with the id of another conversation")

var errStillOpen = errors.New("an earlier apply may have created it, and a destroy could not find out")

// outcomeUnknown is the name that failed gives to creates whose outcome is unknown.
const outcomeUnknown = "OUTCOME_UNKNOWN"

// hasUnknownOutcome reports whether an element of failed says that the outcome of a create is unknown.
func hasUnknownOutcome(failed attr.Value) bool {
	reason, _ := failed.(types.Object)
	return textOf(reason.Attributes()["name"]) == outcomeUnknown
}
