//go:build unix

package provider_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// followed contains the guides that the test follows, with what other users do at the same time.
var followed = map[string]func(*guide) map[string]func(){
	"README.md":                   inClone,
	"adopting-conversations.md":   withHandmade,
	"conflicts-and-restores.md":   alone,
	"first-steps.md":              alone,
	"from-a-spreadsheet.md":       withSpreadsheet,
	"moving-between-resources.md": alone,
	"scaling-out.md":              alone,
	"setting-up-access.md":        alone,
	"single-or-bulk.md":           alone,
	"terraform-test.md":           withOPA,
	"testing-in-ci.md":            onGitHub,
}

// checkedOnly has nothing to follow. TestTroubleshooting checks it.
const checkedOnly = "troubleshooting.md"

func alone(*guide) map[string]func() { return nil }

func onGitHub(g *guide) map[string]func() {
	return map[string]func(){"GitHub runs the workflow": func() {
		g.namesRealCRM("main.tf")
		g.runWorkflow(".github/workflows/terraform.yml")
	}}
}

// namesRealCRM lets the provider block of a file name a CRM, as the blocks of many users do. The test in CI must not reach it.
func (g *guide) namesRealCRM(file string) {
	g.t.Helper()
	const empty = `provider "pipeliner" {}`
	path := filepath.Join(g.dir, file)
	text, err := os.ReadFile(path)
	g.check(err)
	if !strings.Contains(string(text), empty) {
		g.t.Fatalf("%s has no empty provider block", file)
	}
	block := "provider \"pipeliner\" {\n  service_url = \"https://crm.invalid\"\n  space_id    = \"acme\"\n  username    = \"real\"\n  password    = \"real\"\n  max_retries = 0\n}"
	g.check(os.WriteFile(path, []byte(strings.Replace(string(text), empty, block, 1)), 0o600))
}

// inClone prepares what the README expects: a clone after "make install", a list of customers, and a configuration.
func inClone(g *guide) map[string]func() {
	examples, err := filepath.Abs("../../examples")
	g.check(err)
	g.check(os.Symlink(g.bin, filepath.Join(g.dir, "bin")))
	g.check(os.Symlink(examples, filepath.Join(g.dir, "examples")))
	g.check(os.WriteFile(filepath.Join(g.dir, "customers.csv"), []byte("name,number\nbob,+1 (202) 555-0142\n"), 0o600))
	return map[string]func(){
		"terraform init": func() { g.shell("terraform init", true) },
		"the import block imports it": func() {
			g.shell("terraform state rm pipeliner_text_message_conversation.ada; terraform plan", true)
			g.shows("Plan: 1 to import")
		},
		"you have a configuration": func() {
			g.shell("mkdir -p path/to/your/configuration; cp main.tf customers.tf customers.csv path/to/your/configuration", true)
		},
	}
}

// withSpreadsheet copies the spreadsheet that the guide starts from.
func withSpreadsheet(g *guide) map[string]func() {
	text, err := os.ReadFile("../../examples/spreadsheet/customers.csv")
	g.check(err)
	g.check(os.WriteFile(filepath.Join(g.dir, "customers.csv"), text, 0o600))
	return nil
}

// withHandmade adds conversations that people have made by hand.
func withHandmade(g *guide) map[string]func() {
	made := []map[string]any{{
		"id": "80000000-0000-4000-8000-000000000002", "phone_id": "10000000-0000-4000-8000-000000000001",
		"recipient_phone_number": "+1 (202) 555-0177", "account_relations": []string{"30000000-0000-4000-8000-000000000001"},
	}, {
		"id": "80000000-0000-4000-8000-000000000003", "phone_id": "10000000-0000-4000-8000-000000000001",
		"recipient_phone_number": "+1 (602) 555-0160",
	}}
	for i := range 299 {
		made = append(made, map[string]any{"phone_id": "10000000-0000-4000-8000-000000000002", "recipient_phone_number": fmt.Sprintf("+1 (415) 555-1%03d", i)})
	}
	for i := range 3 {
		made = append(made, map[string]any{"phone_id": "10000000-0000-4000-8000-000000000003", "recipient_phone_number": fmt.Sprintf("+1 (305) 555-015%d", i)})
	}
	g.check(g.w.Seed(map[string][]map[string]any{conversations: made}))
	nothingWritten := func() {
		for _, request := range g.w.Requests() {
			if request.Method != http.MethodGet {
				g.t.Errorf("%s %s", request.Method, request.Path)
			}
		}
	}
	return map[string]func(){
		"the import starts here": g.w.ResetRequests,
		"nothing was written":    nothingWritten,
		"colleagues create fifty conversations": func() {
			for i := range 50 {
				_, err := g.w.Create(conversations, map[string]any{"phone_id": "10000000-0000-4000-8000-000000000001", "recipient_phone_number": fmt.Sprintf("+1 (720) 555-01%02d", i)})
				g.check(err)
			}
			g.w.ResetRequests()
		},
	}
}

// Every guide, and the README, is followed to the letter.
func TestAccGuides(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(guides + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("guides: %v, %v", files, err)
	}
	for _, file := range append(files, readme) {
		name := filepath.Base(file)
		if name == checkedOnly {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prepare, ok := followed[name]
			if !ok {
				t.Fatal("no test follows it")
			}
			g := newGuide(t)
			g.others = prepare(g)
			g.follow(file)
		})
	}
}
