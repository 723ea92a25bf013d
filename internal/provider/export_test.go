package provider

import (
	"net/http"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// NewServerOver returns the server of a provider that sends its requests to this
// transport instead of the network.
func NewServerOver(transport http.RoundTripper) tfprotov6.ProviderServer {
	return newServer(pipelinerProvider{version: "test", transport: transport})
}

// InNumber is a form of a text.
var InNumber = inNumber
