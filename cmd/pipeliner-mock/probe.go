package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/probe"
)

const probeHelp = "With --probe it finds out how a service behaves and prints the switches that make the mock behave the same. That writes to the space: " +
	"it creates a few dozen conversations of the phone, to numbers that are reserved for fiction, records incoming messages in them, and then deletes them; " +
	"the CRM keeps them in its bin. It sends nothing, and touches no other record. " +
	"PIPELINER_SPACE_ID, PIPELINER_USERNAME and PIPELINER_PASSWORD are those of the provider."

// runProbe probes a service, and prints the switches that make the mock behave the same to
// stdout. It prints what it does, and which switches it can't probe, to stderr.
func runProbe(ctx context.Context, space probe.Space, stdout, stderr io.Writer) (err error) {
	space.SpaceID, space.Username, space.Password = os.Getenv("PIPELINER_SPACE_ID"), os.Getenv("PIPELINER_USERNAME"), os.Getenv("PIPELINER_PASSWORD")
	p, err := probe.New(ctx, space)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	fmt.Fprintf(stderr, "Creating, changing and deleting conversations of the phone %s in %s. Nothing is sent.\n", space.Phone, p.URL())
	if err := p.Check(ctx); err != nil {
		return errors.Join(fmt.Errorf("probe: %w", err), p.Clean(ctx))
	}
	var flags, failed []string
	for _, of := range mockserver.Switches {
		value, err := p.Probe(ctx, of)
		switch {
		case ctx.Err() != nil:
			return errors.Join(context.Cause(ctx), p.Clean(ctx))
		case errors.As(err, new(*probe.LackingError)):
			fmt.Fprintf(stderr, "%s: not probed: %v\n", of.Name, err)
		case err != nil:
			fmt.Fprintf(stderr, "%s: none of %s: %v\n", of.Name, strings.Join(of.Values, ", "), err)
			failed = append(failed, of.Name)
		default:
			flags = append(flags, "--"+of.Name+"="+value)
		}
	}
	for _, fact := range probe.NotProbed {
		fmt.Fprintln(stderr, "not probed: "+fact)
	}
	fmt.Fprintln(stdout, "pipeliner-mock "+strings.Join(flags, " "))
	err = p.Clean(ctx)
	if len(failed) > 0 {
		err = errors.Join(fmt.Errorf("the probes have found no value, for the reasons above: %s", strings.Join(failed, ", ")), err)
	}
	return err
}
