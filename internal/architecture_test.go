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

// No dependency runs back up: each package of this module may import those, and no
// package but the provider knows Terraform. Tests may import what they like.
func TestImports(t *testing.T) {
	t.Parallel()
	for name, allowed := range map[string][]string{
		"batch":    nil,
		"client":   nil,
		"engine":   {"internal/batch", "internal/client"},
		"provider": {"internal/client", "internal/engine"},
		"probe":    {"internal/client", "internal/mockserver"},
	} {
		files, err := filepath.Glob(filepath.Join(name, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no files: %v", name, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				path, _ := strconv.Unquote(spec.Path.Value)
				own, isOwn := strings.CutPrefix(path, module)
				if isOwn && !slices.Contains(allowed, own) {
					t.Errorf("%s imports %s", file, own)
				}
				if strings.HasPrefix(path, "github.com/hashicorp/") && name != "provider" {
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}
