package engine

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A realSpace is reached over a real connection.
type realSpace struct {
	testSpace

	real *http.Transport
}

// overNetwork returns a space that is reached over a real connection.
func overNetwork(t *testing.T) realSpace {
	t.Helper()
	s := realSpace{testSpace: newSpace(t, mockserver.Behavior{})}
	service := httptest.NewServer(s.Server)
	service.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	t.Cleanup(service.Close)
	s.engine, s.real = connect(t, service.URL)
	s.client = s.engine.Client()
	t.Cleanup(s.real.CloseIdleConnections)
	return s
}

func connect(t *testing.T, address string) (*Engine, *http.Transport) {
	t.Helper()
	config := testConfig{client.Defaults(), Defaults()}
	config.ServiceURL, config.SpaceID, config.Username, config.Password = address, "acme_sales", apitest.User, apitest.Password
	config.BatchWindow, config.RecoveryTimeout = time.Millisecond, 10*time.Millisecond
	network := http.DefaultTransport.(*http.Transport).Clone()
	config.Transport = network
	return newEngine(t, config), network
}

// As in the tests without a network, a request that was sent over a real connection and got
// no reply is never taken for one that was not sent.
func TestDroppedConnections(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]mockserver.Kind{"before": mockserver.DropBefore, "after": mockserver.DropAfter, "in the middle": mockserver.Truncate} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := overNetwork(t)
			s.create(t.Context(), t, 0) // the next request goes over a used connection
			s.Inject(mockserver.Fault{Path: "batch-modify", Kind: kind, Times: 1})
			s.create(t.Context(), t, 1)
			wantEqual(t, "conversations", 2, len(s.live()))
			apitest.Must(t, s.engine.Conversations.Delete(t.Context(), idOf(s.live()[0]["id"].(string)), 0))

			s.Inject(mockserver.Fault{Path: "batch-modify", Kind: kind, Times: 1})
			_, err := s.client.Conversations.BatchModify(t.Context(), []client.ConversationInput{inputOf(2)}, client.WriteOptions{})
			wantProblem(t, err, client.OutcomeUnknown)
		})
	}
}

// A real connection that is refused sends nothing, so the engine tries again.
func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	s := overNetwork(t)
	dials := 0
	network := s.real
	dial := network.DialContext
	network.DialContext = func(ctx context.Context, protocol, address string) (net.Conn, error) {
		if dials++; dials == 1 {
			address = "127.0.0.1:1"
		}
		return dial(ctx, protocol, address)
	}
	network.DisableKeepAlives = true
	s.create(t.Context(), t, 1)
	s.wantRequests(t, apitest.ListConversations, apitest.BatchModify, apitest.ListConversations)
	wantEqual(t, "connections", 4, dials)
}
