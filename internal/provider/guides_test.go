//go:build unix

package provider_test

import (
	"path/filepath"
	"testing"
)

// followed are the tests that follow each guide.
var followed = map[string]func(*guide){
	"first-steps.md": func(*guide) {},
}

// Every guide is followed, to the letter.
func TestAccGuides(t *testing.T) {
	files, err := filepath.Glob(guides + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("guides: %v, %v", files, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			prepare, ok := followed[name]
			if !ok {
				t.Fatal("no test follows it")
			}
			g := newGuide(t)
			prepare(g)
			g.follow(name)
		})
	}
}
