// Command pipeliner-mock serves a mock of the Pipeliner CRM REST API, so that you can try and test a configuration
// without a space. It keeps everything in memory and forgets it when it stops.
//
//	pipeliner-mock --seed seed.json --listen 127.0.0.1:8080
//
// When it is ready, it prints one line, the service URL, to standard output, so that a script can wait for it. It
// stops at SIGINT and SIGTERM. Each question about the real service that no source answers is a flag: see --help.
//
// A seed has the records to start with, by the entity's path segment. You may omit ids, and relations may name the
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
// Probing writes to the space. It creates a few dozen conversations of that phone, each to a number that is reserved
// for fiction and that no other conversation of the phone has, records incoming messages in them, and then deletes
// them. The CRM keeps them in its bin. Probing sends nothing, and touches no other record.
//
// The mock also has endpoints to watch it and to order faults, which need no credentials:
//
//	GET    /_mock/requests        the requests so far, or with ?count only their number
//	DELETE /_mock/requests        forgets them
//	POST   /_mock/faults          orders a fault or an array of faults, e.g. {"path": "batch-modify", "kind": "drop_after", "times": 1}
//	DELETE /_mock/faults          cancels all faults
//	GET    /_mock/commits         the number of requests that a commit_later has put off
//	DELETE /_mock/commits         forgets them
//	GET    /_mock/records?entity= all records of an entity, including deleted ones
//	POST   /_mock/records         carries out an act or an array of acts of another user, and answers {"ids": […]}
//	POST   /_mock/seed            adds records like --seed
//	POST   /_mock/backup          keeps the space as it is
//	POST   /_mock/restore         restores the space as it was then, including its revision
//	POST   /_mock/settings        changes switches, lag and max-batch-items, e.g. {"phone-format": "masked", "lag": "3s"}
//
// Add ?space= for another space than the first. Each space has its own records, requests, faults and settings.
//
// A fault hits requests that have its method and whose path and body contain its path and body. skip is how many of
// these pass first, times how many it hits then; without times, it hits all. With a for, like "60s", it ends that long
// after its first hit. Whatever its kind, it first waits for its latency, like "1.5s".
//
// The kinds status, status_after, commit_later and reply take status, reply, content_type, location, retry_after and
// envelope. A retry_after of "remaining" stands for the rest of for. With envelope, the body is the API's error,
// whatever the status. The kinds that a network has:
//
//	latency       only waits
//	status        answers instead of the API
//	drop_before   hangs up
//	drop_after    carries out the request and hangs up
//	status_after  carries out the request and answers something else
//	commit_later  answers with its status, or hangs up, and carries out the request when its commit_after has passed
//	truncate      carries out the request and sends half of the answer
//	reply         carries out the request and answers with reply
//
// The other kinds carry out the request and change the answer:
//
//	success_false              a success of false, with the data as it is
//	short_array, long_array    an item too few or too many
//	item_objects               objects with an id instead of the ids
//	null_field, omit_field     records whose field, by default the revision, is null or missing
//	repeat_record              a page that begins with the last record of the page before
//	total_too_high             a total that is higher than the number of matches
//	ends_early                 a page that says it is the last one
//	endless_list               pages that never end, with cursors that never come twice
//
// An act is what another user does: one of create, edit, delete, restore and purge. A fault can have acts before and
// after the request; then it needs no kind. An act names a record by its id, or by a where with values that it has:
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
	context.AfterFunc(ctx, stop) // a second signal ends the requests under way
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pipeliner-mock: "+err.Error())
		os.Exit(1)
	}
}

// run serves until the context is done. If it can't serve, it returns an error.
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
		// When the command stops, a fault no longer keeps a request waiting.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	if _, err := fmt.Fprintln(stdout, serviceURL(listener.Addr())); err != nil {
		return errors.Join(err, listener.Close())
	}
	return serve(ctx, server, listener)
}

// serve serves until the context is done, and then waits up to five seconds for the requests under way.
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

// serviceURL returns the URL with which this machine reaches the address.
func serviceURL(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + addr.String()
}
