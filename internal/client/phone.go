package client

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// PhoneNumbers compares phone numbers. Two values of it are equal if they
// compare alike.
type PhoneNumbers struct {
	// Region is the one whose people write their numbers without "+": two letters
	// of ISO 3166-1, such as "US". Without it, only what has a "+" is taken for the
	// number of a country.
	Region string
}

// NewPhoneNumbers refuses a region that has no numbers.
func NewPhoneNumbers(region string) (PhoneNumbers, error) {
	if region != "" && !IsPhoneRegion(region) {
		return PhoneNumbers{}, fmt.Errorf("%q is not the code of a region, such as \"US\" (ISO 3166-1 alpha-2, in capital letters)", region)
	}
	return PhoneNumbers{Region: region}, nil
}

// IsPhoneRegion reports whether the text can be the Region of [PhoneNumbers].
func IsPhoneRegion(text string) bool {
	return len(text) == 2 && phonenumbers.GetSupportedRegions()[text]
}

// Same reports whether a and b are spellings of one phone number:
// "+1 (555) 010-0000" and "+15550100000" are. What is not the number of a known
// country (a short code, a number without its country) is compared without
// spaces and punctuation.
func (p PhoneNumbers) Same(a, b string) bool {
	return a == b || p.Canonical(a) == p.Canonical(b)
}

// Canonical returns one text for all spellings of a number, for comparing many
// of them.
func (p PhoneNumbers) Canonical(s string) string {
	s = plainText(s)
	if number := p.parse(s); number != nil {
		return phonenumbers.Format(number, phonenumbers.RFC3966)
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(punctuation, r) {
			return -1
		}
		return r
	}, s)
}

// HasCountry reports whether it is known which country the number is of.
func (p PhoneNumbers) HasCountry(s string) bool { return p.parse(plainText(s)) != nil }

const punctuation = " -.()/"

// parse returns the number that a plain text is, nil where it is none or is
// without its country.
func (p PhoneNumbers) parse(s string) *phonenumbers.PhoneNumber {
	if isMasked(s) {
		return nil // the library would leave the masks out
	}
	region := p.Region
	if start := strings.TrimLeft(s, punctuation); start == "" || start[0] < '0' || start[0] > '9' {
		region = "" // it would find a number within the name of a sender
	}
	number, err := phonenumbers.Parse(s, region)
	if rest, found := strings.CutPrefix(strings.TrimLeft(s, punctuation), "00"); found && region != "" && (err != nil || !phonenumbers.IsPossibleNumber(number)) {
		// People write the prefix of most regions also where another one is dialed.
		if abroad, err := phonenumbers.Parse("+"+rest, ""); err == nil {
			return abroad
		}
	}
	if err != nil {
		return nil
	}
	return number
}

// plainText returns the text without what nobody sees, and with one character for
// all that look alike: text that is copied from a document or from a table has
// marks of direction, dashes of other kinds, and spaces of any width.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '\uff01' && r <= '\uff5e': // the full width forms of ASCII
			return r - '\uff01' + '!'
		case unicode.Is(unicode.Z, r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf), r == '\u2065':
			return -1
		case unicode.Is(unicode.Pd, r), r == '\u2212':
			return '-'
		}
		return r
	}, s)
}
