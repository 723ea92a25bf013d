//go:build unix

package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// Every example is applied, to the records of examples/seed.json, and leaves nothing to do.
// (That of the demo, with its CSV file, is applied by the demo.)
func TestAccExamples(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "examples")
	var examples []string
	for _, pattern := range []string{"provider/*.tf", "resources/*/*.tf", "data-sources/*/*.tf", "functions/*/*.tf"} {
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
			applyExample(t, string(text), filepath.Base(example) == "import-by-identity.tf")
		})
	}
}

func applyExample(t *testing.T, configuration string, identity bool) {
	t.Helper()
	if !strings.Contains(configuration, "required_providers") {
		configuration = requiredProviders + configuration
	}
	w := newSeededWorld(t)
	b := newBinary(t, configuration)
	if b.skipBelow(tfversion.Version1_8_0); identity { // the examples call functions
		b.skipBelow(tfversion.Version1_12_0)
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
