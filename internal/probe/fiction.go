package probe

import (
	"fmt"
	"regexp"
	"strings"
)

// The numbers 555-0100 to 555-0199 of each area code are reserved for fiction and belong to no one. In a real space,
// each conversation of a probe or a test uses one of them, so that leftover records can be found. The area codes
// belong to places with few people, because examples and demonstrations use fictional numbers too.

// AreaCodes are the area codes of these numbers.
const AreaCodes = "907 307 701 605 802 406 207 208 304 808 302 603 401 505 575 402 308 785 620"

var fictional = regexp.MustCompile(`^1(` + strings.ReplaceAll(AreaCodes, " ", "|") + `)55501\d\d$`) // as digits

// IsFictional reports whether a number, however it is written, is one of them.
func IsFictional(number string) bool { return fictional.MatchString(Digits(number)) }

// FictionalNumbers returns all of them as digits.
func FictionalNumbers() (numbers []string) {
	for code := range strings.FieldsSeq(AreaCodes) {
		for n := range 100 {
			numbers = append(numbers, fmt.Sprintf("1%s55501%02d", code, n))
		}
	}
	return numbers
}

// Digits returns the digits of a number.
func Digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
}
