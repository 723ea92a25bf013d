// Package sandbox makes a temporary folder with everything that is needed to use the provider for real: its binary,
// the mock server's, and a Terraform that finds them. Close removes the folder.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"
)

const mockCommand = "pipeliner-mock"

// Sandbox is made by [New].
type Sandbox struct {
	// Dir is the temporary folder.
	Dir string
	// Terraform is the path of the terraform binary.
	Terraform string

	mocks []*Mock
}

// New builds the provider and the mock server from the sources in root, and finds a Terraform.
func New(ctx context.Context, root string) (_ *Sandbox, err error) {
	dir, err := os.MkdirTemp("", "pipeliner-")
	if err != nil {
		return nil, err
	}
	s := &Sandbox{Dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()

	build := exec.CommandContext(ctx, "go", "build", "-o", s.Bin()+string(filepath.Separator), ".", "./cmd/"+mockCommand)
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", build, err, output)
	}
	if s.Terraform, err = FindTerraform(ctx, filepath.Join(dir, "terraform")); err != nil {
		return nil, err
	}
	return s, os.WriteFile(s.cliConfig(), fmt.Appendf(nil, `provider_installation {
  dev_overrides {
    "terraform-provider-pipeliner/pipeliner" = %q
  }
  direct {}
}
`, filepath.ToSlash(s.Bin())), 0o600)
}

// Close stops the mock servers that still run and removes the folder.
func (s *Sandbox) Close() error {
	var failures []error
	for _, m := range s.mocks {
		failures = append(failures, m.Stop())
	}
	return errors.Join(append(failures, os.RemoveAll(s.Dir))...)
}

// Workspace makes an empty folder for a configuration, and returns a Terraform that works there, with the settings for
// the mock server in its environment.
func (s *Sandbox) Workspace(ctx context.Context, name string, m *Mock) (*tfexec.Terraform, error) {
	dir := filepath.Join(s.Dir, name)
	if err := os.Mkdir(dir, 0o750); err != nil {
		return nil, err
	}
	settings := m.settings()
	settings["TF_CLI_CONFIG_FILE"] = s.cliConfig()
	return newTerraform(ctx, s.Terraform, dir, settings)
}

// Bin returns the folder with the binaries of the provider and of the mock server.
func (s *Sandbox) Bin() string { return filepath.Join(s.Dir, "bin") }

func (s *Sandbox) cliConfig() string { return filepath.Join(s.Dir, "terraform.rc") }
