package client

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// HasCountry reports whether the country of the number is known.
func (p PhoneNumbers) HasCountry(s string) bool { return p.parse(plainText(s)) != nil }

// IsOfNoCountry reports whether a number that begins with "+" or "00" belongs to no country. Either no country has
// such a code, or the number has fewer or more digits than the numbers of its country, for example because a cell
// contains two numbers.
func (p PhoneNumbers) IsOfNoCountry(s string) bool {
	s = strings.TrimLeft(plainText(WithPlus(s)), punctuation)
	if !strings.HasPrefix(s, "+") || isMasked(s) {
		return false
	}
	number := p.parse(s)
	if number == nil {
		return true
	}
	reason := phonenumbers.IsPossibleNumberWithReason(number)
	return reason == phonenumbers.TOO_LONG || reason == phonenumbers.TOO_SHORT
}

// IsOfOtherRegion reports whether a number that begins with neither "+" nor "00" can't be a number of the region.
// Either it has too few or too many digits, or it belongs to another region.
func (p PhoneNumbers) IsOfOtherRegion(s string) bool {
	s = strings.TrimLeft(plainText(s), punctuation)
	if p.Region == "" || strings.HasPrefix(s, "+") || strings.HasPrefix(s, "00") || isMasked(s) {
		return false
	}
	number := p.parse(s)
	return number == nil || int(number.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(p.Region) && !phonenumbers.IsValidNumber(number)
}

var (
	extension = regexp.MustCompile(`(?i)[ ,;]*(?:ext(?:n|ension)?|x|#)[.:= ]*\d{1,9}$`)
	odd       = regexp.MustCompile(`[^\p{Nd}+\-. ()/~\[\]]`)
	dialCode  = regexp.MustCompile(`^[*#]+\d[\d*#]*#$`) // such as *100#
)

// HasOddCharacters reports whether a text that begins like a number contains characters that don't belong to a
// number, such as the letter O, a no-break space, or the marks of a code like *100#. An extension may have letters in
// front.
func HasOddCharacters(s string) bool {
	isPlain := !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > unicode.MaxASCII })
	s = extension.ReplaceAllString(strings.TrimPrefix(plainText(s), "tel:"), "")
	begin := strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	if dialCode.MatchString(s) {
		return true
	}
	if begin < 0 || isMasked(s) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(s[begin:])
	return !unicode.IsLetter(first) && (!isPlain || odd.MatchString(s))
}

// HasTwoNumbers reports whether a complete number of a known country comes before a slash, so that the digits after it
// may be another number. A slash after an area code separates nothing.
func (p PhoneNumbers) HasTwoNumbers(s string) bool {
	first, rest, _ := strings.Cut(plainText(s), "/")
	number := p.parse(first)
	return strings.ContainsAny(rest, "0123456789") && number != nil && phonenumbers.IsValidNumber(number)
}
