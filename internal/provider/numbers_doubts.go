package provider

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

const numberAttribute = "recipient_phone_number"

// A numberDoubt is a reason to doubt a number that the CRM may accept.
type numberDoubt struct{ summary, what, advice string }

var (
	lacksCountry = &numberDoubt{
		"Phone Number Without Country", "does not begin with +, and the provider has no default_region",
		"If you add the country code later, the provider treats it as a different number, and adopt_existing finds only the same digits. Write " +
			"it with + and its country code (+ replaces 00 or 011), such as +1 555 010 0000, or set default_region in the provider block to " +
			"the region of such numbers, such as \"US\".",
	}
	ofNoCountry = &numberDoubt{
		"Phone Number With Unknown Country Code", "begins with + or 00, but no country has such a number",
		"It has too few or too many digits or a wrong country code, or it is two numbers in one. Correct it: the CRM may accept it, but a message to it can't arrive.",
	}
	withOddCharacters = &numberDoubt{
		"Phone Number With Odd Characters", "contains characters that don't belong in a phone number",
		"They may be typos, such as the letter O for the digit 0, marks of a spreadsheet, such as an apostrophe, line breaks, or characters that look like others, such as a no-break space or a long dash. The CRM may refuse or keep such a number, and a message to it may not arrive. Correct it.",
	}
	tooShort = &numberDoubt{
		"Phone Number Too Short", "has only one or two digits", "No number is that short. Correct it, or remove it.",
	}
	tooLong = &numberDoubt{
		"Phone Number Too Long", "has more than 15 digits",
		"No number is that long. It may be two numbers in one, or another kind of number. Correct it.",
	}
	ofOtherRegion = &numberDoubt{
		"Phone Number of Another Region", "does not begin with +, and is not a number of the provider's default_region",
		"It has too few or too many digits, is two numbers in one, or belongs to another region. Correct it, or write it with + and its country code.",
	}
	isTwo = &numberDoubt{
		"Several Phone Numbers", "contains a complete number before a slash",
		"If the digits after the slash belong to another number, all digits together are a wrong number, which the CRM may accept. Declare only one number. Otherwise, remove the slash.",
	}
	likeDate = &numberDoubt{
		"Phone Number Like a Date", "looks like a date", "It may come from another column. Correct it, or remove it.",
	}
	withLetters = &numberDoubt{
		"Phone Number With Letters", "begins with a letter",
		"If it is the name of a sender, there is nothing to do. Otherwise, correct the number, or remove it.",
	}
)

// mayHaveCountry matches numbers that are long enough for a country code. Short codes and sender names are not.
var mayHaveCountry = regexp.MustCompile(`^[^\pL]*(?:\d[^\pL\d]*){7}`)

// oneOrTwoDigits matches numbers that are too short even for a short code.
var oneOrTwoDigits = regexp.MustCompile(`^\D*\d\D*\d?\D*$`)

// over15Digits matches more digits than a number with its country code can have. It doesn't count leading zeros,
// which may be a prefix, such as 011 in North America.
var over15Digits = regexp.MustCompile(`^[^\pL1-9]*[1-9][^\pL\d]*(?:\d[^\pL\d]*){15,}$`)

// withPlus matches a number of any length that begins with +. Such a number is not a sender name.
var withPlus = regexp.MustCompile(`^[^\pL]*\+[^\pL]*\d[^\pL]*$`)

// beginsWithLetter matches a sender name, and a number that follows a word.
var beginsWithLetter = regexp.MustCompile(`^[^\pL\d]*\pL`)

// isDate reports whether a text is a date, which may come with a time.
func isDate(text string) bool {
	text, _, _ = strings.Cut(strings.ReplaceAll(text, "T", " "), " ")
	for _, layout := range []string{"2006-1-2", "2006/1/2", "1/2/2006", "2/1/2006", "2.1.2006"} {
		if date, err := time.Parse(layout, text); err == nil && date.Year() >= 1900 && date.Year() < 2100 {
			return true
		}
	}
	return false
}

// doubt returns the doubt about a new number of the plan, or nil.
func (n numbers) doubt(planned conversationModel, prior *conversationModel) *numberDoubt {
	number := planned.RecipientPhoneNumber
	if !isKnown(number) || prior != nil && n.sameIn(prior.ID)(number, prior.RecipientPhoneNumber) {
		return nil
	}
	text := strings.TrimPrefix(number.ValueString(), "tel:")
	hasPlus := withPlus.MatchString(text)
	isNumber := hasPlus || mayHaveCountry.MatchString(text)
	hasLetters, isOdd := strings.ContainsFunc(text, unicode.IsLetter), client.HasOddCharacters(text)
	switch {
	case isDate(text):
		return likeDate
	case isOdd && hasLetters: // that may be why it is of no country
		return withOddCharacters
	case isNumber && n.IsOfNoCountry(text):
		return ofNoCountry
	case isOdd:
		return withOddCharacters
	case !hasPlus && over15Digits.MatchString(strings.TrimPrefix(text, "011")):
		return tooLong
	case isNumber && !hasPlus && n.Region == "" && !n.isUnknown && !n.HasCountry(text):
		return lacksCountry
	case isNumber && n.IsOfOtherRegion(text):
		return ofOtherRegion
	case isNumber && n.HasTwoNumbers(text):
		return isTwo
	case beginsWithLetter.MatchString(text):
		return withLetters
	case !hasLetters && oneOrTwoDigits.MatchString(text):
		return tooShort
	}
	return nil
}

// warnOfDoubts warns of doubtful numbers, in one warning for each doubt. before are the conversations of the state.
func (l layout) warnOfDoubts(n numbers, planned entries, before map[client.ID]*ownedModel) (diags diag.Diagnostics) {
	keys := map[*numberDoubt][]string{}
	for key, entry := range planned.known() {
		doubt := n.doubt(entry.conversationModel, before[reference(entry.ID)].conversation())
		keys[doubt] = append(keys[doubt], key)
	}
	for _, doubt := range []*numberDoubt{lacksCountry, ofNoCountry, withOddCharacters, ofOtherRegion, tooShort, tooLong, isTwo, likeDate, withLetters} {
		if len(keys[doubt]) > 0 {
			at, whose := l.numbersOf(keys[doubt])
			diags.AddAttributeWarning(at, doubt.summary, fmt.Sprintf("The %s %s. %s", whose, doubt.what, doubt.advice))
		}
	}
	return diags
}

// numbersOf returns the path of numbers, and what to call each of them.
func (l layout) numbersOf(keys []string) (at path.Path, whose string) {
	if l.isSingle {
		return path.Root(numberAttribute), numberAttribute
	}
	return l.root(), fmt.Sprintf("%s of %s", numberAttribute, quoted(keys))
}

// warnOfRespelling warns of numbers that the CRM holds in another spelling than was sent. It does not
// print them, because CI keeps its logs.
func (l layout) warnOfRespelling(keys []string) (diags diag.Diagnostics) {
	if len(keys) > 0 {
		at, whose := l.numbersOf(keys)
		diags.AddAttributeWarning(at, "Phone Number Stored in Another Form",
			fmt.Sprintf("The CRM does not show the %s as the provider sent it. You don't need to do anything: the "+
				"provider remembers both spellings and treats them as the same number. An import has no such memory: "+
				"after an import, write the number as the CRM shows it.", whose))
	}
	return diags
}
