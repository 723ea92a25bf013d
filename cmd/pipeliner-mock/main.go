// Command pipeliner-mock serves a mock of the Pipeliner CRM REST API, so that a configuration can be tried and tested
// without a space. It keeps everything in memory and forgets it when it stops.
//
//	pipeliner-mock --seed seed.json --listen 127.0.0.1:8080
//
// When it is ready, it prints one line, the service URL, to standard output, so that a script can wait for it. It
// stops at SIGINT and SIGTERM. What is not known about the real service is a flag: see --help.
//
// A seed has the records to start with, by the entity's path segment. Ids may be left out, and relations may name the
// linked records by their ids:
//
//	{
//	  "Phones": [{"id": "0190978c-d6d1-de35-3f6d-7cf0a0e264db", "name": "Front desk"}],
//	  "Accounts": [{"id": "0a31d4fd-1289-4326-ad1a-7dfa40c3ab48", "name": "Acme", "phone1": "+1 555 0100"}],
//	  "TextMessageConversations": [{
//	    "phone_id": "0190978c-d6d1-de35-3f6d-7cf0a0e264db",
//	    "account_relations": ["0a31d4fd-1289-4326-ad1a-7dfa40c3ab48"]
//	  }]
//	}
//
// Beside the API there are endpoints to watch the mock and to order faults, which need no credentials:
//
//	GET    /_mock/requests        the requests so far (with ?count only their number)
//	DELETE /_mock/requests        forgets them
//	POST   /_mock/faults          orders a fault or an array of faults, e.g. {"path": "batch-modify", "kind": "drop_after", "times": 1}
//	DELETE /_mock/faults          cancels all faults
//
// The kinds of faults are latency, status, drop_before, drop_after, status_after, truncate, reply, short_array and
// long_array. A fault hits the requests with its method, and with its path and body as a part of theirs: after it has
// let as many through as skip says, as many as times says, or all. The rest of it is status, retry_after, reply,
// content_type and latency, a string like "1.5s".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set when a release is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pipeliner-mock: "+err.Error())
		os.Exit(1)
	}
}

// run serves until the context is done. It returns an error if it can't.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	settings, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if settings.version {
		_, err := fmt.Fprintln(stdout, version)
		return err
	}
	mock, err := settings.server()
	if err != nil {
		return err
	}

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", settings.listen)
	if err != nil {
		return err
	}
	if !loopback(listener.Addr()) {
		fmt.Fprintf(stderr, "pipeliner-mock: warning: %s can be reached from other machines\n", listener.Addr())
	}
	server := &http.Server{
		Handler:           mock,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(stderr, "pipeliner-mock: ", 0),
		// Whoever is being kept waiting by a fault is released when the command stops.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	if _, err := fmt.Fprintln(stdout, serviceURL(listener.Addr())); err != nil {
		return errors.Join(err, listener.Close())
	}
	return serve(ctx, server, listener)
}

// serve serves until the context is done, and then lets the requests that are under way come to their end.
func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return server.Close()
	}
	return nil
}

func loopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// serviceURL returns the URL under which this machine reaches the address.
func serviceURL(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + addr.String()
}
