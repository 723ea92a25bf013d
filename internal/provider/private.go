package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// What the private state of a resource holds, each under its key in JSON.
const (
	// keyAsOf is the revision of the space as of which the last refresh was. Whatever
	// nothing newer has changed need not be read before an update.
	keyAsOf = "as_of"
	// keyUnsettled are the creates of a bulk resource whose outcome is not known.
	keyUnsettled = "unsettled"
	// keyKeptNumbers are the numbers that the CRM holds in another way than they were
	// sent.
	keyKeptNumbers = "kept_numbers"
	// keyMessages is what is known of the messages beside the state: [messageMemory].
	keyMessages = "messages"
)

type privateSetter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

type privateGetter interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

func savePrivate(ctx context.Context, private privateSetter, key string, value any) (diags diag.Diagnostics) {
	text, err := json.Marshal(value)
	if err != nil {
		diags.AddError("Unable to Keep Private State", fmt.Sprintf("%s: %v. This is a bug in the provider; please report it.", key, err))
		return diags
	}
	return private.SetKey(ctx, key, text)
}

type privateStore interface {
	privateGetter
	privateSetter
}

// loadPrivate sets value to what is kept under the key, if anything is.
func loadPrivate(ctx context.Context, private privateGetter, key string, value any) diag.Diagnostics {
	text, diags := private.GetKey(ctx, key)
	if len(text) == 0 {
		return diags
	}
	if err := json.Unmarshal(text, value); err != nil {
		diags.AddError("Unable to Read Private State", fmt.Sprintf("What the state holds as %s is damaged: %v.", key, err))
	}
	return diags
}

// loadAsOf returns [client.NoFloor] where nothing is kept.
func loadAsOf(ctx context.Context, private privateGetter) (int64, diag.Diagnostics) {
	asOf := client.NoFloor
	diags := loadPrivate(ctx, private, keyAsOf, &asOf)
	return asOf, diags
}
