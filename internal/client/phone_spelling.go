package client

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

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
