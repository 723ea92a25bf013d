package provider_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"pipeliner": providerserver.NewProtocol6WithError(provider.New("test")()),
}

// Records that every world holds.
const (
	phone       = "10000000-0000-4000-8000-000000000001"
	otherPhone  = "10000000-0000-4000-8000-000000000002"
	ada         = "20000000-0000-4000-8000-000000000001" // a contact with a number
	adasNumber  = "+1 555 010 0001"
	bob         = "20000000-0000-4000-8000-000000000002" // a contact without one
	acme        = "30000000-0000-4000-8000-000000000001" // accounts
	globex      = "30000000-0000-4000-8000-000000000002"
	lead        = "40000000-0000-4000-8000-000000000001"
	opportunity = "50000000-0000-4000-8000-000000000001"
	project     = "60000000-0000-4000-8000-000000000001"
	quote       = "70000000-0000-4000-8000-000000000001"
	nobody      = "f0000000-0000-4000-8000-00000000000f" // no record has it

	conversations = "TextMessageConversations"
	address       = "pipeliner_text_message_conversation.test"
	password      = "correct horse battery staple"
)

// A world is a CRM of one's own for a test.
type world struct {
	*mockserver.Server
	url string
}

func newWorld(t *testing.T, behavior mockserver.Behavior) *world {
	t.Helper()
	server, err := mockserver.New(mockserver.Options{Username: "terraform", Password: password, Space: "my_space", Behavior: behavior})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Seed(map[string][]map[string]any{
		"Phones":        {{"id": phone, "name": "Sales"}, {"id": otherPhone, "name": "Support"}},
		"Contacts":      {{"id": ada, "first_name": "Ada", "phone1": adasNumber}, {"id": bob, "first_name": "Bob"}},
		"Accounts":      {{"id": acme, "name": "Acme"}, {"id": globex, "name": "Globex"}},
		"Leads":         {{"id": lead, "name": "A lead"}},
		"Opportunities": {{"id": opportunity, "name": "An opportunity"}},
		"Projects":      {{"id": project, "name": "A project"}},
		"Quotes":        {{"id": quote, "name": "A quote"}},
	}); err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	return &world{Server: server, url: listener.URL}
}

// config returns a configuration with the provider set up for this world.
func (w *world) config(body string) string {
	return fmt.Sprintf(`
provider "pipeliner" {
  service_url = %q
  space_id    = "my_space"
  username    = "terraform"
  password    = %q
}
%s`, w.url, password, body)
}

// conversation returns a configuration of one conversation with the attributes.
func (w *world) conversation(attributes string) string {
	return w.config("resource \"pipeliner_text_message_conversation\" \"test\" {\n" + attributes + "\n}\n")
}

func run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	resource.ParallelTest(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
}
