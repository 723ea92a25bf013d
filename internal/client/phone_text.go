package client

import (
	"strings"
	"unicode"
)

const punctuation = " -.()/"

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

// WithPlus returns a number that begins with 00 with + instead, and any other text as it is.
func WithPlus(s string) string {
	if rest, found := strings.CutPrefix(strings.TrimLeft(plainText(s), punctuation), "00"); found {
		return "+" + rest
	}
	return s
}

func isMask(r rune) bool { return strings.ContainsRune("*\u2022#xX", r) }

// isMasked reports whether some digits of a number are hidden. A single # or x marks an extension, not a mask.
func isMasked(s string) bool {
	return strings.ContainsAny(s, "*\u2022") || strings.Count(s, "#") > 1 || strings.Count(strings.ToLower(s), "x") > 1
}
