// Command bench counts the HTTP requests that the provider needs for many conversations, with the real terraform
// against the mock server, and fails if there are too many. It also measures CPU time and memory of terraform and of
// the provider. These are for information only. It shows them as ratios, because times depend on the machine.
//
// -sizes sets the number of entries of the maps whose CPU time it measures; -sizes="" measures none. -requests=false
// skips the requests of the scenarios.
//
// Run it from the folder of the tools module: go -C tools run ./bench.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

func main() {
	if isWrapper() {
		os.Exit(runWrapped())
	}
	sandbox.Main("bench", run)
}

func run(ctx context.Context) (err error) {
	sizes := flag.String("sizes", "1000,4000,10000", "entries of the maps whose CPU time and memory are measured, each a multiple of 1000")
	requests := flag.Bool("requests", true, "count the requests of all scenarios")
	flag.Parse()
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
	var failed error
	if *requests {
		failed = countRequests(ctx, s)
	}
	if *sizes == "" || ctx.Err() != nil {
		return failed
	}
	if err := wrap(s); err != nil {
		return errors.Join(failed, err)
	}
	for size := range strings.SplitSeq(*sizes, ",") {
		entries, err := strconv.Atoi(size)
		if err != nil {
			return errors.Join(failed, err)
		}
		all, err := costs(ctx, s, entries)
		if err != nil {
			return errors.Join(failed, err)
		}
		failed = errors.Join(failed, reportCosts(os.Stdout, all))
	}
	return errors.Join(failed, reportCalls(ctx, os.Stdout, root))
}

func countRequests(ctx context.Context, s *sandbox.Sandbox) error {
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
