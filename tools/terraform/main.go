// Command terraform prints the path of a terraform binary: the one on PATH or, if there is none, the one in the folder
// that is its argument. It downloads that one if it is missing.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

func main() { sandbox.Main("terraform", run) }

func run(ctx context.Context) error {
	if len(os.Args) != 2 {
		return errors.New("it needs one argument: the folder")
	}
	path, err := sandbox.FindTerraform(ctx, os.Args[1])
	if err == nil {
		fmt.Println(path)
	}
	return err
}
