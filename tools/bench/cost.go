package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

// This file measures how the cost of one map grows with its entries. It compares the CPU time with that of a resource
// that only stores the same map, in the same run. Seconds depend on the machine, ratios depend on the provider.

// costRequired begins each configuration. The functions need its required_version.
const costRequired = `
terraform {
  required_version = ">= 1.8"
}

variable "changed" {
  default = 0
}

locals {
  # A range has at most 1,024 values.
  indices = flatten([for thousand in range(%[1]d / 1000) : [for i in range(1000) : 1000 * thousand + i]])
  entries = { for i in local.indices : format("customer-%%05d", i) => i < var.changed ? %[2]q : %[3]q }
}
`

const (
	entryExpression = `{
    for name, phone in local.entries : name => {
      phone_id               = phone
      recipient_phone_number = format("+1202%07d", trimprefix(name, "customer-"))
    }
  }`
	bulkResource = `
resource "pipeliner_text_message_conversations" "this" {
  conversations = %s
}
`
	floorResource = `
resource "terraform_data" "this" {
  input = %s
}
`
)

// forms are the ways to write a map. The first is the baseline of the comparison. The second stores exactly the value
// that the bulk resource gets from the function: entries with all attributes.
var forms = []struct{ name, resource, expression string }{
	{"terraform_data", floorResource, "tomap(%s)"},
	{"terraform_data, function", floorResource, "provider::pipeliner::conversations(%s)"},
	{"function", bulkResource, "provider::pipeliner::conversations(%s)"},
	{"{ for … }", bulkResource, "%s"},
}

// costSteps are the commands to measure.
func costSteps(entries int) []step {
	changed := entries / 100
	return []step{
		{what: "create", limit: 2*pages(entries) + 2, do: apply()},
		{what: "no-op plan", limit: pages(entries) + 1, do: planNothing},
		{what: "change 1 %", limit: pages(entries) + 3*pages(changed) + 2, do: apply(fmt.Sprintf("changed=%d", changed))},
		{what: "destroy", limit: 2*pages(entries) + 2, do: destroy},
	}
}

// cost is the cost of one command.
type cost struct {
	row
	form     string
	entries  int
	all      time.Duration // CPU of all processes
	provider usage
	bytes    int64 // of state for each entry
}

func (c cost) terraform() time.Duration { return c.all - c.provider.CPU }

// costs measures a map with that many entries in each form.
func costs(ctx context.Context, s *sandbox.Sandbox, entries int) (all []cost, err error) {
	for _, form := range forms {
		value := fmt.Sprintf(form.expression, entryExpression)
		some, err := costsOf(ctx, s, entries, form.name, fmt.Sprintf(costRequired, entries, otherPhone, phone)+fmt.Sprintf(form.resource, value))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func costsOf(ctx context.Context, s *sandbox.Sandbox, entries int, form, configuration string) (all []cost, err error) {
	sc := scenario{name: fmt.Sprintf("cost-%d-%d", entries, time.Now().UnixNano()), parallelism: 10, configuration: configuration}
	b, err := sc.begin(ctx, s, 0)
	if err != nil {
		return nil, err
	}
	for _, step := range costSteps(entries) {
		if _, err := takeUsage(s); err != nil {
			return nil, err
		}
		c := cost{form: form, entries: entries}
		fmt.Fprintf(os.Stderr, "%d entries, %s: ", entries, form)
		before := childrenCPU()
		if c.row, err = b.measure(ctx, step); err != nil {
			return nil, err
		}
		c.all = childrenCPU() - before
		if c.provider, err = takeUsage(s); err != nil {
			return nil, err
		}
		if state, err := os.Stat(filepath.Join(b.tf.WorkingDir(), "terraform.tfstate")); err == nil {
			c.bytes = state.Size() / int64(entries)
		}
		fmt.Fprintf(os.Stderr, "  %.1f s of CPU, the provider %.1f s of that, and %d MB\n", c.all.Seconds(), c.provider.CPU.Seconds(), c.provider.Peak>>20)
		all = append(all, c)
	}
	return all, b.mock.Stop()
}

// reportCosts prints the table, and returns an error if there were too many requests.
func reportCosts(w io.Writer, all []cost) error {
	fmt.Fprint(w, "\nCPU of one map, as a multiple of what terraform_data with the same map takes in the same run (its own in seconds):\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "entries\tform\tcommand\tall\tterraform\tprovider\tof terraform's\tpeak of the provider\tbytes of state an entry\trequests\tlimit")
	floors := map[string]time.Duration{}
	missed := 0
	for _, c := range all {
		key := fmt.Sprint(c.entries, c.what)
		if c.form == forms[0].name {
			floors[key] = c.all
			fmt.Fprintf(table, "%d\t%s\t%s\t%.1f s\t\t\t\t\t%d\t\t\n", c.entries, c.form, c.what, c.all.Seconds(), c.bytes)
			continue
		}
		ratio := func(d time.Duration) float64 { return d.Seconds() / max(floors[key].Seconds(), 0.001) }
		fmt.Fprintf(table, "%d\t%s\t%s\t%.1f ×\t%.1f ×\t%.1f ×\t%.2f\t%d MB\t%d\t%d\t%d\n", c.entries, c.form, c.what,
			ratio(c.all), ratio(c.terraform()), ratio(c.provider.CPU), c.provider.CPU.Seconds()/max(c.terraform().Seconds(), 0.001), c.provider.Peak>>20, c.bytes, len(c.requests), c.limit)
		if c.missed() {
			missed++
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if missed > 0 {
		return fmt.Errorf("%d limits of the map missed", missed)
	}
	return nil
}

// reportCalls prints the cost of each call of the provider for an entry, in one process, without Terraform.
func reportCalls(ctx context.Context, w io.Writer, root string) error {
	fmt.Fprintln(os.Stderr, "Calls of the provider in one process …")
	cmd := exec.CommandContext(ctx, "go", "test", "./internal/provider", "-run", "^$", "-bench", "BulkCalls/^(1000|50000)$", "-benchtime", "1x")
	cmd.Dir = root
	output, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, output)
	}
	fmt.Fprint(w, "\nCalls of the provider in one process, for an entry:\n\n")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for line := range strings.Lines(string(output)) {
		if name, figures, isOne := strings.Cut(line, "\t"); isOne && strings.HasPrefix(name, "Benchmark") {
			_, figure, _ := strings.Cut(figures, "ns/op")
			fmt.Fprintf(table, "%s\t%s\n", strings.TrimSpace(strings.TrimPrefix(name, "BenchmarkBulkCalls/")), strings.TrimSpace(figure))
		}
	}
	return table.Flush()
}
