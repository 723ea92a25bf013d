package internal_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/"

// These are the packages of this module that each package may import. No dependency runs back up.
var dependencies = map[string][]string{
	"apitest":    {"internal/client", "internal/mockserver"},
	"batch":      nil,
	"client":     nil,
	"engine":     {"internal/batch", "internal/client"},
	"mockserver": nil,
	"probe":      {"internal/client", "internal/mockserver"},
	"provider":   {"internal/client", "internal/engine"},
	"schema":     {"internal/provider"},
}

// These packages know Terraform.
var terraform = []string{"provider", "schema"}

// Tests may import any package.
func TestImports(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no files: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Dir(file)
		allowed, isKnown := dependencies[name]
		if !isKnown {
			t.Errorf("%s may import nothing yet: say here what it may", name)
		}
		for _, spec := range parsed.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			own, isOwn := strings.CutPrefix(path, module)
			if isOwn && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s", file, own)
			}
			if strings.HasPrefix(path, "github.com/hashicorp/") && !slices.Contains(terraform, name) {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}
