package mockserver

import (
	"fmt"
	"strings"
)

// selection is a parsed expand or load-only: the names in it, each with a selection of the names below.
type selection struct {
	whole bool // named by itself, not only with names below
	below map[string]*selection
}

// get returns the selection below the name, or nil.
func (s *selection) get(name string) *selection {
	if s == nil {
		return nil
	}
	return s.below[name]
}

// parsePaths reads a list of paths like "a,b.c", which begin with a field of the entity. All names of a path except the
// last must be relations. With relationsOnly, the last one must be a relation too.
func parsePaths(def *entity, list string, relationsOnly bool) (*selection, error) {
	root := &selection{below: map[string]*selection{}}
	for path := range strings.SplitSeq(list, ",") {
		node, at := root, def
		for name := range strings.SplitSeq(path, ".") {
			if at == nil || !at.knows(name, relationsOnly) {
				return nil, fmt.Errorf("unknown field %q", path)
			}
			if node.below[name] == nil {
				node.below[name] = &selection{below: map[string]*selection{}}
			}
			node, at = node.below[name], at.related(name)
		}
		node.whole = true
	}
	return root, nil
}

func (e *entity) knows(name string, relationsOnly bool) bool {
	return e.link(name) != nil || e.array(name) != nil || !relationsOnly && e.field(name) != nil
}

// related returns the entity that a link or an array of this one leads to, or nil.
func (e *entity) related(name string) *entity {
	segment := ""
	if l := e.link(name); l != nil {
		segment = l.target
	} else if a := e.array(name); a != nil {
		segment = a.child
	}
	return definition(segment)
}
