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
// With --probe it serves nothing, but finds out how a service behaves and prints the switches that make the mock behave
// the same:
//
//	export PIPELINER_SPACE_ID=… PIPELINER_USERNAME=… PIPELINER_PASSWORD=…
//	pipeliner-mock --probe https://eu-central.api.pipelinersales.com --probe-phone 0190978c-d6d1-de35-3f6d-7cf0a0e264db
//
// That writes to the space. It creates a few dozen conversations of that phone, each to a number that is reserved for
// fiction and that no other conversation of the phone has, records incoming messages in them, and deletes them again. The
// CRM keeps them in its bin. It sends nothing, and touches no other record.
//
// Beside the API there are endpoints to watch the mock and to order faults, which need no credentials:
//
//	GET    /_mock/requests        the requests so far (with ?count only their number)
//	DELETE /_mock/requests        forgets them
//	POST   /_mock/faults          orders a fault or an array of faults, e.g. {"path": "batch-modify", "kind": "drop_after", "times": 1}
//	DELETE /_mock/faults          cancels all faults
//	GET    /_mock/commits         the number of requests that a commit_later has put off
//	DELETE /_mock/commits         forgets them
//	GET    /_mock/records?entity= all records of an entity, deleted ones too
//	POST   /_mock/records         does an act or an array of acts, as somebody else would, and answers {"ids": […]}
//	POST   /_mock/seed            adds records like --seed
//	POST   /_mock/backup          keeps the space as it is
//	POST   /_mock/restore         puts it back to that, its revision included
//	POST   /_mock/settings        changes switches, lag and max-batch-items, e.g. {"phone-format": "masked", "lag": "3s"}
//
// With ?space= they are for another space than the first. Each has its own records, requests, faults and settings.
//
// A fault hits the requests with its method, and with its path and body as a part of theirs: after it has let as many
// through as skip says, as many as times says, or all, and if it has a for, like "60s", only so long after its first
// hit. Whatever its kind, it waits first for its latency, like "1.5s". The kinds of faults that a network has, with
// status, reply, content_type, location, retry_after (of a for, also "remaining") and envelope, which makes the body
// the API's error whatever the status:
//
//	latency       only waits
//	status        answers instead of the API
//	drop_before   hangs up
//	drop_after    carries out the request and hangs up
//	status_after  carries out the request and answers something else
//	commit_later  answers with its status, or hangs up, and carries out the request when its commit_after has passed
//	truncate      cuts the answer half way
//	reply         carries out the request and answers with reply
//
// Those that change the answer to a request that was carried out:
//
//	success_false              a success of false, with the data as it is
//	short_array, long_array    an item too few or too many
//	item_objects               objects with an id for the ids
//	null_field, omit_field     records whose field, by default the revision, is null or not there
//	repeat_record              a page that begins with the last record of the page before
//	total_too_high             a total of more than the pages bring
//	ends_early                 a page that says it is the last one
//	endless_list               pages that never end, with cursors that never come twice
//
// What somebody else does is an act: one of create, edit, delete, restore and purge. A fault can have acts as before and
// as after; with those it needs no kind. A record is named by its id, or by a where with values that it has:
//
//	{"create": {"entity": "TextMessageConversations", "values": {"phone_id": "…", "recipient_phone_number": "+19075550133",
//	  "messages": [{"content": "Hello", "direction": 2}]}}}
//	{"edit": {"entity": "Accounts", "where": {"name": "Acme"}, "values": {"name": "Acme Inc."}}}
//	{"purge": {"entity": "Accounts", "id": "…"}}
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
	if settings.probe.ServiceURL != "" {
		return runProbe(ctx, settings.probe, stdout, stderr)
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
