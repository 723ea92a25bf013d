package client

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
)

// A firewall may drop a connection without telling either end. That costs one try, not all.
func TestDroppedConnection(t *testing.T) {
	t.Parallel()
	for proto, isHTTP2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Proto != proto {
					w.WriteHeader(http.StatusHTTPVersionNotSupported)
				}
			}))
			server.EnableHTTP2 = isHTTP2
			server.StartTLS()
			t.Cleanup(server.Close)
			firewall := newFirewall(t, server.Listener.Addr().String())

			transport := newTransport(8, 2*time.Second)
			trusting, _ := server.Client().Transport.(*http.Transport)
			transport.TLSClientConfig = &tls.Config{RootCAs: trusting.TLSClientConfig.RootCAs, ServerName: "example.com", MinVersion: tls.VersionTLS12}
			t.Cleanup(transport.CloseIdleConnections)
			c, err := New(Config{ServiceURL: "https://" + firewall.Addr().String(), SpaceID: "s", Transport: transport, RequestTimeout: 2 * time.Second, MaxRetries: 2})
			apitest.Must(t, err)
			for range 2 {
				_, err := c.connection.do(t.Context(), readCall)
				apitest.Must(t, err)
				firewall.epoch.Add(1)
			}
		})
	}
}

// A firewall passes connections on. It swallows the data of connections from an earlier epoch.
type firewall struct {
	net.Listener
	epoch atomic.Int64
}

func newFirewall(t *testing.T, server string) *firewall {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	apitest.Must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	f := &firewall{Listener: listener}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			behind, err := new(net.Dialer).DialContext(t.Context(), "tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			go f.pass(behind, client)
			go f.pass(client, behind)
		}
	}()
	return f
}

func (f *firewall) pass(to, from net.Conn) {
	epoch := f.epoch.Load()
	defer func() { _ = to.Close() }()
	for data := make([]byte, 1<<12); ; {
		n, err := from.Read(data)
		if err != nil {
			return
		}
		if f.epoch.Load() == epoch {
			_, _ = to.Write(data[:n])
		}
	}
}
