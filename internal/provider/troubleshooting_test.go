package provider_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

// summaryAt contains the position of the summary among the arguments of the framework's
// functions.
var summaryAt = map[string]int{
	"AddError": 0, "AddWarning": 0, "AddAttributeError": 1, "AddAttributeWarning": 1,
	"NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
	"warnOf": 2,
}

// explaining contains the functions whose texts say what happened.
var explaining = []string{"reason", "consequence", "notFound", "relationNotFound", "unexpectedReply", "notRemoved", "mayBeRemoved", "refused", "outcomeUnknown", "createUnknown", "invocationUnknown", "notRestored", "throttled", "explanationOf"}

// The guide contains each summary of the provider, and the first sentence of each
// explanation.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := strings.Join(strings.Fields(string(text)), " ")
	source := parseSource(t)
	for _, found := range []struct {
		what  string
		texts []string
		least int
	}{
		{"summary", source.summaries(), 30}, // as code, because one may be a part of another
		{"explanation", source.explanations(), 20},
	} {
		if len(found.texts) < found.least {
			t.Errorf("only %d of each %s were found: %q", len(found.texts), found.what, found.texts)
		}
		for _, text := range found.texts {
			if found.what == "summary" {
				text = "`" + text + "`"
			}
			if !asWritten(text).MatchString(guide) {
				t.Errorf("the guide does not have the %s: %s", found.what, text)
			}
		}
	}
}

var sentence = regexp.MustCompile(`^[^.:;(]*`)

var verbs = regexp.MustCompile(`%(\[\d\])?[sdvq]`)

// asWritten matches a text with anything in place of its verbs.
func asWritten(text string) *regexp.Regexp {
	parts := verbs.Split(text, -1)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile(strings.Join(parts, "[^`.]+"))
}

// A providerSource contains the provider's source, and its functions by name.
type providerSource struct {
	t         *testing.T
	files     []*ast.File
	functions map[string][]*ast.FuncDecl
}

func parseSource(t *testing.T) providerSource {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	source := providerSource{t: t, functions: map[string][]*ast.FuncDecl{}}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		source.files = append(source.files, parsed)
		for _, declaration := range parsed.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				source.functions[function.Name.Name] = append(source.functions[function.Name.Name], function)
			}
		}
	}
	return source
}

// summaries returns the summaries of all diagnostics, sorted. If a function makes a
// summary, it is any text that the function returns.
func (s providerSource) summaries() []string {
	found := map[string]bool{}
	for _, file := range s.files {
		ast.Inspect(file, func(node ast.Node) bool {
			var texts []string
			switch node := node.(type) {
			case *ast.CallExpr:
				if at, ok := summaryAt[nameOf(node.Fun)]; ok && len(node.Args) > at {
					texts = s.textsOf(node.Args[at])
				}
			case *ast.CompositeLit:
				if of := nameOf(node.Type); of == "textCheck" || of == "numberDoubt" {
					texts = s.textsOf(node.Elts[0])
				}
			}
			for _, text := range texts {
				found[text] = true
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

// textsOf returns the possible texts of an expression for a summary.
func (s providerSource) textsOf(expression ast.Expr) []string {
	if nameOf(expression) == "summary" {
		return nil // that of a composite literal
	}
	call, ok := expression.(*ast.CallExpr)
	if !ok {
		if text := literal(expression); text != "" {
			return []string{text}
		}
		s.t.Errorf("a summary is neither a text nor made by a function: %#v", expression)
		return nil
	}
	name := nameOf(call.Fun)
	if name == "Summary" {
		return nil // that of another diagnostic
	}
	if s.functions[name] == nil {
		s.t.Errorf("a summary is made by %s, of which nothing is known", name)
	}
	return s.returned(name)
}

// returned returns the texts in the return statements of the functions with this name.
func (s providerSource) returned(name string) (texts []string) {
	for _, function := range s.functions[name] {
		ast.Inspect(function, func(node ast.Node) bool {
			if _, ok := node.(*ast.ReturnStmt); !ok {
				return true
			}
			ast.Inspect(node, func(part ast.Node) bool {
				expression, ok := part.(ast.Expr)
				if !ok || literal(expression) == "" {
					return true
				}
				texts = append(texts, literal(expression))
				return false
			})
			return false
		})
	}
	return texts
}

// explanations returns the first sentence, or its beginning, of each explanation.
func (s providerSource) explanations() (texts []string) {
	found := s.constant("explanations")
	for _, name := range explaining {
		found = append(found, s.returned(name)...)
	}
	for _, text := range found {
		for _, several := range []bool{false, true} {
			text := strings.TrimSpace(sentence.FindString(provider.InNumber(several, text)))
			if len(text) > 15 { // the rest is only a part of a sentence
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// constant returns the texts in the map with this name.
func (s providerSource) constant(name string) (texts []string) {
	for _, file := range s.files {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok || spec.Names[0].Name != name {
				return true
			}
			for _, element := range spec.Values[0].(*ast.CompositeLit).Elts {
				texts = append(texts, literal(element.(*ast.KeyValueExpr).Value))
			}
			return false
		})
	}
	if len(texts) == 0 {
		s.t.Errorf("there is no map %s", name)
	}
	return texts
}

// literal returns the text of a literal, or of a sum that begins with one, with %s for
// parts that are known only at run time. It is empty for everything else.
func literal(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, _ := strconv.Unquote(e.Value)
			return text
		}
	case *ast.BinaryExpr:
		if left := literal(e.X); left != "" && e.Op == token.ADD {
			return left + cmp.Or(literal(e.Y), "%s")
		}
	}
	return ""
}

func nameOf(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
