package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

// demo holds what the steps share.
type demo struct {
	sandbox  *sandbox.Sandbox
	mock     *sandbox.Mock
	tf       *tfexec.Terraform
	examples string // folder of the examples
	steps    int
}

// prepare builds and starts everything, and copies examples/demo to Terraform's folder.
func prepare(ctx context.Context, root string) (_ *demo, err error) {
	fmt.Println("Building the provider and the mock server …")
	d := &demo{examples: filepath.Join(root, "examples")}
	if d.sandbox, err = sandbox.New(ctx, root); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.sandbox.Close())
		}
	}()
	if d.mock, err = d.sandbox.StartMock(ctx, filepath.Join(d.examples, "seed.json"), 0); err != nil {
		return nil, err
	}
	if d.tf, err = d.sandbox.Workspace(ctx, "demo", d.mock); err != nil {
		return nil, err
	}
	for _, name := range []string{"main.tf", "conversations.csv"} {
		if err := d.copy(filepath.Join("demo", name), name); err != nil {
			return nil, err
		}
	}
	version, _, err := d.tf.Version(ctx, false)
	if err != nil {
		return nil, err
	}
	fmt.Printf("\nTerraform %s (%s) works on a copy of examples/demo in %s.\n", version, d.sandbox.Terraform, d.tf.WorkingDir())
	fmt.Println("The CRM is a mock server with the records of examples/seed.json. The provider finds it through the environment:")
	d.show("export PIPELINER_SERVICE_URL=" + d.mock.URL)
	d.show("export PIPELINER_SPACE_ID=" + sandbox.Space)
	d.show("export PIPELINER_USERNAME=" + sandbox.Username + " PIPELINER_PASSWORD=…")
	return d, nil
}

// copy copies an example to Terraform's folder.
func (d *demo) copy(example, name string) error {
	content, err := os.ReadFile(filepath.Join(d.examples, example))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.tf.WorkingDir(), name), content, 0o600)
}

// terraform runs Terraform with do. It prints the command, the lines of the output that match summary, and the requests
// that the CRM got. It fails if no line matches.
func (d *demo) terraform(ctx context.Context, command, summary string, do func() error) error {
	d.show("terraform " + command)
	if err := d.mock.ResetRequests(ctx); err != nil {
		return err
	}
	var output bytes.Buffer
	d.tf.SetStdout(&output)
	err := do()
	d.tf.SetStdout(nil)
	if err != nil {
		return fmt.Errorf("terraform %s: %w", command, err)
	}
	found := false
	for line := range strings.Lines(output.String()) {
		if strings.HasPrefix(line, summary) {
			d.quote(line)
			found = true
		}
	}
	if !found {
		return fmt.Errorf("terraform %s printed\n\n%s\nbut not %q", command, &output, summary)
	}
	requests, err := d.mock.Requests(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("  → %d HTTP requests: %s\n", len(requests), requests.ByKind())
	return nil
}

const planFile = "tfplan"

// plan runs terraform plan, and returns the changes.
func (d *demo) plan(ctx context.Context, summary string) (plan changes, err error) {
	err = d.terraform(ctx, "plan -out="+planFile, summary, func() error {
		_, err := d.tf.Plan(ctx, tfexec.Out(planFile))
		return err
	})
	if err != nil {
		return nil, err
	}
	shown, err := d.tf.ShowPlanFile(ctx, planFile)
	if err != nil {
		return nil, err
	}
	for _, change := range shown.ResourceChanges {
		if !change.Change.Actions.NoOp() {
			plan = append(plan, change)
		}
	}
	return plan, nil
}

// conversations returns how many conversations the CRM has.
func (d *demo) conversations(ctx context.Context) (int, error) {
	return d.mock.Call(ctx, "GET", "TextMessageConversations?first=1", nil, nil)
}

// step begins a step.
func (d *demo) step(title string) {
	d.steps++
	fmt.Printf("\n%d. %s\n\n", d.steps, title)
}

// show prints a command.
func (d *demo) show(command string) { fmt.Println("  $ " + command) }

// quote prints text, indented.
func (d *demo) quote(text string) {
	for line := range strings.Lines(text) {
		fmt.Println(strings.TrimRight("    "+line, " \n"))
	}
}
