package provider_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// What no source says of the API is a switch of the mock, and each switch has a
// probe that finds out which way a service is. So the mock can be run like the
// real service, and the probes are tested by what they find out of the mock.
// TestAccContract prints what it has found as the mock's flags.
func TestAccContract(t *testing.T) {
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skipf("acceptance tests run where %s is set", resource.EnvTfAcc)
	}
	t.Run("mock", func(t *testing.T) {
		if isReal() {
			t.Skip("needs the mock, in each of its settings")
		}
		for _, choice := range mockserver.Switches {
			for _, value := range choice.Values {
				t.Run(choice.Name+"="+value, func(t *testing.T) {
					t.Parallel()
					var behavior mockserver.Behavior
					*choice.Field(&behavior) = value
					contractOfMock(t, behavior)
				})
			}
		}
		// The opposite of the default in everything: no probe may rely on another switch.
		t.Run("all others", func(t *testing.T) {
			t.Parallel()
			var behavior mockserver.Behavior
			for _, choice := range mockserver.Switches {
				*choice.Field(&behavior) = choice.Values[len(choice.Values)-1]
			}
			contractOfMock(t, behavior)
		})
	})
	t.Run("space", func(t *testing.T) {
		if !isReal() {
			t.Skipf("no real space: it takes %s", strings.Join(accVariables, ", "))
		}
		contractOfSpace(t, newSpace(t))
	})
}

// contractOfMock checks that the probes find exactly this behavior.
func contractOfMock(t *testing.T, behavior mockserver.Behavior) {
	t.Helper()
	w := newWorld(t, behavior)
	p := newProber(w.space, "terraform", password)
	for _, choice := range mockserver.Switches {
		want := *choice.Field(&behavior)
		if want == "" {
			want = choice.Values[0]
		}
		got, err := p.probe(choice)
		if err != nil || got != want {
			t.Errorf("%s is %s; the probe says %q, %v", choice.Name, want, got, err)
		}
	}
	p.clean(t)
	if live := w.live(); len(live) > 0 {
		t.Errorf("the probes have left %d conversations", len(live))
	}
}

// contractOfSpace prints which way the service is. That it is another than the
// mock can play is an error; what can't be told is not.
func contractOfSpace(t *testing.T, s *space) {
	t.Helper()
	p := newProber(s, os.Getenv(accUsername), os.Getenv(accPassword))
	var flags []string
	for _, choice := range mockserver.Switches {
		value, err := p.probe(choice)
		var lacking *lackingError
		switch {
		case errors.As(err, &lacking):
			t.Logf("%-20s not probed: %v", choice.Name, err)
		case err != nil:
			t.Errorf("%-20s neither of %s: %v", choice.Name, strings.Join(choice.Values, ", "), err)
		default:
			t.Logf("%-20s %s (%s)", choice.Name, value, choice.Doc)
			flags = append(flags, "--"+choice.Name+"="+value)
		}
	}
	p.clean(t)
	for _, fact := range notProbed {
		t.Logf("not probed: %s", fact)
	}
	t.Logf("the mock plays this service with:\npipeliner-mock %s", strings.Join(flags, " "))
}

// notProbed are the assumptions that no test may put to a real service.
var notProbed = []string{
	"whether a message that is created as outgoing is sent: the probes record incoming ones only",
	"what a proxy in between answers (429, 502, 503, 504): it can't be ordered",
}

// A lackingError says that the environment names nothing to probe with.
type lackingError struct{ variable, use string }

func (e *lackingError) Error() string { return fmt.Sprintf("set %s to %s", e.variable, e.use) }

// probe finds out which of a switch's values the service plays.
func (p *prober) probe(choice mockserver.Switch) (string, error) {
	find, ok := probes[choice.Name]
	if !ok {
		return "", errors.New("no probe for this switch: add one to probes")
	}
	return find(p)
}

// Each switch has a probe, and there is none for what is no switch.
func TestProbes(t *testing.T) {
	t.Parallel()
	var got, want []string
	for name := range probes {
		got = append(got, name)
	}
	for _, choice := range mockserver.Switches {
		want = append(want, choice.Name)
	}
	if diff := cmp.Diff(sortedTexts(want...), sortedTexts(got...)); diff != "" {
		t.Errorf("probes (-want +got):\n%s", diff)
	}
}
