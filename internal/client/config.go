package client

import (
	"log/slog"
	"net/http"
	"time"
)

// Config says which space to talk to, and how. If RequestTimeout or MaxConcurrentRequests is not positive, the client
// uses the value of [Defaults].
type Config struct {
	ServiceURL string // bare host, URL, or the whole base URL of a space
	SpaceID    string
	Username   string // of an Application of the space
	Password   string
	UserAgent  string

	RequestTimeout        time.Duration // for one request with its reply, and for all work after an interrupt
	MaxConcurrentRequests int
	RequestsPerSecond     float64 // 0: no limit
	MaxRetries            int     // after the first try; negative: 0

	Logger    *slog.Logger      // nil: no logs
	Transport http.RoundTripper // nil: the network
}

// Defaults returns settings that suit most users.
func Defaults() Config {
	return Config{
		RequestTimeout:        time.Minute,
		MaxConcurrentRequests: 8,
		MaxRetries:            4,
	}
}
