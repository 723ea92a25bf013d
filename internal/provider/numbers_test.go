package provider

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

func TestNumbers_remember(t *testing.T) {
	t.Parallel()
	const sent = "+1 907 555 0133"
	id := parse(t, idC)
	create := client.ConversationInput{ConversationWrites: client.ConversationWrites{RecipientPhoneNumber: client.Value(sent)}}
	update := create
	update.ID = client.Value(id)
	for name, test := range map[string]struct {
		input client.ConversationInput
		held  string
		want  respellings
	}{
		"the same":                  {create, "+19075550133", respellings{}},
		"rewritten":                 {create, "19075550133", respellings{id: {Sent: sent, Held: "19075550133"}}},
		"not recognised, created":   {create, "token", respellings{id: {Sent: sent, Held: "token"}}},
		"not recognised, updated":   {update, "token", respellings{}},
		"rewritten, updated":        {update, "*******0133", respellings{id: {Sent: sent, Held: "*******0133"}}},
		"not read back":             {create, "", respellings{id: {Sent: sent, Held: ""}}},
		"another field was written": {client.ConversationInput{}, "19075550133", respellings{}},
	} {
		n := numbers{respellings: respellings{}}
		n.remember(test.input, id, test.held)
		if diff := cmp.Diff(test.want, n.respellings); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", name, diff)
		}
	}
}

func TestNumbers_asSent(t *testing.T) {
	t.Parallel()
	const sent, held = "+1 907 555 0133", "*******0133"
	id := parse(t, idC)
	for name, test := range map[string]struct {
		kept, actual, want string
		left               respellings
	}{
		"as remembered":          {held, "*** ****0133", sent, respellings{id: {Sent: sent, Held: held}}},
		"not read back before":   {"", held, sent, respellings{id: {Sent: sent, Held: held}}},
		"drift":                  {held, "*******0134", "*******0134", respellings{id: {Sent: sent, Held: held}}},
		"in a third spelling":    {held, "19075550133", sent, respellings{id: {Sent: sent, Held: "19075550133"}}},
		"written as sent by now": {held, "+19075550133", "+19075550133", respellings{}},
		"without a number":       {held, "", "", respellings{id: {Sent: sent, Held: held}}},
	} {
		n := numbers{respellings: respellings{id: {Sent: sent, Held: test.kept}}}
		if got := n.asSent(client.Conversation{RecordValues: client.RecordValues{ID: id}, ConversationValues: client.ConversationValues{RecipientPhoneNumber: test.actual}}, "").RecipientPhoneNumber; got != test.want {
			t.Errorf("%s: %q; want %q", name, got, test.want)
		}
		if diff := cmp.Diff(test.left, n.respellings); diff != "" {
			t.Errorf("%s: remembered (-want +got):\n%s", name, diff)
		}
	}
	n := numbers{respellings: respellings{id: {Sent: sent, Held: held}, parse(t, idA): {Sent: sent, Held: held}}}
	prior := state(t, func(c *client.Conversation) { c.RecipientPhoneNumber = sent })
	changed := prior
	changed.RecipientContactID = types.StringValue(idB)
	if got := changed.change(n, &prior, engine.NoFloor).Baseline.Fields["recipient_phone_number"]; got != held {
		t.Errorf("an update knows %q; want what the CRM holds", got)
	}
	left := memory{layout: layout{isSingle: true}, numbers: n, messages: &messageMemory{}, adopted: map[client.ID]bool{id: true, parse(t, idA): true}}
	if left.save(t.Context(), noPrivateState{}, entries{"": {conversationModel: prior}}); len(n.respellings) != 1 || n.respellings[id].Held != held {
		t.Errorf("remembered: %v; want that of the conversation that is left", n.respellings)
	}
	if diff := cmp.Diff(map[client.ID]bool{id: true}, left.adopted); diff != "" {
		t.Errorf("adopted (-want +got):\n%s", diff)
	}
}

// If the CRM begins to show the number of a conversation in another spelling, that is remembered.
func TestNumbers_newSpelling(t *testing.T) {
	t.Parallel()
	const known = "+1 907 555 0133"
	id := parse(t, idC)
	for held, want := range map[string]string{
		"+19075550133": "+19075550133", "19075550133": known, "0019075550133": known, "*******0133": known, // the same number
		"+19075550134": "+19075550134", "*******0134": "*******0134", "": "",
	} {
		n := numbers{respellings: respellings{}}
		for range 2 {
			shown := client.Conversation{RecordValues: client.RecordValues{ID: id}, ConversationValues: client.ConversationValues{RecipientPhoneNumber: held}}
			if got := n.asSent(shown, known).RecipientPhoneNumber; got != want {
				t.Errorf("%q: %q; want %q", held, got, want)
			}
		}
		if kept := n.respellings[id].Held; (want == known) != (kept == held && kept != "") {
			t.Errorf("%q: remembered %v", held, n.respellings)
		}
	}
}

// noPrivateState holds nothing.
type noPrivateState struct{}

func (noPrivateState) GetKey(context.Context, string) ([]byte, diag.Diagnostics) { return nil, nil }

func (noPrivateState) SetKey(context.Context, string, []byte) diag.Diagnostics { return nil }

// After an update with an unknown outcome, the provider recognizes the number in the
// CRM's spelling, and does not mistake someone else's number for it.
func TestNumbers_rememberOpen(t *testing.T) {
	t.Parallel()
	const sent, held, another = "+1 907 555 0133", "*******0133", "*******0134"
	id, unknown := parse(t, idC), &client.OutcomeUnknownError{Err: errors.New("lost")}
	update := client.ConversationInput{ConversationWrites: client.ConversationWrites{RecipientPhoneNumber: client.Value(sent)}}
	update.ID = client.Value(id)
	for name, test := range map[string]struct {
		input        client.ConversationInput
		err          error
		actual, want string
		left         respellings
	}{
		"carried out":        {update, unknown, held, sent, respellings{id: {Sent: sent, Held: held}}},
		"of someone else":    {update, unknown, another, another, respellings{}},
		"not carried out":    {update, unknown, "", "", respellings{id: {Sent: sent, Open: true}}},
		"refused":            {update, refusal(), held, held, respellings{}},
		"a create":           {client.ConversationInput{ConversationWrites: client.ConversationWrites{RecipientPhoneNumber: client.Value(sent)}}, unknown, held, held, respellings{}},
		"without the number": {client.ConversationInput{Head: update.Head}, unknown, held, held, respellings{}},
	} {
		n := numbers{respellings: respellings{}}
		n.rememberOpen(test.input, test.err)
		if got := n.asSent(client.Conversation{RecordValues: client.RecordValues{ID: id}, ConversationValues: client.ConversationValues{RecipientPhoneNumber: test.actual}}, "").RecipientPhoneNumber; got != test.want {
			t.Errorf("%s: %q; want %q", name, got, test.want)
		}
		if diff := cmp.Diff(test.left, n.respellings); diff != "" {
			t.Errorf("%s: remembered (-want +got):\n%s", name, diff)
		}
	}
}

// warnOfDoubt plans a single conversation. prior is nil for a new one.
func warnOfDoubt(n numbers, planned conversationModel, prior *conversationModel) diag.Diagnostics {
	before := map[client.ID]*ownedModel{}
	if prior != nil {
		planned.ID = types.StringValue(idA)
		before[reference(planned.ID)] = &ownedModel{conversationModel: *prior}
	}
	return layout{isSingle: true}.warnOfDoubts(n, entries{"": {conversationModel: planned}}, before)
}

func TestNumbers_lacksCountry(t *testing.T) {
	t.Parallel()
	number := func(text string) conversationModel {
		return configured(func(m *conversationModel) { m.RecipientPhoneNumber = types.StringValue(text) })
	}
	prior := number("907 555 0133")
	for name, test := range map[string]struct {
		numbers numbers
		planned conversationModel
		prior   *conversationModel
		want    bool
	}{
		"new":                  {numbers{}, number("(907) 555-0133"), nil, true},
		"with country":         {numbers{}, number("\u202a+1 907 555 0133"), nil, false},
		"changed":              {numbers{}, number("907 555 0134"), &prior, true},
		"unchanged":            {numbers{}, number("(907) 555-0133"), &prior, false},
		"a short code":         {numbers{}, number("123456"), nil, false},
		"a region":             {numbers{PhoneNumbers: client.PhoneNumbers{Region: "US"}}, number("(907) 555-0133"), nil, false},
		"a region yet unknown": {numbers{isUnknown: true}, number("(907) 555-0133"), nil, false},
		"none":                 {numbers{}, configured(nil), nil, false},
		"masked, in a region":  {numbers{PhoneNumbers: client.PhoneNumbers{Region: "US"}}, number("1907***0133"), nil, false},
		"masked":               {numbers{}, number("1907***0133"), nil, true},
		"masked, with plus":    {numbers{}, number("+1907***0133"), nil, false},
		"of no country":        {numbers{}, number("+1202555010112345678"), nil, false},
	} {
		diags := warnOfDoubt(test.numbers, test.planned, test.prior)
		if warned := len(diags) == 1 && diags[0].Summary() == "Phone Number Without Country"; warned != test.want {
			t.Errorf("%s: %v", name, diags)
		}
	}
	many := entries{}
	for key := range strings.SplitSeq("abcdefghijkl", "") {
		many[key] = &ownedModel{conversationModel: number("907 555 0133")}
	}
	many["y"], many["z"] = nil, &ownedModel{conversationModel: number("+1 907 555 0133")}
	diags := layout{}.warnOfDoubts(numbers{}, many, nil)
	if len(diags) != 1 || !strings.Contains(diags[0].Detail(), `"j", and 2 more`) || !strings.Contains(diags[0].Detail(), "recipient_phone_number") {
		t.Errorf("%v; want one warning that lists ten keys", diags)
	}
}

// The plan warns once of a number that can't be right, and of a text that may be a name.
func TestNumbers_warnOfDoubts(t *testing.T) {
	t.Parallel()
	number := func(text string) conversationModel {
		return configured(func(m *conversationModel) { m.RecipientPhoneNumber = types.StringValue(text) })
	}
	const (
		noCountry, letters = "Phone Number With Unknown Country Code", "Phone Number With Letters"
		odd                = "Phone Number With Odd Characters"
		tooShort, tooLong  = "Phone Number Too Short", "Phone Number Too Long"
		date, several      = "Phone Number Like a Date", "Several Phone Numbers"
	)
	many, prior := entries{}, number("hello")
	for name, test := range map[string]struct {
		number string
		prior  *conversationModel
		want   string
	}{
		"too long": {"+1202555010112345678", nil, noCountry},
		"two":      {"+1 202 555 0101; +1 202 555 0102", nil, noCountry},
		"with 00":  {"00999 12345678", nil, noCountry},
		"short":    {"+1 202", nil, noCountry},
		"a name":   {"hello", nil, letters},
		"an email": {"a@b.de", nil, letters},
		"no name":  {"unknown", &prior, letters},
		"a prefix": {"Mobile: +1 202 555 0101", nil, letters},
		"a row":    {"see row 12", nil, letters},
		"name, 1":  {"ACME1", nil, letters},
		"plus":     {"+Sales 24", nil, letters},
		"a person": {"Bob 202 555 0101", nil, letters},

		"letters":        {"+1 415 2OO OO1O", nil, odd},
		"an apostrophe":  {"'+12025550101", nil, odd},
		"a formula":      {"=+12025550101", nil, odd},
		"a remark":       {"+1 202 555 0101 (home)", nil, odd},
		"a letter":       {"+1 720 555 O199", nil, odd},
		"no-break":       {"+1 202\u00a0555 0101", nil, odd},
		"a tab":          {"+1 202\t555 0101", nil, odd},
		"a dash":         {"+1 202\u2013555 0101", nil, odd},
		"full width":     {"+1 202 555 01\uff10\uff11", nil, odd},
		"zero":           {"0", nil, tooShort},
		"a card":         {"4111 1111 1111 1111", nil, tooLong},
		"011 and a card": {"011 4111 1111 1111 1111", nil, tooLong},
		"two of none":    {"030 23125014 / 030 23125015", nil, tooLong},
		"two abroad":     {"+49 30 23125014 / 15", nil, several},
		"two, no spaces": {"+49 30 23125014/15", nil, several},
		"a date":         {"2025-03-14", nil, date},
		"a time":         {"2025-03-14 12:30:00", nil, date},
		"a date, US":     {"3/14/2025", nil, date},
		"a date, German": {"14.03.2025", nil, date},
		"a code":         {"*100#", nil, odd},
		"a longer code":  {"*#06#", nil, odd},

		"unchanged":      {"hello", &prior, ""},
		"fine":           {"+1 202 555 0101", nil, ""},
		"a short code":   {"123", nil, ""},
		"an extension":   {"+1 202 555 0101 ext. 12", nil, ""},
		"a long one":     {"+1 202 555 0101 ext. 123456", nil, ""},
		"a trunk prefix": {"+49 (0)30 123456789012", nil, ""},
		"a URI":          {"tel:+1-202-555-0101", nil, ""},
		"masked":         {"***", nil, ""},
		"masked, long":   {"*******0133", nil, ""},
		"a short one":    {"00 12", nil, ""},
		"a slash":        {"+49 30 / 23125014", nil, ""},
	} {
		for _, n := range []numbers{{}, {PhoneNumbers: client.PhoneNumbers{Region: "US"}}, {isUnknown: true}} {
			diags := warnOfDoubt(n, number(test.number), test.prior)
			if got := len(diags); got > 1 || (got == 1) != (test.want != "") || got == 1 && diags[0].Summary() != test.want {
				t.Errorf("%s: %v; want %s", name, diags, test.want)
			}
		}
		if test.prior == nil {
			many[name] = &ownedModel{conversationModel: number(test.number)}
		}
	}
	for _, international := range []string{"0049 1512 34567890", "011 49 1512 3456789", "011 49 1512 34567890"} { // up to 17 digits, with the prefix
		n := numbers{PhoneNumbers: client.PhoneNumbers{Region: "US"}}
		if diags := warnOfDoubt(n, number(international), nil); diags.WarningsCount() > 0 {
			t.Errorf("%s: %v", international, diags)
		}
	}
	for _, other := range []string{"555-0101", "02 99 00 12 34", "(202) 555-0101 / 02", "12025550101.0"} {
		n := numbers{PhoneNumbers: client.PhoneNumbers{Region: "US"}}
		if diags := warnOfDoubt(n, number(other), nil); len(diags) != 1 || diags[0].Summary() != "Phone Number of Another Region" {
			t.Errorf("%s: %v", other, diags)
		}
	}
	diags := layout{}.warnOfDoubts(numbers{}, many, nil)
	if len(diags) != 7 || !strings.Contains(diags[0].Detail(), `of "short", "too long", "two", "with 00" begins with + or 00, but no country has such a number. It`) || !strings.Contains(diags[6].Detail(), `of "a name", "a person", "a prefix", "a row", "an email", "name, 1", "plus" begins with a letter. If`) {
		t.Errorf("%v", diags)
	}
}
