package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// says matches texts in order, however Terraform breaks the lines.
func says(texts ...string) *regexp.Regexp {
	var patterns []string
	for _, text := range texts {
		words := strings.Fields(text)
		for j, word := range words {
			words[j] = regexp.QuoteMeta(word)
		}
		patterns = append(patterns, strings.Join(words, `\s+`))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(patterns, `.*`))
}

// A mistake is reported at its attribute: Terraform quotes the line.
func TestAccTextMessageConversation_badInput(t *testing.T) {
	const summary = "Unable to Create Text Message Conversation"
	tests := map[string]struct {
		fieldToo   bool // the error names the field
		attributes string
		want       *regexp.Regexp
		sends      bool // a batch-modify
	}{
		"account that is no uuid": {
			attributes: `recipient_account_id = "acme"`,
			want:       says("Invalid Id", `recipient_account_id = "acme"`, `"acme" is neither a UUID`, "nor a URI that ends in one"),
		},
		"link that is no uuid": {
			attributes: `project_relations = ["p"]`,
			want:       says("Invalid Id", `project_relations = ["p"]`, `"p" is neither a UUID`),
		},
		"null link": {
			attributes: `project_relations = [null]`,
			want:       says("Invalid Id", `project_relations = [null]`, "One of the ids is null"),
		},
		"empty link": {
			attributes: `project_relations = [""]`,
			want:       says("Invalid Id", `project_relations = [""]`),
		},
		"link of an impossible kind": {
			attributes: `account_relations = ["https://x/entities/Contacts/` + ada + `"]`,
			want:       says("Id of Another Entity", "account_relations =", "names a record of Contacts. Use the id of a record of Accounts"),
		},
		"unknown validation bits": {
			attributes: `validation_level = 33`,
			want:       says("Invalid Validation Level", "validation_level = 33", "0, or a sum of 2, 4, 8 and 16, each at most once, got: 33"),
		},
		"negative validation level": {
			attributes: `validation_level = -2`,
			want:       says("Invalid Validation Level", "got: -2"),
		},
		"unknown deletion policy": {
			attributes: `deletion_policy = "forget"`,
			want:       says(`deletion_policy = "forget"`, `must be one of: ["delete" "abandon"]`),
		},
		"empty number": {
			attributes: `recipient_phone_number = ""`,
			want:       says(`recipient_phone_number = ""`, "is not a phone number. Correct it"),
		},
		"number that the CRM refuses": {
			attributes: `recipient_phone_number = "call me"`,
			want: says(summary, `recipient_phone_number = "call me"`, "The CRM refuses what the configuration says",
				"Cause: HTTP 422, error 40000 ERROR_ENTITY_VALIDATION"),
			sends: true,
		},
		"account that does not exist": {
			attributes: `recipient_account_id = "` + nobody + `"`,
			want: says(summary, "recipient_account_id = ", "The conversation refers to a record that does not exist in this space",
				"error 120 ERROR_RELATIONS_DOESNT_EXIST"),
			sends: true,
		},
		"link to what does not exist": {
			attributes: `lead_relations = ["` + nobody + `"]`,
			want:       says(summary, "lead_relations = ", "does not exist in this space", "error 120"),
			sends:      true,
		},
		"link to what does not exist, said with the field": {
			fieldToo:   true,
			attributes: `lead_relations = ["` + nobody + `"]`,
			want:       says(summary, "lead_relations = ", "does not exist in this space", "error 120"),
			sends:      true,
		},
	}
	fieldToo := newWorld(t, mockserver.Behavior{RelationError: mockserver.FieldToo})
	usual := newWorld(t, mockserver.Behavior{})
	rejections := map[string]rejection{}
	sending := 0
	for name, test := range tests {
		w := usual
		if test.fieldToo {
			w = fieldToo
		}
		if test.sends {
			sending++
		}
		rejections[name] = rejection{config: w.conversation(test.attributes), want: test.want}
	}
	reject(t, rejections)
	_, requests := usual.sent("batch-modify")
	_, more := fieldToo.sent("batch-modify")
	if made := len(usual.Records(conversations)) + len(fieldToo.Records(conversations)); requests+more != sending || made != 0 {
		t.Errorf("%d batch-modify requests made %d conversations; want %d and none", requests+more, made, sending)
	}
}

// Another space has none of the state's records, and that proves nothing.
func TestAccTextMessageConversation_anotherSpace(t *testing.T) {
	server, err := newMock(mockserver.Options{OtherSpaces: []string{"your_space"}})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOf(t, server)
	mine := w.conversation(`recipient_phone_number = "+1 555 010 0000"`)
	yours := strings.ReplaceAll(mine, `"my_space"`, `"your_space"`)
	run(t,
		resource.TestStep{Config: mine},
		resource.TestStep{Config: yours, ExpectError: says("Another Space", `"my_space"`, `"your_space"`)},
		resource.TestStep{Config: yours, Destroy: true, ExpectError: says("Another Space", `"my_space"`, `"your_space"`)},
		resource.TestStep{Config: mine, PlanOnly: true},
	)
}

func TestAccProvider_access(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	tests := map[string]struct {
		change func(string) string
		want   *regexp.Regexp
	}{
		"wrong password": {
			func(c string) string { return strings.ReplaceAll(c, password, "wrong") },
			says("Unable to Create Text Message Conversation", `in resource "pipeliner_text_message_conversation" "test"`, "does not accept the provider's user name and password", "PIPELINER_PASSWORD", "Cause: HTTP 401"),
		},
		"wrong space": {
			func(c string) string { return strings.ReplaceAll(c, "my_space", "your_space") },
			says("There is no such space at this address", "service_url and space_id"),
		},
		"space that is a path": {
			func(c string) string { return strings.ReplaceAll(c, "my_space", "my/space") },
			says("Invalid Provider Setting", `space_id = "my/space"`, "it contains a slash"),
		},
		"another host": {
			func(c string) string { return strings.ReplaceAll(c, w.url, "http://crm.example") },
			says("Invalid Provider Setting", "service_url", "plain http to crm.example would send the password unencrypted"),
		},
		"nobody listens": {
			func(c string) string {
				return strings.ReplaceAll(strings.ReplaceAll(c, w.url, "http://127.0.0.1:1"), "# more", "max_retries = 0")
			},
			says("The provider can't connect to the CRM, or the CRM doesn't answer in time. The failed request changed nothing", "Cause: the connection to 127.0.0.1:1 failed"),
		},
		"no password": {
			func(c string) string { return regexp.MustCompile(`(?m)^\s*password.*$`).ReplaceAllString(c, "") },
			says("Missing Provider Setting", `provider "pipeliner"`, "The provider needs the setting password to reach the CRM", "PIPELINER_PASSWORD"),
		},
		"bad window": {
			func(c string) string { return strings.ReplaceAll(c, "# more", `batch_window = "20"`) },
			says("Invalid Duration", `batch_window = "20"`, `such as "5s"`),
		},
		"bad size": {
			func(c string) string { return strings.ReplaceAll(c, "# more", `batch_size = 0`) },
			says("batch_size = 0", "must be between 1 and 1000"),
		},
		"bad policy for conflicts": {
			func(c string) string { return strings.ReplaceAll(c, "# more", `on_conflict = "ask"`) },
			says(`on_conflict = "ask"`, `must be one of: ["fail" "overwrite"]`),
		},
		"bad level": {
			func(c string) string { return strings.ReplaceAll(c, "# more", `validation_level = 1`) },
			says("Invalid Validation Level", "validation_level = 1"),
		},
	}
	rejections := map[string]rejection{}
	for name, test := range tests {
		rejections[name] = rejection{config: test.change(w.config(conversationBlock(""), "# more")), want: test.want}
	}
	reject(t, rejections)
}

// A password that is unknown during the plan does not fail the plan.
func TestAccProvider_unknownSetting(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	configuration := w.config(`resource "terraform_data" "password" { input = "` + password + "\" }\n" + conversationBlock(""))
	configuration = strings.Replace(configuration, fmt.Sprintf("password    = %q", password), "password = terraform_data.password.output", 1)
	run(t, resource.TestStep{
		Config:           configuration,
		ConfigPlanChecks: planned(plancheck.ResourceActionCreate),
		Check:            w.holds(map[string]any{"phone_id": phone}),
	})
}
