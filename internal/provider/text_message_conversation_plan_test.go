package provider

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

const (
	idA = "aaaaaaaa-0000-4000-8000-00000000000a"
	idB = "bbbbbbbb-0000-4000-8000-00000000000b"
	idC = "cccccccc-0000-4000-8000-00000000000c"
)

// state returns a conversation as read from the CRM.
func state(t *testing.T, change func(*client.Conversation)) conversationModel {
	t.Helper()
	c := client.Conversation{RecordValues: client.RecordValues{ID: parse(t, idC), Revision: 7}, ConversationValues: client.ConversationValues{PhoneID: parse(t, idA)}}
	if change != nil {
		change(&c)
	}
	return numbers{}.conversationFromAPI(c, conversationModel{})
}

func parse(t *testing.T, s string) client.ID {
	t.Helper()
	id, err := client.ParseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func set(values ...string) types.Set {
	elements := make([]attr.Value, len(values))
	for i, value := range values {
		elements[i] = types.StringValue(value)
	}
	return types.SetValueMust(types.StringType, elements)
}

// configured returns a configuration with only the phone and what change sets.
func configured(change func(*conversationModel)) conversationModel {
	m := emptyConversation()
	m.PhoneID = types.StringValue(idA)
	if change != nil {
		change(&m)
	}
	return m
}

// The plan of an existing conversation, and what is sent for it.
func TestPlanOfExisting(t *testing.T) {
	t.Parallel()
	number := func(s string) func(*client.Conversation) {
		return func(c *client.Conversation) { c.RecipientPhoneNumber = s }
	}
	tests := map[string]struct {
		prior   func(*client.Conversation)
		config  func(*conversationModel)
		sent    string // JSON of the changed fields, "" for none
		replace bool
	}{
		"nothing": {},
		"phone":   {config: func(m *conversationModel) { m.PhoneID = types.StringValue(idB) }, sent: `{"phone_id":"` + idB + `"}`},
		"phone in capitals": {
			config: func(m *conversationModel) { m.PhoneID = types.StringValue(strings.ToUpper(idA)) },
		},
		"phone as a URI": {
			config: func(m *conversationModel) {
				m.PhoneID = types.StringValue("https://h/api/v100/rest/spaces/s/entities/Phones/" + idA)
			},
		},
		"first number": {
			config: func(m *conversationModel) { m.RecipientPhoneNumber = types.StringValue("+15550100000") },
			sent:   `{"recipient_phone_number":"+15550100000"}`,
		},
		"number in another spelling": {
			prior:  number("+15550100000"),
			config: func(m *conversationModel) { m.RecipientPhoneNumber = types.StringValue("+1 (555) 010-0000") },
		},
		"another number": {
			prior:   number("+15550100000"),
			config:  func(m *conversationModel) { m.RecipientPhoneNumber = types.StringValue("+15550100001") },
			sent:    `{"phone_id":"` + idA + `","recipient_phone_number":"+15550100001"}`,
			replace: true,
		},
		"number left out": {prior: number("+15550100000")},
		"first number where no contact is wanted": {
			config: func(m *conversationModel) {
				m.RecipientPhoneNumber, m.RecipientContactID = types.StringValue("+15550100000"), types.StringValue("")
			},
			sent: `{"recipient_contact_id":null,"recipient_phone_number":"+15550100000"}`,
		},
		"contact left out": {
			prior: func(c *client.Conversation) { c.RecipientContactID = parse(t, idB) },
		},
		"no contact": {
			prior:  func(c *client.Conversation) { c.RecipientContactID = parse(t, idB) },
			config: func(m *conversationModel) { m.RecipientContactID = types.StringValue("") },
			sent:   `{"recipient_contact_id":null}`,
		},
		"no contact where there is none": {
			config: func(m *conversationModel) { m.RecipientContactID = types.StringValue("") },
		},
		"links left out": {
			prior: func(c *client.Conversation) { c.QuoteRelations = linked(parse(t, idB)) },
		},
		"links in another spelling": {
			prior: func(c *client.Conversation) { c.QuoteRelations = linked(parse(t, idB)) },
			config: func(m *conversationModel) {
				m.QuoteRelations = set(strings.ToUpper(idB), "urn:uuid:"+idB)
			},
		},
		"no links": {
			prior:  func(c *client.Conversation) { c.QuoteRelations = linked(parse(t, idB)) },
			config: func(m *conversationModel) { m.QuoteRelations = set() },
			sent:   `{"quote_relations":[]}`,
		},
		"other links": {
			prior:  func(c *client.Conversation) { c.QuoteRelations = linked(parse(t, idB)) },
			config: func(m *conversationModel) { m.QuoteRelations = set(idA) },
			sent:   `{"quote_relations":[{"quote_id":"` + idA + `"}]}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			prior := state(t, test.prior)
			got, replace := numbers{}.planConversation(configured(test.config), &prior)
			if replace != test.replace {
				t.Errorf("replace = %t; want %t", replace, test.replace)
			}
			base := &prior
			if replace {
				base = nil
			}
			if diff := cmp.Diff(test.sent, sentJSON(t, got.toAPI(numbers{}, base))); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if changes := test.sent != ""; got.Revision.IsUnknown() != changes || got.Modified.IsUnknown() != changes {
				t.Errorf("revision is %s and modified %s in the plan; want them unknown: %t", got.Revision, got.Modified, changes)
			}
			if isKnown(got.RecipientContactID) && got.RecipientContactID.ValueString() == "" {
				got.RecipientContactID = prior.RecipientContactID // only Terraform distinguishes "" and null
			}
			if test.sent == "" && !reflect.DeepEqual(got, prior) {
				t.Errorf("a plan without a change differs from the state:\n%+v\n%+v", got, prior)
			}
		})
	}
}

// linked returns links to the quotes.
func linked(quotes ...client.ID) []client.Ref[client.Relation] {
	refs := make([]client.Ref[client.Relation], len(quotes))
	for i, id := range quotes {
		refs[i].Record = &client.Relation{RelationTargets: client.RelationTargets[client.ID]{QuoteID: id}}
	}
	return refs
}

// sentJSON returns the fields that an input changes, "" for none.
func sentJSON(t *testing.T, input client.ConversationInput) string {
	t.Helper()
	if len(input.Fields()) == 0 {
		return ""
	}
	input.ID, input.Revision = client.Field[client.ID]{}, client.Field[int64]{}
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPlanOfNew(t *testing.T) {
	t.Parallel()
	got, replace := numbers{}.planConversation(configured(func(m *conversationModel) { m.AccountRelations = set(idB) }), nil)
	if replace {
		t.Error("a new conversation replaces nothing")
	}
	for name, value := range map[string]attr.Value{
		"id": got.ID, "revision": got.Revision, "created": got.Created, "modified": got.Modified, "is_deleted": got.IsDeleted,
		"is_delete_protected": got.IsDeleteProtected, "recipient_account_id": got.RecipientAccountID,
		"recipient_contact_id": got.RecipientContactID, "recipient_phone_number": got.RecipientPhoneNumber, "quote_relations": got.QuoteRelations,
	} {
		if !value.IsUnknown() {
			t.Errorf("%s = %s; want it unknown, as it is the CRM's to say", name, value)
		}
	}
	if !got.AccountRelations.Equal(set(idB)) {
		t.Errorf("account_relations %s; want what is configured", got.AccountRelations)
	}
}

// An unknown value counts as a change, and an unknown number as a new conversation.
func TestPlanOfUnknown(t *testing.T) {
	t.Parallel()
	prior := state(t, func(c *client.Conversation) { c.RecipientPhoneNumber = "+15550100000" })
	sameNumber := func(m *conversationModel) { m.RecipientPhoneNumber = prior.RecipientPhoneNumber }
	tests := map[string]struct {
		config  func(*conversationModel)
		replace bool
	}{
		"phone":   {func(m *conversationModel) { sameNumber(m); m.PhoneID = types.StringUnknown() }, false},
		"contact": {func(m *conversationModel) { sameNumber(m); m.RecipientContactID = types.StringUnknown() }, false},
		"links":   {func(m *conversationModel) { sameNumber(m); m.LeadRelations = types.SetUnknown(types.StringType) }, false},
		"one link": {func(m *conversationModel) {
			sameNumber(m)
			m.LeadRelations = types.SetValueMust(types.StringType, []attr.Value{types.StringUnknown()})
		}, false},
		"number": {func(m *conversationModel) { m.RecipientPhoneNumber = types.StringUnknown() }, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, replace := numbers{}.planConversation(configured(test.config), &prior)
			if replace != test.replace || !got.Revision.IsUnknown() {
				t.Errorf("replace = %t, revision = %s; want %t and unknown", replace, got.Revision, test.replace)
			}
		})
	}
}

// The state after an apply has the planned values, and what the CRM holds for the unknown
// ones.
func TestApplied(t *testing.T) {
	t.Parallel()
	plan := planNew(configured(func(m *conversationModel) {
		m.AccountRelations = set(strings.ToUpper(idB))
		m.RecipientContactID = types.StringValue("")
		m.RecipientPhoneNumber = types.StringValue("+1 555 010 0001")
	}))
	actual := state(t, func(c *client.Conversation) {
		c.RecipientAccountID = parse(t, idB)
		c.RecipientPhoneNumber = "+15550100000" // not what was planned
	})
	got := plan.applied(actual)
	if hasUnknown(got.ID) || got.hasUnknown() || hasUnknown(got.Revision) || hasUnknown(got.Created) || hasUnknown(got.Modified) {
		t.Errorf("unknown values in the state: %+v", got)
	}
	if got.AccountRelations.Equal(actual.AccountRelations) || got.RecipientContactID.ValueString() != "" || got.RecipientPhoneNumber.ValueString() != "+1 555 010 0001" {
		t.Errorf("the state differs from the plan: %+v", got)
	}
	if got.RecipientAccountID.ValueString() != idB || got.ID.ValueString() != idC || got.Revision.ValueInt64() != 7 {
		t.Errorf("the state lacks what the CRM said: %+v", got)
	}
}
