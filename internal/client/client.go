package client

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"time"

	"golang.org/x/time/rate"
)

// Config says which space to talk to, and how. RequestTimeout, BatchSize and
// MaxConcurrentRequests can't be zero: then they are what [Defaults] gives.
type Config struct {
	ServiceURL string // bare host, URL, or the whole base URL of a space
	SpaceID    string
	Username   string // of an Application of the space
	Password   string
	UserAgent  string

	DefaultRegion string // see [PhoneNumbers]; empty: none

	RequestTimeout        time.Duration // for one HTTP request with its reply; and for all that is finished after an interrupt
	RecoveryTimeout       time.Duration // how long to look for a create whose reply got lost before it counts as not carried out
	BatchSize             int           // items in one batch request
	BatchWindow           time.Duration // how long a batch waits for another item
	MaxConcurrentRequests int
	RequestsPerSecond     float64 // 0: no limit
	MaxRetries            int     // after the first try
	Overwrite             bool    // what someone else changed meanwhile; false: *ConflictError

	Logger    *slog.Logger      // nil: no logs
	Transport http.RoundTripper // nil: the network
}

// Defaults returns the settings that serve most users.
func Defaults() Config {
	return Config{
		RequestTimeout:        time.Minute,
		RecoveryTimeout:       30 * time.Second,
		BatchSize:             100,
		BatchWindow:           20 * time.Millisecond,
		MaxConcurrentRequests: 8,
		MaxRetries:            4,
	}
}

// A ConfigError names the setting that is wrong.
type ConfigError struct {
	Setting string // in Terraform's words, such as "service_url"
	Err     error
}

func (e *ConfigError) Error() string { return fmt.Sprintf("%s: %v", e.Setting, e.Err) }
func (e *ConfigError) Unwrap() error { return e.Err }

// A Client talks to one space. It is safe for concurrent use, and its methods
// may be called from any number of goroutines: that is what fills batches.
type Client struct {
	Conversations *Collection[Conversation, ConversationInput]
	Messages      *Collection[Message, MessageInput]

	config Config
	base   *url.URL
	http   *http.Client
	log    *slog.Logger

	secrets secrets
	slots   chan struct{} // one for each request under way

	rate *rate.Limiter
	gate gate

	relations *Entity[Relation, RelationInput]
	numbers   PhoneNumbers

	seen     history
	contents contents
	refused  refusals
	denied   denial
}

// New makes a client. It sends nothing yet. An error is a *ConfigError.
func New(config Config) (*Client, error) {
	base, err := spaceURL(config.ServiceURL, config.SpaceID)
	switch {
	case err == errSpaceMissing, err == errSpaceInvalid: //nolint:errorlint // returned unwrapped by spaceURL
		return nil, &ConfigError{Setting: "space_id", Err: err}
	case err != nil:
		return nil, &ConfigError{Setting: "service_url", Err: err}
	}
	numbers, err := newPhoneNumbers(config.DefaultRegion)
	if err != nil {
		return nil, &ConfigError{Setting: "default_region", Err: err}
	}
	defaults := Defaults()
	config.RequestTimeout = cmp.Or(max(config.RequestTimeout, 0), defaults.RequestTimeout)
	config.BatchSize = cmp.Or(max(config.BatchSize, 0), defaults.BatchSize)
	config.MaxConcurrentRequests = cmp.Or(max(config.MaxConcurrentRequests, 0), defaults.MaxConcurrentRequests)
	c := &Client{
		config:  config,
		base:    base,
		numbers: numbers,
		log:     config.Logger,
		secrets: newSecrets(config.Username, config.Password),
		slots:   make(chan struct{}, config.MaxConcurrentRequests),

		rate: rate.NewLimiter(rate.Inf, 1),
		seen: newHistory(),
	}
	if config.RequestsPerSecond > 0 {
		c.rate = rate.NewLimiter(rate.Limit(config.RequestsPerSecond), 1)
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	transport := config.Transport
	if transport == nil {
		transport = newTransport(cap(c.slots))
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	c.Conversations, c.Messages = conversationsOf(c), messagesOf(c)
	c.relations = &Entity[Relation, RelationInput]{client: c, segment: "TextMessageConversationRelationses"}
	return c, nil
}

// newTransport returns a copy of Go's default transport, which honours
// HTTPS_PROXY and SSL_CERT_FILE.
func newTransport(idle int) *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	transport.MaxIdleConnsPerHost = idle
	return transport
}

// SpaceID returns the id of the space, also where only the service URL has it.
func (c *Client) SpaceID() string { return path.Base(c.base.Path) }

// Relations are the plain operations on the links of conversations.
func (c *Client) Relations() *Entity[Relation, RelationInput] { return c.relations }

// Close sends what still waits in the queues, waits for what is in flight,
// and takes no more.
func (c *Client) Close() {
	c.Conversations.close()
	c.Messages.close()
	c.http.CloseIdleConnections()
}

// uri returns the URI of a record, as the API writes it.
func (c *Client) uri(segment string, id ID) string {
	return c.base.JoinPath("entities", segment, id.String()).String()
}
