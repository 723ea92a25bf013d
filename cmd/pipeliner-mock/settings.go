package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

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
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "`address` to listen on; port 0 takes a free one")
	flags.StringVar(&s.options.Username, "user", "user", "user `name` to accept")
	flags.StringVar(&s.options.Password, "password", "password", "`password` to accept")
	flags.Func("space", "`id` of the space (default \"test_space\"); if repeated, adds another space, which is empty at first", s.addSpace)
	flags.StringVar(&s.seed, "seed", "", "JSON `file` with the records to start with, by entity: {\"Phones\": [{\"id\": …}], …}")
	flags.DurationVar(&s.options.Latency, "latency", 0, "`time` to add to every request, e.g. 200ms")
	flags.DurationVar(&s.options.Lag, "lag", 0, "`time` by which reads lag behind writes, as from a replica")
	flags.IntVar(&s.options.MaxBatchItems, "max-batch-items", 0, "refuse batches of more than `n` items with a 413; 0 means no limit")
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
	var seed map[string][]map[string]any
	if err := json.Unmarshal(content, &seed); err != nil {
		return nil, fmt.Errorf(`%s: a seed is a JSON object of arrays, such as {"Phones": [{"name": "Sales"}]}: %w`, s.seed, err)
	}
	if err := mock.Seed(seed); err != nil {
		return nil, fmt.Errorf("%s: %w", s.seed, err)
	}
	return mock, nil
}
