//go:build unix

package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// Applies every example to the records of examples/seed.json. The next plan must be
// empty. (The demo applies its own example, with a CSV file.)
func TestAccExamples(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "examples")
	var examples []string
	for _, pattern := range []string{"provider/*.tf", "resources/*/*.tf", "data-sources/*/*.tf", "functions/*/*.tf", "actions/*/*.tf"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("examples of %s: %v, %v", pattern, found, err)
		}
		examples = append(examples, found...)
	}
	for _, example := range examples {
		t.Run(strings.TrimPrefix(example, root), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(example)
			must(t, err)
			applyExample(t, string(text), newest[filepath.Base(example)])
		})
	}
}

// newest contains the versions of Terraform that examples need, if those for functions
// are not enough.
var newest = map[string]*version.Version{"import-by-identity.tf": tfversion.Version1_12_0, "action.tf": tfversion.Version1_14_0}

func applyExample(t *testing.T, configuration string, needs *version.Version) {
	t.Helper()
	if !strings.Contains(configuration, "required_providers") {
		configuration = requiredProviders + configuration
	}
	w := newSeededWorld(t)
	b := newBinary(t, configuration)
	if b.skipBelow(tfversion.Version1_8_0); needs != nil { // the examples call functions
		b.skipBelow(needs)
	}
	b.env = append(b.env, "PIPELINER_SERVICE_URL="+w.url, "PIPELINER_SPACE_ID=my_space", "PIPELINER_USERNAME=terraform", "PIPELINER_PASSWORD="+password)
	before := len(w.live())
	for _, arguments := range [][]string{{"apply", "-auto-approve"}, {"plan", "-detailed-exitcode"}} {
		if output, code := b.run(nil, arguments...); code != 0 {
			t.Fatalf("%v ended with %d:\n%s", arguments, code, output)
		}
	}
	if strings.Contains(configuration, `resource "`) && !strings.Contains(configuration, "import {") && len(w.live()) <= before {
		t.Error("the example made no conversation")
	}
}
