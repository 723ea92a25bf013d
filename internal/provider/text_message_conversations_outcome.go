package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// created returns the diagnostics of a create. Where some conversations could
// be created and rollback_method asks for no more, the others are entries
// without an id, so that the resource is not tainted.
func (w *bulkWork) created() diag.Diagnostics {
	diags := w.diags
	if len(w.failed) == 0 {
		return diags
	}
	if w.allOrNothing || len(w.state) == 0 {
		diags.Append(w.errors("Create")...)
		return diags
	}
	for _, change := range w.changes {
		if err := w.failed[change.key]; err != nil {
			if client.ProblemOf(err) == client.OutcomeUnknown {
				f := failure{action: "Create", subject: change.planned.conversationModel, at: at(change.key), keys: []string{change.key}, err: err, remembered: true}
				diags.AddAttributeWarning(f.at, "Text Message Conversation May Have Been Created", f.detail(""))
			}
			failed := ownedModel{conversationModel: change.planned.applied(unreadConversation(client.ID{}, nil))}
			failed.Messages = failedMessages(change.planned.Messages)
			w.keep(change.key, failed)
		}
	}
	diags.AddAttributeWarning(path.Root("conversations"), "Some Text Message Conversations Not Created",
		fmt.Sprintf("%d of %d conversations could not be created; they are listed in the attribute failed, and the next apply tries them again: %s.",
			len(w.failed), len(w.changes), quoted(w.failedKeys())))
	return diags
}

// done returns the diagnostics of an update or a deletion.
func (w *bulkWork) done(action string) diag.Diagnostics {
	diags := w.diags
	diags.Append(w.errors(action)...)
	return diags
}

// mostErrors is how many keys have an error of their own; more people don't read.
const mostErrors = 20

// errors returns an error for each key. What failed as one request, what only
// follows from another failure, and what is too much, is one error for all keys
// that have the same.
func (w *bulkWork) errors(action string) (diags diag.Diagnostics) {
	groups := map[string][]string{}
	var order []string
	for n, key := range w.failedKeys() {
		err := w.failed[key]
		group := err.Error()
		if n < mostErrors && !isConsequence(err) {
			group = fmt.Sprintf("%p", err) // that of a request is the same one for all its keys
		} else if !isConsequence(err) {
			group = fmt.Sprint("problem ", client.ProblemOf(err))
		}
		if groups[group] == nil {
			order = append(order, group)
		}
		groups[group] = append(groups[group], key)
	}
	for _, group := range order {
		keys := groups[group]
		f := failure{action: action, at: at(keys[0]), err: w.failed[keys[0]], keys: keys, remembered: action == "Update"}
		if len(keys) > 1 {
			f.at = path.Root("conversations")
		}
		f.subject = w.subject(keys[0])
		diags.Append(f.diagnostics()...)
	}
	return diags
}

// subject returns what a key was to stand for, or stood for.
func (w *bulkWork) subject(key string) conversationModel {
	for _, change := range w.changes {
		if change.key == key {
			return change.planned.conversationModel
		}
	}
	for _, removal := range w.removals {
		if removal.key == key {
			return removal.prior.conversationModel
		}
	}
	return conversationModel{}
}

func (w *bulkWork) failedKeys() []string {
	keys := make([]string, 0, len(w.failed))
	for key := range w.failed {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// saveNumbers keeps what is remembered of the numbers in the state.
func (w *bulkWork) saveNumbers(ctx context.Context, private privateStore) diag.Diagnostics {
	w.numbers.kept.forget(w.state.ids())
	return w.numbers.save(ctx, private)
}

// model returns the state.
func (w *bulkWork) model(ctx context.Context, plan bulkModel) (bulkModel, diag.Diagnostics) {
	var diags diag.Diagnostics
	plan.Conversations, diags = w.state.toMap(ctx)
	failed := make(map[string]attr.Value, len(w.failed))
	for key, err := range w.failed {
		reason := failedModel{Code: types.Int64Value(0), Name: types.StringValue(""), Message: types.StringValue(err.Error())}
		if apiError, ok := errors.AsType[*client.APIError](err); ok {
			reason = failedModel{types.Int64Value(int64(apiError.Code)), types.StringValue(apiError.Name), types.StringValue(apiError.Error())}
		}
		object, more := types.ObjectValueFrom(ctx, failedType.AttrTypes, reason)
		diags.Append(more...)
		failed[key] = object
	}
	plan.Failed = types.MapValueMust(failedType, failed)
	return plan, diags
}

// quoted lists keys, the first few of many.
func quoted(keys []string) string {
	const most = 10
	texts := make([]string, 0, most+1)
	for _, key := range keys[:min(len(keys), most)] {
		texts = append(texts, fmt.Sprintf("%q", key))
	}
	if more := len(keys) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, ", ")
}
