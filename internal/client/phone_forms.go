package client

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// leastDigits is the number of digits that both numbers must show before one can be recognized as a spelling of the
// other.
const leastDigits = 4

// MayBeSpelling reports whether held may be the service's spelling of the number that was sent. It may be the same
// number, only its digits, with 00 instead of +, with its country code added or removed, or with some digits masked.
// The result is false if the numbers differ in a digit that both show.
//
// Use it to recognize how the service spells a number, not to compare two arbitrary numbers: a mask fits many
// numbers.
func (p PhoneNumbers) MayBeSpelling(sent, held string) bool {
	if sent == held {
		return true
	}
	a, b := p.spelling(sent), p.spelling(held)
	if a.canonical == b.canonical {
		return true
	}
	if a.masked || a.digits < leastDigits || b.digits < leastDigits {
		return false // too little to recognize the number
	}
	return a.fits(b) || !b.masked && b.fitsWithCountry(a)
}

// BareForm returns the digits of a number, with its country code if that is known and without a leading 00. A service
// that keeps only digits stores the number in this form. The result is empty for a masked number and for a number
// with few digits.
func (p PhoneNumbers) BareForm(s string) string {
	switch of := p.spelling(s); {
	case of.masked || of.digits < leastDigits:
		return ""
	case of.international != "" && (of.plus || !p.IsBare(s)):
		return of.international
	default:
		return of.symbols
	}
}

// IsBare reports whether a number does not show its country: it has no + and can't be a number of the region.
func (p PhoneNumbers) IsBare(s string) bool {
	s = plainText(s)
	number := p.parse(s)
	return number == nil || !strings.HasPrefix(strings.TrimLeft(s, punctuation), "+") && !phonenumbers.IsPossibleNumber(number)
}

// IsFormOf reports whether held is the number wanted in another form: with 00 instead of +, or, in held, only its
// digits. Without a region, wanted must begin with + or 00, because digits alone may be a number of any country.
func (p PhoneNumbers) IsFormOf(wanted, held string) bool {
	wanted = WithPlus(wanted)
	if p.IsBare(wanted) {
		return false
	}
	form := p.BareForm(wanted)
	return p.Same(wanted, held) || form != "" && p.IsBare(held) && p.BareForm(held) == form
}
