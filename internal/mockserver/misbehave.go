package mockserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// answerWithFault answers a request that a fault has hit.
func (s *Server) answerWithFault(w http.ResponseWriter, r *http.Request, entry int, f *Fault, carryOut func() reply) {
	if f.Do != nil {
		f.Do()
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
	case Truncate:
		whole := carryOut()
		s.log.finish(entry, whole.status)
		send(w, whole, len(whole.body)/2)
	case ReplaceReply:
		carryOut()
		s.answer(w, entry, f.reply(http.StatusOK))
	case ShortArray, LongArray:
		whole := carryOut()
		whole.body = resized(whole.body, f.Kind == LongArray)
		s.answer(w, entry, whole)
	default:
		s.answer(w, entry, outsideReply(http.StatusInternalServerError, fmt.Sprintf("unknown kind of fault %q", f.Kind)))
	}
}

// reply returns the answer that the fault describes.
func (f *Fault) reply(defaultStatus int) reply {
	r := reply{status: f.Status, contentType: f.ContentType, body: []byte(f.Reply)}
	switch {
	case r.status == 0:
		r.status = defaultStatus
	case r.status < 200 || r.status > 999:
		r.status = http.StatusInternalServerError // net/http can't send it
	}
	if f.Reply == "" && f.Kind != ReplaceReply {
		r = proxyReply(r.status)
	}
	if f.ContentType != "" {
		r.contentType = f.ContentType
	} else if r.contentType == "" && len(r.body) > 0 {
		r.contentType = "text/html"
		if json.Valid(r.body) {
			r.contentType = contentJSON
		}
	}
	if f.RetryAfter != "" {
		r.header = map[string]string{"Retry-After": f.RetryAfter}
	}
	return r
}

// proxyReply returns what stands before the API sends by itself: nothing where it limits, a page where it fails. Other
// statuses are the API's own, and come with its error object.
func proxyReply(status int) reply {
	switch status {
	case http.StatusTooManyRequests:
		return reply{status: status}
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
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
	return failed(newError(status, reason{status, "ERROR_INJECTED"}, http.StatusText(status)))
}

// resized returns the body with one item more or fewer in its data array, if there is one.
func resized(body []byte, longer bool) []byte {
	var envelope map[string]json.RawMessage
	var data []json.RawMessage
	if json.Unmarshal(body, &envelope) != nil || json.Unmarshal(envelope["data"], &data) != nil || len(data) == 0 {
		return body
	}
	last := len(data) - 1
	if longer {
		data = append(data, data[last])
	} else {
		data = data[:last]
	}
	envelope["data"] = encode(data)
	return encode(envelope)
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the way to do it where a connection is shared
	}
	_ = conn.Close()
}

// setLength announces the length of the body, so that one that is cut can be told.
func setLength(w http.ResponseWriter, r reply) {
	if r.status != http.StatusNoContent && r.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	}
}
