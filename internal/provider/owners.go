package provider

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// messageOwners tracks which resources have which messages, according to the plans and applies of this process.
// Either of two resources may be planned first, so each looks for the other.
type messageOwners struct {
	mu       sync.Mutex
	created  map[client.ID]messageOwner          // and kept
	attached map[client.ID]map[messageOwner]bool // in the plans since the last refresh or apply
	noted    map[string][]client.ID              // the messages in created and attached, by the name of their resource
	read     map[string]bool                     // by the refresh, by name
	isOld    bool                                // an apply has come since the refresh
}

// A messageOwner is the name of a resource, see [owners], and the conversation of its message. A new resource has no
// name yet.
type messageOwner struct {
	name         string
	conversation client.ID
}

// isOther reports whether the two are different resources with different conversations. A conversation that has yet
// to be created has no id.
func (a messageOwner) isOther(b messageOwner) bool {
	return a.name != b.name && (a.conversation != b.conversation || a.conversation.IsZero())
}

// note notes the messages that a resource has, and replaces the earlier note.
func (o *messageOwners) note(name string, e entries) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range o.noted[name] {
		if o.created[id].name == name {
			delete(o.created, id)
		}
		maps.DeleteFunc(o.attached[id], func(by messageOwner, _ bool) bool { return by.name == name })
	}
	delete(o.noted, name)
	for _, owned := range e.known() {
		by, all := messageOwner{name, reference(owned.ID)}, messagesFrom(owned.Messages)
		for id, key := range all.keysByID() {
			if name != "" {
				note(&o.noted, name, append(o.noted[name], id))
			}
			if all[key].isAttached() {
				owners := o.attached[id]
				note(&owners, by, true)
				note(&o.attached, id, owners)
			} else if name != "" {
				note(&o.created, id, by)
			}
		}
	}
}

// applied notes the messages that a resource has after its apply. It forgets what plans have attached: in "terraform
// test", the same process may plan something else next.
func (o *messageOwners) applied(name string, e entries) {
	o.note(name, e)
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.attached)
	o.isOld = true
}

// refreshed notes that a resource was read. If this is another refresh by the same process, it forgets all earlier
// plans and applies. The next plans note again who has which message. The resource that gives up a message may be
// planned after the one that attaches it.
func (o *messageOwners) refreshed(name string) {
	if name == "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.isOld || o.read[name] {
		clear(o.created)
		clear(o.attached)
		clear(o.noted)
		clear(o.read)
		o.isOld = false
	}
	note(&o.read, name, true)
}

// checkMessages returns an error for each planned message that another conversation or resource has too. Otherwise,
// each apply would move the message from one conversation to the other, or create it again where it is missing.
func (r *baseResource) checkMessages(memory *memory, planned entries) (diags diag.Diagnostics) {
	r.provider.messages.note(memory.owner, planned)
	first := map[client.ID]path.Path{}
	for entry, owned := range planned.known() {
		all := messagesFrom(owned.Messages)
		for _, key := range all.keys() {
			message := all[key]
			if message == nil || !isKnown(message.ID) {
				continue
			}
			at, id := r.at(entry).AtName("messages").AtMapKey(key), reference(message.ID)
			if twin, isTwice := first[id]; isTwice {
				diags.AddAttributeError(at, "Same Message Twice", fmt.Sprintf("%s and %s stand for the same message, %s. Remove one of them: "+
					"a message that Terraform has created needs no id in the configuration.", inWords(twin), inWords(at), id))
			} else {
				first[id] = at
			}
			diags.Append(r.provider.messages.check(at, messageOwner{memory.owner, reference(owned.ID)}, message.isAttached(), id)...)
		}
	}
	return diags
}

// check returns an error for a planned message that another resource has too.
func (o *messageOwners) check(at path.Path, by messageOwner, isAttached bool, id client.ID) (diags diag.Diagnostics) {
	o.mu.Lock()
	defer o.mu.Unlock()
	creator, isKept := o.created[id]
	// If two resources declare the message by its id, both need a name: Terraform plans a resource that it replaces a
	// second time, as a new one.
	isAttachedElsewhere := slices.ContainsFunc(slices.Collect(maps.Keys(o.attached[id])), func(other messageOwner) bool {
		return other.isOther(by) && (!isAttached || other.name != "" && by.name != "")
	})
	const advice = "A message belongs to one conversation. If %s took it, each apply would create it again %s, and might send it again. " +
		"Remove the message %s. For a message with the same text %s too, declare it with its content."
	switch {
	case isAttached && isKept && creator.isOther(by):
		diags.AddAttributeError(at, "Message of Another Resource", located(at, fmt.Sprintf("Another resource has created the message %s, and declares "+
			"it with its content. "+advice, id, "this resource", "in the other one", "here", "here")))
	case isAttachedElsewhere && !isAttached:
		diags.AddAttributeError(at, "Message Declared by Another Resource", located(at, fmt.Sprintf("This resource has created the message %s. Another "+
			"resource of the configuration declares it by its id, or by a reference to that. "+advice, id, "the other resource", "here", "there", "there")))
	case isAttachedElsewhere:
		diags.AddAttributeError(at, "Same Message Twice", located(at, fmt.Sprintf("Another resource of the configuration declares the message %s by its id, too. "+
			"A message belongs to one conversation: each apply would move it from one to the other. Remove it from one of them.", id)))
	}
	return diags
}

// owners are the resources that a refresh has read, and their conversations. Terraform doesn't tell the provider the
// address of a resource. So each resource has its own name in its private state, which stays the same if the address
// changes. A resource that was just imported has no name yet, and is skipped.
type owners struct {
	mu   sync.Mutex
	read map[string]bool      // by name
	gone map[string]bool      // by name: those of an early destroy, see [earlyDestroy]
	of   map[client.ID]string // the first that was read
}

// note notes that a resource is read, and returns its conversations that another resource has too.
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
