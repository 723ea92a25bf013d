package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The provider reports white space at the ends of the credentials, and refuses a user name that no request can carry.
// The errors don't show the values.
func TestCredentialsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	const told = ": White Space in Provider Setting: There is white space, such as a line end, at the beginning or the end of the setting "
	for name, test := range map[string]struct {
		username, password string
		want               []string
	}{
		"fine":       {"terraform", "pass word", nil},
		"line end":   {"terraform", "secret\n", []string{"password" + told + "password (or the environment variable PIPELINER_PASSWORD). The provider sends it as it is. If the CRM refuses the credentials, remove the white space."}},
		"both":       {" terraform", "secret\r", []string{"username" + told + "username…", "password" + told + "password…"}},
		"with colon": {"terra:form", "secret", []string{"username: Invalid Provider Setting: The provider can't use the setting username (or the environment variable PIPELINER_USERNAME): it contains a colon, and basic authentication ends the user name at the first one; the user name of an Application contains none."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.rpc() // a process of its own: Terraform configures each once
			configured, err := r.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
				Config: r.encode(r.schemas.Provider.ValueType(), map[string]any{
					"service_url": w.url, "space_id": "my_space", "username": test.username, "password": test.password,
				}),
			})
			must(t, err)
			r.wantDiagnostics(configured.Diagnostics, test.want...)
			for _, d := range configured.Diagnostics {
				if says("secret").MatchString(d.Detail) || says("terra:form").MatchString(d.Detail) {
					t.Errorf("the text shows a value: %s", d.Detail)
				}
			}
		})
	}
}

// Without a country, a number is compared as text, and the error says so.
func TestConversationData_withoutCountry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	w.add(map[string]any{"phone_id": phone, number: "+1 (555) 010-0001"})
	r := w.rpc()
	find := func(written string) []*tfprotov6.Diagnostic {
		found, err := r.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
			TypeName: conversationType, Config: r.encode(r.schemas.DataSourceSchemas[conversationType].ValueType(), map[string]any{"phone_id": phone, number: written}),
		})
		must(t, err)
		return found.Diagnostics
	}
	none := "recipient_phone_number: No Such Text Message Conversation: The phone " + phone + " has no conversation with the number "
	r.wantDiagnostics(find("+15550100001"))
	r.wantDiagnostics(find("1-555-010-0001"), none+`"1-555-010-0001", in any equal spelling. Check both. Without + and the country code, or default_region in the provider block, the provider compares numbers as text…`)
	r.wantDiagnostics(find("+15550100002"), none+`"+15550100002", in any equal spelling…write the number as the CRM shows it…`)
}
