package client

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
)

func TestParseReference(t *testing.T) {
	t.Parallel()
	const id = "0190978c-d6d1-de35-3f6d-7cf0a0e264db"
	const entities = "https://eu-central.api.pipelinersales.com/api/v100/rest/spaces/acme_sales/entities/"
	for _, test := range []struct {
		text   string
		want   string // empty: an error
		entity string
	}{
		{text: id, want: id},
		{text: strings.ToUpper(id), want: id},
		{text: "urn:uuid:" + id, want: id},
		{text: entities + "Accounts/" + id, want: id, entity: "Accounts"},
		{text: entities + "Accounts/" + strings.ToUpper(id), want: id, entity: "Accounts"},
		{text: "/entities/TextMessageConversations/" + id, want: id, entity: "TextMessageConversations"},
		{text: entities + "Accounts?id=" + id, want: id, entity: "Accounts"},
		{text: "https://crm.example/#/account?id=" + id, want: id},
		{text: "URN:UUID:" + id, want: id},
		{text: "https://crm.example/a=b/" + id, want: id},
		{text: "/" + id, want: id},
		{text: "/" + id + "/", want: id},
		{text: entities + "Accounts/" + id + "/", want: id, entity: "Accounts"},

		{text: ""},
		{text: "none"},
		{text: "a=" + id},
		{text: "phone_id=" + id},
		{text: "phone_id=" + entities + "Phones/" + id},
		{text: "a=" + id + ";b=" + id},
		{text: "a/b=" + id},
		{text: "a:" + id},
		{text: ":" + id},
		{text: "=" + id},
		{text: "00000000-0000-0000-0000-000000000000"},
		{text: entities + "Accounts/00000000-0000-0000-0000-000000000000"},
		{text: entities + "Accounts/" + id + "//"},
		{text: id + "/"},
		{text: entities + "Accounts/" + id + "/?expand=owner"},
		{text: entities + "Accounts/" + id + "?expand=owner"},
		{text: entities + "Accounts"},
		{text: "x" + id},
		{text: id + "x"},
		{text: id[:35] + "g"},
		{text: id[:35]},
		{text: strings.ReplaceAll(id, "-", "")},
		{text: "{" + id + "}"},
		{text: " " + id},
		{text: strings.Repeat("-", 36)},
		{text: strings.Repeat("ü", 18)},
	} {
		got, entity, err := ParseReference(test.text)
		switch {
		case test.want == "":
			if err == nil || !got.IsZero() {
				t.Errorf("ParseReference(%q) = %s, %v; want an error and no id", test.text, got, err)
			}
		case err != nil || got.String() != test.want || entity != test.entity:
			t.Errorf("ParseReference(%q) = %s, %q, %v; want %s, %q", test.text, got, entity, err, test.want, test.entity)
		}
	}
}

func TestIDInJSON(t *testing.T) {
	t.Parallel()
	var got struct{ A, B, C ID }
	apitest.Must(t, json.Unmarshal([]byte(`{"A":"0190978C-D6D1-DE35-3F6D-7CF0A0E264DB","B":null,"C":"https://crm.example/entities/Accounts/0190978c-d6d1-de35-3f6d-7cf0a0e264db"}`), &got))
	if got.A.IsZero() || got.A != got.C || !got.B.IsZero() {
		t.Errorf("decoded %v", got)
	}
	text, err := json.Marshal(got.A)
	apitest.Must(t, err)
	wantEqual(t, "encoded", `"0190978c-d6d1-de35-3f6d-7cf0a0e264db"`, string(text))
}
