package main

import (
	"fmt"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

// bulk is one resource with the conversations of a range of numbers, the first few sent from otherPhone.
const bulk = `
variable "from" {
  default = 0
}

variable "to" {
  default = %d
}

variable "changed" {
  default = 0
}

resource "pipeliner_text_message_conversations" "this" {
  conversations = {
    for i in range(var.from, var.to) : format("%%04d", i) => {
      phone_id               = i < var.from + var.changed ? %q : %q
      recipient_phone_number = format("+1202%%07d", i)
    }
  }
}
`

// thousandInOne is the life of 1,000 conversations in one resource.
func thousandInOne() scenario {
	const count = 1000
	refresh := pages(count) + 1
	return scenario{
		name: "bulk", parallelism: 10,
		configuration: fmt.Sprintf(bulk, count, otherPhone, phone),
		steps: []step{
			{what: "1,000 in one resource: create", limit: 10 + 12, do: apply(), check: only(map[string]int{"batch-modify": 10, "list": 12})},
			{what: "1,000 in one resource: plan without changes", limit: refresh, do: planNothing},
			{
				what: "1,000 in one resource: change 7, add 3, remove 2", limit: refresh + 1 + 1 + 3,
				do: apply("from=2", "to=1003", "changed=7"), check: only(map[string]int{"batch-modify": 1, "batch-delete": 1, "list": refresh + 3}),
			},
			// The apply first asks whether the space is older than the state, because the plan may be an old one.
			{what: "1,000 in one resource: destroy", limit: refresh + 1 + 11, do: destroy, check: only(map[string]int{"batch-delete": 11, "list": refresh + 1, "get": 1})},
		},
	}
}

// twentyOfMany is a refresh of 20 conversations in one resource, in a space of 50,000.
func twentyOfMany() scenario {
	const count, others = 20, 50_000
	return scenario{
		name: "few-in-one", parallelism: 10, others: others,
		configuration: fmt.Sprintf(bulk, count, otherPhone, phone),
		steps: []step{
			{what: "20 in one resource, space of 50,000: create", limit: 3, do: apply()},
			{what: "20 in one resource, space of 50,000: plan without changes", limit: 22, do: planNothing},
		},
	}
}

// only returns a check that there are at most this many requests of each kind, and none of other kinds.
func only(most map[string]int) func(sandbox.Requests) string {
	return func(requests sandbox.Requests) string {
		for kind, count := range requests.CountByKind() {
			if count > most[kind] {
				return fmt.Sprintf("%d requests of %s; at most %d should be", count, kind, most[kind])
			}
		}
		return ""
	}
}
