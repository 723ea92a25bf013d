package mockserver

import (
	"net/http"
	"slices"
	"strings"
)

// reply is an answer before it is sent.
type reply struct {
	status      int
	contentType string
	header      map[string]string // an empty value is not sent
	body        []byte
}

const contentJSON = "application/json"

func jsonReply(status int, v any) reply {
	return reply{status: status, contentType: contentJSON, body: encode(v)}
}

func failed(e *apiError) reply {
	return jsonReply(e.HTTPStatus, e)
}

// outsideReply returns an answer that doesn't come from the API, and so has no error object.
func outsideReply(status int, message string) reply {
	return jsonReply(status, struct {
		Status    int     `json:"status"`
		Message   string  `json:"message"`
		ErrorCode *string `json:"errorcode"`
		Traceback *string `json:"traceback"`
	}{Status: status, Message: message})
}

func nothingThere() reply {
	return outsideReply(http.StatusNotFound, "The requested URL was not found on the server. "+
		"If you entered the URL manually please check your spelling and try again.")
}

// route carries out a request whose path is inside the space.
func (s *Server) route(c *call) reply {
	parts := strings.Split(strings.TrimPrefix(c.path, "/"), "/")
	if parts[0] != "entities" || len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return nothingThere()
	}
	def := definition(parts[1])
	if def == nil {
		return failed(newError(http.StatusNotFound, unknownType, "cannot determine entity type from "+parts[1]))
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if c.method != http.MethodGet {
		defer s.written()
	}
	if len(parts) == 2 {
		return byMethod(c, map[string]func() reply{
			http.MethodGet:  func() reply { return s.list(def, c) },
			http.MethodPost: func() reply { return s.create(def, c) },
		})
	}
	if do, isBatch := batchOperations[parts[2]]; isBatch {
		return byMethod(c, map[string]func() reply{http.MethodPost: func() reply { return s.batch(def, c, do) }})
	}
	id := strings.ToLower(parts[2]) // an id that is no uuid is not found either
	return byMethod(c, map[string]func() reply{
		http.MethodGet:    func() reply { return s.get(def, id, c) },
		http.MethodPatch:  func() reply { return s.update(def, id, c) },
		http.MethodDelete: func() reply { return s.delete(def, id, c) },
	})
}

// SetMaxBatchItems sets the limit of items in a batch. The server refuses a larger batch with a 413 that is not the
// API's. 0 means no limit.
func (s *Server) SetMaxBatchItems(items int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.maxBatchItems = max(items, 0)
}

func byMethod(c *call, handlers map[string]func() reply) reply {
	if handle, ok := handlers[c.method]; ok {
		return handle()
	}
	var allowed []string
	for method := range handlers {
		allowed = append(allowed, method)
	}
	slices.Sort(allowed)
	r := outsideReply(http.StatusMethodNotAllowed, "The method is not allowed for the requested URL.")
	r.header = map[string]string{"Allow": strings.Join(allowed, ", ")}
	return r
}
