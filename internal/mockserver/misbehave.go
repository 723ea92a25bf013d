package mockserver

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// answerWithFault answers a request that a fault has hit.
func (s *Server) answerWithFault(w http.ResponseWriter, r *http.Request, entry int, c *call, f *Fault, carryOut func() reply) {
	if f.Do != nil {
		f.Do()
	}
	if _, err := s.Act(f.Before...); err != nil {
		s.answer(w, entry, actFailed(err))
		return
	}
	carryOut = s.followed(f.After, carryOut)
	if f.Kind == CommitLater {
		s.late.after(f.CommitAfter, func() { carryOut() })
	}
	if !wait(r.Context(), f.Latency) {
		hangUp(w)
		return
	}
	switch f.Kind {
	case "", Latency:
		s.answer(w, entry, carryOut())
	case StatusReply:
		s.answer(w, entry, f.reply(http.StatusServiceUnavailable))
	case DropBefore:
		hangUp(w)
	case DropAfter:
		carryOut()
		hangUp(w)
	case StatusAfter:
		carryOut()
		s.answer(w, entry, f.reply(http.StatusServiceUnavailable))
	case CommitLater:
		if f.Status == 0 {
			hangUp(w)
			return
		}
		s.answer(w, entry, f.reply(f.Status))
	case Truncate:
		whole := carryOut()
		s.log.finish(entry, whole.status)
		send(w, whole, len(whole.body)/2)
	case ReplaceReply:
		carryOut()
		s.answer(w, entry, f.reply(http.StatusOK))
	default:
		distort, known := distortions[f.Kind]
		if !known {
			s.answer(w, entry, outsideReply(http.StatusInternalServerError, fmt.Sprintf("unknown kind of fault %q", f.Kind)))
			return
		}
		s.answer(w, entry, s.distorted(c, f, carryOut(), distort))
	}
}

// followed returns a carryOut that is followed by the acts of another user.
func (s *Server) followed(after Acts, carryOut func() reply) func() reply {
	return func() reply {
		r := carryOut()
		if _, err := s.Act(after...); err != nil {
			return actFailed(err)
		}
		return r
	}
}

// actFailed returns a reply that tells the test that an act of its fault failed.
func actFailed(err error) reply {
	return outsideReply(http.StatusInternalServerError, "The fault can't be carried out: "+err.Error())
}

// reply returns the answer that the fault describes.
func (f *Fault) reply(defaultStatus int) reply {
	r := reply{status: cmp.Or(f.Status, defaultStatus), body: []byte(f.Reply)}
	if r.status < 200 || r.status > 999 {
		r.status = http.StatusInternalServerError // net/http can't send it
	}
	switch {
	case f.Envelope:
		r = envelopeReply(r.status)
	case f.Reply == "" && f.Kind != ReplaceReply:
		r = proxyReply(r.status)
	case json.Valid(r.body):
		r.contentType = contentJSON
	case len(r.body) > 0:
		r.contentType = "text/html"
	}
	r.contentType = cmp.Or(f.ContentType, r.contentType)
	r.header = map[string]string{"Retry-After": f.RetryAfter, "Location": f.Location}
	return r
}

// proxyReply returns the reply of a proxy in front of the API: no body for a 429, and a page if the proxy fails.
// Other statuses of 400 and above come from the API itself, with its error object.
func proxyReply(status int) reply {
	switch status {
	case http.StatusTooManyRequests:
		return reply{status: status}
	case http.StatusRequestEntityTooLarge, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		title := strconv.Itoa(status) + " " + http.StatusText(status)
		return reply{
			status: status, contentType: "text/html",
			body: []byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
				"</h1></center>\r\n</body>\r\n</html>\r\n"),
		}
	}
	if status < http.StatusBadRequest {
		return reply{status: status}
	}
	return envelopeReply(status)
}

// envelopeReply returns the API's own error.
func envelopeReply(status int) reply {
	return failed(newError(status, reason{status, "ERROR_INJECTED"}, http.StatusText(status)))
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // closes a connection that can't be hijacked
	}
	_ = conn.Close()
}
