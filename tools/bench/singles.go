package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

// singles has count conversations, each as a resource. All are sent from phone, except the one whose key is moved.
const singles = `
variable "moved" {
  default = ""
}

locals {
  # A map, and not made where it is used: Terraform looks at all of for_each for each instance, and a set of a thousand
  # takes it half a minute.
  keys = { for i in range(%d) : format("%%04d", i) => i }
}

resource "pipeliner_text_message_conversation" "this" {
  for_each = local.keys

  phone_id               = each.key == var.moved ? %q : %q
  recipient_phone_number = "+1202555${each.key}"
}
`

// refreshLimit is how many requests reading single resources one by one may take. space is the number of
// conversations in the space. There are two ways: a get for each conversation, or a list of the space. The limit is
// twice the number of requests of the cheaper way, plus two.
func refreshLimit(resources, space int) int { return 2*min(resources, pages(space)) + 2 }

// pages is how many requests a list of that many conversations takes.
func pages(conversations int) int { return (conversations + 99) / 100 }

// thousandSingles is the life of 1,000 resources, with Terraform's -parallelism.
func thousandSingles(parallelism, createLimit int) scenario {
	const count = 1000
	refresh := refreshLimit(count, count)
	return scenario{
		name: fmt.Sprintf("singles-%d", parallelism), parallelism: parallelism,
		configuration: fmt.Sprintf(singles, count, otherPhone, phone),
		steps: []step{
			{what: "1,000 resources: create", limit: createLimit, do: apply()},
			{what: "1,000 resources: plan without changes", limit: refresh, do: planNothing},
			// The three requests look for conflicts, write, and read back.
			{what: "1,000 resources: update 1", limit: refresh + 3, do: apply("moved=0500"), check: checkUpdate},
			{what: "1,000 resources: destroy", limit: refresh + count/parallelism + 2, do: destroy},
		},
	}
}

// fewOfMany is a refresh of 50 resources in a space of 50,000 conversations.
func fewOfMany() scenario {
	const count, others = 50, 50_000
	return scenario{
		name: "few-singles", parallelism: 10, others: others,
		configuration: fmt.Sprintf(singles, count, otherPhone, phone),
		steps: []step{
			{what: "50 resources, space of 50,000: create", limit: 2*count/10 + 4, do: apply()},
			{what: "50 resources, space of 50,000: plan without changes", limit: refreshLimit(count, count+others), do: planNothing},
		},
	}
}

// checkUpdate returns what is wrong with the writes that change the phone of one conversation, or "". They may send
// only the difference.
func checkUpdate(requests sandbox.Requests) string {
	writes := requests.OfKind("batch-modify")
	if len(writes) != 1 {
		return fmt.Sprintf("%d batch-modify requests, not 1", len(writes))
	}
	var items []map[string]any
	if err := json.Unmarshal(writes[0].Body, &items); err != nil {
		return "the body of batch-modify is no array of objects: " + err.Error()
	}
	if len(items) != 1 {
		return fmt.Sprintf("batch-modify with %d items, not 1", len(items))
	}
	if fields := slices.Sorted(maps.Keys(items[0])); !slices.Equal(fields, []string{"id", "phone_id", "revision"}) {
		return "batch-modify sent " + strings.Join(fields, ", ") + ", not just id, phone_id, revision"
	}
	return ""
}
