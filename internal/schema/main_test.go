package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// This command prints everything that Terraform prints, in the same form. Terraform may know fewer kinds of schemas.
func TestAccSchema_likeTerraform(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs a real Terraform: set TF_ACC=1")
	}
	var ours, theirs schemas
	var printed bytes.Buffer
	if err := run(t.Context(), &printed); err != nil {
		t.Fatal(err)
	}
	decode(t, printed.Bytes(), &ours)
	decode(t, printedByTerraform(t), &theirs)
	if len(theirs.Providers) != 1 || len(ours.Providers) != 1 {
		t.Fatalf("%d providers; Terraform prints %d", len(ours.Providers), len(theirs.Providers))
	}
	if diff := cmp.Diff(theirs.Version, ours.Version); diff != "" {
		t.Errorf("the version (-Terraform +ours):\n%s", diff)
	}
	for name, provider := range theirs.Providers {
		for kind, want := range provider {
			if diff := cmp.Diff(want, ours.Providers[name][kind]); diff != "" {
				t.Errorf("%s (-Terraform +ours):\n%s", kind, diff)
			}
		}
	}
}

type schemas struct {
	Version   string                    `json:"format_version"`
	Providers map[string]map[string]any `json:"provider_schemas"`
}

func decode(t *testing.T, text []byte, into *schemas) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
}

func printedByTerraform(t *testing.T) []byte {
	t.Helper()
	terraform := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if terraform == "" {
		terraform = "terraform"
	}
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", dir+"/", "../..")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, output)
	}
	for name, content := range map[string]string{
		"settings.tfrc": "provider_installation {\n  dev_overrides {\n    \"hashicorp/pipeliner\" = \"" + filepath.ToSlash(dir) + "\"\n  }\n  direct {}\n}\n",
		"main.tf":       "terraform {\n  required_providers {\n    pipeliner = {\n      source = \"hashicorp/pipeliner\"\n    }\n  }\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), terraform, "providers", "schema", "-json") //nolint:gosec // who tests says which Terraform
	command.Dir = dir
	command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "settings.tfrc"))
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
	return output
}
