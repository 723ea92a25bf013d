package mockserver

import "time"

// renderer converts records to the form of a reply.
type renderer struct {
	*store
	base string // URL of the space, for the URIs of related records
}

// render returns the fields of a record that load selects, or all fields if load is nil. Relations that expand
// doesn't name are URIs.
func (r renderer) render(def *entity, rec *record, expand, load *selection) map[string]any {
	out := map[string]any{}
	for _, f := range def.fields {
		if load == nil || load.get(f.name) != nil {
			out[f.name] = r.value(rec.values[f.name])
		}
	}
	for _, l := range def.links {
		if load == nil || load.get(l.name) != nil {
			linked := r.tables[l.target].records[rec.text(l.field)]
			out[l.name] = r.related(l.name, l.target, linked, expand, load)
		}
	}
	for i := range def.arrays {
		a := &def.arrays[i]
		if load == nil || load.get(a.name) != nil {
			members := []any{}
			for _, member := range r.members(a, rec.id) {
				members = append(members, r.related(a.name, a.child, member, expand, load))
			}
			out[a.name] = members
		}
	}
	return out
}

func (r renderer) value(v any) any {
	if t, ok := v.(time.Time); ok {
		return formatTime(t, r.behavior.TimeFormat)
	}
	return v
}

// related returns a related record as a URI, or as a whole record if expand names it.
func (r renderer) related(name, segment string, rec *record, expand, load *selection) any {
	if rec == nil {
		return nil
	}
	expanded := expand.get(name)
	if expanded == nil {
		return r.base + "/entities/" + segment + "/" + rec.id
	}
	below := load.get(name)
	if below != nil && below.whole {
		below = nil
	}
	return r.render(r.tables[segment].def, rec, expanded, below)
}
