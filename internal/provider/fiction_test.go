package provider_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/probe"
)

// In a real space, the conversations of the tests have the numbers of
// [probe.FictionalNumbers].

var phoneNumber = regexp.MustCompile(`\+1[ ().-]*(\d[ ().-]*){9}\d\b`) // in a configuration, in any spelling

func digits(number string) string { return probe.Digits(number) }

// respelled returns the number in the spelling of another one with the same number of
// digits.
func respelled(number, like string) string {
	i := -1
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		i++
		return rune(number[i])
	}, like)
}

// An allotment gives out each number once in a run, from a random start, and skips the
// numbers of existing conversations of the test's phones.
type allotment struct {
	mu    sync.Mutex
	taken map[string]bool    // numbers
	older map[client.ID]bool // conversations from before the run, deleted ones too; nil: not yet looked up
	first int
	given int
}

var allotted = allotment{first: rand.IntN(1 << 16)} //nolint:gosec // so that two runs don't meet

// take returns a number as digits.
func (a *allotment) take(ctx context.Context, c *client.Client) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.lookUp(ctx, c); err != nil {
		return "", fmt.Errorf("looking up which numbers are taken: %w", err)
	}
	all := probe.FictionalNumbers()
	for a.given < len(all) {
		number := all[(a.first+a.given)%len(all)]
		a.given++
		if !a.taken[number] {
			return number, nil
		}
	}
	return "", errors.New("the tests of this run and the conversations of the phones have all fictional numbers; sweep, or use another phone")
}

func (a *allotment) lookUp(ctx context.Context, c *client.Client) error {
	if a.older != nil {
		return nil
	}
	there, err := ofTestPhones(ctx, c)
	if err != nil {
		return err
	}
	a.taken, a.older = map[string]bool{}, map[client.ID]bool{}
	for _, conversation := range there {
		a.older[conversation.ID] = true
		if !conversation.IsDeleted { // deleted ones of earlier runs stay in the bin
			a.taken[digits(conversation.RecipientPhoneNumber)] = true
		}
	}
	return nil
}

// isOlder reports whether a conversation existed before the run.
func (a *allotment) isOlder(id client.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.older[id]
}

func TestAllotment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	all := probe.FictionalNumbers()
	var deleted client.ID
	for i, number := range all {
		if i == 9 {
			continue
		}
		id := w.add(map[string]any{"phone_id": []string{phone, otherPhone}[i%2], "recipient_phone_number": respelled(number, "+1 (555) 010-0000")})
		if i == 5 {
			deleted = idOf(id)
			if err := w.SoftDelete(conversations, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	config := client.Defaults()
	config.ServiceURL, config.SpaceID, config.Username, config.Password = w.url, w.spaceID, "terraform", password
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	a := allotment{first: len(all) + 7}
	for _, want := range []string{all[9], all[5]} {
		if got, err := a.take(t.Context(), c); got != want || err != nil {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
	if got, err := a.take(t.Context(), c); err == nil {
		t.Errorf("%s was given, which is taken or given already", got)
	}
	made := idOf(w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+" + all[9]}))
	if !a.isOlder(deleted) || a.isOlder(made) {
		t.Error("what is in the bin has to be from before the run, and what was made since not")
	}
}

func TestRespelled(t *testing.T) {
	t.Parallel()
	const text = `a = { phone_id = "10000000-0000-4000-8000-000000000001", recipient_phone_number = "+1 (555) 010-0009" }, b = "+15550000002"`
	replaced := phoneNumber.ReplaceAllStringFunc(text, func(number string) string { return respelled("12025550123", number) })
	want := `a = { phone_id = "10000000-0000-4000-8000-000000000001", recipient_phone_number = "+1 (202) 555-0123" }, b = "+12025550123"`
	if replaced != want {
		t.Errorf("got  %s\nwant %s", replaced, want)
	}
}
