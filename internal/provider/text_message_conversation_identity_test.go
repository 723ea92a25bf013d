package provider_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// withIdentity requires a version with resource identities.
var withIdentity = []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_12_0)}

func TestIdentitySchema(t *testing.T) {
	t.Parallel()
	r := newWorld(t, mockserver.Behavior{}).rpc()
	got, err := r.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	must(t, err)
	r.wantDiagnostics(got.Diagnostics)
	required := map[string]bool{}
	for _, attribute := range got.IdentitySchemas[conversationType].IdentityAttributes {
		if attribute.RequiredForImport == attribute.OptionalForImport || attribute.Description == "" {
			t.Errorf("%s is required (%t) or optional (%t), and described so: %q", attribute.Name, attribute.RequiredForImport, attribute.OptionalForImport, attribute.Description)
		}
		required[attribute.Name] = attribute.RequiredForImport
	}
	if diff := cmp.Diff(map[string]bool{"id": true, "space_id": false}, required); diff != "" {
		t.Errorf("what is required (-want +got):\n%s", diff)
	}
}

// For each form of an import, the state and the identity are the same, and stay so when
// the conversation is read.
func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	r := w.rpc()
	id := w.add(map[string]any{"phone_id": phone})
	for name, request := range map[string]tfprotov6.ImportResourceStateRequest{
		"an id":                      {ID: strings.ToUpper(id)},
		"an identity":                {Identity: r.identity(map[string]any{"id": id, "space_id": "my_space"})},
		"another case of the space":  {Identity: r.identity(map[string]any{"id": id, "space_id": "My_Space"})},
		"an identity without space":  {Identity: r.identity(map[string]any{"id": id})},
		"an identity in other words": {Identity: r.identity(map[string]any{"id": "https://x/entities/TextMessageConversations/" + strings.ToUpper(id)})},
	} {
		request.TypeName = conversationType
		imported, err := r.ImportResourceState(t.Context(), &request)
		must(t, err)
		r.wantDiagnostics(imported.Diagnostics)
		if len(imported.ImportedResources) != 1 {
			t.Fatalf("%s: %d resources are imported", name, len(imported.ImportedResources))
		}
		got := imported.ImportedResources[0]
		want := map[string]string{"id": id, "space_id": "my_space"}
		if diff := cmp.Diff(want, r.decodeIdentity(got.Identity)); diff != "" {
			t.Errorf("%s: the identity (-want +got):\n%s", name, diff)
		}
		read, err := r.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: conversationType, CurrentState: got.State, CurrentIdentity: got.Identity, Private: got.Private,
		})
		must(t, err)
		r.wantDiagnostics(read.Diagnostics)
		if diff := cmp.Diff(want, r.decodeIdentity(read.NewIdentity)); diff != "" {
			t.Errorf("%s: the identity that is read (-want +got):\n%s", name, diff)
		}
		state := r.decode(r.resourceType(), read.NewState)
		if state["id"] != id || state["phone_id"] != phone {
			t.Errorf("%s: the state is %v", name, state)
		}
	}
}

func TestImportByIdentity_refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	r := w.rpc()
	for want, identity := range map[string]map[string]any{
		`space_id: Import From Another Space: The identity of the conversation ` + nobody + ` names the space "theirs", but the provider is configured for the space "my_space".`: {"id": nobody, "space_id": "theirs"},
		`id: Invalid Import Id: …"alice" is neither a UUID`:                                            {"id": "alice"},
		`id: Invalid Import Id: …"https://x/entities/Contacts/` + ada + `" names a record of Contacts`: {"id": "https://x/entities/Contacts/" + ada},
	} {
		imported, err := r.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: conversationType, Identity: r.identity(identity)})
		must(t, err)
		r.wantDiagnostics(imported.Diagnostics, want)
	}
	w.asksNothing()
}

// A state may have no identity, because Terraform before 1.12 keeps none, or an identity with a space that the
// provider no longer uses. Neither causes an error, even if the conversation is gone.
func TestReadWithAnyIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	r := w.rpc()
	id := w.add(map[string]any{"phone_id": phone})
	for name, test := range map[string]struct {
		id       string
		identity map[string]any
		want     map[string]string
	}{
		"none":              {id, nil, map[string]string{"id": id, "space_id": "my_space"}},
		"none, and gone":    {nobody, nil, map[string]string{"id": nobody, "space_id": "my_space"}},
		"its own":           {id, map[string]any{"id": id, "space_id": "my_space"}, map[string]string{"id": id, "space_id": "my_space"}},
		"another, and gone": {nobody, map[string]any{"id": nobody, "space_id": "theirs"}, map[string]string{"id": nobody, "space_id": "theirs"}},
		"another":           {id, map[string]any{"id": id, "space_id": "theirs"}, map[string]string{"id": id, "space_id": "theirs"}},
	} {
		read, err := r.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName:     conversationType,
			CurrentState: r.encode(r.resourceType(), map[string]any{"id": test.id, "phone_id": phone}), CurrentIdentity: r.identity(test.identity),
		})
		must(t, err)
		r.wantDiagnostics(read.Diagnostics)
		if diff := cmp.Diff(test.want, r.decodeIdentity(read.NewIdentity)); diff != "" {
			t.Errorf("%s: the identity (-want +got):\n%s", name, diff)
		}
		if state := r.decode(r.resourceType(), read.NewState); state["id"] != strings.ReplaceAll(test.id, nobody, "") {
			t.Errorf("%s: the state is %v", name, state)
		}
	}
}

// An update of a state without an identity that was not read before.
func TestUpdateWithoutIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	r := w.rpc()
	id := w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+12025550100"})
	imported, err := r.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: conversationType, ID: id})
	must(t, err)
	read, err := r.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: conversationType, CurrentState: imported.ImportedResources[0].State})
	must(t, err)
	for what, config := range map[string]map[string]any{
		"what the CRM holds":    {"phone_id": otherPhone},
		"what it knows nothing": {"phone_id": phone, "deletion_policy": "abandon"},
	} {
		proposed, err := read.NewState.Unmarshal(r.resourceType())
		must(t, err)
		var attributes map[string]tftypes.Value
		must(t, proposed.As(&attributes))
		for name, value := range config {
			attributes[name] = tftypes.NewValue(tftypes.String, value)
		}
		wanted, err := tfprotov6.NewDynamicValue(r.resourceType(), tftypes.NewValue(r.resourceType(), attributes))
		must(t, err)
		plan, err := r.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: conversationType, PriorState: read.NewState, ProposedNewState: &wanted, Config: r.encode(r.resourceType(), config),
		})
		must(t, err)
		r.wantDiagnostics(plan.Diagnostics)
		applied, err := r.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName: conversationType, PriorState: read.NewState, PlannedState: plan.PlannedState, PlannedIdentity: plan.PlannedIdentity,
			Config: r.encode(r.resourceType(), config), PlannedPrivate: plan.PlannedPrivate,
		})
		must(t, err)
		r.wantDiagnostics(applied.Diagnostics)
		if diff := cmp.Diff(map[string]string{"id": id, "space_id": "my_space"}, r.decodeIdentity(applied.NewIdentity)); diff != "" {
			t.Errorf("%s: the identity (-want +got):\n%s", what, diff)
		}
	}
}

func TestAccTextMessageConversation_identity(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	identity := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{
			statecheck.ExpectIdentityValue(address, tfjsonpath.New("space_id"), knownvalue.StringExact("my_space")),
			statecheck.ExpectIdentityValueMatchesState(address, tfjsonpath.New("id")),
		}
	}
	ids := statecheck.CompareValue(compare.ValuesDiffer())
	number := func(number, more string) string {
		return w.conversation(`recipient_phone_number = "` + number + `"` + more)
	}
	runFrom(t, withIdentity,
		resource.TestStep{Config: number("+12025550100", ""), ConfigStateChecks: append(identity(), ids.AddStateValue(address, tfjsonpath.New("id")))},
		resource.TestStep{
			Config: number("+12025550100", "\n  recipient_account_id = \""+acme+"\""), ConfigStateChecks: identity(),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
		},
		resource.TestStep{ // the block must plan nothing else
			ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
		},
		resource.TestStep{ // a new conversation has an identity of its own
			Config: number("+12025550101", ""), ConfigStateChecks: append(identity(), ids.AddStateValue(address, tfjsonpath.New("id"))),
			ConfigPlanChecks: planned(plancheck.ResourceActionDestroyBeforeCreate),
		},
		resource.TestStep{
			PreConfig:        func() { must(t, w.Purge(conversations, w.id())) },
			Config:           number("+12025550101", ""),
			ConfigPlanChecks: planned(plancheck.ResourceActionCreate), ConfigStateChecks: identity(),
		},
	)
}

func TestAccTextMessageConversation_importByIdentity(t *testing.T) {
	w := newWorld(t, mockserver.Behavior{})
	id := w.add(map[string]any{"phone_id": phone})
	block := func(identity string) string {
		return w.conversation("") + "\nimport {\n  to = " + address + "\n  identity = { " + identity + " }\n}\n"
	}
	runFrom(t, withIdentity,
		resource.TestStep{Config: block(`id = "` + id + `", space_id = "theirs"`), ExpectError: says("Import From Another Space", `the provider is configured for the space "my_space"`)},
		resource.TestStep{Config: block(`id = "alice"`), ExpectError: says("Invalid Import Id", `"alice" is neither a UUID`)},
		resource.TestStep{Config: block(`id = "` + nobody + `"`), ExpectError: says("Cannot import non-existent remote object")},
		resource.TestStep{
			Config:           block(`id = "` + strings.ToUpper(id) + `"`),
			ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentity(address, map[string]knownvalue.Check{"id": knownvalue.StringExact(id), "space_id": knownvalue.StringExact("my_space")}),
			},
		},
	)
}
