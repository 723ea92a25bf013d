package provider_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/probe"
)

// For each behavior of the API that no source documents, the mock has a switch, and the
// switch has a probe that finds out how a service behaves. TestAccContract prints the
// behavior of the real space as the mock's flags. It fails if the space behaves in a way
// that the mock can't play, but not if a probe can't tell.
func TestAccContract(t *testing.T) {
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skipf("acceptance tests run where %s is set", resource.EnvTfAcc)
	}
	if !isReal() {
		t.Skipf("no real space: it takes %s", strings.Join(accVariables, ", "))
	}
	s := newSpace(t)
	ctx := t.Context()
	p, err := probe.New(ctx, s.probed())
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for _, of := range mockserver.Switches {
		value, err := p.Probe(ctx, of)
		switch {
		case errors.As(err, new(*probe.LackingError)):
			t.Logf("%-20s not probed: %v", of.Name, err)
		case err != nil:
			t.Errorf("%-20s none of %s: %v", of.Name, strings.Join(of.Values, ", "), err)
		default:
			t.Logf("%-20s %s (%s)", of.Name, value, of.Doc)
			flags = append(flags, "--"+of.Name+"="+value)
		}
	}
	if err := p.Clean(ctx); err != nil {
		t.Error(err)
	}
	for _, fact := range probe.NotProbed {
		t.Logf("not probed: %s", fact)
	}
	t.Logf("the mock plays this service with:\npipeliner-mock %s", strings.Join(flags, " "))
}

// probed returns the real space with the numbers of this test.
func (s *space) probed() probe.Space {
	named := func(id string) string {
		if _, isUnset := unset[id]; isUnset {
			return ""
		}
		return id
	}
	numbers := make([]string, 60)
	for i := range numbers {
		numbers[i] = s.own(fmt.Sprintf("+1 (907) 555-01%02d", i))
	}
	return probe.Space{
		ServiceURL: s.url, SpaceID: s.spaceID, Username: os.Getenv(accUsername), Password: os.Getenv(accPassword),
		Phone: phone, Account: named(acme), Contact: named(ada), Numbers: numbers,
	}
}
