package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The provider reports mistakes in entries as the framework does elsewhere. If the framework would not name the key,
// the provider uses its own words.
func TestEntryValidation(t *testing.T) {
	t.Parallel()
	entry := func(name string, value any) map[string]any {
		return map[string]any{"a": map[string]any{"phone_id": testPhone, name: value}}
	}
	message := func(attributes map[string]any) map[string]any {
		return entry("messages", map[string]any{"m": attributes})
	}
	for name, test := range map[string]struct {
		entries map[string]any
		count   int // of complaints
	}{
		"nothing wrong":         {everyGoodEntry(), 0},
		"no phone":              {map[string]any{"a": map[string]any{}, "b": map[string]any{"id": nil}}, 2},
		"id":                    {entry("id", testPhone), 1},
		"unknown id":            {entry("id", tftypes.UnknownValue), 1},
		"is_deleted":            {entry("is_deleted", true), 1},
		"is_deleted, false":     {entry("is_deleted", false), 1},
		"no uuid":               {entry("phone_id", "sales"), 1},
		"no uuid of a set":      {entry("quote_relations", []string{"x", testPhone}), 1},
		"no number":             {entry("recipient_phone_number", ""), 1},
		"rounded number":        {entry("recipient_phone_number", "1.5E+10"), 1},
		"placeholder":           {entry("recipient_phone_number", " n/a "), 1},
		"message of nothing":    {message(map[string]any{}), 1},
		"message, is_deleted":   {message(map[string]any{"id": testPhone, "is_deleted": false}), 1},
		"message, bad names":    {message(map[string]any{"content": "", "direction": "up", "status": "x", "datetime_sent": "now", "message_sid": ""}), 5},
		"message, null":         {entry("messages", map[string]any{"m": nil}), 1},
		"message, unknown":      {entry("messages", map[string]any{"m": tftypes.UnknownValue}), 0},
		"messages, unknown":     {entry("messages", tftypes.UnknownValue), 0},
		"message twice":         {entry("messages", map[string]any{"m": map[string]any{"id": testPhone}, "n": map[string]any{"id": testPhone}}), 1},
		"message, id and text":  {message(map[string]any{"id": testPhone, "content": "x"}), 1},
		"several, of all kinds": {map[string]any{"a": map[string]any{"id": testPhone, "messages": map[string]any{"m": map[string]any{}}}, "b": map[string]any{"phone_id": "x"}}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := complaints(t, providerserver.NewProtocol6(&pipelinerProvider{unsealed: true})(), test.entries)
			got := complaints(t, NewServer("test"), test.entries)
			for _, texts := range [][]string{want, got} {
				for i, text := range texts {
					texts[i] = regexp.MustCompile(`((?:Required|Read-Only) Attribute): .*`).ReplaceAllString(strings.ReplaceAll(text, "\n", " "), "$1")
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("complaints (-of the framework, +got):\n%s", diff)
			}
			if len(got) != test.count {
				t.Errorf("%d complaints; want %d: %q", len(got), test.count, got)
			}
		})
	}
}

// An error of an entry names the key and the attribute.
func TestEntryValidation_located(t *testing.T) {
	t.Parallel()
	got := strings.Join(complaints(t, NewServer("test"), map[string]any{
		"Doe, Jane": map[string]any{"phone_id": testPhone, "id": testPhone},
		"a":         map[string]any{},
		"b":         map[string]any{"phone_id": testPhone, "messages": map[string]any{"m": map[string]any{"id": testPhone, "is_deleted": true}}},
	}), "\n")
	for _, want := range []string{
		`conversations["Doe, Jane"].id: The CRM sets this attribute. Remove it from the configuration.`,
		`conversations["a"].phone_id: This attribute is required. If its value comes from one(…), nothing matched.`,
		`conversations["b"].messages["m"].is_deleted: The CRM sets this attribute.`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the complaints are %s; want %s", got, want)
		}
	}
}

// If more entries have the same mistake than a list shows, they share one error. Their values may differ, and other
// entries have their own errors.
func TestEntryValidation_grouped(t *testing.T) {
	t.Parallel()
	for count, want := range map[int][]string{
		10: nil, // as many as there are
		11: {
			`ERROR AttributeName("conversations"): Invalid Id: 11 entries have this error in account_relations: "k10", "k11", "k12", "k13", "k14", "k15", "k16", "k17", "k18", "k19", and 1 more. The first is:…conversations["k10"].account_relations: "x10" is neither a UUID…`,
			`ERROR AttributeName("conversations"): Missing Configuration for Required Attribute: 11 entries have this error in phone_id: "k10", …`,
			`ERROR AttributeName("conversations"): Invalid Attribute Value Length: 11 entries have this error in messages.content: …`,
			`ERROR AttributeName("conversations").ElementKeyString("z").AttributeName("quote_relations")…Invalid Id: …`,
		},
	} {
		given := map[string]any{"z": map[string]any{"phone_id": testPhone, "quote_relations": []string{"x"}}}
		for i := range count {
			given[fmt.Sprint("k", 10+i)] = map[string]any{
				"account_relations": []string{fmt.Sprint("x", 10+i), fmt.Sprint("y", 10+i)},
				"messages":          map[string]any{"m": map[string]any{"content": "", "direction": "incoming"}},
			}
		}
		got := complaints(t, NewServer("test"), given)
		if want == nil {
			if len(got) != 4*count+1 {
				t.Errorf("%d complaints; want %d", len(got), 4*count+1)
			}
			continue
		}
		slices.Sort(want)
		if !slices.EqualFunc(got, want, func(text, want string) bool {
			at := 0
			return !slices.ContainsFunc(strings.Split(want, "…"), func(part string) bool {
				found := strings.Index(text[at:], part)
				at += max(found, 0) + len(part)
				return found < 0
			})
		}) {
			t.Errorf("the complaints are %q; want %q", got, want)
		}
	}
}

// An empty key has a warning, and so has one of blanks. Two numbers that are refused are not the same number.
func TestEntryValidation_warnings(t *testing.T) {
	t.Parallel()
	entry := map[string]any{"phone_id": testPhone, "recipient_phone_number": "n/a"}
	rounded := map[string]any{"phone_id": testPhone, "recipient_phone_number": "1.5E+10"}
	got := complaints(t, NewServer("test"), map[string]any{"": map[string]any{"phone_id": testPhone}, " ": map[string]any{"phone_id": testPhone, "recipient_phone_number": "+15550100"}, "a": entry, "b": entry, "c": rounded, "d": rounded})
	message := map[string]any{"content": "Hello", "direction": "incoming"}
	messages := map[string]any{}
	for i := range 11 {
		messages[fmt.Sprint("m", i)] = map[string]any{"phone_id": testPhone, "messages": map[string]any{" ": message}}
	}
	keyless := strings.Join(complaints(t, NewServer("test"), messages), "\n")
	if !strings.HasPrefix(keyless, `WARNING AttributeName("conversations"): Empty Key: 11 entries have this warning in messages: "m0", "m1", "m10", `) || !strings.Contains(keyless, `conversations["m0"].messages: A message has the key " ", which may come from a blank cell.`) {
		t.Errorf("the complaints are %s; want one warning of empty keys", keyless)
	}
	if all := strings.Join(got, "\n"); len(got) != 6 || strings.Count(all, ": Empty Key: ") != 2 || strings.Contains(all, "Same Number") {
		t.Errorf("the complaints are %q; want four invalid numbers and two empty keys", got)
	}
}

// If more entries are null than that, they also share one error.
func TestEntryValidation_null(t *testing.T) {
	t.Parallel()
	given := map[string]any{}
	for i := range 11 {
		given[fmt.Sprint("k", 10+i)] = nil
	}
	got := complaints(t, NewServer("test"), given)
	want := `ERROR AttributeName("conversations"): Missing Conversation: 11 entries have this error: "k10", "k11", "k12", "k13", "k14", "k15", "k16", "k17", "k18", "k19", and 1 more. The first is:`
	if len(got) != 1 || !strings.HasPrefix(got[0], want) {
		t.Errorf("the complaints are %q; want %q", got, want)
	}
}

func everyGoodEntry() map[string]any {
	good := everyEntry()
	for _, entry := range good {
		if attributes, isKnown := entry.(map[string]any); isKnown {
			delete(attributes, "id")
			delete(attributes, "is_deleted")
			attributes["phone_id"] = testPhone
		}
	}
	for _, key := range []string{"full", "unknown messages"} {
		attributes, _ := good[key].(map[string]any)
		delete(attributes, "messages") // not all of them are valid
	}
	delete(good, "")              // has a warning
	delete(good, "not yet known") // the framework reports its missing phone
	return good
}

// complaints returns a server's diagnostics for a configuration of these entries, sorted.
func complaints(t *testing.T, server tfprotov6.ProviderServer, entries map[string]any) (texts []string) {
	t.Helper()
	of := bulkTerraformType()
	config, err := tfprotov6.NewDynamicValue(of, terraformValue(of, map[string]any{"conversations": entries}))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: bulkTypeName, Config: &config})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		if d.Summary == "Value Conversion Error" {
			continue // the resource itself accepts only a sealed map
		}
		texts = append(texts, fmt.Sprintf("%s %s: %s: %s", d.Severity, d.Attribute, d.Summary, d.Detail))
	}
	slices.Sort(texts)
	return texts
}

// A change that is easily missed in a plan is a warning, which names the keys.
func TestWarnOfPlan(t *testing.T) {
	t.Parallel()
	entry := func(change func(*ownedModel)) *ownedModel {
		m := newOwnedModel()
		m.PhoneID, m.RecipientPhoneNumber = types.StringValue(testPhone), types.StringValue("+15550100001")
		change(m)
		return m
	}
	message := func(id types.String, direction string) func(*ownedModel) {
		return func(m *ownedModel) {
			m.Messages = messages{"m": {Content: types.StringValue("x"), Direction: types.StringValue(direction), ID: id}}.toMap()
		}
	}
	unchanged := entry(func(m *ownedModel) { m.ID = types.StringValue(testPhone) })
	deleted := entry(func(m *ownedModel) { m.ID, m.IsDeleted = types.StringValue(testAccount), types.BoolValue(true) })
	restored := entry(func(m *ownedModel) { m.ID = types.StringValue(testAccount) })
	both := func(say func(*ownedModel)) *ownedModel {
		return entry(func(m *ownedModel) { m.ID = types.StringValue(testPhone); say(m) })
	}
	many := make([]string, 12)
	for i := range many {
		many[i] = fmt.Sprintf("k%02d", i)
	}
	for name, test := range map[string]struct {
		planned, prior entries
		replaced       []string
		abandoned      bool
		want           []string
	}{
		"nothing": {
			planned: entries{"a": unchanged, "new": entry(func(*ownedModel) {}), "unknown": nil}, prior: entries{"a": unchanged},
		},
		"without a number": {
			planned: entries{
				"a": entry(func(m *ownedModel) { m.ID, m.RecipientPhoneNumber = types.StringUnknown(), types.StringNull() }),
				"b": entry(func(m *ownedModel) { m.ID, m.RecipientPhoneNumber = types.StringUnknown(), types.StringUnknown() }),
				"c": entry(func(m *ownedModel) { m.ID = types.StringUnknown() }), "d": entry(func(m *ownedModel) { m.ID, m.RecipientPhoneNumber = types.StringValue(testPhone), types.StringNull() }),
			},
			want: []string{"Text Message Conversations Without a Number: The apply creates these conversations without a recipient_phone_number: \"a\". If"},
		},
		"replaced": {
			replaced: many,
			want:     []string{"Text Message Conversations Will Be Replaced: The apply deletes these conversations with their messages and creates new ones", `"k00", `, `"k09", and 2 more.`},
		},
		"replaced and abandoned": {
			replaced: []string{"a"}, abandoned: true,
			want: []string{"Text Message Conversations Will Be Replaced: The apply removes these conversations from the state, leaves them in the CRM, and", `: "a".`},
		},
		"restored under another key": {
			planned: entries{"b": restored}, prior: entries{"a": deleted},
			want: []string{"Text Message Conversations Will Be Restored: ", `: "b".`},
		},
		"outgoing": {
			planned: entries{"a": entry(message(types.StringUnknown(), "outgoing")), "b": entry(message(types.StringUnknown(), "incoming")), "c": entry(message(types.StringValue(testPhone), "outgoing"))},
			want:    []string{"Outgoing Messages Will Be Created: The apply creates outgoing messages.", ` Conversations: "a".`},
		},
		"made outgoing": {
			planned: entries{"a": both(message(types.StringValue(testPhone), "outgoing")), "b": both(message(types.StringValue(testPhone), "incoming"))},
			prior:   entries{"a": both(message(types.StringValue(testPhone), "incoming")), "b": both(message(types.StringValue(testPhone), "incoming"))},
			want:    []string{"Outgoing Messages Will Be Created", ` Conversations: "a".`},
		},
	} {
		if test.replaced != nil {
			test.planned, test.prior = entries{}, entries{}
		}
		for i, key := range test.replaced {
			test.planned[key] = entry(func(m *ownedModel) { m.ID = types.StringUnknown() })
			test.prior[key] = entry(func(m *ownedModel) { m.ID = types.StringValue(fmt.Sprintf("80000000-0000-4000-8000-%012d", i)) })
		}
		diags := warnOfPlan(test.planned, test.prior.byID(), test.prior.without(test.planned), test.abandoned)
		if len(test.want) == 0 {
			if len(diags) > 0 {
				t.Errorf("%s: got %v", name, diags)
			}
			continue
		}
		if len(diags) != 1 {
			t.Errorf("%s: got %v", name, diags)
			continue
		}
		text := diags[0].Summary() + ": " + diags[0].Detail()
		for _, part := range test.want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %s does not say %s", name, text, part)
			}
		}
	}
}
