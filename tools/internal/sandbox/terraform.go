package sandbox

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/fs"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/terraform-exec/tfexec"
)

// oldest is the oldest Terraform that the docs promise and that CI tests: the first one with provider functions.
var oldest = version.Must(version.NewVersion("1.8.0"))

// FindTerraform returns the path of the terraform on PATH or, if there is none, of the one in dir. It downloads that
// one if it is missing.
func FindTerraform(ctx context.Context, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	found := &fs.AnyVersion{Product: &product.Terraform, ExtraPaths: []string{dir}}
	if path, err := found.Find(ctx); err == nil {
		return path, nil
	}
	fmt.Fprintln(os.Stderr, "There is no terraform on PATH. Downloading the latest version …")
	latest := &releases.LatestVersion{Product: product.Terraform, InstallDir: dir, Timeout: 10 * time.Minute}
	path, err := latest.Install(ctx)
	if err != nil {
		return "", fmt.Errorf("terraform could not be downloaded: %w", err)
	}
	return path, nil
}

// newTerraform returns the Terraform in path, for the configuration in dir and with settings in its environment.
func newTerraform(ctx context.Context, path, dir string, settings map[string]string) (*tfexec.Terraform, error) {
	tf, err := tfexec.NewTerraform(dir, path)
	if err != nil {
		return nil, err
	}
	if err := tf.SetEnv(environment(os.Environ(), settings)); err != nil {
		return nil, err
	}
	found, _, err := tf.Version(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("%s does not work: %w", path, err)
	}
	if found.Core().LessThan(oldest) {
		return nil, fmt.Errorf("%s is version %s, but %s or later is needed; take it from PATH to have one downloaded", path, found, oldest)
	}
	return tf, nil
}

// environment returns inherited with settings, and without other variables of Terraform and the provider.
func environment(inherited []string, settings map[string]string) map[string]string {
	env := map[string]string{}
	for _, variable := range inherited {
		name, value, _ := strings.Cut(variable, "=")
		if name != "" && !strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "PIPELINER_") {
			env[name] = value
		}
	}
	env["CHECKPOINT_DISABLE"] = "1"
	maps.Copy(env, settings)
	return env
}
