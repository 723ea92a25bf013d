package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/probe"
)

// settings are the values of the flags.
type settings struct {
	listen  string
	seed    string // name of a file
	version bool
	options mockserver.Options
	probe   probe.Space // its ServiceURL is empty without --probe
}

// parseFlags reads the flags. If they ask for help, it prints that to stderr and returns [flag.ErrHelp].
func parseFlags(args []string, stderr io.Writer) (*settings, error) {
	var s settings
	flags := flag.NewFlagSet("pipeliner-mock", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the flag package would print the whole help for every mistake
	s.listen = "127.0.0.1:0"
	flags.Func("listen", "`address` to listen on (default \"127.0.0.1:0\"); port 0 takes a free one", s.setListen)
	flags.StringVar(&s.options.Username, "user", "user", "user `name` to accept")
	flags.Func("password", "`password` to accept (default \"password\")", notEmpty(&s.options.Password))
	flags.Func("space", "`id` of the space (default \"test_space\"); if repeated, adds another space, which is empty at first", s.addSpace)
	flags.Func("seed", "JSON `file` with the records to start with, by entity: {\"Phones\": [{\"id\": …}], …}", notEmpty(&s.seed))
	flags.Func("latency", "`time` to add to every request, e.g. 200ms", duration(&s.options.Latency))
	flags.Func("lag", "`time` by which reads lag behind writes, as from a replica", duration(&s.options.Lag))
	flags.Func("max-batch-items", "refuse batches of more than `n` items with a 413; 0 means no limit", s.setMaxBatchItems)
	flags.Func("probe", "probe the service at this `URL` instead of serving: writes to its space, see above", s.addProbe)
	flags.StringVar(&s.probe.Phone, "probe-phone", "", "`UUID` of the sender phone whose conversations to probe with")
	flags.StringVar(&s.probe.Account, "probe-account", "", "`UUID` of an account to link; without it some switches are not probed")
	flags.StringVar(&s.probe.Contact, "probe-contact", "", "`UUID` of a contact with a fictional number, such as +1 907 555 0123; without it recipient-match is not probed")
	flags.BoolVar(&s.version, "version", false, "print the version and exit")
	for _, sw := range mockserver.Switches {
		usage := fmt.Sprintf("%s: `%s`", sw.Doc, strings.Join(sw.Values, "|"))
		flags.StringVar(sw.Field(&s.options.Behavior), sw.Name, sw.Values[0], usage)
	}

	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stderr, "Serves a mock of the Pipeliner CRM REST API. Prints its URL when it is ready.\n"+probeHelp)
		flags.SetOutput(stderr)
		flags.PrintDefaults()
	}
	switch ofProbe := s.probe.Phone + s.probe.Account + s.probe.Contact; {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		err = fmt.Errorf("%w (pipeliner-mock --help lists the flags)", err)
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case s.options.Username == "" || strings.Contains(s.options.Username, ":"):
		err = errors.New("the user name is empty or contains a colon: no client can send that")
	case s.probe.ServiceURL == "" && ofProbe != "":
		err = errors.New("the phone, account and contact of a probe need --probe")
	}
	return &s, err
}

// notEmpty sets a text. An empty one may come from an empty variable of a script.
func notEmpty(target *string) func(string) error {
	return func(given string) error {
		*target = given
		if given == "" {
			return errors.New("it is empty")
		}
		return nil
	}
}

// duration sets a duration. The flag package itself calls every mistake a parse error.
func duration(target *time.Duration) func(string) error {
	return func(given string) (err error) {
		if *target, err = time.ParseDuration(given); err != nil {
			return errors.New("it is not a duration, such as 1.5s or 200ms")
		}
		return nil
	}
}

func (s *settings) setMaxBatchItems(given string) (err error) {
	if s.options.MaxBatchItems, err = strconv.Atoi(given); err != nil {
		return errors.New("it is not a whole number")
	}
	return nil
}

func (s *settings) setListen(address string) error {
	s.listen = address
	_, port, err := net.SplitHostPort(address)
	if _, wrong := strconv.ParseUint(port, 10, 16); err != nil || wrong != nil {
		return errors.New("it is not an address with a port, such as 127.0.0.1:8080")
	}
	return nil
}

// addProbe refuses an empty URL, which may come from an empty variable of a script. Otherwise, the mock would serve
// instead of probing.
func (s *settings) addProbe(url string) error {
	if url == "" {
		return errors.New("the URL is empty")
	}
	s.probe.ServiceURL = url
	return nil
}

// addSpace refuses an empty id, which may come from an empty variable of a script. Otherwise, the mock would serve
// another space.
func (s *settings) addSpace(id string) error {
	if id == "" {
		return errors.New("the id is empty")
	}
	if s.options.Space == "" {
		s.options.Space = id
	} else {
		s.options.OtherSpaces = append(s.options.OtherSpaces, id)
	}
	return nil
}

// server returns the mock with its seed.
func (s *settings) server() (*mockserver.Server, error) {
	mock, err := mockserver.New(s.options)
	if err != nil || s.seed == "" {
		return mock, err
	}
	content, err := os.ReadFile(s.seed)
	if err != nil {
		return nil, err
	}
	if err := mock.SeedJSON(content); err != nil {
		return nil, fmt.Errorf("%s: %w", s.seed, err)
	}
	return mock, nil
}
