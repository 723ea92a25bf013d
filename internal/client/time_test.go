package client

import (
	"encoding/json"
	"testing"
)

func TestTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ json, want string }{
		{`"2024-07-09 12:51:48.050073+00:00"`, "2024-07-09T12:51:48.050073Z"},
		{`"2024-07-09 12:51:48+00:00"`, "2024-07-09T12:51:48Z"},
		{`"2024-07-09 12:51:48\u002b02:00"`, "2024-07-09T10:51:48Z"},
		{`"2024-07-09 12:51:48Z"`, "2024-07-09T12:51:48Z"},
		{`"2019-01-01T00:00:00"`, "2019-01-01T00:00:00Z"},
		{`"2019-01-01T00:00:00.123456"`, "2019-01-01T00:00:00.123456Z"},
		{`"2019-01-01 00:00:00.5"`, "2019-01-01T00:00:00.5Z"},
		{`"2019-01-01T00:00:00Z"`, "2019-01-01T00:00:00Z"},
		{`"2019-01-01T00:00:00.000000001+05:30"`, "2018-12-31T18:30:00.000000001Z"},
		{`null`, "0001-01-01T00:00:00Z"},

		{`""`, ""},
		{`"yesterday"`, ""},
		{`"2019-02-30T00:00:00"`, ""},
		{`"2019-01-01"`, ""},
		{`1546300800`, ""},
		{`{}`, ""},
		{`false`, ""},
	} {
		var got Time
		err := json.Unmarshal([]byte(test.json), &got)
		switch {
		case test.want == "":
			if err == nil {
				t.Errorf("%s is read as %s; want an error", test.json, got)
			}
		case err != nil || got.String() != test.want:
			t.Errorf("%s is read as %s, %v; want %s", test.json, got, err, test.want)
		}
	}
}
