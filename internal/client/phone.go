package client

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// PhoneNumbers compares phone numbers. Equal values of PhoneNumbers give equal results.
type PhoneNumbers struct {
	// Region is the region of numbers that are written without "+": two letters of
	// ISO 3166-1, such as "US". If it is empty, only a number with "+" counts as one
	// with a country.
	Region string

	parsed *parsedNumbers // nil: it keeps nothing
}

// NewPhoneNumbers returns a PhoneNumbers of the region, "" for none, which keeps the latest numbers that it has
// parsed, because that is slow. It refuses a region that has no numbers.
func NewPhoneNumbers(region string) (PhoneNumbers, error) {
	if region != "" && !IsPhoneRegion(region) {
		return PhoneNumbers{}, fmt.Errorf("%q is not the code of a region with phone numbers of its own, such as \"US\" (ISO 3166-1 alpha-2, in capital letters)", region)
	}
	return PhoneNumbers{Region: region, parsed: &parsedNumbers{}}, nil
}

// IsPhoneRegion reports whether the text can be the Region of [PhoneNumbers].
func IsPhoneRegion(text string) bool {
	return len(text) == 2 && phonenumbers.GetSupportedRegions()[text]
}

// Same reports whether a and b are the same phone number, as "+1 (555) 010-0000" and
// "+15550100000" are. It compares numbers of no known country, such as short codes,
// without spaces and punctuation.
func (p PhoneNumbers) Same(a, b string) bool {
	return a == b || p.Canonical(a) == p.Canonical(b)
}

// Canonical returns one text for all spellings of a number. Use it to compare many numbers.
func (p PhoneNumbers) Canonical(s string) string {
	if p.parsed != nil {
		return p.spelling(s).canonical
	}
	return p.canonical(s)
}

func (p PhoneNumbers) canonical(s string) string {
	s = plainText(s)
	return canonicalOf(s, p.parse(s))
}

// canonicalOf returns the canonical text of a plain text and the number in it, which is nil if there is none.
func canonicalOf(s string, number *phonenumbers.PhoneNumber) string {
	if number != nil {
		return phonenumbers.Format(number, phonenumbers.RFC3966)
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(punctuation, r) {
			return -1
		}
		return r
	}, s)
}

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

const punctuation = " -.()/"

// parse returns the number in a plain text, or nil if the text is not a number or its country is unknown.
func (p PhoneNumbers) parse(s string) *phonenumbers.PhoneNumber {
	if isMasked(s) {
		return nil // the library would ignore the mask characters
	}
	region := p.Region
	if start := strings.TrimLeft(s, punctuation); start == "" || start[0] < '0' || start[0] > '9' {
		region = "" // the library would find a number in a sender name
	}
	number, err := phonenumbers.Parse(s, region)
	if rest, found := strings.CutPrefix(strings.TrimLeft(s, punctuation), "00"); found && region != "" && (err != nil || !phonenumbers.IsPossibleNumber(number)) {
		// People write 00, the prefix of most regions, even where they dial another prefix.
		if abroad, err := phonenumbers.Parse("+"+rest, ""); err == nil {
			return abroad
		}
	}
	if err != nil {
		return nil
	}
	return number
}

// plainText removes invisible characters, replaces characters that look alike with one of them, and replaces digits
// of all scripts with ASCII digits. Text from a document or a table may contain direction marks, several kinds of
// dashes, spaces of any width, and digits of any script.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '\uff01' && r <= '\uff5e': // the full-width forms of ASCII
			return r - '\uff01' + '!'
		case r > unicode.MaxASCII && unicode.IsDigit(r):
			zero := r // Unicode has the ten digits of a script in sequence
			for unicode.IsDigit(zero - 1) {
				zero--
			}
			return '0' + (r-zero)%10
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
