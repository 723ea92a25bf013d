package client

import (
	"strconv"
	"testing"
)

func TestPhoneNumbers_Same(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		region, a, b string
		same         bool
	}{
		{"", "+1 (555) 010-0000", "+15550100000", true},
		{"", "+1.555.010.0000", "+1 555 010 0000", true},
		{"", "+49 (0) 30 901820", "+4930901820", true},
		{"", "+39 06 698", "+3906698", true},
		{"", "+1 202 555 0100 ext. 5", "+12025550100x5", true},
		{"", "+1 202 555 0100 ext. 5", "+12025550100x6", false},
		{"", "+1 202 555 0100 ext. 5", "+12025550100", false},
		{"", "+15550100000", "+15550100001", false},
		{"", "+15550100000", "15550100000", false}, // without its country, it may be another number
		{"", "+15550100000", "0015550100000", false},
		{"", "+15550100000", "(555) 010-0000", false},
		{"", "+15550100000", "+445550100000", false},
		{"", "+39 06 698", "+39 6 698", false}, // Italy's zero counts
		{"", "+3312", "+3412", false},
		{"", "030 / 90-18.20", "030901820", true},
		{"", "(030)\u00a0901820", "030901820", true},
		{"", "030901820", "30901820", false},
		{"", "555 0100 ext. 5", "5550100", false},
		{"", "12345", "1 23-45", true}, // a short code
		{"", "12345", "+12345", false},
		{"", "ACME", "ACME", true}, // an alphanumeric sender
		{"", "ACME", "ACNE", false},
		{"", "", "", true},
		{"", "", "+15550100000", false},
		{"", "", "12345", false},

		// Invisible characters, and characters that look alike.
		{"", "+1 907 555 0133\r", "+19075550133", true},
		{"", "+1 907 555 0133\r\n", "+19075550133", true},
		{"", "\ufeff+1\u200b907\u200d5550133", "+19075550133", true},
		{"", "\u202a+1 907 555 0133\u202c", "+19075550133", true},
		{"", "\u2066+1\u2060907\u2063555\u20650133\u2069", "+19075550133", true},
		{"", "+1\u2009907\u202f555\u30000133", "+19075550133", true},
		{"", "+1\u2010907\u2011555\u22120133", "+19075550133", true},
		{"", "+1\u2013907\u2014555\ufe630133", "+19075550133", true},
		{"", "+1\ufe58907\uff0d555\u20150133", "+19075550133", true},
		{"", "\uff0b\uff11\uff19\uff10\uff17 555 0133", "+19075550133", true},
		{"", "030\u2011901820\r", "030901820", true},
		{"", "\uff10\uff13\uff10901820", "030901820", true},
		{"", "\u0669\u0660\u0667 \u0665\u0665\u0665 \u0660\u0661\u0663\u0663", "9075550133", true}, // Arabic
		{"US", "\u096f\u0966\u096d5550133", "+19075550133", true},                                  // Devanagari
		{"", "+\U0001d7cf907555013\U0001d7db", "+19075550133", true},                               // bold
		{"", "+1907555013\u0663", "+19075550134", false},
		{"", "12\u200f345\ufeff", "12345", true},
		{"", "AC\u00adME\r", "ACME", true},

		// With a region.
		{"US", "(907) 555-0133", "+1 907 555 0133", true},
		{"US", "001 907 555 0133", "+1 907 555 0133", true}, // although the prefix is 011 there
		{"US", "0049 30 901820", "+49 30 901820", true},
		{"AU", "0011 1 907 555 0133", "+1 907 555 0133", true},
		{"US", "011 1 907 555 0133", "+1 907 555 0133", true},
		{"US", "1 907 555 0133", "+1 907 555 0133", true},
		{"US", "19075550133", "(907) 555-0133", true},
		{"US", "(907) 555-0133", "(907) 555-0134", false},
		{"US", "(907) 555-0133", "+44 907 555 0133", false},
		{"US", "(907) 555-0133 x5", "+1 907 555 0133 ext. 5", true},
		{"US", "(907) 555-0133 x5", "+1 907 555 0133", false},
		{"DE", "001 907 555 0133", "+1 907 555 0133", true},
		{"DE", "030 901820", "+49 30 901820", true},
		{"DE", "(030) 901820", "0049 30 901820", true},
		{"GB", "030 901820", "+49 30 901820", false},
		{"US", "ACME 9075550133", "+1 907 555 0133", false}, // a sender's name
		{"US", "ACME1234", "ABCD1234", false},
		{"US", "12345", "+12345", false},

		// Masks are compared as they are.
		{"", "+1555***0133", "+1***5550133", false},
		{"", "+1******0133", "+1*****0133", false},
		{"", "+1******0133", "+1 ******-0133", true},
		{"US", "*******0133", "0133", false},
		{"US", "(907) xxx-0133", "907 xxx 0133", true},
		{"US", "(907) xxx-0133", "907 0133", false},
	} {
		numbers := PhoneNumbers{Region: test.region}
		if got := numbers.Same(test.a, test.b); got != test.same {
			t.Errorf("%q: Same(%q, %q) = %t", test.region, test.a, test.b, got)
		}
		if got := numbers.Same(test.b, test.a); got != test.same {
			t.Errorf("%q: Same(%q, %q) = %t", test.region, test.b, test.a, got)
		}
	}
}

func TestPhoneNumbers_HasCountry(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		region, number string
		want           bool
	}{
		{"", "+1 907 555 0133", true},
		{"", "\u202a+1 907 555 0133", true},
		{"", "tel:+1-907-555-0133", true},
		{"", "(907) 555-0133", false},
		{"", "001 907 555 0133", false},
		{"US", "(907) 555-0133", true},
		{"US", "ACME", false},
		{"US", "*******0133", false},
	} {
		if got := (PhoneNumbers{Region: test.region}).HasCountry(test.number); got != test.want {
			t.Errorf("%q: HasCountry(%q) = %t", test.region, test.number, got)
		}
	}
}

func TestNewPhoneNumbers(t *testing.T) {
	t.Parallel()
	for region, good := range map[string]bool{"": true, "US": true, "GB": true, "us": false, "UK": false, "USA": false, "001": false, "ZZ": false} {
		if _, err := NewPhoneNumbers(region); (err == nil) != good {
			t.Errorf("the region %q: %v", region, err)
		}
	}
}

func TestPhoneNumbers_IsFormOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		region, wanted, held string
		want                 bool
	}{
		{"", "+1 (202) 555-0100", "12025550100", true},
		{"", "+1 (202) 555-0100", "0012025550100", true},
		{"", "+1 (202) 555-0100", "2025550100", false}, // the country may be another one
		{"", "+1 (202) 555-0100", "+12025550100", true},
		{"", "+1 (202) 555-0100", "*******0100", false}, // a mask fits many
		{"", "+1 (202) 555-0100", "12025550101", false},
		{"", "12025550100", "+1 (202) 555-0100", false}, // may be a number of any country
		{"", "001 (202) 555-0100", "+12025550100", true},
		{"", "001 (202) 555-0100", "12025550100", true},
		{"", "001 (202) 555-0100", "0012025550100", true},
		{"", "001 (202) 555-0100", "+12025550101", false},
		{"", "00 12", "+12", false},
		{"DE", "001 202 555 0100", "+12025550100", true},
		{"US", "2025550100", "+12025550100", true},
		{"", "12025550100", "0012025550100", false},
		{"", "Acme", "Acme", false},
		{"GB", "+1 (202) 555-0100", "12025550100", true}, // too long for the region
		{"US", "+44 20 7946 0958", "442079460958", true},
		{"GB", "+1 (202) 555-0100", "2025550100", false},
		{"DE", "+1 (202) 555-0100", "12025550100", false}, // may be a number of the region
		{"", "+1 12", "112", false},                       // too few digits to recognize it
		{"", "+1 12", "113", false},
		{"", "+1 (202) 555-0100 ext. 1", "+120255501001", false},
	} {
		if got := (PhoneNumbers{Region: test.region}).IsFormOf(test.wanted, test.held); got != test.want {
			t.Errorf("%q: IsFormOf(%q, %q) = %t", test.region, test.wanted, test.held, got)
		}
	}
}

func TestPhoneNumbers_MayBeSpelling(t *testing.T) {
	t.Parallel()
	const full = "+1 (907) 555-0133"
	for _, test := range []struct {
		region, sent, held string
		want               bool
		back               bool // with sent and held exchanged
	}{
		{"", full, "+19075550133", true, true}, // the same
		{"", "", "", true, true},
		{"", full, "", false, false},
		{"", "ACME", "ACNE", false, false},

		// Digits only, and 00 in place of +.
		{"", full, "19075550133", true, true},
		{"", full, "0019075550133", true, true},
		{"", full, "00 1 907-555-0133", true, true},
		{"", full, "19075550134", false, false},
		{"", full, "0019075550134", false, false},
		{"", "+49 (0) 30 901820", "4930901820", true, true},
		{"", "+49 (0) 30 901820", "49030901820", true, true},
		{"", "+49-30-901820", "49030901820", true, true}, // the canonical form of that
		{"", "+39 06 69812", "39006698", false, false},
		{"", "+39 06 69812", "390669812", true, true},
		{"", "+39 06 69812", "39669812", false, false},
		{"", full + " ext. 5", "190755501335", true, true},
		{"", full + " ext. 5", "19075550133", false, false},
		{"", full + " ext. 5", "+19075550133 x6", false, false},
		{"", full + "\r", "19075550133", true, true},

		// A country code added or left out.
		{"", "(907) 555-0133", "+19075550133", true, true},
		{"", "(907) 555-0133", "19075550133", true, true},
		{"", "(907) 555-0133", "0019075550133", true, true},
		{"", "(907) 555-0133", "+4419075550133", false, false},
		{"", "(907) 555-0133", "+19075550134", false, false},
		{"", "030 901820", "+4930901820", true, true},
		{"", "030 901820", "4930901820", true, true},
		{"", "06 69812", "+390669812", true, true},
		{"", full, "907 555 0133", true, true},
		{"", full, "+907 555 0133", false, false},
		{"", full, "+449075550133", false, false},
		{"", full, "+79075550133", false, false},
		{"", "+44 7911 123456", "+1 7911 123456", false, false},
		{"", "9075550133", "9999075550133", false, false}, // no country has the code 999
		{"US", "(907) 555-0133", "+19075550133", true, true},
		{"US", "(907) 555-0133", "0019075550133", true, true},
		{"US", "(907) 555-0133", "+449075550133", false, false},
		{"US", "(907) 555-0133", "+90 755 50133", false, true}, // the digits of the Turkish number
		{"DE", full, "19075550133", true, false},

		// Masked.
		{"", full, "*******0133", true, false},
		{"", full, "***0133", true, false},
		{"", full, "+1******0133", true, false},
		{"", full, "1******0133", true, false},
		{"", full, "+1 (907) ***-**33", true, false},
		{"", full, "+1 (907) xxx-xx33", true, false},
		{"", full, "XXXXXXX0133", true, false},
		{"", full, "•••••••0133", true, false},
		{"", full, "#######0133", true, false},
		{"", full, "(***) ***-0133", true, false},
		{"", full, "001******0133", true, false},
		{"", full, "*******0134", false, false},
		{"", full, "+1******0134", false, false},
		{"", full, "+2******0133", false, false},
		{"", full, "+1*****0133", false, false}, // one digit less
		{"", full, "+1 (908) ***-**33", false, false},
		{"", full, "********133", false, false}, // too few digits to tell
		{"", full, "***********", false, false},
		{"", "907 555 0133", "+1******0133", true, false},
		{"", "907 555 0133", "*******0133", true, false},
		{"", "907 555 0133", "+1907***0134", false, false},
		{"", "0133", "*******0133", false, false}, // hides more digits than were sent
		{"US", "(907) 555-0133", "+1******0133", true, false},
		{"US", "(907) 555-0133", "*******0133", true, false},
		{"US", "(907) 555-0133", "+4******0133", false, false},

		// Too short to tell.
		{"", "911", "+911", false, false},
		{"", "12345", "+112345", true, true},
	} {
		numbers := PhoneNumbers{Region: test.region}
		if got := numbers.MayBeSpelling(test.sent, test.held); got != test.want {
			t.Errorf("%q: MayBeSpelling(%q, %q) = %t", test.region, test.sent, test.held, got)
		}
		if got := numbers.MayBeSpelling(test.held, test.sent); got != test.back {
			t.Errorf("%q: MayBeSpelling(%q, %q) = %t", test.region, test.held, test.sent, got)
		}
	}
}

func TestIsOfNoCountry(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"+1202555010112345678": true, "+1 202 555 0101; +1 202 555 0102": true, "+1 202 555 0101 / 0102": true, "+120255501010102": true,
		"+1 202": true, "+999 12345678": true, "00999 12345678": true, "\u202a(+999) 12345678": true,
		"+1 202 555 0101": false, "0012025550101": false, "+1 (202) 555-0101 ext. 123456": false, "+49 1512 3456789": false,
		"202 555 0101": false, "+* (***) ***-0133": false, "Sales": false, "": false,
	} {
		for _, region := range []string{"", "US", "DE"} {
			if got := (PhoneNumbers{Region: region}).IsOfNoCountry(text); got != want {
				t.Errorf("%q in %q: %t", text, region, got)
			}
		}
	}
}

func TestIsOfOtherRegion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"555-0101": true, "02 99 00 12 34": true, "123456789": true, "1 202 555 01012": true, "12345678901234": true, "(202) 555-0101 / 0102": true, "12025550101.0": true,
		"(202) 555-0101": false, "1 202 555 0101": false, "202.555.0101 x5": false, "011 44 20 7946 0958": false, "+44 20 7946 0958": false, "0044 20 7946 0958": false,
		"(***) ***-0133": false,
	} {
		if got := (PhoneNumbers{Region: "US"}).IsOfOtherRegion(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
		if (PhoneNumbers{}).IsOfOtherRegion(text) {
			t.Errorf("%q is said to be of another region than none", text)
		}
	}
}

// What is kept of parsed numbers changes no result, and does not grow without limit.
func TestPhoneNumbers_parsed(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"", "US", "DE"} {
		keeping, err := NewPhoneNumbers(region)
		if err != nil {
			t.Fatal(err)
		}
		plain := PhoneNumbers{Region: region}
		texts := []string{"", "ACME", "12", "+1 (202) 555-0100", "001 202 555 0100", "2025550100", "12025550100", "*******0100", "+1 202 555 0100 ext. 5", "+49 (0) 30 901820"}
		for range 2 {
			for _, a := range texts {
				for _, b := range texts {
					if keeping.Canonical(a) != plain.Canonical(a) || keeping.Same(a, b) != plain.Same(a, b) || keeping.MayBeSpelling(a, b) != plain.MayBeSpelling(a, b) {
						t.Errorf("%s: %q and %q are compared differently", region, a, b)
					}
				}
			}
			for i := range mostParsed {
				keeping.Canonical(strconv.Itoa(i))
			}
			if kept := len(keeping.parsed.kept); kept == 0 || kept > mostParsed {
				t.Errorf("%s: %d numbers are kept", region, kept)
			}
		}
	}
}

func TestPhoneNumbers_HasTwoNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"+49 30 23125014 / 15": true, "+49 30 23125014/15": true, "+1 202 555 0113 / 0114": true,
		"+49 30 23125014/": false, "+49 30 / 23125014": false, "030/23125014": false, "+49 30 23125014": false, "/": false, "": false,
	} {
		if got := (PhoneNumbers{}).HasTwoNumbers(text); got != want {
			t.Errorf("HasTwoNumbers(%q) = %t", text, got)
		}
	}
}
