package mockserver

import (
	"regexp"
	"strings"
)

// phoneNumber matches a number: digits and the usual punctuation, and perhaps an extension.
var phoneNumber = regexp.MustCompile(`(?i)^[0-9+\-()./ ]+((ext\.?|x) *[0-9]+ *)?$`)

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// checkConversation checks the phone number of a conversation, and finds its recipient by the number.
func checkConversation(w *writer, c *change) {
	if given, ok := c.values[numberField]; ok {
		w.checkNumber(c, given)
	}
	if !c.has(numberField) && !c.has("phone_id") || len(c.problems) > 0 {
		return
	}
	phone, _ := c.get("phone_id").(string)
	number, _ := c.get(numberField).(string)
	if w.refusesTwin(c.id, phone, number) {
		c.reject(numberField, invalidParameter, twinMessage)
	}
}

// checkNumber checks a phone number and gives it the form in which the server stores it.
func (w *writer) checkNumber(c *change, given any) {
	number, _ := given.(string)
	before, started := c.before(numberField).(string)
	stored := phoneFormats[w.behavior.PhoneFormat](number)
	switch {
	case given == nil && !started, started && number == before: // a stored number may be masked, and not be valid
	case started && stored != before && digits(number) != digits(before):
		c.reject(numberField, invalidParameter,
			"Field '"+numberField+"' cannot be changed once the conversation has started.")
	case len(digits(number)) < 3 || !phoneNumber.MatchString(number):
		c.reject(numberField, invalidParameter, "Field '"+numberField+"' is not a valid phone number.")
	default:
		c.values[numberField] = stored
		if !w.seeding && !started && w.behavior.RecipientMatch == On {
			w.matchRecipient(c, "recipient_contact_id", "Contacts", number)
			w.matchRecipient(c, "recipient_account_id", "Accounts", number)
		}
	}
}

const twinMessage = "There is a conversation of this phone and number already."

// refusesTwin reports whether the server refuses the conversation because another one that is not deleted has its phone
// and number.
func (s *store) refusesTwin(id, phone, number string) bool {
	if s.behavior.Duplicates != Refused || number == "" {
		return false
	}
	for _, r := range s.tables[conversations].records {
		other := r.text(numberField)
		same := other == number || digits(other) == digits(number) && !strings.Contains(other+number, "*")
		if r.id != id && !r.deleted && r.text("phone_id") == phone && same {
			return true
		}
	}
	return false
}

// phoneFormats return the form in which the server stores a number, by the values of the switch.
var phoneFormats = map[string]func(string) string{
	Kept:       func(number string) string { return number },
	E164:       reduced,
	Digits:     digits,
	DoubleZero: func(number string) string { return strings.Replace(reduced(number), "+", "00", 1) },
	Country:    withCountry,
	Masked:     masked,
}

// reduced returns only the digits of the number, and the + before them if there is one.
func reduced(number string) string {
	if strings.HasPrefix(strings.TrimLeft(number, " "), "+") {
		return "+" + digits(number)
	}
	return digits(number)
}

// withCountry returns the number in E.164. A number without a country is American.
func withCountry(number string) string {
	number = reduced(number)
	switch abroad, international := strings.CutPrefix(number, "00"); {
	case strings.HasPrefix(number, "+"):
		return number
	case international:
		return "+" + abroad
	case len(number) == 11 && number[0] == '1':
		return "+" + number
	}
	return "+1" + number
}

// masked returns the number with a * for each digit, except the last four.
func masked(number string) string {
	left := len(digits(number)) - 4
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return r
		}
		if left--; left >= 0 {
			return '*'
		}
		return r
	}, number)
}

func (s *store) matchRecipient(c *change, fieldName, segment, number string) {
	if c.has(fieldName) || c.before(fieldName) != nil {
		return
	}
	if id, ok := s.tables[segment].byNumber()[digits(number)]; ok {
		c.values[fieldName] = id
	}
}

// numberIndex finds the records of a table by the digits of their phone numbers.
type numberIndex struct {
	upTo int // the entries of the table's log that it includes
	ids  map[string]string
}

// byNumber returns the id of the oldest record for the digits of each phone number in the table.
func (t *table) byNumber() map[string]string {
	if t.numbers != nil && t.numbers.upTo == len(t.log) {
		return t.numbers.ids
	}
	index := &numberIndex{upTo: len(t.log), ids: map[string]string{}}
	names := numbered("phone")
	for _, r := range inOrder(t.records) {
		for _, f := range names {
			number := digits(r.text(f.name))
			if _, taken := index.ids[number]; number != "" && !taken && !r.deleted {
				index.ids[number] = r.id
			}
		}
	}
	t.numbers = index
	return index.ids
}

// checkRelation checks that exactly one of the fields that can name the linked record is set.
func checkRelation(_ *writer, c *change) {
	var names, set []string
	for _, f := range c.def.fields {
		if len(f.refs) == 0 || f.name == c.def.parent {
			continue
		}
		names = append(names, f.name)
		if c.get(f.name) != nil {
			set = append(set, f.name)
		}
	}
	wrong := set
	switch len(set) {
	case 1:
		return
	case 0:
		wrong = names
	}
	for _, name := range wrong {
		c.reject(name, invalidParameter, "Exactly one of "+strings.Join(names, ", ")+" must be set.")
	}
}
