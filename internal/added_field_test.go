package internal_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A place is a part of the source that CONTRIBUTING.md names for a new field. The addition follows the line that
// contains a text.
type place struct{ file, behind, added string }

// addedFields are all additions that a new optional field of a conversation and one of a message need. Both fields
// are called subject.
var addedFields = []place{
	{"mockserver/entities.go", `text(numberField),`, `text("subject"),`},
	{"client/conversation.go", `type ConversationFields[`, "Subject S `json:\"subject,omitzero\"`"},
	{"engine/conversation_fields.go", `all := fields[client.Conversation, client.ConversationInput]{`, `
		newField("subject", func(in *client.ConversationInput) *client.Field[string] { return &in.Subject }, asIs, func(c *client.Conversation) string { return c.Subject }),`},
	{"provider/text_message_conversation_schema.go", `type conversationModel struct {`, "Subject types.String `tfsdk:\"subject\"`"},
	{"provider/text_message_conversation_schema.go", `var conversationFields =`, `
		stringField("subject", schema.StringAttribute{Optional: true, Computed: true},
			func(m *conversationModel) *types.String { return &m.Subject },
			func(c *client.Conversation) *string { return &c.Subject },
			func(in *client.ConversationInput) *client.Field[string] { return &in.Subject }),`},

	{"mockserver/entities.go", `text("message_sid"),`, `text("subject"),`},
	{"client/message.go", `type MessageFields[`, "Subject S `json:\"subject,omitzero\"`"},
	{"engine/message_fields.go", `var messageFields =`, `
		newField("subject", func(in *client.MessageInput) *client.Field[string] { return &in.Subject }, asIs, func(m *client.Message) string { return m.Subject }),`},
	{"provider/message_schema.go", `type messageModel struct {`, `Subject types.String`},
	{"provider/message_schema.go", `var messageFields =`, `
		stringField("subject", schema.StringAttribute{Optional: true},
			func(m *messageModel) *types.String { return &m.Subject },
			func(m *client.Message) *string { return &m.Subject },
			func(in *client.MessageInput) *client.Field[string] { return &in.Subject }),`},
}

// A field is declared once in each package. A build with only the added fields plans, writes, reads and compares
// them.
func TestAddedField(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles the module once more")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*/*.go", "testdata/*"} { // if a file seen here changes, "go test" runs the test again
		files, err := filepath.Glob(pattern)
		for _, file := range files {
			_, seen := os.Stat(file)
			err = errors.Join(err, seen)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	guide, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, place := range addedFields {
		if !strings.Contains(string(guide), filepath.Base(place.file)) {
			t.Errorf("CONTRIBUTING.md does not name %s", place.file)
		}
		if texts[place.file] == "" {
			text, err := os.ReadFile(filepath.FromSlash(place.file))
			if err != nil {
				t.Fatal(err)
			}
			texts[place.file] = string(text)
		}
		before, rest, found := strings.Cut(texts[place.file], place.behind)
		line, after, _ := strings.Cut(rest, "\n")
		if !found || strings.Contains(rest, place.behind) {
			t.Fatalf("%s does not have one line with %s", place.file, place.behind)
		}
		texts[place.file] = before + place.behind + line + "\n" + place.added + "\n" + after
	}
	folder := t.TempDir()
	replaced := map[string]string{
		filepath.Join(here, "provider", "added_field_test.go"): filepath.Join(here, "testdata", "added_field_test.go"),
	}
	for file, text := range texts {
		changed := filepath.Join(folder, strings.ReplaceAll(file, "/", "_"))
		replaced[filepath.Join(here, filepath.FromSlash(file))] = changed
		if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-ldflags=-s -w", "-overlay", file, "-run", "^Test(AddedField|.*Fields)", "./provider")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("with the added fields: %v\n%s", err, output)
	}
}
