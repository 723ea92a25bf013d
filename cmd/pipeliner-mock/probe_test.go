package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Probing a mock prints exactly the switches that were set.
func TestProbe(t *testing.T) {
	const phone = "10000000-0000-4000-8000-00000000000a"
	seed := file(t, `{"Phones": [{"id": "`+phone+`"}], "Contacts": [{"id": "20000000-0000-4000-8000-00000000000a", "phone1": "+1 907 555 0123"}],
		"Accounts": [{"id": "30000000-0000-4000-8000-00000000000a"}]}`)
	others := []string{"--space=a", "--user=u", "--password=p", "--seed=" + seed}
	var want []string
	for i, sw := range mockserver.Switches {
		want = append(want, "--"+sw.Name+"="+sw.Values[i%len(sw.Values)])
	}
	url, _, stop := start(t, append(others, want...)...)
	t.Setenv("PIPELINER_SPACE_ID", "a")
	t.Setenv("PIPELINER_USERNAME", "u")
	t.Setenv("PIPELINER_PASSWORD", "p")
	arguments := []string{"--probe", url, "--probe-phone", phone}
	with := slices.Concat(arguments, []string{"--probe-account", "30000000-0000-4000-8000-00000000000a", "--probe-contact", "20000000-0000-4000-8000-00000000000a"})

	var stdout, stderr buffer
	if err := run(t.Context(), with, &stdout, &stderr); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff("pipeliner-mock "+strings.Join(want, " ")+"\n", stdout.String()); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	for _, text := range []string{"Creating, changing and deleting conversations of the phone " + phone, url, "Nothing is sent"} {
		if !strings.Contains(stderr.String(), text) {
			t.Errorf("stderr does not say %s: %s", text, stderr.String())
		}
	}
	_, records := get(t, url+"/_mock/records?entity=TextMessageConversations", "", "")
	if made, deleted := strings.Count(records, `"phone_id"`), strings.Count(records, `"is_deleted":true`); made == 0 || made != deleted {
		t.Errorf("of %d conversations, %d are deleted", made, deleted)
	}

	var less, why buffer
	if err := run(t.Context(), arguments, &less, &why); err != nil || strings.Contains(less.String(), "recipient-match") ||
		!strings.Contains(why.String(), "recipient-match: not probed: it needs a contact") {
		t.Errorf("without a contact: %v, %q, %q", err, less.String(), why.String())
	}
	if _, err := stop(); err != nil {
		t.Error(err)
	}
}

// If the service creates no conversation of the phone, each probe would fail for that reason, or mistake the refusal
// for a result.
func TestProbe_unusable(t *testing.T) {
	const phone = "10000000-0000-4000-8000-00000000dead"
	url, _, stop := start(t, "--space=a", "--user=u", "--password=p")
	t.Setenv("PIPELINER_SPACE_ID", "a")
	t.Setenv("PIPELINER_USERNAME", "u")
	t.Setenv("PIPELINER_PASSWORD", "p")
	var stdout, stderr buffer
	err := run(t.Context(), []string{"--probe", url, "--probe-phone", phone}, &stdout, &stderr)
	if err == nil || stdout.String() != "" || strings.Contains(stderr.String(), "none of") {
		t.Fatalf("%v, printed %q and %q", err, stdout.String(), stderr.String())
	}
	for _, text := range []string{"probe: creating a conversation of the phone " + phone, "422", "doesn't exist"} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %s: %v", text, err)
		}
	}
	if _, err := stop(); err != nil {
		t.Error(err)
	}
}

// What can't be right is refused before anything is written, and named as the user has written it.
func TestProbe_refused(t *testing.T) {
	const phone = "10000000-0000-4000-8000-00000000000a"
	url, _, _ := start(t, "--space=a", "--user=u", "--password=p", "--seed", file(t, `{"Phones": [{"id": "`+phone+`"}]}`))
	for want, test := range map[string]struct {
		space, username string
		more            []string
	}{
		"probe: --probe: its scheme is":                                {"a", "u", []string{"--probe", "ftp://x", "--probe-phone", phone}},
		"probe: --probe-phone: set it to the UUID of the sender phone": {"a", "u", nil},
		`probe: --probe-phone: "sales" is neither a UUID`:              {"a", "u", []string{"--probe-phone", "sales"}},
		`probe: --probe-account: "x" is neither a UUID`:                {"a", "u", []string{"--probe-phone", phone, "--probe-account", "x"}},
		`probe: --probe-contact: "x" is neither a UUID`:                {"a", "u", []string{"--probe-phone", phone, "--probe-contact", "x"}},
		"probe: PIPELINER_SPACE_ID: it is empty":                       {"", "u", []string{"--probe-phone", phone}},
		"probe: PIPELINER_USERNAME: it is empty":                       {"a", "", []string{"--probe-phone", phone}},
	} {
		t.Setenv("PIPELINER_SPACE_ID", test.space)
		t.Setenv("PIPELINER_USERNAME", test.username)
		t.Setenv("PIPELINER_PASSWORD", "p")
		var stdout, stderr buffer
		arguments := append([]string{"--probe", url}, test.more...)
		if err := run(t.Context(), arguments, &stdout, &stderr); err == nil || !strings.Contains(err.Error(), want) || stdout.String()+stderr.String() != "" {
			t.Errorf("%v: %v; want %s; printed %q and %q", arguments, err, want, stdout.String(), stderr.String())
		}
	}
	if _, records := get(t, url+"/_mock/records?entity=TextMessageConversations", "", ""); records != "[]" {
		t.Errorf("the space has %s", records)
	}
}
