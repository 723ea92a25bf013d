package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// imports does what terraform import does.
func (s *stage) imports(at, typeName, id string) {
	s.t.Helper()
	walk := s.core.walk()
	resources := walk.imports(s.t, at, typeName, id)
	if len(resources) != 1 {
		s.t.Fatalf("the import of %s fails: %v", id, walk.errors())
	}
	imported := resources[0]
	value, err := imported.State.Unmarshal(s.core.schemas[typeName].ValueType())
	must(s.t, err)
	s.core.state[at] = instance{typeName: typeName, value: value, private: imported.Private}
	s.core.state = walk.refresh()
}

// refusesImport checks that an import fails with these texts in order.
func (s *stage) refusesImport(typeName, id string, texts ...string) {
	s.t.Helper()
	walk := s.core.walk()
	walk.imports(s.t, "imported", typeName, id)
	if errors := strings.Join(walk.errors(), "\n"); errors == "" || !says(texts...).MatchString(errors) {
		s.t.Errorf("the import of %s says %q; want %q", id, errors, texts)
	}
}

// imports asks the provider for an import. It returns none if that fails.
func (w *walk) imports(t *testing.T, at, typeName, id string) []*tfprotov6.ImportedResource {
	t.Helper()
	resp, err := w.server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: typeName, ID: id})
	must(t, err)
	if w.hear(at, resp.Diagnostics) {
		return nil
	}
	return resp.ImportedResources
}

// The forms of an import id, and the refused ones.
func TestStage_importOfBulk(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		one := s.add(map[string]any{"phone_id": phone, number: "+15550100001"})
		two := s.add(map[string]any{"phone_id": phone, number: "+15550100002"})
		for _, id := range []string{one + "," + two, "alice=" + one + ", bob=" + strings.ToUpper(two), "phone_id=" + phone} {
			s.imports(bulkAddress, bulkType, id)
			if entries := parts(s.attribute(bulkAddress, "conversations")); len(entries) != 2 {
				s.t.Errorf("the import of %s has %d conversations; want 2", id, len(entries))
			}
		}
		for id, want := range map[string][]string{
			"phone_id=" + otherPhone:    {"Nothing to Import", "has no conversation"},
			"sales,x=" + nobody[:30]:    {"Invalid Import Id", `"sales"`, "neither a UUID"},
			nobody + ",a=" + ada:        {"Invalid Import Id", "The space my_space has no conversations with these ids. Check the ids", `"a": ` + ada, nobody},
			"sales," + nobody:           {"Invalid Import Id", "has no conversation with this id. Check the id, and", nobody, `"sales"`},
			"a=" + ada + ",b=" + ada:    {"Invalid Import Id", "occurs twice"},
			"a=" + ada + ",b=sales":     {"Invalid Import Id", "has no conversation with this id", `"a": ` + ada, `"b": "sales" is neither`},
			`{"a": 1}`:                  {"Invalid Import Id", `"a": "1" is neither a UUID`},
			strings.Repeat("Doe, ", 11): {"Invalid Import Id", `"Doe" is neither a UUID`, "and 2 more"},
			"{}":                        {"Nothing to Import", "is empty"},
			`{"": "` + ada + `"}`:       {"Invalid Import Id", "a key of the JSON object is empty"},
			"a=" + otherSpaceURI + one:  {"Invalid Import Id", `"a": "` + otherSpaceURI + one + `" names the space "theirs", but the provider is configured for the space "my_space"`},
			"phone_id=" + strings.Replace(otherSpaceURI, conversations, "Phones", 1) + phone: {"Invalid Import Id", `names the space "theirs"`},
			"a=" + one + ";b=" + two: {"Invalid Import Id", one + ";b=" + two, "neither a UUID", `If a key contains "=" or ",", use the JSON object. Separate the entries of a list by commas`},
		} {
			s.refusesImport(bulkType, id, want...)
		}
	})
}

// otherSpaceURI is the beginning of a URI in another space.
const otherSpaceURI = "https://crm.example/api/v100/rest/spaces/theirs/entities/TextMessageConversations/"

// inOtherSpace returns the URI of a record of another space.
func inOtherSpace(entity, id string) string {
	return strings.Replace(otherSpaceURI, conversations, entity, 1) + id
}

// An id of another space is refused in a configuration too. An id that names no space passes.
func TestStage_idsOfAnotherSpace(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		message := messagesOf(s.entryType(), messageTexts{"m": declared{"id": inOtherSpace(textMessages, nobody)}})
		for place, value := range map[string]any{
			"phone_id":             inOtherSpace("Phones", phone),
			"recipient_contact_id": inOtherSpace("Contacts", ada),
			"account_relations":    []string{acme, inOtherSpace("Accounts", globex)},
			`messages["m"].id`:     message,
		} {
			d := declared{"phone_id": phone}
			name, _, _ := strings.Cut(place, "[")
			d[name] = value
			const want = `names the space "theirs", but the provider is configured for the space "my_space"`
			s.refused(s.single(d), "Id of Another Space", place+`: "https://crm.example/`, want)
			s.refused(s.bulk(map[string]declared{"a": d}, nil), "Id of Another Space", `conversations["a"].`+place+`: "https://crm.example/`, want)
		}
		if sent := s.Requests(); len(sent) > 0 {
			s.t.Errorf("there were requests: %v", sent)
		}
		s.applies(s.single(declared{
			"phone_id":             "https://us-east.api.pipelinersales.com/api/v100/rest/spaces/my_space/entities/Phones/" + phone,
			"account_relations":    []string{"https://crm.example/api/v100/rest/spaces/My_Space/entities/Accounts/" + globex},
			"recipient_contact_id": "/entities/Contacts/" + ada, "recipient_account_id": "https://crm.example/x/" + acme,
		}), address, create)
	})
}

// The same for a single resource.
func TestStage_import(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.single(everythingDeclared()), address, create)
		want := parts(s.core.state[address].value)
		id := s.id()
		for _, written := range []string{id, strings.ToUpper(id), " " + id + "\n", "https://eu-central.api.pipelinersales.com/api/v100/rest/spaces/my_space/entities/TextMessageConversations/" + id} {
			s.imports(address, singleType, written)
			for name, got := range parts(s.core.state[address].value) {
				if !got.Equal(want[name]) && !slices.Contains([]string{number, "validation_level", "deletion_policy"}, name) { // the number in the CRM's spelling
					s.t.Errorf("the import of %s has the %s %s; want %s", written, name, text(got), text(want[name]))
				}
			}
		}
		s.refusesImport(singleType, "alice", `"alice" is neither a UUID`)
		s.refusesImport(singleType, "phone_id="+phone, "Invalid Import Id", "is neither a UUID", "phone_id=<uuid> are only for the map of "+bulkType)
		s.refusesImport(singleType, otherSpaceURI+id, "Invalid Import Id", `names the space "theirs"`)
		s.refusesImport(singleType, "https://x/entities/Contacts/"+ada, "names a record of Contacts")
		s.refusesImport(singleType, "https://x/entities/TextMessages/"+nobody, "names a record of TextMessages")
	})
}
