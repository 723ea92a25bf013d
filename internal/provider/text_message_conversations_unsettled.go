package provider

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// unsettled are the entries, by key, of which it is not known whether they were
// created, each with the moment before that was tried. The resource's private
// state keeps them, so that the next apply looks before it creates.
type unsettled map[string]client.Moment

const unsettledKey = "unsettled"

// unsettled returns what this work leaves open.
func (w *bulkWork) unsettled() unsettled {
	open := unsettled{}
	for key, err := range w.failed {
		if unknown, ok := errors.AsType[*client.OutcomeUnknownError](err); ok && unknown.Since != nil {
			open[key] = *unknown.Since
		}
	}
	return open
}

func (u unsettled) save(ctx context.Context, private interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
},
) (diags diag.Diagnostics) {
	value, err := json.Marshal(u)
	if err != nil {
		diags.AddError("Unable to Remember Unsettled Conversations", err.Error())
		return diags
	}
	return private.SetKey(ctx, unsettledKey, value)
}

func loadUnsettled(ctx context.Context, private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
},
) (unsettled, diag.Diagnostics) {
	value, diags := private.GetKey(ctx, unsettledKey)
	if len(value) == 0 {
		return nil, diags
	}
	var u unsettled
	if err := json.Unmarshal(value, &u); err != nil {
		diags.AddError("Unable to Read Unsettled Conversations",
			"The resource's private state is damaged, so it is not known which conversations an earlier apply may have created. Cause: "+err.Error())
	}
	return u, diags
}
