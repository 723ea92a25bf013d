package mockserver

import (
	"encoding/json"
	"io"
	"net/http"
)

// controlPath is where the endpoints are that control the mock. They need no credentials and are in no log.
const controlPath = "/_mock/"

func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	answer := outsideReply(http.StatusNotFound, "no such control endpoint")
	switch r.Method + " " + r.URL.Path {
	case "GET " + controlPath + "requests":
		if r.URL.Query().Has("count") {
			answer = jsonReply(http.StatusOK, map[string]int{"count": s.log.count()})
		} else {
			answer = jsonReply(http.StatusOK, s.Requests())
		}
	case "DELETE " + controlPath + "requests":
		s.ResetRequests()
		answer = reply{status: http.StatusNoContent}
	case "POST " + controlPath + "faults":
		answer = s.orderFaults(w, r)
	case "DELETE " + controlPath + "faults":
		s.ClearFaults()
		answer = reply{status: http.StatusNoContent}
	}
	send(w, answer, len(answer.body))
}

// orderFaults takes one fault or an array of faults.
func (s *Server) orderFaults(w http.ResponseWriter, r *http.Request) reply {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return outsideReply(http.StatusBadRequest, err.Error())
	}
	var faults []Fault
	var one Fault
	if err = json.Unmarshal(body, &one); err == nil {
		faults = []Fault{one}
	} else if listErr := json.Unmarshal(body, &faults); listErr != nil {
		if len(body) > 0 && body[0] == '[' {
			err = listErr
		}
		return outsideReply(http.StatusBadRequest, err.Error())
	}
	s.Inject(faults...)
	return reply{status: http.StatusNoContent}
}
