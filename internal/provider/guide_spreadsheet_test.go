//go:build unix

package provider_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The configuration of the guide writes a number in one spelling, or reports it. It never makes another number of it.
func TestAccGuides_spreadsheetNumbers(t *testing.T) {
	t.Parallel()
	g := newGuide(t)
	text, err := os.ReadFile(guides + "from-a-spreadsheet.md")
	g.check(err)
	_, file, _ := strings.Cut(string(text), "\n`main.tf`:\n")
	_, locals, _ := strings.Cut(file, "\nlocals {\n")
	locals, _, found := strings.Cut(locals, "\n  usable ")
	if !found {
		t.Fatal("the guide has no locals of numbers")
	}
	var sheet strings.Builder
	rows := csv.NewWriter(&sheet)
	g.check(rows.Write([]string{"Customer", "Number", "Account"}))
	want, got := map[string]string{}, map[string]string{}
	for i, cell := range [][2]string{
		{"+1 (202) 555-0101", "+12025550101"},
		{"(202) 555-0101", "+12025550101"},
		{"202.555.0101", "+12025550101"},
		{"202\u2013555\u22120101", "+12025550101"}, // an en dash, and a minus
		{"0014045550107", "+14045550107"},
		{"'+1 202 555 0101", "+12025550101"},
		{"'+45 32 12 34 56", "+4532123456"}, // behind a mark, the digits look like an American number
		{"=+65 6723 4567", "+6567234567"},
		{`="+4532123456"`, "+4532123456"},
		{"(+45) 32 12 34 56", "+4532123456"},
		{"\u200e+45 32 12 34 56", "+4532123456"}, // a mark of direction
		{"\u202a+45 32 12 34 56\u202c", "+4532123456"},
		{"\uff0b45 32 12 34 56", "+4532123456"}, // full-width
		{"\ufe6245 32 12 34 56", "+4532123456"}, // small
		{"\u207a45 32 12 34 56", "+4532123456"}, // superscript
		{"\u279545 32 12 34 56", "?"},           // a heavy plus
		{"'0045 32 12 34 56", "?"},
		{"+33 1.99.00.12.00", "+33199001200"},
		{"+1 202 555 0101 +1 202 555 0102", "?"},
		{"\uff0b45 32 12 34 \uff0b45", "?"},
		{"+45 32 12 34 5\uff16", "?"}, // a full-width digit
		{"202 555 010\u0661", "?"},    // an Arabic digit
		{"2O2 555 0101", "?"},         // the letter
		{"+49 30 23125014/15", "?"},
		{`+49 30 23125014 \ 15`, "?"},
		{"+49 30 23125014 x15", "?"},
		{"+49 30 23125014 \u0434\u043e\u0431 15", "?"},
		{"+49 30 23125014\n23125015", "?"},
		{"+49 (0)30 23125014", "?"},
		{"+49 ( 0 ) 30 23125014", "?"},
		{"+49 (030) 23125014", "?"},
		{"+493023125014.0", "?"},
		{"+493023125014.00", "?"},
		{"n/a", ""},
	} {
		row := strconv.Itoa(i + 2)
		want[row] = cell[1]
		g.check(rows.Write([]string{row, cell[0], ""}))
	}
	rows.Flush()
	g.check(os.WriteFile(g.dir+"/customers.csv", []byte(sheet.String()), 0o600))
	g.check(os.WriteFile(g.dir+"/main.tf", []byte("locals {\n"+locals+"\n}\n\noutput \"numbers\" {\n  value = local.numbers\n}\n"), 0o600))
	g.shell("terraform apply", true)
	g.shell("terraform output -json numbers", true)
	g.check(json.Unmarshal([]byte(g.output), &got))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
