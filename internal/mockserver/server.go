package mockserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
)

// maxBody is the longest request body that the server reads.
const maxBody = 32 << 20

// Options are the settings of a [Server].
type Options struct {
	Username string // default "user"
	Password string // default "password"
	Space    string // default "test_space"

	// OtherSpaces are more spaces of the same service. See [Server.InSpace].
	OtherSpaces []string

	// Latency is added to every request to the API.
	Latency time.Duration

	Lag           time.Duration // as for [Server.SetLag]
	MaxBatchItems int           // as for [Server.SetMaxBatchItems]

	Behavior Behavior
}

// Server is the mock: an [http.Handler] that has the API below [Server.SpacePath] and its control endpoints below
// /_mock/. All methods are safe for concurrent use.
type Server struct {
	username, password, space string
	latency                   time.Duration

	mu            sync.Mutex // guards the fields below, up to others
	store         *store
	backup        *store
	replica       replica
	maxBatchItems int

	others []*Server // the other spaces

	log    requestLog
	faults faultQueue
	late   *lateCommits

	cursors atomic.Int64 // number of cursors that an EndlessList has rewritten
}

var errNegative = errors.New("latency, lag and max-batch-items must not be negative")

// New returns a server with an empty space. It returns an error if a field of the behavior has an unknown value, or if a
// number is negative.
func New(options Options) (*Server, error) {
	if options.Latency < 0 || options.Lag < 0 || options.MaxBatchItems < 0 {
		return nil, errNegative
	}
	behavior, err := options.Behavior.complete()
	if err != nil {
		return nil, err
	}
	server := newServer(options, behavior, cmp.Or(options.Space, "test_space"))
	for _, space := range options.OtherSpaces {
		if server.InSpace(space) != nil {
			return nil, fmt.Errorf("the space %q occurs twice", space)
		}
		server.others = append(server.others, newServer(options, behavior, space))
	}
	for _, space := range append([]*Server{server}, server.others...) {
		isStrange := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("/?#%", r) }
		if id := space.space; id == "" || id == "." || id == ".." || strings.ContainsFunc(id, isStrange) {
			return nil, fmt.Errorf("%q can't be a space: a space id contains no slash, white space, %%, ? or #", id)
		}
	}
	return server, nil
}

func newServer(options Options, behavior Behavior, space string) *Server {
	s := &Server{
		username: cmp.Or(options.Username, "user"),
		password: cmp.Or(options.Password, "password"),
		space:    space,
		latency:  options.Latency,
		store:    newStore(behavior),
		late:     newLateCommits(),
	}
	s.SetLag(options.Lag)
	s.SetMaxBatchItems(options.MaxBatchItems)
	return s
}

// InSpace returns the space with this id, or nil if there is none. Each space has its own records, faults, behavior and
// log, and only answers requests to itself. The server that [New] returns answers for all spaces.
func (s *Server) InSpace(id string) *Server {
	if s.space == id {
		return s
	}
	for _, other := range s.others {
		if other.space == id {
			return other
		}
	}
	return nil
}

// serves returns the space whose path contains the given path, or s if there is none.
func (s *Server) serves(path string) *Server {
	for _, other := range s.others {
		if strings.HasPrefix(path, other.SpacePath()+"/") {
			return other
		}
	}
	return s
}

// SpacePath returns the path of the space. It follows the URL of the service.
func (s *Server) SpacePath() string {
	return "/api/v100/rest/spaces/" + s.space
}

// ServeHTTP answers a request to the API or to a control endpoint.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPath) {
		s.serveControl(w, r)
		return
	}
	if other := s.serves(r.URL.Path); other != s {
		other.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	tooLong := new(http.MaxBytesError)
	if err != nil && !errors.As(err, &tooLong) {
		hangUp(w) // the client went away
		return
	}

	c := &call{method: r.Method, path: r.URL.Path, rawQuery: r.URL.RawQuery, body: body, base: s.base(r)}
	below, inside := strings.CutPrefix(r.URL.Path, s.SpacePath()+"/")
	if inside {
		c.path = "/" + below
	}
	fault := s.faults.take(c)
	entry := s.log.add(c, fault)
	if !wait(r.Context(), s.latency) {
		hangUp(w)
		return
	}
	username, password, _ := r.BasicAuth()
	carryOut := func() reply {
		switch {
		case !inside:
			return nothingThere()
		case username != s.username || password != s.password:
			return unauthorized()
		case err != nil:
			return outsideReply(http.StatusRequestEntityTooLarge, "The request is too large.")
		}
		return s.route(c)
	}
	if fault == nil {
		s.answer(w, entry, carryOut())
		return
	}
	s.answerWithFault(w, r, entry, c, fault, carryOut)
}

// base returns the URL of the space as the client knows it.
func (s *Server) base(r *http.Request) string {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host + s.SpacePath()
}

func unauthorized() reply {
	r := failed(newError(http.StatusUnauthorized, notAuthenticated, "Missing or invalid credentials."))
	r.header = map[string]string{"WWW-Authenticate": `Basic realm="API"`}
	return r
}

// wait waits for the duration. It returns false if ctx ends earlier.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// answer logs the status of a reply, then sends the reply.
func (s *Server) answer(w http.ResponseWriter, entry int, r reply) {
	s.log.finish(entry, r.status)
	send(w, r, len(r.body))
}

// send writes the headers of a reply, and the first length bytes of its body.
func send(w http.ResponseWriter, r reply, length int) {
	if r.contentType != "" {
		w.Header().Set("Content-Type", r.contentType)
	}
	for name, value := range r.header {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	if r.status != http.StatusNoContent && r.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(r.body))) // so that the client notices a cut body
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body[:length]) // a client that is gone needs no answer
}
