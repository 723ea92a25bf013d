//go:build unix

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A scene is a space that may misbehave, and the real Terraform.
type scene struct {
	*binary
	*world

	t *testing.T
}

// scene returns a scene with the provider that b has built.
func (b *binary) scene(t *testing.T, w *world) *scene {
	t.Helper()
	another := *b
	another.t, another.dir = t, t.TempDir()
	return &scene{binary: &another, world: w, t: t}
}

// plays runs Terraform with a configuration, and checks its exit code and that the output
// contains these texts in order, whatever the line breaks.
func (s *scene) plays(configuration string, wantCode int, arguments []string, texts ...string) (output string) {
	s.t.Helper()
	s.write("main.tf", configuration)
	output, code := s.run(nil, arguments...)
	s.wantOutput(output, code, wantCode, arguments, texts...)
	return output
}

// repeats runs Terraform until it succeeds. If it happens to read a resource with an open
// create before the one that has its number, the error says to run the command again.
func (s *scene) repeats(arguments ...string) (output string) {
	s.t.Helper()
	for range 20 {
		var code int
		if output, code = s.run(nil, arguments...); code == 0 {
			break
		}
	}
	return output
}

func (s *scene) wantOutput(output string, code, wantCode int, arguments []string, texts ...string) {
	s.t.Helper()
	plain := strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(output)
	if code != wantCode || !says(texts...).MatchString(plain) {
		s.t.Errorf("%v ended with %d; want %d, with %q:\n%s", arguments, code, wantCode, texts, output)
	}
}

var (
	applies  = []string{"apply", "-auto-approve"}
	destroys = []string{"destroy", "-auto-approve"}
	plans    = []string{"plan", "-detailed-exitcode"} // exits with 0 if nothing is left to do, and with 2 otherwise
)

// made checks how many conversations were ever created, without those of others, and how
// many of them are not deleted.
func (s *scene) made(others, all, live int) {
	s.t.Helper()
	if a, l := len(s.Records(conversations))-others, len(s.live())-others; a != all || l != live {
		s.t.Errorf("%d conversations were made, and %d are live; want %d and %d", a, l, all, live)
	}
}

// others notes the existing conversations, and returns a check that they are unchanged.
func (s *scene) others() (untouched func()) {
	before := map[string]map[string]any{}
	for _, record := range s.Records(conversations) {
		before[fmt.Sprint(record["id"])] = record
	}
	return func() {
		s.t.Helper()
		for id, was := range before {
			now, _ := s.Record(conversations, id)
			if diff := cmp.Diff(was, now); diff != "" {
				s.t.Errorf("the conversation of others is another one (-was +is):\n%s", diff)
			}
		}
	}
}

// owns checks that the state has exactly the live conversations, without those of others.
func (s *scene) owns(others ...string) {
	s.t.Helper()
	ids := s.ids()
	for _, id := range others {
		if ids[id] {
			s.t.Errorf("the conversation %s of others is in the state", id)
		}
		ids[id] = true
	}
	live := map[string]bool{}
	for _, record := range s.live() {
		live[fmt.Sprint(record["id"])] = true
	}
	if diff := cmp.Diff(live, ids); diff != "" {
		s.t.Errorf("the state (-live +owned, or of others):\n%s", diff)
	}
}

// A shape declares conversations of the phone as single resources or as entries of a map.
type shape func(s *space, n numbers, settings ...string) string

var shapes = map[string]shape{
	"singles": (*space).singles,
	"bulk":    func(s *space, n numbers, settings ...string) string { return s.bulk(n, "", settings...) },
}

// singles returns a configuration of the conversations as single resources.
func (s *space) singles(n numbers, settings ...string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(n)) {
		fmt.Fprintf(&b, "    %q = %q\n", key, n[key])
	}
	return s.config(fmt.Sprintf("resource \"pipeliner_text_message_conversation\" \"test\" {\n  for_each = {\n%s  }\n  phone_id = %q\n  recipient_phone_number = each.value\n}",
		b.String(), phone), append(settings, `batch_window = "500ms"`)...)
}

// declaring declares one conversation with attributes, as a single resource or as an
// entry of a map.
var declaring = map[string]func(s *space, attributes string, settings ...string) string{
	"single": (*space).conversation,
	"bulk": func(s *space, attributes string, settings ...string) string {
		entry := fmt.Sprintf("a = {\nphone_id = %q\n%s\n}", phone, attributes)
		return s.config("resource \"pipeliner_text_message_conversations\" \"test\" {\nconversations = {\n"+entry+"\n}\n}", settings...)
	},
}
