package client

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// leastDigits is how many digits a rewritten number must have in common with the
// one that was sent.
const leastDigits = 4

// MayBeSpelling reports whether a service that was sent one number may hold it as
// the other one: the same number, its digits only, with 00 in place of +, with the
// code of its country added or left out, or with some of its digits masked. It is
// false for numbers that differ in a digit that both show.
//
// It is for recognising what the service has made of a number, not for comparing
// two numbers of people: a mask fits many.
func (p PhoneNumbers) MayBeSpelling(sent, held string) bool {
	if p.Same(sent, held) {
		return true
	}
	a, b := p.spellingOf(sent), p.spellingOf(held)
	if a.masked || a.digits < leastDigits || b.digits < leastDigits {
		return false // it does not say which number it is
	}
	return a.fits(b) || !b.masked && b.fitsWithCountry(a)
}

// A spelling is a number with what is known of it.
type spelling struct {
	symbols string // digits, and masks where they are hidden
	digits  int    // that are shown
	masked  bool
	plus    bool // it is written with its country

	// With its country, where that is known, and without.
	international, national string
}

const mask = '?'

func (p PhoneNumbers) spellingOf(s string) spelling {
	s = plainText(s)
	of := spelling{masked: isMasked(s), plus: strings.HasPrefix(strings.TrimLeft(s, punctuation), "+")}
	var symbols strings.Builder
	for _, r := range s {
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
		s = "+" + of.symbols
	}
	if number := p.parse(s); number != nil {
		of.national = phonenumbers.GetNationalSignificantNumber(number) + number.GetExtension()
		of.international = strings.TrimPrefix(phonenumbers.Format(number, phonenumbers.E164), "+") + number.GetExtension()
	}
	return of
}

// fits reports whether the number may be held as the other one, of which some
// digits may be masked.
func (a spelling) fits(held spelling) bool {
	if matches(held, a.symbols) && (a.international == "" || a.plus || !held.plus) {
		return true
	}
	if a.international == "" {
		return held.international == a.symbols || a.fitsWithCountry(held)
	}
	return held.international == a.international || matches(held, a.international) || held.masked && !held.plus && matches(held, a.national)
}

// fitsWithCountry reports whether the number of a country that is not known is
// the other one without its country.
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

// matches reports whether the digits are those of the number, as far as it shows
// any. Where its beginning is masked, it may have any length: some services write
// the same mask for all.
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

// mayBeCountry reports whether a country has that code, some of whose digits may
// be masked.
func mayBeCountry(code string) bool {
	for known := range phonenumbers.GetSupportedCallingCodes() {
		if matches(spelling{symbols: code}, strconv.Itoa(known)) {
			return true
		}
	}
	return false
}

func isMask(r rune) bool { return strings.ContainsRune("*\u2022#xX", r) }

// isMasked reports whether some digits of a number are hidden. A lone # or x
// stands before an extension.
func isMasked(s string) bool {
	return strings.ContainsAny(s, "*\u2022") || strings.Count(s, "#") > 1 || strings.Count(strings.ToLower(s), "x") > 1
}
