package client

import (
	"fmt"
	"strings"
	"sync"

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
