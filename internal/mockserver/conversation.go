package mockserver

import (
	"regexp"
	"strings"
)

// phoneNumber is what a number may be made of: digits and the usual punctuation, and an extension.
var phoneNumber = regexp.MustCompile(`(?i)^[0-9+\-()./ ]+((ext\.?|x) *[0-9]+ *)?$`)

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// checkConversation holds a conversation against the rules for its phone number, and finds the recipient by it.
func checkConversation(s *store, c *change) {
	given, ok := c.values[numberField]
	if !ok {
		return
	}
	number, _ := given.(string)
	before, started := c.before(numberField).(string)
	switch {
	case started && digits(number) != digits(before):
		c.reject(numberField, invalidParameter,
			"Field '"+numberField+"' cannot be changed once the conversation has started.")
		return
	case given == nil:
		return
	case len(digits(number)) < 3 || !phoneNumber.MatchString(number):
		c.reject(numberField, invalidParameter, "Field '"+numberField+"' is not a valid phone number.")
		return
	}
	if s.behavior.PhoneFormat == E164 {
		c.values[numberField] = reduced(number)
	}
	if c.match && !started && s.behavior.RecipientMatch == On {
		s.matchRecipient(c, "recipient_contact_id", "Contacts", number)
		s.matchRecipient(c, "recipient_account_id", "Accounts", number)
	}
}

// reduced returns the number with nothing left but digits and a + in front.
func reduced(number string) string {
	if strings.HasPrefix(strings.TrimLeft(number, " "), "+") {
		return "+" + digits(number)
	}
	return digits(number)
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
	upTo int // entries of the table's log
	ids  map[string]string
}

// byNumber returns the id of the oldest record for the digits of each phone number in the table.
func (t *table) byNumber() map[string]string {
	if t.numbers != nil && t.numbers.upTo == len(t.log) {
		return t.numbers.ids
	}
	index := &numberIndex{upTo: len(t.log), ids: map[string]string{}}
	names := numbered("phone")
	for _, r := range t.inOrderOfCreation() {
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

// relationKeys are the fields of a relation of which exactly one says what the conversation is related to.
var relationKeys = []string{"account_id", "contact_id", "lead_oppty_id", "project_id", "quote_id"}

func checkRelation(_ *store, c *change) {
	var set []string
	for _, name := range relationKeys {
		if c.get(name) != nil {
			set = append(set, name)
		}
	}
	wrong := set
	switch len(set) {
	case 1:
		return
	case 0:
		wrong = relationKeys
	}
	for _, name := range wrong {
		c.reject(name, invalidParameter, "Exactly one of "+strings.Join(relationKeys, ", ")+" must be set.")
	}
}
