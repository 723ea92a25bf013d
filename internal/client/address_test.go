package client

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
)

func TestSpaceURL(t *testing.T) {
	t.Parallel()
	const host = "eu-central.api.pipelinersales.com"
	const base = "https://" + host + "/api/v100/rest/spaces/acme_sales"
	for _, test := range []struct{ service, space, want string }{
		{host, "acme_sales", base},
		{"https://" + host, "acme_sales", base},
		{"https://" + host + "/", "acme_sales", base},
		{"https://" + host + "//", "acme_sales", base},
		{" https://" + host + "\n", "acme_sales", base},
		{"HTTPS://" + host, "acme_sales", base},
		{base, "acme_sales", base},
		{base, "", base},
		{base + "/", "", base},
		{base + "/entities/Accounts", "", base},
		{strings.TrimPrefix(base, "https://"), "", base},
		{"https://" + host + "/api", "acme_sales", base},
		{"https://" + host + "/api/", "acme_sales", base},
		{"https://" + host + "/api/v100", "acme_sales", base},
		{"https://" + host + "/api/v100/rest/spaces", "acme_sales", base},
		{"https://" + host + "/api/v100/rest/spaces/", "acme_sales", base},
		{"https://us-east.pipelinersales.com", "us_acme_2", "https://us-east.pipelinersales.com/api/v100/rest/spaces/us_acme_2"},
		{"crm.example:8443", "acme", "https://crm.example:8443/api/v100/rest/spaces/acme"},
		{"https://proxy.example/crm/", "acme", "https://proxy.example/crm/api/v100/rest/spaces/acme"},
		{"https://proxy.example/api/crm", "acme", "https://proxy.example/api/crm/api/v100/rest/spaces/acme"},
		{"https://proxy.example/api/crm/api/v100/", "acme", "https://proxy.example/api/crm/api/v100/rest/spaces/acme"},
		{"http://localhost:8080", "acme", "http://localhost:8080/api/v100/rest/spaces/acme"},
		{"http://127.0.0.1:8080/", "acme", "http://127.0.0.1:8080/api/v100/rest/spaces/acme"},
		{"bücher.example", "acme", "https://b%C3%BCcher.example/api/v100/rest/spaces/acme"},
		{"bu\u0308cher.example", "acme", "https://bu%CC%88cher.example/api/v100/rest/spaces/acme"},
		{"https://[fe80::1]", "acme", "https://[fe80::1]/api/v100/rest/spaces/acme"},
		{"https://[fe80::1%25eth0]", "acme", "https://[fe80::1%25eth0]/api/v100/rest/spaces/acme"},
		{"crm_1-a.example", "acme", "https://crm_1-a.example/api/v100/rest/spaces/acme"},
		{"10.0.0.5", "acme", "https://10.0.0.5/api/v100/rest/spaces/acme"},
		{"http://[::1]:8080", "acme", "http://[::1]:8080/api/v100/rest/spaces/acme"},
	} {
		got, err := spaceURL(test.service, test.space)
		if err != nil {
			t.Errorf("spaceURL(%q, %q): %v; want %s", test.service, test.space, err, test.want)
		} else if got.String() != test.want {
			t.Errorf("spaceURL(%q, %q) = %s; want %s", test.service, test.space, got, test.want)
		}
	}
}

func TestSpaceID(t *testing.T) {
	t.Parallel()
	for _, config := range []Config{
		{ServiceURL: "crm.example", SpaceID: "acme_sales"},
		{ServiceURL: "https://crm.example/api/v100/rest/spaces/acme_sales/"},
		{ServiceURL: "https://crm.example/api/v100/rest/spaces/acme_sales/entities/Accounts", SpaceID: "acme_sales"},
	} {
		c, err := New(config)
		apitest.Must(t, err)
		wantEqual(t, "the id of the space", "acme_sales", c.SpaceID())
	}
}

// The space id in a URI may be escaped. The URI of a record may lack the API's path.
func TestSpaceIn(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"":                       "",
		"/entities/Phones/1":     "",
		"spaces/acme/entities/1": "",
		"https://crm.example/api/v100/rest/spaces/acme":                        "acme",
		"https://crm.example/x/api/v100/rest/spaces/acme/entities/Phones/1":    "acme",
		"https://crm.example/api/v100/rest/spaces/caf%C3%A9/entities/Phones/1": "café",
		"https://crm.example/api/v100/rest/spaces/50%/entities/Phones/1":       "50%",
		"https://crm.example/spaces/acme/entities/Phones/1":                    "acme",
		"https://crm.example/spaces/acme":                                      "",
		"https://crm.example/spaces/a/api/v100/rest/spaces/acme":               "acme",
	} {
		wantEqual(t, uri, want, SpaceIn(uri))
	}
}

func TestSpaceURLRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ service, space, setting, says string }{
		{"", "acme", "service_url", "is empty"},
		{"  ", "acme", "service_url", "is empty"},
		{"https://", "acme", "service_url", "not a URL"},
		{"https://:8443", "acme", "service_url", "not a URL"},
		{"https://crm example", "acme", "service_url", "not a URL"},
		{"<url>", "acme", "service_url", "not a URL"},
		{"5", "acme", "service_url", "not a URL"},
		{"https:/crm.example", "acme", "service_url", "not a URL"},
		{"https://crm.example;x", "acme", "service_url", "not a URL"},
		{"https://crm.example:port", "acme", "service_url", "not a URL"},
		{"https://crm.example:99999", "acme", "service_url", "its port, 99999, is not a number from 1 to 65535"},
		{"https://crm.example:0", "acme", "service_url", "its port, 0, is not a number from 1 to 65535"},
		{"/api/v100", "acme", "service_url", "not a URL"},
		{"https://user:secret@crm.example", "acme", "service_url", "contains credentials"},
		{"user:secret@crm.example", "acme", "service_url", "contains credentials"},
		{"https://user:sec%zzret@crm.example", "acme", "service_url", "not a URL"},
		{"http://localhost:1/x y", "acme", "service_url", "contains white space"},
		{"https://crm.example/a\u00a0b", "acme", "service_url", "contains white space"},
		{"https://crm.example/?space=acme", "acme", "service_url", "query or a fragment"},
		{"https://crm.example/#/login", "acme", "service_url", "query or a fragment"},
		{"http://crm.example", "acme", "service_url", "unencrypted"},
		{"http://127.0.0.1.example", "acme", "service_url", "unencrypted"},
		{"http://10.0.0.1", "acme", "service_url", "unencrypted"},
		{"ftp://crm.example", "acme", "service_url", `scheme is "ftp"`},
		{"https://crm.example/api/v100/rest/spaces/acme", "other", "service_url", `names the space "acme", but space_id is "other"; remove the path from service_url, or correct space_id`},
		{"https://crm.example/api/v100/rest/spaces/acme_sales", "acme", "service_url", `names the space "acme_sales"`},
		{"https://crm.example", "", "space_id", "is empty"},
		{"https://crm.example/api/v100/rest/spaces/", "", "space_id", "is empty"},
		{"https://crm.example", "acme/sales", "space_id", "it contains a slash; the space's administration shows it, such as acme_sales"},
		{"https://crm.example", "acme sales", "space_id", "it contains white space, such as a line end;"},
		{"https://crm.example", " acme", "space_id", "it contains white space"},
		{"https://crm.example", "acme\n", "space_id", "it contains white space"},
		{"https://crm.example", "acme\u00a0", "space_id", "it contains white space"},
		{"https://crm.example", "acme?x", "space_id", "it contains ?;"},
		{"https://crm.example", "acme#x", "space_id", "it contains #;"},
		{"https://crm.example", "acme%20sales", "space_id", "it contains %;"},
		{"https://crm.example", "..", "space_id", "it is no id;"},
	} {
		_, err := New(Config{ServiceURL: test.service, SpaceID: test.space})
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Setting != test.setting || !strings.Contains(err.Error(), test.says) {
			t.Errorf("New(%q, %q): %v; want one about %s that says %q", test.service, test.space, err, test.setting, test.says)
		}
		if err != nil && strings.Contains(err.Error(), "sec") {
			t.Errorf("New(%q, %q) shows a password: %v", test.service, test.space, err)
		}
	}
}

func TestUsernameWithColon(t *testing.T) {
	t.Parallel()
	_, err := New(Config{ServiceURL: "crm.example", SpaceID: "acme", Username: "sec:ret"})
	var wrong *ConfigError
	if !errors.As(err, &wrong) || wrong.Setting != "username" || !strings.Contains(err.Error(), "contains a colon") || strings.Contains(err.Error(), "sec") {
		t.Errorf("%v; want one about the username that does not show it", err)
	}
}
