package provider

import "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"

// unnamedRefusal says how to find the entry that is at fault. The provider does not look
// for it by creating parts of the batch: what a part creates could only be deleted again,
// and stays in the CRM as deleted, with outgoing messages that may have been sent.
const unnamedRefusal = "The CRM refuses the request, and doesn't say which of these entries is at fault. " + findTheEntry

const findTheEntry = "Nothing in this request was changed. " +
	"To find the entry, set rollback_method = 1 and apply again: the CRM then names each entry that it refuses, and accepts the others."

// isUnnamed reports whether the CRM has refused to write several entries, and does not say
// because of which.
func (f failure) isUnnamed() bool { return f.unnamed && f.action != "Delete" }

func (f failure) isRefused() bool {
	problem := client.ProblemOf(f.err)
	return problem == client.Refused || problem == client.RelationNotFound
}

func (f failure) refused() string {
	if f.sought != "" {
		return "The CRM refuses the question. It may not know a field, not be able to filter or order by it, or not understand a value. The cause below is what it says."
	}
	if f.isUnnamed() {
		return unnamedRefusal
	}
	switch f.action {
	case "Create":
		if f.invoked {
			return "The CRM refuses what the configuration says. No message was created. Correct the configuration, then " + invokeAgain + "."
		}
		return "The CRM refuses what the configuration says. Correct it and apply again; nothing was created."
	case "Update":
		return "The CRM refuses the change. Either it does not accept what the configuration says, or the conversation has changed since the plan was made: " +
			"correct the configuration, or just run terraform plan again."
	}
	return "The CRM refuses this."
}
