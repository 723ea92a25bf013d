package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/tools/internal/sandbox"
)

const (
	latency = 20 * time.Millisecond

	phone      = "10000000-0000-4000-8000-000000000001"
	otherPhone = "10000000-0000-4000-8000-000000000002"

	required = `
terraform {
  required_providers {
    pipeliner = {
      source = "terraform-provider-pipeliner/pipeliner"
    }
  }
}
`
)

// scenario is a configuration, the space to apply it to, and the steps.
type scenario struct {
	name          string
	parallelism   int
	others        int // conversations in the space that Terraform does not manage
	configuration string
	steps         []step
}

// step is one line of the table.
type step struct {
	what  string
	limit int // requests
	do    action
	check func(sandbox.Requests) string // returns what else is wrong, or ""; may be nil
}

// action is an action in a step.
type action func(context.Context, *bench) error

// bench is a scenario under way.
type bench struct {
	scenario
	mock *sandbox.Mock
	tf   *tfexec.Terraform
}

// begin starts a mock server for the scenario, and makes a folder with its configuration.
func (sc scenario) begin(ctx context.Context, s *sandbox.Sandbox, latency time.Duration) (*bench, error) {
	seed, err := sc.seed()
	if err != nil {
		return nil, err
	}
	seedFile := filepath.Join(s.Dir, sc.name+".json")
	if err := os.WriteFile(seedFile, seed, 0o600); err != nil {
		return nil, err
	}
	mock, err := s.StartMock(ctx, seedFile, latency)
	if err != nil {
		return nil, err
	}
	tf, err := s.Workspace(ctx, sc.name, mock)
	if err != nil {
		return nil, err
	}
	return &bench{scenario: sc, mock: mock, tf: tf}, os.WriteFile(filepath.Join(tf.WorkingDir(), "main.tf"), []byte(required+sc.configuration), 0o600)
}

// run runs the steps of the scenario and returns what it has measured.
func (sc scenario) run(ctx context.Context, s *sandbox.Sandbox) (rows []row, err error) {
	b, err := sc.begin(ctx, s, latency)
	if err != nil {
		return nil, err
	}
	for _, step := range sc.steps {
		measured, err := b.measure(ctx, step)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", step.what, sc.name, err)
		}
		rows = append(rows, measured)
	}
	return rows, b.mock.Stop()
}

// seed returns the records of the space.
func (sc scenario) seed() ([]byte, error) {
	others := make([]map[string]string, sc.others)
	for i := range others {
		others[i] = map[string]string{"phone_id": otherPhone, "recipient_phone_number": fmt.Sprintf("+1303%07d", i)}
	}
	return json.Marshal(map[string]any{
		"Phones":                   []map[string]string{{"id": phone, "name": "Sales"}, {"id": otherPhone, "name": "Support"}},
		"TextMessageConversations": others,
	})
}

// These are actions for a step. variables set variables of the configuration, each as "name=value".

func apply(variables ...string) action {
	return func(ctx context.Context, b *bench) error {
		options := []tfexec.ApplyOption{tfexec.Parallelism(b.parallelism)}
		for _, variable := range variables {
			options = append(options, tfexec.Var(variable))
		}
		return b.tf.Apply(ctx, options...)
	}
}

func planNothing(ctx context.Context, b *bench) error {
	changes, err := b.tf.Plan(ctx, tfexec.Parallelism(b.parallelism))
	if err == nil && changes {
		err = errors.New("the plan should be empty, but it is not")
	}
	return err
}

func destroy(ctx context.Context, b *bench) error {
	return b.tf.Destroy(ctx, tfexec.Parallelism(b.parallelism))
}

// measure does a step and returns its requests and its time.
func (b *bench) measure(ctx context.Context, s step) (row, error) {
	fmt.Fprintf(os.Stderr, "%s, -parallelism=%d …", s.what, b.parallelism)
	if err := b.mock.ResetRequests(ctx); err != nil {
		return row{}, err
	}
	start := time.Now()
	if err := s.do(ctx, b); err != nil {
		return row{}, shortened(err)
	}
	took := time.Since(start)
	fmt.Fprintf(os.Stderr, " %.1f s\n", took.Seconds())
	requests, err := b.mock.Requests(ctx)
	if err != nil {
		return row{}, err
	}
	measured := row{what: s.what, parallelism: b.parallelism, requests: requests, limit: s.limit, took: took}
	if s.check != nil {
		measured.problem = s.check(requests)
	}
	return measured, nil
}

// shortened returns the beginning of an error, because Terraform may report it a thousand times.
func shortened(err error) error {
	const enough = 1000
	if text := err.Error(); len(text) > enough {
		return errors.New(strings.ToValidUTF8(text[:enough], "") + "…")
	}
	return err
}
