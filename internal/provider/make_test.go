//go:build unix

package provider_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	makeCommand = regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z-]*)")
	makeTarget  = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
)

// The targets of make that the texts name exist.
func TestMakeTargets(t *testing.T) {
	t.Parallel()
	read := func(file string) string {
		text, err := os.ReadFile(file)
		must(t, err)
		return string(text)
	}
	var targets []string
	for _, target := range makeTarget.FindAllStringSubmatch(read("../../GNUmakefile"), -1) {
		targets = append(targets, target[1])
	}
	guideFiles, err := filepath.Glob(guides + "*")
	must(t, err)
	named := 0
	for _, file := range append(guideFiles, readme, "../../CONTRIBUTING.md") {
		for _, command := range makeCommand.FindAllStringSubmatch(read(file), -1) {
			if named++; !slices.Contains(targets, command[1]) {
				t.Errorf("%s: there is no target %s", file, command[1])
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d commands were found", named)
	}
}

// The last command of "make install" prints what the README shows.
func TestMakeInstall(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), "make", "--dry-run", "--no-print-directory", "install")
	command.Dir = "../.."
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	clone, err := filepath.Abs(command.Dir)
	must(t, err)
	text, err := os.ReadFile(readme)
	must(t, err)
	shown := regexp.MustCompile(`(?m)^export TF_CLI_CONFIG_FILE=.*$`).FindString(string(text))
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if want := "echo '" + strings.Replace(shown, "/path/to/the/clone", clone, 1) + "'"; lines[len(lines)-1] != want {
		t.Errorf("it prints with %s; want %s", lines[len(lines)-1], want)
	}
}
