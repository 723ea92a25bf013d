// Command bench counts the HTTP requests that the provider needs for many conversations, with the real terraform
// against the mock server, and fails if it is more than it should be. Times are for information only: they say more
// about the machine.
//
// It is run from the folder of the tools module: go -C tools run ./bench.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

func main() { sandbox.Main("bench", run) }

func run(ctx context.Context) (err error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "Building the provider and the mock server …")
	s, err := sandbox.New(ctx, root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var rows []row
	for _, scenario := range []scenario{
		thousandInOne(), twentyOfMany(), fewOfMany(), thousandSingles(10, 220), thousandSingles(100, 30),
	} {
		more, err := scenario.run(ctx, s)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	return report(os.Stdout, rows)
}
