// Command demo shows the life of the conversations in examples/demo, with the real terraform against the mock server.
// It creates them, changes one behind Terraform's back and lets Terraform correct it, imports one, creates a thousand
// at once, and destroys all. It works in a temporary folder, and fails as soon as a result differs from its
// description.
//
// Run it from the folder of the tools module: go -C tools run ./demo.
package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

func main() { sandbox.Main("demo", run) }

func run(ctx context.Context) (err error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	d, err := prepare(ctx, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.sandbox.Close()) }()
	for _, step := range []func(context.Context) error{
		d.create, d.planAgain, d.drift, d.repair, d.adopt, d.thousand, d.destroy,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	fmt.Println("\nThat's all. The mock server is stopped and the temporary folder removed.")
	return nil
}
