//go:build unix

package provider_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A workflow is a GitHub workflow, as far as the guides use it.
type workflow struct {
	Jobs map[string]struct {
		Env      map[string]string
		Strategy struct{ Matrix map[string][]string }
		Steps    []workflowStep
	}
}

type workflowStep struct {
	Name, Uses, Run string
	Env             map[string]string
}

// runWorkflow runs a workflow that the guide has written, for the last value of its
// matrix. The guide itself runs what the values stand for.
func (g *guide) runWorkflow(file string) {
	g.t.Helper()
	text, err := os.ReadFile(filepath.Join(g.dir, file))
	g.check(err)
	var w workflow
	g.check(yaml.Unmarshal(text, &w))
	steps := 0
	for _, job := range w.Jobs {
		for name, values := range job.Strategy.Matrix {
			for _, step := range job.Steps {
				steps += g.runStep(step, job.Env, "${{ matrix."+name+" }}", values[len(values)-1])
			}
		}
	}
	if steps < 2 {
		g.t.Errorf("%d steps of %s were run", steps, file)
	}
}

// runStep runs a step as GitHub does, with one expression that has a value, and returns
// the number of steps that it has run. It skips actions, because what they install is
// there. It also skips the download of the mock, which is built from the source, but
// checks that the download names what a release contains.
func (g *guide) runStep(step workflowStep, jobEnv map[string]string, expression, value string) int {
	g.t.Helper()
	if step.Uses != "" {
		return 0
	}
	if step.Name == "Install pipeliner-mock" {
		g.namesRelease(step.Run)
		return 0
	}
	env := g.env
	defer func() { g.env = env }()
	for _, variables := range []map[string]string{jobEnv, step.Env} {
		for name, text := range variables {
			g.env = append(slices.Clip(g.env), name+"="+strings.ReplaceAll(text, expression, value))
		}
	}
	if strings.Contains(step.Run+strings.Join(g.env[len(env):], ""), "${{") {
		g.t.Errorf("the step %q has an expression of which nothing is known", step.Name)
	}
	g.shell(step.Run, true)
	return 1
}

// namesRelease checks that a download names an archive of the mock as releases contain
// it.
func (g *guide) namesRelease(script string) {
	g.t.Helper()
	release, err := os.ReadFile("../../.goreleaser.yml")
	g.check(err)
	template := "pipeliner-mock_{{ .Version }}_{{ .Os }}_{{ .Arch }}"
	archive := strings.NewReplacer("{{ .Version }}", "${MOCK_VERSION}", "{{ .Os }}", "linux", "{{ .Arch }}", "amd64").Replace(template)
	if !strings.Contains(string(release), template) || !strings.Contains(script, "/releases/download/v${MOCK_VERSION}/"+archive+".tar.gz") {
		g.t.Errorf("no release has what this downloads:\n%s", script)
	}
}
