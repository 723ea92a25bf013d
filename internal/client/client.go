package client

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
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

// A Client talks to one space. It is safe for concurrent use.
type Client struct {
	Conversations *Entity[Conversation, ConversationInput]
	Messages      *Entity[Message, MessageInput]
	Relations     *Entity[Relation, RelationInput] // the links of conversations

	config Config
	base   *url.URL
	http   *http.Client

	secrets secrets
	slots   chan struct{} // one for each request under way

	rate *rate.Limiter
	gate gate

	refusedName atomic.Pointer[string] // of the parameter include-deleted, "" if the service accepts both; nil: unknown

	denied atomic.Pointer[error] // the service refuses the credentials: repeating them for each of a thousand resources would lock the account
}

// New returns a client. It sends no request. Its error is a *ConfigError.
func New(config Config) (*Client, error) {
	base, err := spaceURL(config.ServiceURL, config.SpaceID)
	switch {
	case errors.As(err, new(*ConfigError)):
		return nil, err
	case err != nil:
		return nil, &ConfigError{Setting: "service_url", Err: err}
	case strings.Contains(config.Username, ":"):
		return nil, &ConfigError{Setting: "username", Err: errors.New("it contains a colon, and basic authentication ends the user name at the first one; the user name of an Application contains none")}
	}
	defaults := Defaults()
	config.RequestTimeout = cmp.Or(max(config.RequestTimeout, 0), defaults.RequestTimeout)
	config.MaxConcurrentRequests = cmp.Or(max(config.MaxConcurrentRequests, 0), defaults.MaxConcurrentRequests)
	config.MaxRetries = max(config.MaxRetries, 0)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		config:  config,
		base:    base,
		secrets: newSecrets(config.Username, config.Password),
		slots:   make(chan struct{}, config.MaxConcurrentRequests),

		rate: rate.NewLimiter(rate.Inf, 1),
	}
	if config.RequestsPerSecond > 0 {
		c.rate = rate.NewLimiter(rate.Limit(config.RequestsPerSecond), 1)
	}
	transport := config.Transport
	if transport == nil {
		transport = newTransport(cap(c.slots), config.RequestTimeout)
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: c.checkRedirect}
	c.Conversations = &Entity[Conversation, ConversationInput]{client: c, Segment: "TextMessageConversations", revised: true}
	c.Messages = &Entity[Message, MessageInput]{client: c, Segment: "TextMessages", revised: true}
	c.Relations = NewEntity[Relation, RelationInput](c, "TextMessageConversationRelationses")
	return c, nil
}

// newTransport returns a copy of Go's default transport, which honours HTTPS_PROXY and SSL_CERT_FILE. If an HTTP/2
// connection is silent for part of the timeout, the transport checks that it is alive. Otherwise, a connection that a
// firewall has dropped would take all requests for many minutes, because a request that times out does not close its
// connection.
func newTransport(idle int, timeout time.Duration) *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	transport.MaxIdleConnsPerHost = idle
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: timeout / 4, PingTimeout: timeout / 4}
	return transport
}

// SpaceID returns the id of the space, even if only the service URL contains it.
func (c *Client) SpaceID() string { return path.Base(c.base.Path) }

// URL returns the base URL of the space.
func (c *Client) URL() string { return c.base.String() }

// Config returns the settings in use, defaults included, without the password.
func (c *Client) Config() Config {
	config := c.config
	config.Password = ""
	return config
}
