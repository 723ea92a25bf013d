package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

// row is a line of the table.
type row struct {
	what        string
	parallelism int
	requests    sandbox.Requests
	limit       int
	took        time.Duration
	problem     string // what is wrong except the number of requests, or ""
}

func (r row) missed() bool { return len(r.requests) > r.limit || r.problem != "" }

// report prints the table, and returns an error if a limit is missed.
func report(w io.Writer, rows []row) error {
	fmt.Fprintf(w, "\nLatency %s:\n\n", latency)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\t-parallelism\trequests\tlimit\t\tby kind\tseconds")
	missed := 0
	for _, r := range rows {
		verdict := "ok"
		if r.missed() {
			verdict = "MISSED"
			missed++
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\t%s\t%.1f\n",
			r.what, r.parallelism, len(r.requests), r.limit, verdict, r.requests.ByKind(), r.took.Seconds())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		if r.problem != "" {
			fmt.Fprintf(w, "\n%s, -parallelism=%d: %s\n", r.what, r.parallelism, r.problem)
		}
		if len(r.requests) > r.limit {
			fmt.Fprintf(w, "\n%s, -parallelism=%d: batches (number of size): %s\n", r.what, r.parallelism, r.requests.BatchSizes())
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d of %d limits missed", missed, len(rows))
	}
	return nil
}
