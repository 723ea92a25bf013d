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
		for _, message := range messagesFrom(owned.Messages) {
			if message != nil && !message.isAttached() && isKnown(message.ID) {
				note(&o.of, reference(message.ID), messageOwner{name, reference(owned.ID)})
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

// checkAttached returns an error for each planned message that another resource has created and
// keeps. The apply would move it into the conversation of this one, and the next apply would create it
// again in the other one, each time. place returns the path of a conversation.
func (r *baseResource) checkAttached(memory *memory, planned entries, place func(key string) path.Path) (diags diag.Diagnostics) {
	if r.provider == nil {
		return nil
	}
	r.provider.messages.note(memory.owner, planned)
	for entry, owned := range planned.known() {
		all := messagesFrom(owned.Messages)
		for _, key := range all.keys() {
			message := all[key]
			if message == nil || !message.isAttached() || !isKnown(message.ID) || !r.provider.messages.isOfOther(messageOwner{memory.owner, reference(owned.ID)}, reference(message.ID)) {
				continue
			}
			at := place(entry).AtName("messages").AtMapKey(key)
			diags.AddAttributeError(at, "Message of Another Resource", located(at, fmt.Sprintf("Another resource has created the message %s, and declares "+
				"it with its content. A message belongs to one conversation. If this resource took it, each apply would create it again in the other one, and might send it "+
				"again. Remove the message here. For a message with the same text here too, declare it with its content.",
				reference(message.ID))))
		}
	}
	return diags
}
