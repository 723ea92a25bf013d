package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Terraform plans a resource that it replaces a second time, as a new one without a name. That is not another resource
// which declares the same message.
func TestMessageOwners_withoutName(t *testing.T) {
	t.Parallel()
	id := types.StringValue(testAccount)
	declared := newOwnedModel()
	declared.ID, declared.Messages = types.StringValue(testPhone), messages{"a": {ID: id}}.toMap()
	for name, isOther := range map[string]bool{"": false, "another": true} {
		var owners messageOwners
		owners.note("one", entries{"": declared})
		if diags := owners.check(path.Root("messages"), messageOwner{name: name}, true, reference(id)); diags.HasError() != isOther {
			t.Errorf("%q: %v", name, diags)
		}
	}
}
