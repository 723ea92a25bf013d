package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// The functions in this file convert values between Terraform and the client.

func stringFromAPI(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

func referenceFromAPI(id client.ID) types.String {
	if id.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(id.String())
}

func referencesFromAPI(ids []client.ID) types.Set {
	elements := make([]attr.Value, 0, len(ids))
	seen := make(map[client.ID]bool, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			elements = append(elements, referenceFromAPI(id))
		}
	}
	return types.SetValueMust(types.StringType, elements)
}

func timeFromAPI(t client.Time) types.String {
	if t.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(t.String())
}

// textOf returns the text of a string, empty if it is null or unknown.
func textOf(value attr.Value) string {
	text, _ := value.(types.String)
	return text.ValueString()
}

func textsOf(values []attr.Value) []string { return mapped(values, textOf) }

func timeToAPI(value attr.Value) client.Time {
	parsed, _ := time.Parse(time.RFC3339Nano, textOf(value)) // validated in the configuration
	return client.Time{Time: parsed}
}
