package mockserver

import (
	"net/http"
	"slices"
)

// call is one request to the API.
type call struct {
	method, path, rawQuery string // the path below the space
	base                   string // URL of the space
	body                   []byte
}

type dataReply struct {
	Success bool `json:"success"`
	Data    any  `json:"data"`
}

func (s *Server) list(def *entity, c *call) reply {
	shown := s.shown()
	q, failure := parseListQuery(def, c.rawQuery, shown.behavior)
	if failure != nil {
		return failed(failure)
	}
	r := renderer{shown, c.base}
	return jsonReply(http.StatusOK, r.list(shown.tables[def.segment], q))
}

func (s *Server) get(def *entity, id string, c *call) reply {
	shown := s.shown()
	_, allowed := shown.behavior.includeDeletedNames()
	allowed = append([]string{paramExpand, paramLoadOnly}, allowed...)
	if shown.behavior.GetParameters == Refused {
		allowed = nil
	}
	p, failure := parseParameters(c.rawQuery, false, allowed...)
	if failure != nil {
		return failed(failure)
	}
	if shown.behavior.GetParameters == Ignored {
		p = nil
	}
	includeDeleted, failure := p.includeDeleted(shown.behavior)
	if failure != nil {
		return failed(failure)
	}
	expand, load, failure := p.projection(def)
	if failure != nil {
		return failed(failure)
	}

	rec := shown.tables[def.segment].records[id]
	if rec == nil || rec.deleted && !includeDeleted && shown.behavior.DeletedGet == NotFound {
		return failed(unknownRecord(def, id))
	}
	r := renderer{shown, c.base}
	return jsonReply(http.StatusOK, dataReply{true, r.render(def, rec, expand, load)})
}

func (s *Server) create(def *entity, c *call) reply {
	status := http.StatusCreated
	if s.store.behavior.CreateStatus == OK {
		status = http.StatusOK
	}
	return s.writeOne(def, c, status, func(w *writer, input map[string]any) (*record, *apiError) {
		return w.create(def, input, false)
	})
}

func (s *Server) update(def *entity, id string, c *call) reply {
	return s.writeOne(def, c, http.StatusOK, func(w *writer, input map[string]any) (*record, *apiError) {
		return w.update(def, id, input)
	})
}

// writeOne carries out a write whose body is one record, and answers with the whole record.
func (s *Server) writeOne(
	def *entity, c *call, status int, do func(*writer, map[string]any) (*record, *apiError),
) reply {
	w, _, failure := s.writer(c, false)
	if failure != nil {
		return failed(failure)
	}
	body, err := decode(c.body)
	input, ok := body.(map[string]any)
	if err != nil || !ok {
		return failed(invalid("Missing or invalid JSON data."))
	}
	rec, failure := do(w, input)
	if failure != nil {
		w.rollBack(0)
		return failed(failure)
	}
	r := renderer{s.store, c.base}
	return jsonReply(status, dataReply{true, r.render(def, rec, nil, nil)})
}

func (s *Server) delete(def *entity, id string, c *call) reply {
	w, _, failure := s.writer(c, false)
	if failure != nil {
		return failed(failure)
	}
	if failure := w.softDelete(def, id, false); failure != nil {
		w.rollBack(0)
		return failed(failure)
	}
	return jsonReply(http.StatusOK, dataReply{true, id})
}

func (s *Server) batch(def *entity, c *call, do batchOperation) reply {
	body, err := decode(c.body)
	items, ok := body.([]any)
	// A proxy in front of the API refuses the request, whatever else is wrong with it.
	if s.maxBatchItems > 0 && len(items) > s.maxBatchItems {
		return proxyReply(http.StatusRequestEntityTooLarge)
	}
	w, p, failure := s.writer(c, true)
	if failure != nil {
		return failed(failure)
	}
	together, failure := p.rollsBackAll()
	if failure != nil {
		return failed(failure)
	}
	if err != nil || !ok {
		return failed(invalid("Missing or invalid JSON data."))
	}
	data, failure := w.batch(def, items, together, do)
	if failure != nil {
		return failed(failure)
	}
	isError := func(item any) bool { _, failed := item.(*apiError); return failed }
	success := s.store.behavior.BatchSuccess == AlwaysTrue || !slices.ContainsFunc(data, isError)
	return jsonReply(http.StatusOK, dataReply{success, data})
}

// writer begins a write with the validation level of the query. It also returns the parameters.
func (s *Server) writer(c *call, batch bool) (*writer, parameters, *apiError) {
	allowed := []string{paramValidation}
	if batch {
		allowed = append(allowed, paramRollback)
	}
	p, failure := parseParameters(c.rawQuery, false, allowed...)
	if failure != nil {
		return nil, nil, failure
	}
	level, failure := p.validationLevel()
	if failure != nil {
		return nil, nil, failure
	}
	s.store.begin()
	return &writer{store: s.store, level: level}, p, nil
}
