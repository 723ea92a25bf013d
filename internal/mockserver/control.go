package mockserver

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// controlPath is the path of the endpoints that control the mock. They need no credentials and are not in the log.
const controlPath = "/_mock/"

// controls are the endpoints, by method and path. If one fails, it answers with a 400.
var controls = map[string]func(s *Server, r *http.Request, body []byte) (answer any, err error){
	"GET requests": func(s *Server, r *http.Request, _ []byte) (any, error) {
		if r.URL.Query().Has("count") {
			return map[string]int{"count": s.log.count()}, nil
		}
		return s.Requests(), nil
	},
	"DELETE requests": done((*Server).ResetRequests),
	"POST faults": func(s *Server, _ *http.Request, body []byte) (any, error) {
		var faults oneOrMany[Fault]
		if err := read(body, &faults); err != nil {
			return nil, err
		}
		s.Inject(faults...)
		return nil, nil
	},
	"DELETE faults": done((*Server).ClearFaults),
	"POST seed": func(s *Server, _ *http.Request, body []byte) (any, error) {
		return nil, s.SeedJSON(body)
	},
	"POST backup":   done((*Server).Backup),
	"POST restore":  func(s *Server, _ *http.Request, _ []byte) (any, error) { return nil, s.RestoreBackup() },
	"POST settings": (*Server).changeSettings,
	"GET commits": func(s *Server, _ *http.Request, _ []byte) (any, error) {
		return map[string]int{"count": s.PendingCommits()}, nil
	},
	"DELETE commits": done((*Server).CancelCommits),
	"GET records": func(s *Server, r *http.Request, _ []byte) (any, error) {
		entity := r.URL.Query().Get("entity")
		if definition(entity) == nil {
			return nil, unknownSegment(entity)
		}
		return append([]map[string]any{}, s.Records(entity)...), nil
	},
	"POST records": func(s *Server, _ *http.Request, body []byte) (any, error) {
		var acts Acts
		if err := read(body, &acts); err != nil {
			return nil, err
		}
		ids := []string{}
		for _, act := range acts {
			done, err := s.Act(act)
			if err == nil && len(done) == 0 { // a typing mistake; the act of a fault can't know what is there by then
				err = fmt.Errorf("no record has what this act looks for: %s (edit and delete only find records that are not deleted, restore only deleted ones)", encode(act))
			}
			if ids = append(ids, done...); err != nil {
				return nil, err
			}
		}
		return map[string][]string{"ids": ids}, nil
	},
}

func done(do func(*Server)) func(*Server, *http.Request, []byte) (any, error) {
	return func(s *Server, _ *http.Request, _ []byte) (any, error) {
		do(s)
		return nil, nil
	}
}

func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	answer := s.control(w, r)
	send(w, answer, len(answer.body))
}

func (s *Server) control(w http.ResponseWriter, r *http.Request) reply {
	do, known := controls[r.Method+" "+strings.TrimPrefix(r.URL.Path, controlPath)]
	if !known {
		return outsideReply(http.StatusNotFound, "no such control endpoint")
	}
	if query := r.URL.Query(); query.Has("space") {
		if s = s.InSpace(query.Get("space")); s == nil {
			return outsideReply(http.StatusBadRequest, "no such space")
		}
	}
	var answer any
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		answer, err = do(s, r, body)
	}
	switch {
	case err != nil:
		return outsideReply(http.StatusBadRequest, err.Error())
	case answer == nil:
		return reply{status: http.StatusNoContent}
	}
	return jsonReply(http.StatusOK, answer)
}

// changeSettings changes the settings that the body names: switches, lag and max-batch-items.
func (s *Server) changeSettings(_ *http.Request, body []byte) (any, error) {
	settings := map[string]json.RawMessage{}
	if err := read(body, &settings); err != nil {
		return nil, err
	}
	behavior, lag, items := s.behavior(), new(writtenDuration), new(int)
	targets := map[string]any{"lag": lag, "max-batch-items": items}
	for _, sw := range Switches {
		targets[sw.Name] = sw.Field(&behavior)
	}
	for name, value := range settings {
		target, known := targets[name]
		if !known {
			return nil, fmt.Errorf("unknown setting %q; the settings are %q", name, slices.Sorted(maps.Keys(targets)))
		}
		if err := read(value, target); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if *lag < 0 || *items < 0 {
		return nil, errNegative
	}
	if err := s.SetBehavior(behavior); err != nil {
		return nil, err
	}
	if settings["lag"] != nil {
		s.SetLag(time.Duration(*lag))
	}
	if settings["max-batch-items"] != nil {
		s.SetMaxBatchItems(*items)
	}
	return nil, nil
}

func (s *Server) behavior() Behavior {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.behavior
}
