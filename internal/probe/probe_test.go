package probe

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The records of the mock.
const (
	phone   = "10000000-0000-4000-8000-00000000000a"
	contact = "20000000-0000-4000-8000-00000000000a"
	account = "30000000-0000-4000-8000-00000000000a"
)

// newMock returns a mock, and its space to probe. The phone already has a conversation of
// others.
func newMock(t *testing.T, behavior mockserver.Behavior) (*mockserver.Server, Space) {
	t.Helper()
	mock, err := mockserver.New(mockserver.Options{Behavior: behavior, Space: "my_space", Username: "terraform", Password: "secret"})
	if err == nil {
		err = mock.Seed(map[string][]map[string]any{
			"Phones":      {{"id": phone}},
			"Contacts":    {{"id": contact, "phone1": "+1 907 555 0123"}},
			"Accounts":    {{"id": account}},
			conversations: {{"phone_id": phone, "recipient_phone_number": "+1 907 555 0100"}},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return mock, Space{
		ServiceURL: "https://crm.example", SpaceID: "my_space", Username: "terraform", Password: "secret",
		Phone: strings.ToUpper(phone), Account: account, Contact: contact, Transport: mockserver.InProcess(mock),
	}
}

// The probes find out each value of each switch, whatever the values of the other switches.
func TestProbe(t *testing.T) {
	t.Parallel()
	for _, of := range mockserver.Switches {
		for _, value := range of.Values {
			t.Run(of.Name+"="+value, func(t *testing.T) {
				t.Parallel()
				var behavior mockserver.Behavior
				*of.Field(&behavior) = value
				wantFound(t, behavior)
			})
		}
	}
	// With no switch at its default: no probe may rely on another switch.
	t.Run("all others", func(t *testing.T) {
		t.Parallel()
		var behavior mockserver.Behavior
		for _, of := range mockserver.Switches {
			*of.Field(&behavior) = of.Values[len(of.Values)-1]
		}
		wantFound(t, behavior)
	})
}

// wantFound checks that the probes find exactly this behavior, and leave no records behind.
func wantFound(t *testing.T, behavior mockserver.Behavior) {
	t.Helper()
	mock, space := newMock(t, behavior)
	before := mock.Records(conversations)
	p, err := New(t.Context(), space)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range mockserver.Switches {
		want := *of.Field(&behavior)
		if want == "" {
			want = of.Values[0]
		}
		if got, err := p.Probe(t.Context(), of); err != nil || got != want {
			t.Errorf("%s is %s; the probe says %q, %v", of.Name, want, got, err)
		}
	}
	if err := p.Clean(t.Context()); err != nil {
		t.Error(err)
	}
	live := slices.DeleteFunc(mock.Records(conversations), func(record map[string]any) bool { return record["is_deleted"] == true })
	if diff := cmp.Diff(before, live); diff != "" {
		t.Errorf("conversations (-before +after):\n%s", diff)
	}
	for _, message := range mock.Records(messages) {
		if message["direction"] != 2 || message["is_deleted"] != true {
			t.Errorf("a probe has left %v", message)
		}
	}
}

// Each switch has a probe, and each probe has a switch.
func TestProbes(t *testing.T) {
	t.Parallel()
	var got, want []string
	for name := range probes {
		got = append(got, name)
	}
	for _, of := range mockserver.Switches {
		want = append(want, of.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("probes (-want +got):\n%s", diff)
	}
}

// Probes that lack a record say so, and the other probes still work.
func TestProbe_lacking(t *testing.T) {
	t.Parallel()
	_, space := newMock(t, mockserver.Behavior{})
	space.Account, space.Contact = "", ""
	p, err := New(t.Context(), space)
	if err != nil {
		t.Fatal(err)
	}
	var lacking []string
	for _, of := range mockserver.Switches {
		switch _, err := p.Probe(t.Context(), of); {
		case errors.As(err, new(*LackingError)):
			lacking = append(lacking, of.Name)
		case err != nil:
			t.Errorf("%s: %v", of.Name, err)
		}
	}
	if diff := cmp.Diff([]string{"array-update", "recipient-match", "relation-revision"}, lacking); diff != "" {
		t.Errorf("not probed (-want +got):\n%s", diff)
	}
}

// Only one probe uses the number of the contact. The other probes use other numbers.
func TestNew_contact(t *testing.T) {
	t.Parallel()
	_, space := newMock(t, mockserver.Behavior{})
	for _, given := range [][]string{nil, {"+1 (907) 555-0122", "+1 (907) 555-0123"}} {
		space.Numbers = given
		p, err := New(t.Context(), space)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.left) == 0 || slices.ContainsFunc(p.left, func(number string) bool { return Digits(number) == "19075550123" }) {
			t.Errorf("given %v, the free numbers are %v", given, p.left)
		}
	}
}

func TestNew_refused(t *testing.T) {
	t.Parallel()
	for want, edit := range map[string]func(*Space){
		"service_url": func(s *Space) { s.ServiceURL = "http://crm.example" },
		"the phone":   func(s *Space) { s.Phone = "sales" },
		"401":         func(s *Space) { s.Password = "wrong" },
	} {
		mock, space := newMock(t, mockserver.Behavior{})
		edit(&space)
		if _, err := New(t.Context(), space); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v; want one of %s", err, want)
		}
		if len(mock.Records(conversations)) != 1 {
			t.Errorf("%s: something was written", want)
		}
	}
}

// A phone whose conversations use all fictional numbers can't be probed.
func TestProbe_noNumberLeft(t *testing.T) {
	t.Parallel()
	_, space := newMock(t, mockserver.Behavior{})
	space.Numbers = []string{}
	p, err := New(t.Context(), space)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Probe(t.Context(), mockserver.Switches[0]); err == nil || !strings.Contains(err.Error(), "use another phone") {
		t.Errorf("the error is %v; want one of the numbers", err)
	}
}

// If reads lag behind writes, the probes that need to read return an error, and never a wrong value.
func TestProbe_lag(t *testing.T) {
	t.Parallel()
	behavior := mockserver.Behavior{}
	for _, of := range mockserver.Switches {
		*of.Field(&behavior) = of.Values[len(of.Values)-1]
	}
	mock, space := newMock(t, behavior)
	mock.SetLag(time.Hour)
	p, err := New(t.Context(), space)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range mockserver.Switches {
		switch got, err := p.Probe(t.Context(), of); {
		case err != nil && strings.Contains(err.Error(), "%!"):
			t.Errorf("%s: %v", of.Name, err)
		case err == nil && got != *of.Field(&behavior):
			t.Errorf("%s is %s; the probe says %s", of.Name, *of.Field(&behavior), got)
		}
	}
}

// A prober that has run out of numbers still deletes what it has made.
func TestClean_noNumberLeft(t *testing.T) {
	t.Parallel()
	mock, space := newMock(t, mockserver.Behavior{})
	space.Numbers = FictionalNumbers()[:3]
	p, err := New(t.Context(), space)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range mockserver.Switches {
		_, _ = p.Probe(t.Context(), of)
	}
	if err := p.Clean(t.Context()); err != nil {
		t.Error(err)
	}
	for _, record := range mock.Records(conversations)[1:] {
		if record["is_deleted"] != true {
			t.Errorf("%v is left", record)
		}
	}
}

// A redirect does not take the credentials to another host.
func TestProbe_redirect(t *testing.T) {
	t.Parallel()
	_, space := newMock(t, mockserver.Behavior{})
	service := space.Transport
	space.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		switch {
		case r.URL.Scheme != "https":
			t.Errorf("a redirect to %s is followed", r.URL)
		case r.Method == http.MethodPost:
			header := http.Header{"Location": {"http://" + r.URL.Host + r.URL.Path}}
			return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: header, Body: http.NoBody, Request: r}, nil
		}
		return service.RoundTrip(r)
	})
	p, err := New(t.Context(), space)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Probe(t.Context(), mockserver.Switches[0]); err == nil || !strings.Contains(err.Error(), "307") {
		t.Errorf("the error is %v; want one of the redirect", err)
	}
}

// A service answers a second create with the first conversation. It neither allows two conversations nor refuses the
// second.
func TestProbe_sameConversation(t *testing.T) {
	t.Parallel()
	_, space := newMock(t, mockserver.Behavior{})
	service := space.Transport
	var first []byte
	space.Transport = roundTripper(func(r *http.Request) (response *http.Response, err error) {
		if r.Method != http.MethodPost {
			return service.RoundTrip(r)
		}
		if first == nil {
			if response, err = service.RoundTrip(r); err == nil {
				first, err = io.ReadAll(response.Body)
			}
		}
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(first)), Request: r}, err
	})
	p, err := New(t.Context(), space)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.duplicateConversations(t.Context()); err == nil || !strings.Contains(err.Error(), "the first one") {
		t.Errorf("duplicates are said to be %q, %v", got, err)
	}
}

// The clock of a service that writes created in whole seconds does not count as behind.
func TestProbe_wholeSeconds(t *testing.T) {
	t.Parallel()
	_, space := newMock(t, mockserver.Behavior{})
	service := space.Transport
	fraction := regexp.MustCompile(`("created":"[^".]*)\.\d+`)
	space.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		response, err := service.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(response.Body)
		response.Body = io.NopCloser(bytes.NewReader(fraction.ReplaceAll(body, []byte("$1"))))
		return response, err
	})
	p, err := New(t.Context(), space)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.createdClock(t.Context()); got != mockserver.Kept {
		t.Errorf("the clock is said to be %q, %v", got, err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestFiction(t *testing.T) {
	t.Parallel()
	for code := range strings.FieldsSeq(AreaCodes) {
		number, err := phonenumbers.Parse("+1"+code+"5550100", "")
		if err != nil || !phonenumbers.IsValidNumber(number) || !IsFictional("+1 ("+code+") 555-0100") {
			t.Errorf("+1 %s 555 0100 is no fictional number that a service would accept: %v", code, err)
		}
	}
}
