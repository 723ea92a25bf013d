// Package probe finds out how a service behaves where the documentation leaves it open.
//
// Each [mockserver.Switch] has a probe. The probes create their own conversations, each to a number that is reserved
// for fiction, change them, and then delete them. They record only incoming messages, so the service sends nothing.
// The service keeps deleted records in its bin.
package probe

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const (
	conversations = "TextMessageConversations"
	relations     = "TextMessageConversationRelationses"
	messages      = "TextMessages"

	nobody = "f0000000-0000-4000-8000-00000000000f" // no record has this id

	// MessageContent is the beginning of the content of each message that probes record.
	MessageContent = "An acceptance test of terraform-provider-pipeliner."
)

// A Space is the space to probe, with the records to probe it with.
type Space struct {
	ServiceURL, SpaceID, Username, Password string // as in [client.Config]

	Phone   string // UUID of a sender phone that no one else uses with fictional numbers
	Account string // UUID of an account to link; empty: probes that need it don't run
	Contact string // UUID of a contact with a fictional number, as +1 907 555 0123; empty: probes that need it don't run

	Numbers   []string          // that no conversation of the phone has; nil: fictional ones
	Transport http.RoundTripper // nil: the network
}

// These errors say that the space lacks a record that a probe needs.
var (
	errNoAccount = &LackingError{"an account to link"}
	errNoContact = &LackingError{"a contact with a number that is reserved for fiction, such as +1 907 555 0123"}
)

// A LackingError names a record that a probe needs and that the [Space] lacks.
type LackingError struct{ Record string }

func (e *LackingError) Error() string { return "it needs " + e.Record }

// NotProbed are the assumptions that no probe can check with a real service.
var NotProbed = []string{
	"whether a message that is created as outgoing is sent: the probes record incoming ones only",
	"whether reads lag behind writes: where they do, the probes that read find no value",
	"what a proxy in between answers (429, 502, 503, 504): it can't be ordered",
}

// New returns a prober of a space. It reads which numbers the conversations of the phone
// have, and writes nothing yet.
func New(ctx context.Context, space Space) (*Prober, error) {
	config := client.Defaults()
	config.ServiceURL, config.SpaceID, config.Username, config.Password = space.ServiceURL, space.SpaceID, space.Username, space.Password
	config.Transport = space.Transport
	c, err := client.New(config)
	if err != nil {
		return nil, err
	}
	id, err := client.ParseID(space.Phone)
	if err != nil {
		return nil, fmt.Errorf("the phone: %w", err)
	}
	space.Phone = id.String()
	for of, given := range map[string]*string{"account": &space.Account, "contact": &space.Contact} {
		if *given == "" {
			continue
		}
		if id, err = client.ParseID(*given); err != nil {
			return nil, fmt.Errorf("the %s: %w", of, err)
		}
		*given = id.String()
	}
	asIs := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a redirect could take the credentials elsewhere
	p := &Prober{space: space, client: c, http: http.Client{Transport: space.Transport, CheckRedirect: asIs}, left: space.Numbers}
	if p.left == nil {
		p.left, err = p.freeNumbers(ctx)
	}
	ofContact, _ := p.contactNumbers(ctx) // recipientMatch uses one of them, and returns the error
	p.left = slices.DeleteFunc(slices.Clone(p.left), func(number string) bool {
		return slices.ContainsFunc(ofContact, func(taken string) bool { return Digits(taken) == Digits(number) })
	})
	return p, err
}

// URL returns the base URL of the space.
func (p *Prober) URL() string { return p.client.URL() }

// Check creates a conversation of the phone, which [Prober.Clean] deletes. If the service refuses that, no probe can
// work.
func (p *Prober) Check(ctx context.Context) error {
	if _, _, err := p.create(ctx, nil); err != nil {
		return fmt.Errorf("creating a conversation of the phone %s: %w", p.space.Phone, err)
	}
	return nil
}

// Probe returns the value of the switch that corresponds to the service's behavior. A *[LackingError] means that the
// space lacks a record that the probe needs. Any other error means that the behavior corresponds to none of the
// values.
func (p *Prober) Probe(ctx context.Context, of mockserver.Switch) (string, error) {
	find, known := probes[of.Name]
	if !known {
		return "", errors.New("no probe for this switch: add one to probes")
	}
	return find(p, ctx)
}

// freeNumbers returns the fictional numbers that no conversation of the phone has. It starts
// at a random one, so that two probers at the same time rarely use the same number.
func (p *Prober) freeNumbers(ctx context.Context) ([]string, error) {
	there, err := p.ofPhone(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading which numbers are taken: %w", err)
	}
	taken := map[string]bool{}
	for _, conversation := range there {
		if !conversation.IsDeleted {
			taken[Digits(conversation.RecipientPhoneNumber)] = true
		}
	}
	all := FictionalNumbers()
	first := rand.IntN(len(all)) //nolint:gosec // no secret
	var free []string
	for _, number := range slices.Concat(all[first:], all[:first]) {
		if !taken[number] {
			free = append(free, fmt.Sprintf("+1 (%s) %s-%s", number[1:4], number[4:7], number[7:]))
		}
	}
	return free, nil
}

// ofPhone returns the conversations of the phone, including deleted ones.
func (p *Prober) ofPhone(ctx context.Context) ([]client.Conversation, error) {
	all, err := p.client.Conversations.Some(ctx, client.Query{
		Filters: []client.Filter{{Field: "phone_id", Value: p.space.Phone}}, IncludeDeleted: true,
		LoadOnly: []string{"id", "phone_id", "recipient_phone_number", "revision", "is_deleted"},
	}, 0)
	return slices.DeleteFunc(all, func(c client.Conversation) bool { return c.PhoneID.String() != p.space.Phone }), err
}
