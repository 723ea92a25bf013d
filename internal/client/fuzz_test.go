package client

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
)

// No reply, with any status, causes a panic, an endless loop, or a record without an id and
// without an error.
func FuzzReplies(f *testing.F) {
	for _, body := range apitest.ReplySeeds {
		for _, status := range []int{200, 201, 404, 422, 500} {
			f.Add(status, []byte(body), "application/json")
		}
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, retryAfter string) {
		if status < 200 || status > 999 {
			return // net/http returns no other status
		}
		synctest.Test(t, func(t *testing.T) { checkReply(t, status, string(body), retryAfter) })
	})
}

func checkReply(t *testing.T, status int, body, retryAfter string) {
	t.Helper()
	c := scripted(t, apitest.Repeating(status, body, retryAfter), func(c *Config) { c.MaxRetries = 0 })
	ctx := t.Context()

	if got, err := c.Conversations.Get(ctx, idOf(apitest.ID1), Query{}); err == nil && got.ID != idOf(apitest.ID1) {
		t.Errorf("Get returns %v", got)
	} else {
		checkError(t, err)
	}
	for got, err := range c.Relations.All(ctx, Query{}) {
		if err == nil && got.ID.IsZero() {
			t.Error("All returns a record without an id")
		}
		checkError(t, err)
	}
	for got, err := range c.Records("Phones").All(ctx, Query{}) {
		if err == nil && (got.ID.IsZero() || len(got.JSON) == 0) {
			t.Error("All returns a record without an id, or without anything else")
		}
		checkError(t, err)
	}
	for _, results := range [][]BatchResult{
		ofTwo(c.Conversations.BatchModify(ctx, make([]ConversationInput, 2), WriteOptions{}))(t),
		ofTwo(c.Messages.BatchDelete(ctx, []ID{acme, zenith}, WriteOptions{}))(t),
	} {
		for _, result := range results {
			if result.ID.IsZero() == (result.Err == nil) {
				t.Errorf("a batch results in %v, %v", result.ID, result.Err)
			}
			checkError(t, result.Err)
		}
	}
}

// ofTwo checks the results of a batch of two.
func ofTwo(results []BatchResult, err error) func(*testing.T) []BatchResult {
	return func(t *testing.T) []BatchResult {
		t.Helper()
		checkError(t, err)
		if err == nil && len(results) != 2 {
			t.Errorf("%d results", len(results))
		}
		return results
	}
}

func FuzzParseReference(f *testing.F) {
	for _, s := range []string{"", apitest.ID1, strings.ToUpper(apitest.ID1), "urn:uuid:" + apitest.ID1, "https://crm.example/entities/Accounts/" + apitest.ID1, "/entities/X?id=" + apitest.ID1, strings.Repeat("0", 36), "{" + apitest.ID1 + "}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, entity, err := ParseReference(s)
		if (err == nil) == id.IsZero() {
			t.Errorf("ParseReference(%q) = %s, %v", s, id, err)
		}
		if err != nil {
			return
		}
		again, none, err := ParseReference(id.String())
		if again != id || none != "" || err != nil {
			t.Errorf("%s is read again as %s, %q, %v", id, again, none, err)
		}
		if !strings.HasSuffix(strings.ToLower(s), id.String()) || !strings.Contains(s, entity) {
			t.Errorf("ParseReference(%q) = %s, %q", s, id, entity)
		}
	})
}

func FuzzSpaceURL(f *testing.F) {
	for _, service := range []string{"", "crm.example", "https://crm.example/api/v100/rest/spaces/acme/entities", "http://[::1]:8080/", "https://u:p@crm.example", "//", "https://%zz", "a://b://c"} {
		for _, space := range []string{"", "acme_sales", "a/b", ".."} {
			f.Add(service, space)
		}
	}
	f.Fuzz(func(t *testing.T, service, space string) {
		u, err := spaceURL(service, space)
		if err != nil {
			return
		}
		if u.Scheme != "https" && !isLoopback(u.Hostname()) || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("spaceURL(%q, %q) = %s", service, space, u)
		}
		if space != "" && !strings.HasSuffix(u.Path, apiPath+space) {
			t.Errorf("spaceURL(%q, %q) = %s, another space", service, space, u)
		}
		again, err := spaceURL(u.String(), "")
		if err != nil || again.String() != u.String() {
			t.Errorf("%s is read again as %v, %v", u, again, err)
		}
	})
}

func FuzzPhoneNumbers(f *testing.F) {
	for _, number := range []string{"", "+1 (555) 010-0000", "12345", "ACME", "+49 (0) 30 901820", "tel:+1-555-0100;ext=5", "0015550100000", "*******0000", "+1xxxxxx0000"} {
		f.Add(number, "+15550100000")
		f.Add("(555) 010-0000", number)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, p := range []PhoneNumbers{{}, {Region: "US"}, {Region: "IT"}} {
			if !p.Same(a, a) || p.Same(a, b) != p.Same(b, a) {
				t.Errorf("%v.Same(%q, %q) is not symmetric", p, a, b)
			}
			if p.Same(a, b) && !p.MayBeSpelling(a, b) {
				t.Errorf("%v.MayBeSpelling(%q, %q) = false, but they are the same", p, a, b)
			}
			if there, back := p.MayBeSpelling(a, b), p.MayBeSpelling(b, a); there != back && p.Region == "" && !isMasked(a) && !isMasked(b) {
				t.Errorf("%v.MayBeSpelling(%q, %q) is not symmetric", p, a, b)
			}
			if p.MayBeSpelling(a, b) && !p.Same(a, b) && !showDigits(a, b) {
				t.Errorf("%v.MayBeSpelling(%q, %q), which show too few digits", p, a, b)
			}
		}
	})
}

// showDigits reports whether both texts show enough digits to compare them.
func showDigits(a, b string) bool {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, plainText(s))
	}
	a, b = digits(a), digits(b)
	return len(a) >= leastDigits && len(b) >= leastDigits
}
