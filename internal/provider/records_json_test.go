package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"golang.org/x/text/unicode/norm"
)

func TestRecordFromJSON(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		json   string
		fields []string
		want   string // as attr.Value writes it
	}{
		"nothing":          {`{}`, nil, `{}`},
		"scalars":          {`{"a":"x","b":true,"c":1.5,"d":null,"e":""}`, nil, `{"a":"x","b":true,"c":1.5,"d":<null>,"e":""}`},
		"more than a flat": {`{"a":[1,"x",null,{"b":[]}],"c":{"d":{"e":false}}}`, nil, `{"a":[1,"x",<null>,{"b":[]}],"c":{"d":{"e":false}}}`},
		"named fields":     {`{"id":"1","name":"x","email":"secret","owner":{"id":"2"},"own":4,"ownership":3}`, []string{"id", "name", "owner.id"}, `{"id":"1","name":"x","owner":{"id":"2"}}`},
		"a field twice":    {`{"a":1,"a":"x"}`, nil, `{"a":"x"}`},
		"no UTF-8":         {"{\"a\":\"\xff\"}", nil, "{\"a\":\"\ufffd\"}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value, err := recordFromJSON(t.Context(), []byte(test.json), test.fields)
			if err != nil {
				t.Fatal(err)
			}
			if got := value.String(); got != test.want {
				t.Errorf("got %s; want %s", got, test.want)
			}
		})
	}
}

// A number becomes the same value as if a configuration contained it.
func TestRecordFromJSONKeepsNumbers(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"0", "-0", "-9223372036854775808", "9223372036854775807", "18446744073709551615", "0.1", "1e3", "123456789012345678901234567890", "9007199254740993", "-1.7976931348623157e308", "3.14159265358979323846264338327950288"} {
		value, err := recordFromJSON(t.Context(), []byte(`{"n":`+number+`}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := big.ParseFloat(number, 10, 512, big.ToNearestEven)
		if err != nil {
			t.Fatal(err)
		}
		got := value.(types.Object).Attributes()["n"].(types.Number).ValueBigFloat()
		if got.Cmp(want) != 0 || got.Prec() != 512 {
			t.Errorf("%s is %s", number, got.Text('g', 40))
		}
	}
}

func TestRecordFromJSONRefuses(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string {
		return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}
	if _, err := recordFromJSON(t.Context(), []byte(nested(maxDepth)), nil); err != nil {
		t.Errorf("%d levels: %v", maxDepth, err)
	}
	for name, test := range map[string]struct{ json, says string }{
		"too deep":        {nested(maxDepth + 1), "a: arrays and objects are nested more than 64 deep"},
		"much too deep":   {nested(9000), "a: arrays and objects are nested more than 64 deep"},
		"objects":         {strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70), "nested more than 64 deep"},
		"a huge number":   {`{"a":{"b":[1e999999999]}}`, "a: b: the number 1e999999999 is too large or too small"},
		"a tiny number":   {`{"a":1e-9999}`, "the number 1e-9999 is too large or too small"},
		"beyond numbers":  {`{"a":1e99999999999999999999}`, "is too large or too small"},
		"a long number":   {`{"a":1` + strings.Repeat("0", 5000) + `}`, "the number 1000000000000000000000000000000000000000 is too"},
		"an array":        {`[]`, "it is not a JSON object"},
		"a text":          {`"x"`, "it is not a JSON object"},
		"null":            {`null`, "it is not a JSON object"},
		"nothing":         {``, "it is not a JSON object"},
		"a cut one":       {`{"a":`, "it is not a JSON object"},
		"a number as key": {`{1:2}`, "it is not a JSON object"},
	} {
		_, err := recordFromJSON(t.Context(), []byte(test.json), nil)
		if err == nil || !strings.Contains(err.Error(), test.says) || len(err.Error()) > 500 {
			t.Errorf("%s: the error is %v; want it to say %q", name, err, test.says)
		}
	}
}

// For any input, there is no panic, and the converted value is the same as the input, even after it has gone to
// Terraform and back.
func FuzzRecordFromJSON(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":null}`, `{"a":[1,[2,{"b":null}],"x",true,1.5e-7]}`, `{"":{"":""}}`, `{"a":9223372036854775807,"b":-0,"c":1e400}`,
		`{"e\u0301":1,"\u00e9":2}`, `{"\ud800":"\udfff"}`, `[]`, `{"a":1e9999999}`, strings.Repeat(`{"a":[`, 40),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return // the client passes on nothing else
		}
		value, err := recordFromJSON(t.Context(), data, nil)
		if err != nil {
			_ = err.Error()
			return
		}
		records := types.DynamicValue(tupleOf(t.Context(), []attr.Value{value, value}))
		sent, err := records.ToTerraformValue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wire, err := tfprotov6.NewDynamicValue(tftypes.DynamicPseudoType, sent)
		if err != nil {
			t.Fatal(err)
		}
		received, err := wire.Unmarshal(tftypes.DynamicPseudoType)
		if err != nil {
			t.Fatal(err)
		}
		if !received.Equal(sent) {
			t.Errorf("sent %s\nreceived %s", sent, received)
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if hasTwins(want) {
			return // Terraform writes two names alike, and either may win
		}
		if diff := cmp.Diff(plain(want), plain(toJSON(value))); diff != "" {
			t.Errorf("(-came +converted):\n%s", diff)
		}
	})
}

// toJSON is the inverse conversion.
func toJSON(value attr.Value) any {
	switch value := value.(type) {
	case types.Dynamic:
		return nil
	case types.Bool:
		return value.ValueBool()
	case types.String:
		return value.ValueString()
	case types.Number:
		return value.ValueBigFloat()
	case types.Tuple:
		array := []any{}
		for _, element := range value.Elements() {
			array = append(array, toJSON(element))
		}
		return array
	case types.Object:
		object := map[string]any{}
		for name, attribute := range value.Attributes() {
			object[name] = toJSON(attribute)
		}
		return object
	}
	panic(fmt.Sprintf("%T", value))
}

// plain returns the value with its numbers as text, and its names in Unicode's normal
// form.
func plain(value any) any {
	switch value := value.(type) {
	case json.Number:
		number, _, err := big.ParseFloat(value.String(), 10, 512, big.ToNearestEven)
		if err != nil {
			panic(err)
		}
		return plain(number)
	case *big.Float:
		return value.Text('p', 0)
	case []any:
		array := []any{}
		for _, element := range value {
			array = append(array, plain(element))
		}
		return array
	case map[string]any:
		object := map[string]any{}
		for name, element := range value {
			object[norm.NFC.String(name)] = plain(element)
		}
		return object
	}
	return value
}

func hasTwins(value any) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, hasTwins)
	case map[string]any:
		names := map[string]bool{}
		for name, element := range value {
			if names[norm.NFC.String(name)] || hasTwins(element) {
				return true
			}
			names[norm.NFC.String(name)] = true
		}
	}
	return false
}
