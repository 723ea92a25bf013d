package mockserver

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
)

// ErrDropped is the error that a client gets if [InProcess] drops its connection.
var ErrDropped = errors.New("connection reset by peer")

// InProcess returns a transport that hands requests to a handler without a network, because a synctest bubble can't
// wait for a network. If the handler hangs up, the client gets [ErrDropped].
func InProcess(handler http.Handler) http.RoundTripper { return inProcess{handler} }

type inProcess struct{ handler http.Handler }

// RoundTrip passes the request to the handler and returns its answer.
func (p inProcess) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if ended := r.Context().Err(); ended != nil {
		return nil, ended
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	served := r.Clone(r.Context())
	served.Host = r.URL.Host
	if served.Body == nil {
		served.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	defer func() {
		switch aborted := recover(); aborted {
		case nil:
		case http.ErrAbortHandler:
			response, err = nil, cmp.Or(r.Context().Err(), ErrDropped)
		default:
			panic(aborted) // a bug of the handler is not a lost reply
		}
	}()
	p.handler.ServeHTTP(recorder, served)
	if ended := r.Context().Err(); ended != nil {
		return nil, ended // the request was carried out, but the client has given up
	}
	response = recorder.Result()
	response.Request = r
	if response.ContentLength > int64(recorder.Body.Len()) {
		response.Body = io.NopCloser(io.MultiReader(recorder.Body, cutOff{}))
	}
	return response, nil
}

// cutOff is the end of a body that is shorter than announced.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
