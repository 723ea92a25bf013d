package provider_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
	pipeliner "github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/provider"
)

// unknown stands for an unknown value.
type unknown struct{}

// inHCL returns a value in the form in which a configuration writes it: an object, a
// tuple, a string, a number.
func inHCL(value any) tftypes.Value {
	switch value := value.(type) {
	case tftypes.Value:
		return value
	case nil:
		return tftypes.NewValue(tftypes.DynamicPseudoType, nil)
	case unknown:
		return tftypes.NewValue(tftypes.DynamicPseudoType, tftypes.UnknownValue)
	case string:
		return tftypes.NewValue(tftypes.String, value)
	case bool:
		return tftypes.NewValue(tftypes.Bool, value)
	case int, float64:
		return tftypes.NewValue(tftypes.Number, value)
	case []any:
		types, values := make([]tftypes.Type, len(value)), make([]tftypes.Value, len(value))
		for i, element := range value {
			values[i] = inHCL(element)
			types[i] = values[i].Type()
		}
		return tftypes.NewValue(tftypes.Tuple{ElementTypes: types}, values)
	case map[string]any:
		types, values := map[string]tftypes.Type{}, map[string]tftypes.Value{}
		for name, attribute := range value {
			values[name] = inHCL(attribute)
			types[name] = values[name].Type()
		}
		return tftypes.NewValue(tftypes.Object{AttributeTypes: types}, values)
	}
	panic(fmt.Sprintf("%T", value))
}

// plainly is the inverse of [inHCL]. It omits null values and sorts sets.
func plainly(t *testing.T, value tftypes.Value) any {
	t.Helper()
	switch {
	case !value.IsKnown():
		return unknown{}
	case value.Type().Is(tftypes.String):
		var text string
		must(t, value.As(&text))
		return text
	case value.Type().Is(tftypes.Set{}):
		var elements []tftypes.Value
		must(t, value.As(&elements))
		texts := make([]any, len(elements))
		for i, element := range elements {
			texts[i] = plainly(t, element)
		}
		slices.SortFunc(texts, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		return texts
	}
	var elements map[string]tftypes.Value
	must(t, value.As(&elements))
	known := map[string]any{}
	for name, element := range elements {
		if !element.IsNull() {
			known[name] = plainly(t, element)
		}
	}
	return known
}

// callForMap calls a function that returns conversations. If isAny is true, its first
// argument may have any type. Its second argument always may.
func callForMap(t *testing.T, name string, isAny bool, arguments ...any) (any, string) {
	t.Helper()
	server := pipeliner.NewServer("test")
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(t, err)
	bulk, _ := schemas.ResourceSchemas[bulkType].ValueType().(tftypes.Object)
	of := bulk.AttributeTypes["conversations"]
	functions, err := server.GetFunctions(t.Context(), &tfprotov6.GetFunctionsRequest{})
	must(t, err)
	if returned := functions.Functions[name].Return.Type; !returned.Equal(of) {
		t.Fatalf("%s returns %s, but the attribute is %s", name, returned, of)
	}
	request := &tfprotov6.CallFunctionRequest{Name: name}
	for i, argument := range arguments {
		parameter := tftypes.Type(tftypes.DynamicPseudoType)
		if i == 0 && !isAny {
			parameter = tftypes.String
		}
		encoded, err := tfprotov6.NewDynamicValue(parameter, inHCL(argument))
		must(t, err)
		request.Arguments = append(request.Arguments, &encoded)
	}
	resp, err := server.CallFunction(t.Context(), request)
	must(t, err)
	if resp.Error != nil {
		return nil, fmt.Sprintf("%d: %s", *resp.Error.FunctionArgument, resp.Error.Text)
	}
	value, err := resp.Result.Unmarshal(of)
	must(t, err)
	return plainly(t, value), ""
}

func TestConversationsFunction(t *testing.T) {
	t.Parallel()
	sets := tftypes.Set{ElementType: tftypes.String}
	ofOneType := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"phone_id": tftypes.String, "lead_relations": sets}}
	a := func(attributes map[string]any) map[string]any { return map[string]any{"a": attributes} }
	for name, test := range map[string]struct {
		given, want any
		err         string
	}{
		"an object": {
			given: a(map[string]any{"phone_id": phone, "recipient_account_id": nil, "account_relations": []any{acme, globex}, "quote_relations": []any{}}),
			want:  a(map[string]any{"phone_id": phone, "account_relations": []any{acme, globex}, "quote_relations": []any{}}),
		},
		"a map": {
			given: tftypes.NewValue(tftypes.Map{ElementType: ofOneType}, map[string]tftypes.Value{"a": tftypes.NewValue(ofOneType, map[string]tftypes.Value{
				"phone_id": inHCL(phone), "lead_relations": tftypes.NewValue(sets, []tftypes.Value{inHCL(lead)}),
			})}),
			want: a(map[string]any{"phone_id": phone, "lead_relations": []any{lead}}),
		},
		"numbers for text": {
			given: map[string]any{"a": map[string]any{"recipient_phone_number": 15550100000}, "b": map[string]any{"recipient_phone_number": -0.5}, "c": map[string]any{"phone_id": true}},
			want:  map[string]any{"a": map[string]any{"recipient_phone_number": "15550100000"}, "b": map[string]any{"recipient_phone_number": "-0.5"}, "c": map[string]any{"phone_id": "true"}},
		},
		"messages": {
			given: a(map[string]any{"messages": map[string]any{"m": map[string]any{"content": "Hello", "direction": unknown{}}, "n": unknown{}}}),
			want:  a(map[string]any{"messages": map[string]any{"m": map[string]any{"content": "Hello", "direction": unknown{}}, "n": unknown{}}}),
		},
		"empty":             {given: map[string]any{}, want: map[string]any{}},
		"unknown":           {given: unknown{}, want: unknown{}},
		"unknown of a type": {given: tftypes.NewValue(tftypes.Map{ElementType: ofOneType}, tftypes.UnknownValue), want: unknown{}},
		"unknown entry":     {given: map[string]any{"a": unknown{}, "b": map[string]any{}}, want: map[string]any{"a": unknown{}, "b": map[string]any{}}},
		"unknown attribute": {given: a(map[string]any{"phone_id": unknown{}, "lead_relations": []any{unknown{}}}), want: a(map[string]any{"phone_id": unknown{}, "lead_relations": []any{unknown{}}})},
		"another attribute": {
			given: a(map[string]any{"number": "+1"}),
			err:   `0: "a": there is no attribute "number"; the attributes are: account_relations, contact_relations, lead_relations, messages, opportunity_relations, phone_id, project_relations, quote_relations, recipient_account_id, recipient_contact_id, recipient_phone_number`,
		},
		"another attribute of a message": {
			given: a(map[string]any{"messages": map[string]any{"m": map[string]any{"text": "Hello"}}}),
			err:   `0: "a": "messages": "m": there is no attribute "text"; the attributes are: content, datetime_sent, direction, id, message_sid, status`,
		},
		"attribute of the resource": {given: a(map[string]any{"deletion_policy": "abandon"}), err: `0: "a": "deletion_policy" is an attribute of the resource, not of an entry`},
		"null entries":              {given: map[string]any{"b": nil, "a": nil}, err: `0: entries must not be null: "a", "b"`},
		"text for all":              {given: "x", err: "0: the value must be a map or an object of conversations by their keys"},
		"a list for all":            {given: []any{"x"}, err: "0: the value must be a map or an object of conversations by their keys"},
		"null":                      {given: nil, err: "0: the value must not be null"},
		"text for a set":            {given: a(map[string]any{"lead_relations": lead}), err: `0: "a": "lead_relations": must be a list or a set`},
		"a list for text":           {given: a(map[string]any{"phone_id": []any{phone}}), err: `0: "a": "phone_id": must be a string`},
		"text for entries":          {given: map[string]any{"a": phone}, err: `0: "a": must be a map or an object`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := callForMap(t, "conversations", true, test.given)
			if err != test.err {
				t.Fatalf("error %q, want %q", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("conversations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConversationsFromCSV(t *testing.T) {
	t.Parallel()
	options := func(more map[string]any) map[string]any {
		all := map[string]any{
			"key": "customer", "columns": map[string]any{"recipient_phone_number": "number", "account_relations": "accounts"},
			"constants": map[string]any{"phone_id": phone},
		}
		maps.Copy(all, more)
		return all
	}
	blank := map[string]any{"blank_numbers": true}
	is := func(number string, accounts ...any) map[string]any {
		entry := map[string]any{"phone_id": phone}
		if number != "" {
			entry["recipient_phone_number"] = number
		}
		if len(accounts) > 0 {
			entry["account_relations"] = accounts
		}
		return entry
	}
	lookups := map[string]any{"lookups": map[string]any{"account_relations": map[string]any{"Acme": acme, "GLOBEX": globex}}}
	const header = "customer,number,accounts\n"
	twins := options(map[string]any{"lookups": map[string]any{"account_relations": map[string]any{"Acme": acme, "ACME": globex, "Globex": globex, "GlobeX": strings.ToUpper(globex)}}})
	for name, test := range map[string]struct {
		text    string
		options any
		want    any
		err     string
	}{
		"plain":                  {text: header + "a,+1," + acme + "\nb,+2,\n", want: map[string]any{"a": is("+1", acme), "b": is("+2")}},
		"BOM, CRLF, quotes":      {text: "\ufeff\"customer\",number,accounts\r\n\"a, \"\"b\"\"\",\" +1 \", " + acme + " \r\n", want: map[string]any{`a, "b"`: is("+1", acme)}},
		"line ends of old":       {text: "customer,number,accounts\ra,+1,\rb,+2,", want: map[string]any{"a": is("+1"), "b": is("+2")}},
		"other columns, order":   {text: "note,accounts,number,customer\nx,,+1,a\n", want: map[string]any{"a": is("+1")}},
		"blank cells, rows":      {text: header + "\na,,  \n,,\n  , ,\nb,, \n", options: options(blank), want: map[string]any{"a": is(""), "b": is("")}},
		"several ids":            {text: header + "a,+1," + acme + "; " + globex + ";\n", want: map[string]any{"a": is("+1", acme, globex)}},
		"separator, delimiter":   {text: "customer;number;accounts\na;+1;" + acme + "|" + globex, options: options(map[string]any{"separator": "|", "delimiter": ";"}), want: map[string]any{"a": is("+1", acme, globex)}},
		"lookups":                {text: header + "a,+1,acme\nb,+2, Globex;ACME \n", options: options(lookups), want: map[string]any{"a": is("+1", acme), "b": is("+2", acme, globex)}},
		"constants":              {text: header + "a,+1,\nb,+2," + acme, options: options(map[string]any{"constants": map[string]any{"phone_id": phone, "account_relations": []any{globex}}}), want: map[string]any{"a": is("+1", globex), "b": is("+2", acme)}},
		"too many cells":         {text: header + "Doe, Jane,+12025550607,\n", err: `0: row 2: 4 cells, but the header has 3: put a cell that contains the delimiter in quotes, or remove the delimiter at the end of the row`},
		"text too many":          {text: header + "Doe, Jane,+12025550607,x\n", err: `0: row 2: 4 cells, but the header has 3: put a cell that contains the delimiter in quotes`},
		"too few cells":          {text: header + "a,+1,\nb\n", err: `0: row 3: 1 cell, but the header has 3…`},
		"a blank cell too many":  {text: header + "a,+1,,\n", err: `0: row 2: 4 cells, but the header has 3: put a cell that contains the delimiter in quotes, or remove the delimiter at the end of the row`},
		"a blank cell too few":   {text: header + "a,\n", err: `0: row 2: 2 cells, but the header has 3: each row needs a cell for each column, blank ones too`},
		"an old separator line":  {text: "SEP=,\rcustomer,number,accounts\ra,+1,", want: map[string]any{"a": is("+1")}},
		"only a separator line":  {text: "sep=,", err: "0: the CSV is empty: its first row must name the columns"},
		"a separator line":       {text: "\ufeffsep=;\r\ncustomer;number;accounts\r\na;+1;\r\nb;n/a;\r\n", options: options(map[string]any{"delimiter": ";"}), err: `0: row 3, column "number": "n/a" is not a phone number: correct it, remove the row, or leave the cell blank and set blank_numbers = true`},
		"no-break spaces":        {text: header + "\u00a0a\u00a0,+1,ACME\u00a0Inc.\n", options: options(map[string]any{"lookups": map[string]any{"account_relations": map[string]any{"Acme Inc.": acme}}}), want: map[string]any{"a": is("+1", acme)}},
		"constant of messages":   {text: header, options: options(map[string]any{"constants": map[string]any{"messages": map[string]any{}}}), err: `1: "constants": there is no attribute "messages"; the attributes are: account_relations, …`},
		"no rows":                {text: "customer,number,accounts", want: map[string]any{}},
		"not in the lookups":     {text: header + "a,+1,Initech\n", options: options(lookups), err: `0: row 2, column "accounts": "Initech" is not in the lookups of account_relations`},
		"exact lookups":          {text: header + "a,+1,Acme\nb,+2,ACME\nc,+3,globex\n", options: twins, want: map[string]any{"a": is("+1", acme), "b": is("+2", globex), "c": is("+3", strings.ToUpper(globex))}},
		"exact, other spaces":    {text: header + "a,+1,Acme\u00a0 Inc.\n", options: options(map[string]any{"lookups": map[string]any{"account_relations": map[string]any{"Acme Inc.": acme, "ACME Inc.": globex}}}), want: map[string]any{"a": is("+1", acme)}},
		"ambiguous lookups":      {text: header + "a,+1,acme\n", options: twins, err: `0: row 2, column "accounts": "acme" may be any of the keys "ACME", "Acme" in the lookups of account_relations`},
		"duplicate key":          {text: header + "a,+1,\n\n a ,+2,", err: `0: row 4, column "customer": row 2 has the key "a" too: give each row its own key, or remove one`},
		"a title":                {text: "Customers 2025,,\n" + header, err: `0: the CSV has 3 mistakes:…the columns are: "Customers 2025", "", ""; if row 1 is a title, remove all rows above the names of the columns…`},
		"UTF-16":                 {text: "\u00ff\u00fec\x00u\x00s\x00", err: `0: the text contains null characters, so it may be UTF-16: convert the file, for example with iconv -f UTF-16 -t UTF-8`},
		"no key":                 {text: header + ",+1,", err: `0: row 2, column "customer": the key is blank`},
		"no uuid":                {text: header + "\"a\nb\",+1,\nc,+2,sales", err: `0: row 3, column "accounts": "sales" is neither a UUID, such as 0190978c-d6d1-de35-3f6d-7cf0a0e264db, nor a URI that ends in one. Look up the id, …, or translate names with the option lookups`},
		"the header again":       {text: header + "a,+1,\n" + header + "b,+2,", err: "0: row 3: the header again: remove it"},
		"no such columns":        {text: "name,number\na,+1", err: "0: the CSV has 2 mistakes:\n\n" + `  - row 1, column "customer": there is no such column; the columns are: "name", "number"` + "\n" + `  - row 1, column "accounts": there is no such column; the columns are: "name", "number"`},
		"a column twice":         {text: "customer,number,accounts,number\na,+1,,+2", err: `0: row 1, column "number": the column occurs twice`},
		"a column three times":   {text: "customer,number,accounts,number,number\na,+1,,+2,+3", err: `0: row 1, column "number": the column occurs twice`},
		"a cell wrong twice":     {text: header + "a,+1,Initech;Acme; Initech\nb,+2,Initech\n", options: options(lookups), err: `0: rows 2, 3, column "accounts": "Initech" is not in the lookups of account_relations`},
		"no phone":               {text: "customer,sender\na,\nb," + phone, options: map[string]any{"key": "customer", "columns": map[string]any{"phone_id": "sender"}}, err: `0: row 2, column "sender": the phone_id is blank`},
		"many faults":            {text: header + strings.Repeat(",+1,\n", 12), err: `0: rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, and 2 more, column "customer": the key is blank`},
		"kinds of faults":        {text: header + "a,,\nb\nc,,\nd\n" + header + header, err: "0: the CSV has 3 mistakes:\n\n  - rows 2, 4, column \"number\": the number is blank: …\n  - rows 3, 5: 1 cell, but the header has 3: …\n  - rows 6, 7: the header again: remove it"},
		"empty":                  {text: "", err: "0: the CSV is empty: its first row must name the columns"},
		"open quote":             {text: header + "\"a\nb\",+1,\nc,\"+2,\n", err: `0: row 3: a cell in quotes has no closing quote, or more text after it: write each quote (") inside the cell twice`},
		"bare quote":             {text: header + "a 5\" pipe,+1,\n", err: `0: row 2: a cell contains a quote (") and is not in quotes: put the cell in quotes, and write each quote inside it twice`},
		"quote in the header":    {text: "a 5\" pipe\n", err: `0: row 1: a cell contains a quote…`},
		"blank number":           {text: header + "a,+1,\nb, ,\n", err: `0: row 3, column "number": the number is blank: fill it in, or set blank_numbers = true if conversations may have no number`},
		"blank number forbidden": {text: header + "a,,\n", options: options(map[string]any{"blank_numbers": false}), err: `0: row 2, column "number": the number is blank…`},
		"number not mapped":      {text: header + "a,,\n", options: map[string]any{"key": "customer", "constants": map[string]any{"phone_id": phone}}, want: map[string]any{"a": is("")}},
		"constant for blanks":    {text: header + "a,,\nb,+2,\n", options: options(map[string]any{"constants": map[string]any{"phone_id": phone, "recipient_phone_number": "+1"}}), want: map[string]any{"a": is("+1"), "b": is("+2")}},
		"rounded number":         {text: header + "a,1.5E+10,\n", err: `0: row 2, column "number": "1.5E+10" is a number that a spreadsheet has rounded, so digits are lost. Format the column as text, and type the phone number again`},
		"unknown sender":         {text: "customer,sender\na,Sales\n", options: map[string]any{"key": "customer", "columns": map[string]any{"phone_id": "sender"}, "lookups": map[string]any{"phone_id": map[string]any{}}}, err: `0: row 2, column "sender": "Sales" is not in the lookups of phone_id`},
		"semicolons":             {text: strings.ReplaceAll(header, ",", ";"), options: map[string]any{"key": "customer", "constants": map[string]any{"phone_id": phone}}, err: `0: row 1, column "customer": there is no such column; the columns are: "customer;number;accounts"; if ";" separates the cells, add the option delimiter = ";"`},
		"tabs":                   {text: strings.ReplaceAll(header, ",", "\t"), options: map[string]any{"key": "customer", "constants": map[string]any{"phone_id": phone}}, err: `…add the option delimiter = "\t"`},
		"blanks of no boolean":   {text: header, options: options(map[string]any{"blank_numbers": "yes"}), err: `1: "blank_numbers": must be true or false`},
		"unknown blanks":         {text: header, options: options(map[string]any{"blank_numbers": unknown{}}), want: unknown{}},
		"no key option":          {text: header, options: map[string]any{"constants": map[string]any{"phone_id": phone}}, err: "1: key: set it to the name of the column that contains the keys"},
		"no phone option":        {text: header, options: map[string]any{"key": "customer"}, err: "1: columns, constants: one of them must contain phone_id"},
		"unknown option":         {text: header, options: options(map[string]any{"keys": "x"}), err: `1: there is no attribute "keys"; the attributes are: blank_numbers, columns, constants, delimiter, key, lookups, separator`},
		"option of another":      {text: header, options: options(map[string]any{"key": []any{}}), err: `1: "key": must be a string`},
		"bad delimiter":          {text: header, options: options(map[string]any{"delimiter": "\""}), err: "1: delimiter: must be one character, and not a quote or a line end"},
		"long delimiter":         {text: header, options: options(map[string]any{"delimiter": "ab"}), err: "1: delimiter: must be one character, and not a quote or a line end"},
		"no separator":           {text: header, options: options(map[string]any{"separator": ""}), err: "1: separator: must not be empty"},
		"attribute of messages":  {text: header, options: options(map[string]any{"columns": map[string]any{"messages": "x"}}), err: `1: "columns": there is no attribute "messages"; the attributes are: account_relations, contact_relations, lead_relations, opportunity_relations, phone_id, project_relations, quote_relations, recipient_account_id, recipient_contact_id, recipient_phone_number`},
		"attribute of nothing":   {text: header, options: options(map[string]any{"lookups": map[string]any{"id": map[string]any{}}}), err: `1: "lookups": there is no attribute "id"; the attributes are: …`},
		"constant of no uuid":    {text: header, options: options(map[string]any{"constants": map[string]any{"phone_id": "sales"}}), err: `1: constants: phone_id: the value is neither a UUID, such as 0190978c-d6d1-de35-3f6d-7cf0a0e264db, nor a URI that ends in one. Look up the id, …`},
		"constants of no uuid":   {text: header, options: options(map[string]any{"constants": map[string]any{"phone_id": phone, "lead_relations": []any{lead, "li\"d"}}}), err: `1: constants: lead_relations: the value is neither a UUID, …`},
		"constant with spaces":   {text: header, options: options(map[string]any{"constants": map[string]any{"phone_id": " " + phone}}), err: `1: constants: phone_id: the value has white space around the id. Remove it, for example with trimspace`},
		"constant of no number":  {text: header, options: options(map[string]any{"constants": map[string]any{"phone_id": phone, "recipient_phone_number": "1.5E+10"}}), err: `1: constants: recipient_phone_number: the value is a number that a spreadsheet has rounded, …`},
		"constant of no list":    {text: header, options: options(map[string]any{"constants": map[string]any{"phone_id": phone, "lead_relations": lead}}), err: `1: "constants": "lead_relations": must be a list or a set`},
		"unknown constant":       {text: header, options: options(map[string]any{"constants": map[string]any{"phone_id": unknown{}}}), want: unknown{}},
		"lookup of no column":    {text: header, options: options(map[string]any{"lookups": map[string]any{"contact_relations": map[string]any{"Ada": nobody}}}), err: `1: lookups: contact_relations is not in columns, so there are no cells to translate; add its column, or remove the lookup`},
		"lookup of a list":       {text: header, options: options(map[string]any{"lookups": map[string]any{"account_relations": map[string]any{"Acme": []any{acme}, "b": acme}}}), err: `1: "lookups": "account_relations": "Acme": must be a string`},
		"unknown lookup":         {text: header, options: options(map[string]any{"lookups": map[string]any{"account_relations": map[string]any{"Acme": unknown{}}}}), want: unknown{}},
		"unknown columns":        {text: header, options: map[string]any{"key": "customer", "columns": unknown{}}, want: unknown{}},
		"unknown key":            {text: header, options: options(map[string]any{"key": unknown{}}), want: unknown{}},
		"unknown options":        {text: header, options: unknown{}, want: unknown{}},
		"columns of no object":   {text: header, options: options(map[string]any{"columns": "x"}), err: `1: "columns": must be a map or an object`},
		"no object":              {text: header, options: "x", err: "1: must be a map or an object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := test.options
			if given == nil {
				given = options(nil)
			}
			got, err := callForMap(t, "conversations_from_csv", false, test.text, given)
			isWhole := !strings.Contains(test.err, "…")
			if !says(strings.Split(test.err, "…")...).MatchString(err) || isWhole && err != test.err || strings.HasSuffix(err, ".") {
				t.Fatalf("error %q, want %q", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("conversations (-want +got):\n%s", diff)
			}
		})
	}
}

// A spreadsheet becomes conversations, and the next plan is empty.
func TestAccConversationsFromCSV(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	file := filepath.Join(t.TempDir(), "conversations.csv")
	text := "\ufeffcustomer,number,sender,accounts\r\n\"Hart, Amelia\",+1 (202) 555-0100,Sales,acme;globex\r\n,,,\r\nBob,,support,\r\n"
	must(t, os.WriteFile(file, []byte(text), 0o600))
	config := func(extra string) string {
		return w.config(fmt.Sprintf(`
resource "pipeliner_text_message_conversations" "test" {
  conversations = provider::pipeliner::conversations_from_csv(file(%q), {
    key           = "customer"
    blank_numbers = true
    columns   = { phone_id = "sender", recipient_phone_number = "number", account_relations = "accounts" }
    constants = { quote_relations = [%q] }
    lookups = {
      phone_id          = { sales = %q, support = %q }
      account_relations = { Acme = %q, Globex = %q }
    }
  })
}
%s`, file, quote, phone, otherPhone, acme, globex, extra))
	}
	runFrom(t, withFunctions,
		resource.TestStep{
			Config:           config(""),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionCreate),
			Check: func(*terraform.State) error {
				held := map[string]string{}
				for _, record := range w.live() {
					number, _ := record["recipient_phone_number"].(string)
					id, _ := record["id"].(string)
					held[number] = fmt.Sprint(record["phone_id"], w.Links(id, "account_relations"), w.Links(id, "quote_relations"))
				}
				want := map[string]string{
					w.shown("+1 (202) 555-0100"): fmt.Sprint(phone, sortedTexts(acme, globex), []string{quote}), "": fmt.Sprint(otherPhone, []string{}, []string{quote}),
				}
				if diff := cmp.Diff(want, held); diff != "" {
					return fmt.Errorf("conversations (-want +got):\n%s", diff)
				}
				return nil
			},
		},
		// The same as an object with unknown values, which the function converts.
		resource.TestStep{
			Config: w.config(fmt.Sprintf(`
resource "terraform_data" "phone" { input = %q }
resource "pipeliner_text_message_conversations" "test" {
  conversations = provider::pipeliner::conversations({
    "Hart, Amelia" = { phone_id = %[2]q, recipient_phone_number = "+1 202 555 0100", account_relations = [%[3]q, %[4]q] }
    Bob            = { phone_id = terraform_data.phone.output }
  })
}`, otherPhone, phone, acme, globex)),
			ConfigPlanChecks: bulkPlanned(plancheck.ResourceActionUpdate),
		},
		// The options may contain unknown values too.
		resource.TestStep{
			Config: w.config(fmt.Sprintf(`
resource "terraform_data" "other" { input = %q }
resource "pipeliner_text_message_conversations" "test" {
  conversations = provider::pipeliner::conversations_from_csv("customer,number\nBob,\n", {
    key           = "customer"
    blank_numbers = true
    columns   = { recipient_phone_number = "number" }
    constants = { phone_id = terraform_data.other.output }
  })
}`, phone)),
			ConfigPlanChecks:  bulkPlanned(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(bulkAddress, tfjsonpath.New("conversations").AtMapKey("Bob").AtMapKey("phone_id"), knownvalue.StringExact(phone))},
		},
	)
}
