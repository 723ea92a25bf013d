package mockserver

import (
	"bytes"
	"errors"
	"fmt"
)

// Act is something that another user does in the CRM. Exactly one of its fields is set. An incoming text message is a
// Create of a conversation with that message.
type Act struct {
	Create  *Target `json:"create,omitempty"`
	Edit    *Target `json:"edit,omitempty"`
	Delete  *Target `json:"delete,omitempty"`
	Restore *Target `json:"restore,omitempty"`
	Purge   *Target `json:"purge,omitempty"`
}

// Target names the records of an act, by an id or by the values that they hold, and the values to set. By values, an
// Edit or a Delete finds records that are not deleted, a Restore deleted ones, and a Purge both.
type Target struct {
	Entity string         `json:"entity"` // segment of the path
	ID     string         `json:"id,omitempty"`
	Where  map[string]any `json:"where,omitempty"`
	Values map[string]any `json:"values,omitempty"` // as for [Server.Create] and [Server.Edit]
}

// Acts are one act or an array of acts in JSON.
type Acts []Act

// UnmarshalJSON reads one act or several. It returns an error for an unknown field or entity.
func (a *Acts) UnmarshalJSON(data []byte) error {
	if err := (*oneOrMany[Act])(a).UnmarshalJSON(data); err != nil {
		return err
	}
	return a.check()
}

// verb is one kind of act. A create names no record, all other verbs do.
type verb struct {
	target         func(Act) *Target
	takesValues    bool
	deleted, alive bool // which records the verb finds by their values
	do             func(s *Server, entity, id string, values map[string]any) error
}

var verbs = []verb{
	{target: func(a Act) *Target { return a.Create }, takesValues: true},
	{target: func(a Act) *Target { return a.Edit }, takesValues: true, alive: true, do: (*Server).Edit},
	{target: func(a Act) *Target { return a.Delete }, alive: true, do: withoutValues((*Server).SoftDelete)},
	{target: func(a Act) *Target { return a.Restore }, deleted: true, do: withoutValues((*Server).Restore)},
	{target: func(a Act) *Target { return a.Purge }, alive: true, deleted: true, do: withoutValues((*Server).Purge)},
}

func withoutValues(do func(*Server, string, string) error) func(*Server, string, string, map[string]any) error {
	return func(s *Server, entity, id string, _ map[string]any) error { return do(s, entity, id) }
}

func (a Acts) check() error {
	for _, act := range a {
		set := 0
		for _, v := range verbs {
			t := v.target(act)
			if t == nil {
				continue
			}
			set++
			named := t.ID != "" || len(t.Where) > 0
			switch {
			case definition(t.Entity) == nil:
				return unknownSegment(t.Entity)
			case v.do == nil && named:
				return errors.New("create takes neither id nor where")
			case v.do != nil && !named:
				return errors.New("edit, delete, restore and purge take an id or a where")
			case len(t.Values) > 0 && !v.takesValues:
				return errors.New("only create and edit take values")
			}
			for name := range t.Where {
				if def := definition(t.Entity); def.field(name) == nil && def.array(name) == nil {
					return fmt.Errorf("where names the unknown field %q of %s", name, t.Entity) // a null would find all records
				}
			}
		}
		if set != 1 {
			return errors.New("an act is exactly one of create, edit, delete, restore and purge")
		}
	}
	return nil
}

// Act carries out the acts in order, and returns the ids of the records. It stops at the first error.
func (s *Server) Act(acts ...Act) ([]string, error) {
	ids := []string{}
	if err := Acts(acts).check(); err != nil {
		return ids, err
	}
	for _, act := range acts {
		done, err := s.act(act)
		ids = append(ids, done...)
		if err != nil {
			return ids, err
		}
	}
	return ids, nil
}

func (s *Server) act(act Act) ([]string, error) {
	for _, v := range verbs {
		t := v.target(act)
		switch {
		case t == nil:
			continue
		case v.do == nil:
			id, err := s.Create(t.Entity, t.Values)
			if err != nil {
				return nil, err
			}
			return []string{id}, nil
		}
		ids := []string{t.ID}
		if t.ID == "" {
			ids = s.where(t, v)
		}
		for i, id := range ids {
			if err := v.do(s, t.Entity, id, t.Values); err != nil {
				return ids[:i], err
			}
		}
		return ids, nil
	}
	return nil, nil
}

// where returns the ids of the records that have the values of the target, in the order of their creation.
func (s *Server) where(t *Target, v verb) []string {
	var ids []string
	for _, r := range s.Records(t.Entity) {
		deleted := r["is_deleted"] == true
		found := deleted && v.deleted || !deleted && v.alive
		for name, want := range t.Where {
			found = found && bytes.Equal(encode(r[name]), encode(want))
		}
		if id, ok := r["id"].(string); ok && found {
			ids = append(ids, id)
		}
	}
	return ids
}
