package mockserver_test

import (
	"net/http"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A bug of the handler is not mistaken for a lost reply.
func TestInProcess_panic(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() != "a mistake" {
			t.Error("the panic of the handler is hidden")
		}
	}()
	transport := mockserver.InProcess(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a mistake") }))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://crm.example", nil)
	must(t, err)
	_, err = transport.RoundTrip(request) //nolint:bodyclose // there is none
	t.Errorf("the error is %v", err)
}
