package client

import "testing"

func TestSamePhoneNumber(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"+1 (555) 010-0000", "+15550100000", true},
		{"+1.555.010.0000", "+1 555 010 0000", true},
		{"+49 (0) 30 901820", "+4930901820", true},
		{"+39 06 698", "+3906698", true},
		{"+1 202 555 0100 ext. 5", "+12025550100x5", true},
		{"+1 202 555 0100 ext. 5", "+12025550100x6", false},
		{"+1 202 555 0100 ext. 5", "+12025550100", false},
		{"+15550100000", "+15550100001", false},
		{"+15550100000", "15550100000", false}, // without its country it is another, for all we know
		{"+15550100000", "+445550100000", false},
		{"+39 06 698", "+39 6 698", false}, // Italy's zero counts
		{"+3312", "+3412", false},
		{"030 / 90-18.20", "030901820", true},
		{"(030)\u00a0901820", "030901820", true},
		{"030901820", "30901820", false},
		{"12345", "1 23-45", true}, // a short code
		{"12345", "+12345", false},
		{"ACME", "ACME", true}, // an alphanumeric sender
		{"ACME", "ACNE", false},
		{"", "", true},
		{"", "+15550100000", false},
		{"", "12345", false},
	} {
		if got := SamePhoneNumber(test.a, test.b); got != test.same {
			t.Errorf("SamePhoneNumber(%q, %q) = %t", test.a, test.b, got)
		}
		if got := SamePhoneNumber(test.b, test.a); got != test.same {
			t.Errorf("SamePhoneNumber(%q, %q) = %t", test.b, test.a, got)
		}
	}
}
