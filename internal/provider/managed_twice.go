package provider

import (
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// owners are the resources that a refresh has read, and their conversations. Terraform
// doesn't say at which address a resource is. So each has a name of its own in its private
// state, which stays with it when its address changes. What was imported a moment ago has none
// yet: nothing is said of that.
type owners struct {
	mu   sync.Mutex
	read map[string]bool      // by name
	gone map[string]bool      // by name: those of an early destroy, see [earlyDestroy]
	of   map[client.ID]string // the first that was read
}

// note takes note of a resource that is read, and returns those of its conversations that
// another resource has, too.
func (o *owners) note(name string, ids ...client.ID) (shared []client.ID) {
	if name == "" {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil || o.read[name] { // another refresh by the same process
		o.read, o.of = map[string]bool{}, map[client.ID]string{}
	}
	o.read[name] = true
	for _, id := range ids {
		if first, isShared := o.of[id]; isShared && first != name {
			shared = append(shared, id)
		} else if !id.IsZero() {
			o.of[id] = name
		}
	}
	return shared
}

// destroyEarly notes that the destroy of a resource was planned, so that its refresh need not
// look for what open creates have made.
func (o *owners) destroyEarly(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	note(&o.gone, name, true)
}

// isGone reports whether the destroy of the resource has been planned already.
func (o *owners) isGone(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.gone[name]
}

// warnOfShared warns of conversations that another resource of the same refresh has too. keys
// are those of a map, by conversation.
func (r *baseResource) warnOfShared(memory *memory, keys map[client.ID]string) diag.Diagnostics {
	var shared []string
	for _, id := range r.provider.owners.note(memory.owner, slices.Collect(maps.Keys(keys))...) {
		shared = append(shared, underKey(keys[id], id.String()))
	}
	slices.Sort(shared)
	return warnOf(shared, r.idsAt(), "Text Message Conversation Managed Twice",
		"Another resource of this configuration has the same conversation in its state: %s. If the two declare different values, each apply reverts the other one. "+
			"If one of them is destroyed, so is the conversation of the other. Keep it in one of them. To remove a single resource without a change in the CRM, "+
			"run terraform state rm and delete its block. To remove an entry of a map, apply deletion_policy = \"abandon\" first, and then remove the entry.")
}
