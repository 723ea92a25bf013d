package provider

import (
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// If the state has an adopted conversation, there is a warning, whatever happened after
// the adoption.
func TestWarnOfAdoption(t *testing.T) {
	t.Parallel()
	id, failed := parse(t, idA), errors.New("refused")
	result := func(adopted bool, id client.ID, err error) engine.Result[client.Conversation] {
		return engine.Result[client.Conversation]{Value: client.Conversation{ID: id}, Adopted: adopted, Err: err}
	}
	for name, test := range map[string]struct {
		result engine.Result[client.Conversation]
		want   bool
	}{
		"adopted":                          {result(true, id, nil), true},
		"created":                          {result(false, id, nil), false},
		"adopted, and what it lacks fails": {result(true, client.ID{}, &engine.UnreadError{ID: id, Err: failed}), true},
		"created, and not read":            {result(false, client.ID{}, &engine.UnreadError{ID: id, Err: failed}), false},
		"adopted, and left by an undo":     {result(true, client.ID{}, &engine.LeftoverError{ID: id, Err: failed}), true},
		"failed":                           {result(true, client.ID{}, failed), false},
	} {
		diags := warnOfAdoption(path.Empty(), adoptions{"": test.result}, true)
		if got := len(diags) == 1 && strings.Contains(diags[0].Detail(), idA); got != test.want || len(diags) > 1 {
			t.Errorf("%s: %v; want a warning with the id: %v", name, diags, test.want)
		}
	}
}
