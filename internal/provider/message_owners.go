package provider

import (
	"fmt"
	"maps"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// messageOwners are the messages that resources have created and keep, as far as their plans and
// applies by this process tell.
type messageOwners struct {
	mu sync.Mutex
	of map[client.ID]messageOwner
}

// A messageOwner is the name of a resource, see [owners], and the conversation of its message.
type messageOwner struct {
	name         string
	conversation client.ID
}

// note notes the messages that a resource keeps, in place of those that it had before.
func (o *messageOwners) note(name string, e entries) {
	if name == "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	maps.DeleteFunc(o.of, func(_ client.ID, of messageOwner) bool { return of.name == name })
	for _, owned := range e.known() {
		all := messagesFrom(owned.Messages)
		for id, key := range all.keysByID() {
			if !all[key].isAttached() {
				note(&o.of, id, messageOwner{name, reference(owned.ID)})
			}
		}
	}
}

// isOfOther reports whether another resource has created the message, and keeps it in another
// conversation.
func (o *messageOwners) isOfOther(by messageOwner, id client.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	of, isKept := o.of[id]
	return isKept && of.name != by.name && of.conversation != by.conversation
}

// checkMessages returns an error for each planned message that something else has too, because each
// apply would create the message again, where it is then missing:
//
//   - Two keys of the plan stand for it: one declares the id of a message that the other one has.
//   - Another resource has created it and keeps it. The apply would move it into this conversation.
func (r *baseResource) checkMessages(memory *memory, planned entries) (diags diag.Diagnostics) {
	if r.provider == nil {
		return nil
	}
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
			if message.isAttached() && r.provider.messages.isOfOther(messageOwner{memory.owner, reference(owned.ID)}, id) {
				diags.AddAttributeError(at, "Message of Another Resource", located(at, fmt.Sprintf("Another resource has created the message %s, and declares "+
					"it with its content. A message belongs to one conversation. If this resource took it, each apply would create it again in the other one, and might send it "+
					"again. Remove the message here. For a message with the same text here too, declare it with its content.", id)))
			}
		}
	}
	return diags
}
