package client

import (
	"strconv"
	"strings"
	"sync"

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

// WithPlus returns a number that begins with 00 with + instead, and any other text as it is.
func WithPlus(s string) string {
	if rest, found := strings.CutPrefix(strings.TrimLeft(plainText(s), punctuation), "00"); found {
		return "+" + rest
	}
	return s
}

// A spelling is a number as it is written, with its known properties.
type spelling struct {
	canonical string
	symbols   string // digits, with masks for hidden ones
	digits    int    // how many are shown
	masked    bool
	plus      bool // the country code is written too

	// The number with and without its country code, if the country is known.
	international, national string
}

const mask = '?'

// parsedNumbers are the latest parsed numbers, by their text.
type parsedNumbers struct {
	mu   sync.Mutex
	kept map[string]spelling
}

// mostParsed is how many parsed numbers are kept. If there are more, parsedNumbers begins anew.
const mostParsed = 1 << 16 // they take about 20 MB

// spelling parses a number, or returns it as it was parsed before.
func (p PhoneNumbers) spelling(s string) spelling {
	if p.parsed == nil {
		return p.parseSpelling(s)
	}
	p.parsed.mu.Lock()
	of, isKept := p.parsed.kept[s]
	p.parsed.mu.Unlock()
	if isKept {
		return of
	}
	of = p.parseSpelling(s)
	p.parsed.mu.Lock()
	defer p.parsed.mu.Unlock()
	if p.parsed.kept == nil || len(p.parsed.kept) == mostParsed {
		p.parsed.kept = map[string]spelling{}
	}
	p.parsed.kept[s] = of
	return of
}

func (p PhoneNumbers) parseSpelling(s string) spelling {
	s = plainText(s)
	number := p.parse(s)
	of := spelling{canonical: canonicalOf(s, number)}
	of.masked, of.plus = isMasked(s), strings.HasPrefix(strings.TrimLeft(s, punctuation), "+")
	var symbols strings.Builder
	for _, r := range strings.ReplaceAll(strings.ToLower(s), "ext", "") { // its x hides no digit
		switch {
		case r >= '0' && r <= '9':
			symbols.WriteRune(r)
			of.digits++
		case of.masked && isMask(r):
			symbols.WriteRune(mask)
		}
	}
	of.symbols = symbols.String()
	if strings.HasPrefix(of.symbols, "00") && !of.plus {
		of.symbols, of.plus = of.symbols[2:], true
		number = p.parse("+" + of.symbols)
	}
	if number != nil {
		of.national = phonenumbers.GetNationalSignificantNumber(number) + number.GetExtension()
		of.international = strings.TrimPrefix(phonenumbers.Format(number, phonenumbers.E164), "+") + number.GetExtension()
	}
	return of
}

// fits reports whether held may be a spelling of the number. Digits of held may be masked.
func (a spelling) fits(held spelling) bool {
	if matches(held, a.symbols) && (a.international == "" || a.plus || !held.plus) {
		return true
	}
	if a.international == "" {
		return held.international == a.symbols || held.withTrunk() == a.symbols || a.fitsWithCountry(held)
	}
	return held.international == a.international || held.symbols == a.withTrunk() || matches(held, a.international) || held.masked && !held.plus && matches(held, a.national)
}

// withTrunk returns the digits of a number such as +49 (0) 30, including the zero in parentheses: a service that
// keeps only digits stores 49030. The result is empty if the country is unknown.
func (a spelling) withTrunk() string {
	code, _ := strings.CutSuffix(a.international, a.national)
	if code == "" {
		return ""
	}
	return code + "0" + a.national
}

// fitsWithCountry reports whether held may be the number with a country code added. The country of the number is
// unknown.
func (a spelling) fitsWithCountry(held spelling) bool {
	if a.plus || a.international != "" {
		return false
	}
	if held.international != "" {
		return held.national == a.symbols || held.national == strings.TrimPrefix(a.symbols, "0")
	}
	const longestCode = 3
	for n := 1; n <= min(longestCode, len(held.symbols)); n++ {
		rest := held
		rest.symbols = held.symbols[n:]
		if !mayBeCountry(held.symbols[:n]) {
			continue
		}
		if matches(rest, a.symbols) || matches(rest, strings.TrimPrefix(a.symbols, "0")) {
			return true
		}
	}
	return false
}

// matches reports whether the digits agree with all digits that the number shows. If the number begins with a mask
// and has no other, the mask may stand for any number of digits, because some services write the same mask for all
// numbers.
func matches(number spelling, digits string) bool {
	shown := strings.TrimLeft(number.symbols, string(mask))
	if cut := len(number.symbols) - len(shown); cut > 0 && !strings.ContainsRune(shown, mask) {
		return len(digits) > len(shown) && strings.HasSuffix(digits, shown)
	}
	if len(number.symbols) != len(digits) {
		return false
	}
	for i := range len(digits) {
		if number.symbols[i] != mask && number.symbols[i] != digits[i] {
			return false
		}
	}
	return true
}

// mayBeCountry reports whether a country may have that code. Digits of it may be masked.
func mayBeCountry(code string) bool {
	for known := range phonenumbers.GetSupportedCallingCodes() {
		if matches(spelling{symbols: code}, strconv.Itoa(known)) {
			return true
		}
	}
	return false
}

func isMask(r rune) bool { return strings.ContainsRune("*\u2022#xX", r) }

// isMasked reports whether some digits of a number are hidden. A single # or x marks an extension, not a mask.
func isMasked(s string) bool {
	return strings.ContainsAny(s, "*\u2022") || strings.Count(s, "#") > 1 || strings.Count(strings.ToLower(s), "x") > 1
}
