//go:build unix

package provider_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const (
	guides = "../../templates/guides/"
	readme = "../../README.md"
)

// A guide, or the README, is followed as its readers follow it: the test writes its files, runs its
// commands, and compares their output with what the guide shows. In the text of a guide,
//
//   - a block after a line like "`main.tf`:" is a file,
//   - a block in the language "shell" is run; it must fail if the output that the guide
//     shows has an error,
//   - a block in the language "text" is output of the last commands, with "…" for
//     omitted parts; ids, revisions and times may differ,
//   - a block in the language "hcl" is a part of a file, and is skipped,
//   - <!-- meanwhile: NAME --> is what someone else does at that point,
//   - <!-- not run: REASON --> skips the next block, and <!-- Terraform 1.14 -->
//     skips it with an older version.
type guide struct {
	t      *testing.T
	w      *world
	dir    string
	bin    string // the folder of commands that comes first on PATH
	env    []string
	minor  int // of the version of Terraform
	others map[string]func()
	output string // of the last commands
	ran    int    // blocks of commands
}

// newGuide prepares a folder, a CRM with the records of examples/seed.json, and stand-ins
// for the registry and for a release.
func newGuide(t *testing.T) *guide {
	t.Helper()
	skipOpenTofu(t, "the guides show what Terraform prints")
	b := newBinary(t, "")
	g := &guide{t: t, w: newSeededWorld(t), dir: t.TempDir(), bin: t.TempDir()}
	mirror := t.TempDir()
	place := filepath.Join(mirror, "registry.terraform.io/terraform-provider-pipeliner/pipeliner/1.0.0", runtime.GOOS+"_"+runtime.GOARCH)
	g.check(os.MkdirAll(place, 0o700))
	built, err := build()
	g.check(err)
	for from, to := range map[string]string{
		filepath.Join(built, "terraform-provider-pipeliner"): filepath.Join(place, "terraform-provider-pipeliner_v1.0.0"),
		filepath.Join(built, "pipeliner-mock"):               filepath.Join(g.bin, "pipeliner-mock"),
		b.terraform:                                          filepath.Join(g.bin, "terraform"),
	} {
		g.check(os.Symlink(from, to))
	}
	b.write("settings.tfrc", fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror))
	g.env = slices.Concat(b.env, []string{
		"PATH=" + g.bin + ":" + os.Getenv("PATH"), "TF_IN_AUTOMATION=",
		"PIPELINER_SERVICE_URL=" + g.w.url, "PIPELINER_SPACE_ID=my_space", "PIPELINER_USERNAME=terraform", "PIPELINER_PASSWORD=" + password,
	})
	version, err := terraformVersion()
	g.check(err)
	g.minor = version.Segments()[1]
	return g
}

// newSeededWorld returns a world with only the records of examples/seed.json.
func newSeededWorld(t *testing.T) *world {
	t.Helper()
	server, err := mockserver.New(mockserver.Options{Username: "terraform", Password: password, Space: "my_space"})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOf(t, server)
	w.seedFile("../../examples/seed.json")
	return w
}

func (g *guide) check(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

var (
	guideBlock    = regexp.MustCompile("(?m)(?:^`([^`\n]+)`:\n\n)?^```(\\w+)\n((?s:.*?)^)```$|^<!-- (.*?) -->$")
	guideVersion  = regexp.MustCompile(`^Terraform 1\.(\d+)$`)
	terminalColor = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// follow follows a guide from beginning to end.
func (g *guide) follow(file string) {
	g.t.Helper()
	name := filepath.Base(file)
	text, err := os.ReadFile(file)
	g.check(err)
	blocks := guideBlock.FindAllStringSubmatch(string(text), -1)
	skip := false
	for i, block := range blocks {
		file, language, content, comment := block[1], block[2], block[3], block[4]
		switch {
		case comment != "":
			skip = g.remark(comment)
			continue
		case skip:
		case file != "":
			g.check(os.MkdirAll(filepath.Dir(filepath.Join(g.dir, file)), 0o700))
			g.check(os.WriteFile(filepath.Join(g.dir, file), []byte(content), 0o600))
		case language == "shell":
			fails := i+1 < len(blocks) && blocks[i+1][2] == "text" && strings.Contains(blocks[i+1][3], "Error: ")
			g.shell(content, !fails)
		case language == "text":
			g.shows(content)
		case language == "hcl": // a part of a file
		default:
			g.t.Fatalf("%s: the block has no name:\n%s", name, content)
		}
		skip = false
	}
	if g.ran == 0 {
		g.t.Errorf("%s: no command was run", name)
	}
}

// remark carries out a comment in a guide, and reports whether the next block is skipped.
func (g *guide) remark(comment string) (skip bool) {
	g.t.Helper()
	if event, ok := strings.CutPrefix(comment, "meanwhile: "); ok {
		if g.others[event] == nil {
			g.t.Fatalf("the test doesn't know: %s", event)
		}
		g.others[event]()
		return false
	}
	if version := guideVersion.FindStringSubmatch(comment); version != nil {
		minor, _ := strconv.Atoi(version[1])
		return g.minor < minor
	}
	if !strings.HasPrefix(comment, "not run: ") {
		g.t.Fatalf("unknown comment: %s", comment)
	}
	return true
}

// shell runs commands, and answers yes to every question.
func (g *guide) shell(commands string, succeeds bool) {
	g.t.Helper()
	command := exec.CommandContext(g.t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	command.Dir, command.Env, command.Stdin = g.dir, g.env, yes{}
	command.WaitDelay = 10 * time.Second
	output, err := command.CombinedOutput()
	g.output = terminalColor.ReplaceAllString(string(output), "")
	g.ran++
	g.t.Logf("%s\n%s", commands, g.output) // what to copy into the guide
	if (command.ProcessState == nil) || command.ProcessState.Success() != succeeds {
		g.t.Fatalf("%s\nended with %v:\n%s", commands, err, g.output)
	}
}

type yes struct{}

func (yes) Read(p []byte) (int, error) { return copy(p, "yes\n"), nil }

var _ io.Reader = yes{}

// Texts that differ from run to run, and line breaks.
var guideVariables = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`[[:xdigit:]]{8}(?:-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}`), "UUID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`), "TIME"},
	{regexp.MustCompile(`revision (above )?\d+`), "revision N"},
	{regexp.MustCompile(`revision( += )\d+`), "revision = N"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},
	{regexp.MustCompile(`after \d+s`), "after Ns"},
	{regexp.MustCompile(`(?m)^[│╷╵ ]+`), ""},
	{regexp.MustCompile(`\s+`), " "},
}

func withoutVariables(text string) string {
	for _, variable := range guideVariables {
		text = variable.pattern.ReplaceAllString(text, variable.name)
	}
	return strings.TrimSpace(text)
}

// shows checks that the last output contains the shown parts in order.
func (g *guide) shows(shown string) {
	g.t.Helper()
	rest := withoutVariables(g.output)
	for part := range strings.SplitSeq(shown, "…\n") {
		part = withoutVariables(part)
		_, after, found := strings.Cut(rest, part)
		if !found {
			g.t.Errorf("not in the output:\n%s\nbut this is:\n%s\nin full:\n%s", part, rest, g.output)
			return
		}
		rest = after
	}
}
