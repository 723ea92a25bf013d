package provider_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

func TestAccTextMessageConversation_basic(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	run(t, resource.TestStep{Config: w.conversation(fmt.Sprintf(`phone_id = %q
	recipient_phone_number = "+1 (555) 010-0000"
	account_relations = [%q]`, phone, acme))})
}
