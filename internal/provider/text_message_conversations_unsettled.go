package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// unsettled are the entries, by key, of which it is not known whether they were
// created. The resource's private state keeps them, so that the next apply looks
// before it creates.
type unsettled map[string]attempt

// An attempt is one at a create, with what would tell what came of it.
type attempt struct {
	Since  client.Moment `json:"since"` // before it
	Phone  string        `json:"phone"`
	Number string        `json:"number"`
}

func (a attempt) identity(n numbers) identity {
	phone, _ := client.ParseID(a.Phone)
	return identity{phone, n.Canonical(a.Number)}
}

// unsettled returns what this work leaves open.
func (w *bulkWork) unsettled() unsettled {
	open := unsettled{}
	for _, change := range w.changes {
		unknown, ok := errors.AsType[*client.OutcomeUnknownError](w.failed[change.key])
		if ok && unknown.Since != nil && change.prior == nil {
			open[change.key] = attempt{*unknown.Since, reference(change.planned.PhoneID).String(), change.planned.RecipientPhoneNumber.ValueString()}
		}
	}
	return open
}

// take returns the moment before the attempt that a create repeats, under its
// key or under another one, and forgets it; nil where there was none.
func (u unsettled) take(n numbers, key string, m conversationModel) *client.Moment {
	is := func(key string) bool { return u[key].identity(n) == n.identify(m) }
	if _, tried := u[key]; !tried || !is(key) {
		i := slices.IndexFunc(slices.Sorted(maps.Keys(u)), is)
		if i < 0 {
			return nil
		}
		key = slices.Sorted(maps.Keys(u))[i]
	}
	since := u[key].Since
	delete(u, key)
	return &since
}

// warn tells of what nobody looks for any more.
func (u unsettled) warn() (diags diag.Diagnostics) {
	for _, key := range slices.Sorted(maps.Keys(u)) {
		diags.AddAttributeWarning(path.Root("conversations"), "Text Message Conversation May Have Been Left",
			fmt.Sprintf("%q may or may not have been created by an earlier apply, whose outcome could not be seen, and is not in the configuration any more. "+
				"If the CRM has a conversation of the phone %s with the number %q and a revision above %d that nobody knows, delete it there, or import it.",
				key, u[key].Phone, u[key].Number, u[key].Since.Revision))
	}
	return diags
}
