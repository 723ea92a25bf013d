package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/probe"
)

const probeHelp = "With --probe it finds out how a service behaves and prints the switches that make the mock behave the same. That writes to the space: " +
	"it creates a few dozen conversations of the phone, to numbers that are reserved for fiction, records incoming messages in them, and then deletes them; " +
	"the CRM keeps them in its bin. It sends nothing, and touches no other record. " +
	spaceVariable + ", " + userVariable + " and " + passwordVariable + " are those of the provider."

const (
	spaceVariable    = "PIPELINER_SPACE_ID"
	userVariable     = "PIPELINER_USERNAME"
	passwordVariable = "PIPELINER_PASSWORD"
)

// checkProbe refuses what can't be right before anything is read or written. Its errors name the flag or the variable.
func checkProbe(space probe.Space) error {
	if space.Phone == "" {
		return errors.New("--probe-phone: set it to the UUID of the sender phone whose conversations to probe with")
	}
	for _, given := range [][2]string{{"--probe-phone", space.Phone}, {"--probe-account", space.Account}, {"--probe-contact", space.Contact}} {
		if _, err := client.ParseID(given[1]); given[1] != "" && err != nil {
			return fmt.Errorf("%s: %w", given[0], err)
		}
	}
	for _, variable := range []string{userVariable, passwordVariable} {
		if os.Getenv(variable) == "" {
			return fmt.Errorf("%s: it is empty", variable)
		}
	}
	return nil
}

// runProbe probes a service, and prints the switches that make the mock behave the same to
// stdout. It prints what it does, and which switches it can't probe, to stderr.
func runProbe(ctx context.Context, space probe.Space, stdout, stderr io.Writer) (err error) {
	space.SpaceID, space.Username, space.Password = os.Getenv(spaceVariable), os.Getenv(userVariable), os.Getenv(passwordVariable)
	if err := checkProbe(space); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	p, err := probe.New(ctx, space)
	if wrong, ok := errors.AsType[*client.ConfigError](err); ok {
		names := map[string]string{"service_url": "--probe", "space_id": spaceVariable, "username": userVariable}
		return fmt.Errorf("probe: %s: %w", names[wrong.Setting], wrong.Err)
	}
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
