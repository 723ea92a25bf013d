package client

import (
	"cmp"
	"errors"
	"log/slog"
	"path"
	"strings"
)

// A Client talks to one space. It is safe for concurrent use.
type Client struct {
	Conversations *Entity[Conversation, ConversationInput]
	Messages      *Entity[Message, MessageInput]
	Relations     *Entity[Relation, RelationInput] // the links of conversations

	connection *connection
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
	connection := newConnection(config, base)
	return &Client{
		Conversations: &Entity[Conversation, ConversationInput]{connection: connection, Segment: "TextMessageConversations", revised: true},
		Messages:      &Entity[Message, MessageInput]{connection: connection, Segment: "TextMessages", revised: true},
		Relations:     &Entity[Relation, RelationInput]{connection: connection, Segment: "TextMessageConversationRelationses"},
		connection:    connection,
	}, nil
}

// SpaceID returns the id of the space, even if only the service URL contains it.
func (c *Client) SpaceID() string { return path.Base(c.connection.base.Path) }

// URL returns the base URL of the space.
func (c *Client) URL() string { return c.connection.base.String() }

// Config returns the settings in use, defaults included, without the password.
func (c *Client) Config() Config {
	config := c.connection.config
	config.Password = ""
	return config
}

// Records returns the operations on the records of any entity, by its path segment,
// such as "Phones".
func (c *Client) Records(segment string) *Entity[RawRecord, struct{}] {
	return NewEntity[RawRecord, struct{}](c, segment)
}

// NewEntity returns the operations on the entity with that path segment, such as
// "Phones".
func NewEntity[T Record, In any](c *Client, segment string) *Entity[T, In] {
	return &Entity[T, In]{connection: c.connection, Segment: segment}
}
