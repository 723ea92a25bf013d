package client

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// SamePhoneNumber reports whether a and b are spellings of one phone number:
// "+1 (555) 010-0000" and "+15550100000" are. What is no international number
// (a short code, a number without its country) is compared without spaces and
// punctuation.
func SamePhoneNumber(a, b string) bool {
	return a == b || CanonicalPhoneNumber(a) == CanonicalPhoneNumber(b)
}

// CanonicalPhoneNumber returns one text for all spellings of a number, for
// comparing many of them.
func CanonicalPhoneNumber(s string) string {
	if number, err := phonenumbers.Parse(s, ""); err == nil {
		return phonenumbers.Format(number, phonenumbers.RFC3966)
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\u00a0-.()/", r) {
			return -1
		}
		return r
	}, s)
}
