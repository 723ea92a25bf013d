package provider_test

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"
)

// declared is a conversation as a configuration writes it: for each attribute that is
// set, a string or, for links, a []string.
type declared map[string]any

// meaning is what a conversation means in any spelling: names of records, digits of
// numbers. A missing field is not declared, or unknown.
type meaning map[string]string

// A reference is a field with one or more of these records as its value.
type reference struct {
	field, entity string
	records       []string
}

var (
	phones     = reference{"phone_id", "Phones", []string{phone, otherPhone}}
	recipients = []reference{
		{"recipient_account_id", "Accounts", []string{acme, globex}},
		{"recipient_contact_id", "Contacts", []string{ada, bob}},
	}
	kindsOfLinks = []reference{
		{"account_relations", "Accounts", []string{acme, globex}},
		{"contact_relations", "Contacts", []string{ada, bob}},
		{"project_relations", "Projects", []string{project}},
		{"lead_relations", "Leads", []string{lead}},
		{"opportunity_relations", "Opportunities", []string{opportunity}},
		{"quote_relations", "Quotes", []string{quote}},
	}
)

const number = "recipient_phone_number"

// allFields are the fields that a conversation can declare.
var allFields = func() []string {
	fields := []string{phones.field, number}
	for _, r := range slices.Concat(recipients, kindsOfLinks) {
		fields = append(fields, r.field)
	}
	return fields
}()

// spelledNumbers contains several spellings of each number.
var spelledNumbers = [][]string{
	{"+1 555 010 0002", "+15550100002", "+1 (555) 010-0002"},
	{adasNumber, "+15550100001", "+1 (555) 010-0001"},
	{"+49 30 5550103", "+49305550103"},
}

// shortName contains short names for the records of every world.
var shortName = map[string]string{
	phone: "sales", otherPhone: "support", ada: "ada", bob: "bob", acme: "acme", globex: "globex",
	lead: "lead", opportunity: "opportunity", project: "project", quote: "quote", nobody: "nobody",
}

// recordOf returns the name of the record that a reference means.
func recordOf(text string) string {
	id := strings.ToLower(text[max(0, len(text)-len(nobody)):])
	if name, ok := shortName[id]; ok {
		return name
	}
	return id
}

func recordsOf(all []string) string {
	names := make([]string, len(all))
	for i, text := range all {
		names[i] = recordOf(text)
	}
	slices.Sort(names)
	return strings.Join(names, "+") // a name that occurs twice stays twice
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

// numberOf returns the digits of the number that the text means, in any spelling of the
// CRM: with 00 for the +, or masked.
func numberOf(text string) string {
	digits := digitsOf(text)
	for _, spellings := range spelledNumbers {
		whole := digitsOf(spellings[0])
		masked := strings.Contains(text, "*") && digits == whole[len(whole)-4:]
		if digits == "00"+whole || masked {
			return whole
		}
	}
	return digits
}

func meaningOf(field string, value any) string {
	switch value := value.(type) {
	case []string:
		return strings.Join(slices.Compact(strings.Split(recordsOf(value), "+")), "+")
	case string:
		if field == number {
			return numberOf(value)
		}
		return recordOf(value)
	}
	return ""
}

func (d declared) meaning() meaning {
	m := meaning{}
	for field, value := range d {
		if field != messagesField {
			m[field] = meaningOf(field, value)
		}
	}
	return m
}

// recordID returns the id of the record that a field names.
func (d declared) recordID(field string) string {
	for id, name := range shortName {
		if name == d.meaning()[field] {
			return id
		}
	}
	return ""
}

// isBad reports whether the CRM must refuse the conversation.
func (d declared) isBad() bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(d.meaning())), func(s string) bool { return strings.Contains(s, "nobody") })
}

// isPart reports whether a conversation in a state or a plan is an entry of a map. What
// an entry omits is null, whatever the CRM has.
func isPart(v tftypes.Value) bool {
	_, whole := parts(v)["revision"]
	return !whole
}

// meaningOfState returns the meaning of a conversation in a state or a plan.
func meaningOfState(v tftypes.Value) meaning {
	m, attributes := meaning{}, parts(v)
	for _, field := range allFields {
		value := attributes[field]
		switch {
		case !value.IsFullyKnown(), value.IsNull() && isPart(v):
		case !value.Type().Is(tftypes.Set{}):
			m[field] = meaningOf(field, stringOf(value))
		case !value.IsNull():
			m[field] = recordsOf(texts(value))
		}
	}
	return m
}

// value returns the conversation as an object of the configuration.
func (d declared) value(typ tftypes.Type, more map[string]any) tftypes.Value {
	attributes := map[string]tftypes.Value{}
	for name, attributeType := range typ.(tftypes.Object).AttributeTypes {
		given, ok := d[name]
		if !ok {
			given = more[name]
		}
		if links, ok := given.([]string); ok {
			elements := []tftypes.Value{}
			for _, link := range links {
				elements = append(elements, tftypes.NewValue(tftypes.String, link))
			}
			given = elements
		}
		if messages, ok := given.(messagesByKey); ok {
			given = messages.value(attributeType)
		}
		attributes[name] = tftypes.NewValue(attributeType, given)
	}
	return tftypes.NewValue(typ, attributes)
}

// oneOf draws one of the choices. A failure shrinks to the first one.
func oneOf[T any](t *rapid.T, label string, choices ...T) T {
	return choices[rapid.IntRange(0, len(choices)-1).Draw(t, label)]
}

// chance draws true with a probability of 1/in.
func chance(t *rapid.T, label string, in int) bool {
	return rapid.IntRange(0, in-1).Draw(t, label) == in-1
}

// spelled draws a spelling of a reference.
func (r reference) spelled(t *rapid.T, id string) string {
	return oneOf(t, "spelling", id, id, strings.ToUpper(id), "https://crm.example/entities/"+r.entity+"/"+id)
}

// links draws records to link, rarely one that does not exist.
func (r reference) links(t *rapid.T) []string {
	links := []string{}
	for _, id := range r.records {
		if chance(t, shortName[id], 2) {
			links = append(links, r.spelled(t, id))
		}
	}
	if chance(t, "nobody", 16) {
		links = append(links, nobody)
	}
	return links
}

// drawField draws a value for a field, nil to omit it.
func drawField(t *rapid.T, field string) any {
	if field == phones.field {
		return phones.spelled(t, oneOf(t, field, phones.records...))
	}
	if chance(t, "left out", 3) {
		return nil
	}
	if field == number {
		return oneOf(t, field, spelledNumbers[oneOf(t, field, 0, 1, 2)]...)
	}
	for _, r := range recipients {
		if r.field == field {
			id := oneOf(t, field, append([]string{""}, r.records...)...)
			if id == "" {
				return ""
			}
			return r.spelled(t, id)
		}
	}
	for _, r := range kindsOfLinks {
		if r.field == field {
			return r.links(t)
		}
	}
	return nil
}

// drawDeclared draws a conversation.
func drawDeclared(t *rapid.T) declared {
	d := declared{phones.field: phones.spelled(t, oneOf(t, phones.field, phones.records...))}
	for _, field := range allFields[1:] {
		if !chance(t, field+" is set", 3) && field != number {
			continue
		}
		d.set(field, drawField(t, field))
	}
	return d
}

func (d declared) set(field string, value any) {
	if value == nil {
		delete(d, field)
		return
	}
	d[field] = value
}

// respell draws another spelling of a field.
func (d declared) respell(t *rapid.T, field string) {
	for _, r := range slices.Concat([]reference{phones}, recipients, kindsOfLinks) {
		for _, id := range r.records {
			switch value := d[field].(type) {
			case string:
				if r.field == field && recordOf(value) == shortName[id] {
					d[field] = r.spelled(t, id)
				}
			case []string:
				links := slices.Clone(value)
				for i, link := range links {
					if r.field == field && recordOf(link) == shortName[id] {
						links[i] = r.spelled(t, id)
					}
				}
				d[field] = links
			}
		}
	}
	for _, spellings := range spelledNumbers {
		if text, _ := d[number].(string); field == number && digitsOf(text) == digitsOf(spellings[0]) {
			d[number] = oneOf(t, "spelling", spellings...)
		}
	}
}

// identity returns the phone and the number of a conversation.
func (m meaning) identity() [2]string { return [2]string{m[phones.field], m[number]} }

// String returns the conversation in readable form.
func (m meaning) String() string {
	var texts []string
	for _, field := range allFields {
		if value, ok := m[field]; ok {
			texts = append(texts, field+"="+value)
		}
	}
	return strings.Join(texts, " ")
}
