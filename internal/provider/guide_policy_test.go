//go:build unix

package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// opaPath returns the path of the pinned opa, which it builds once for all tests.
var opaPath = sync.OnceValues(func() (path string, err error) {
	built, err := build()
	if err != nil {
		return "", err
	}
	command := exec.Command("go", "-C", "../../tools/opa", "build", "-o", built+"/", "github.com/open-policy-agent/opa")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", command, err, output)
	}
	return filepath.Join(built, "opa"), nil
})

// withOPA makes opa a command.
func withOPA(g *guide) map[string]func() {
	opa, err := opaPath()
	g.check(err)
	g.check(os.Symlink(opa, filepath.Join(g.bin, "opa")))
	return nil
}

// The policy of the guide judges what a plan deletes by the ids that are left.
func TestAccGuides_policy(t *testing.T) {
	t.Parallel()
	g := newGuide(t)
	opa, err := opaPath()
	g.check(err)
	text, err := os.ReadFile(guides + "terraform-test.md")
	g.check(err)
	_, policy, _ := strings.Cut(string(text), "```rego\n")
	policy, _, _ = strings.Cut(policy, "```")
	policy = strings.Replace(policy, "most_deletions := 1", "most_deletions := 0", 1)
	file := filepath.Join(t.TempDir(), "pipeliner.rego")
	g.check(os.WriteFile(file, []byte(policy), 0o600))
	bulk := func(policy, action, before, after string) string {
		return `{"address": "B", "mode": "managed", "type": "pipeliner_text_message_conversations", "change": {"actions": ["` + action + `"],
			"before": {"deletion_policy": "` + policy + `", "conversations": ` + before + `}, "after": ` + after + `}}`
	}
	single := func(policy, action, after string) string {
		return `{"address": "S", "mode": "managed", "type": "pipeliner_text_message_conversation", "change": {"actions": ["` + action + `"],
			"before": {"deletion_policy": "` + policy + `", "id": "1"}, "after": ` + after + `}}`
	}
	for name, test := range map[string]struct{ change, denied string }{
		"nothing changes":       {bulk("delete", "update", `{"a": {"id": "1"}}`, `{"conversations": {"a": {"id": "1"}}}`), ""},
		"a key is renamed":      {bulk("delete", "update", `{"a": {"id": "1"}}`, `{"conversations": {"b": {"id": "1"}}}`), ""},
		"an entry is removed":   {bulk("delete", "update", `{"a": {"id": "1"}}`, `{"conversations": {}}`), `1 conversations, 0 allowed: B["a"].`},
		"a number changes":      {bulk("delete", "update", `{"a": {"id": "1"}}`, `{"conversations": {"a": {"phone_id": "2"}}}`), `B["a"]`},
		"a map is destroyed":    {bulk("delete", "delete", `{"a": {"id": "1"}}`, "null"), `1 conversations, 0 allowed: B["a"].`},
		"a map is abandoned":    {bulk("abandon", "delete", `{"a": {"id": "1"}}`, "null"), ""},
		"a single is destroyed": {single("delete", "delete", "null"), "allowed: S."},
		"a single is abandoned": {single("abandon", "delete", "null"), ""},
		"a message in a map":    {bulk("delete", "update", `{}`, `{"conversations": {"a": {"messages": {"m": {"direction": "outgoing"}}}}}`), "B has an outgoing message at conversations.a.messages.m."},
		"a message in a single": {single("delete", "update", `{"messages": {"m": {"direction": "outgoing"}}}`), "S has an outgoing message at messages.m."},
		"an incoming message":   {single("delete", "update", `{"messages": {"m": {"direction": "incoming"}}}`), ""},
		"a data source":         {strings.Replace(single("delete", "delete", "null"), "managed", "data", 1), ""},
		"another resource":      {`{"address": "X", "mode": "managed", "type": "other", "change": {"actions": ["delete"], "before": {"deletion_policy": "delete", "conversations": {"a": {"id": "1"}}}, "after": null}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), opa, "eval", "--fail-defined", "--format=raw", "--stdin-input", "--data="+file, "data.pipeliner.deny[_]")
			command.Stdin = strings.NewReader(`{"resource_changes": [` + test.change + `]}`)
			output, err := command.CombinedOutput()
			if text := string(output); (err == nil) != (test.denied == "") || !strings.Contains(text, test.denied) || strings.Contains(text, "error") {
				t.Errorf("%v: %s", err, text)
			}
		})
	}
}
