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

	"github.com/nyaruka/phonenumbers"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The numbers 555-0100 to 555-0199 of each area code are kept for fiction: nobody
// has one. In a real space each conversation of a test is to one of them, by which
// what a test has left behind is found again.

const areaCodes = "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 " +
	"253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 330 334"

var (
	fictional   = regexp.MustCompile(`^1[2-9]\d\d55501\d\d$`)          // as digits
	phoneNumber = regexp.MustCompile(`\+1[ ().-]*(\d[ ().-]*){9}\d\b`) // in a configuration, in any spelling
)

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// respelled returns the number in the spelling of another one with as many digits.
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

// An allotment gives each number once in a run, beginning somewhere, and none
// that a conversation of the test's phones has already.
type allotment struct {
	mu    sync.Mutex
	taken map[string]bool // by what was there before the run; nil: not yet looked up
	first int
	given int
}

var allotted = allotment{first: rand.IntN(1 << 16)} //nolint:gosec // so that two runs don't meet

// take returns a number as digits.
func (a *allotment) take(ctx context.Context, c *client.Client) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken == nil {
		there, err := ofTestPhones(ctx, c)
		if err != nil {
			return "", fmt.Errorf("looking up which numbers are taken: %w", err)
		}
		a.taken = map[string]bool{}
		for _, conversation := range there {
			a.taken[digits(conversation.RecipientPhoneNumber)] = true
		}
	}
	all := fictionalNumbers()
	for a.given < len(all) {
		number := all[(a.first+a.given)%len(all)]
		a.given++
		if !a.taken[number] {
			return number, nil
		}
	}
	return "", errors.New("the conversations of the test's phones have all fictional numbers; use another phone")
}

func fictionalNumbers() (numbers []string) {
	for code := range strings.FieldsSeq(areaCodes) {
		for n := range 100 {
			numbers = append(numbers, fmt.Sprintf("1%s55501%02d", code, n))
		}
	}
	return numbers
}

func TestAllotment(t *testing.T) {
	t.Parallel()
	all := fictionalNumbers()
	a := allotment{first: len(all) + 7, taken: map[string]bool{}}
	for i, number := range all {
		a.taken[number] = i != 5 && i != 9
	}
	for _, want := range []string{all[9], all[5]} {
		if got, err := a.take(t.Context(), nil); got != want || err != nil {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
	if got, err := a.take(t.Context(), nil); err == nil {
		t.Errorf("%s was given, which is taken or given already", got)
	}
}

// What a conversation has already, even a deleted one, is nobody's.
func TestAllotment_looksUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	all := fictionalNumbers()
	w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+" + all[5]})
	deleted := w.add(map[string]any{"phone_id": otherPhone, "recipient_phone_number": respelled(all[6], "+1 (555) 010-0000")})
	if err := w.Server.SoftDelete(conversations, deleted); err != nil {
		t.Fatal(err)
	}
	config := client.Defaults()
	config.ServiceURL, config.SpaceID, config.Username, config.Password = w.url, w.spaceID, "terraform", password
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := (&allotment{first: 5}).take(t.Context(), c); got != all[7] || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, all[7])
	}
}

func TestFiction(t *testing.T) {
	t.Parallel()
	for code := range strings.FieldsSeq(areaCodes) {
		number, err := phonenumbers.Parse("+1"+code+"5550100", "")
		if err != nil || !phonenumbers.IsValidNumber(number) || !fictional.MatchString("1"+code+"5550100") {
			t.Errorf("+1 %s 555 0100 is no fictional number that a service would accept: %v", code, err)
		}
	}
	const text = `a = { phone_id = "10000000-0000-4000-8000-000000000001", recipient_phone_number = "+1 (555) 010-0009" }, b = "+15550000002"`
	replaced := phoneNumber.ReplaceAllStringFunc(text, func(number string) string { return respelled("12025550123", number) })
	want := `a = { phone_id = "10000000-0000-4000-8000-000000000001", recipient_phone_number = "+1 (202) 555-0123" }, b = "+12025550123"`
	if replaced != want {
		t.Errorf("got  %s\nwant %s", replaced, want)
	}
}
