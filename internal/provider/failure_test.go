package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// wantTexts checks that the diagnostics and their paths contain all these texts.
func wantTexts(t *testing.T, diags diag.Diagnostics, want ...string) {
	t.Helper()
	text := strings.Join(told(diags), "\n")
	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("nothing says %q:\n%s", part, text)
		}
	}
}

func told(diags diag.Diagnostics) (all []string) {
	for _, d := range diags {
		text := d.Summary() + ": " + d.Detail()
		if located, ok := d.(diag.DiagnosticWithPath); ok {
			text = located.Path().String() + " " + text
		}
		all = append(all, text)
	}
	return all
}

func TestLocated(t *testing.T) {
	t.Parallel()
	nested := at("ada")
	for want, place := range map[string]path.Path{
		"x": path.Root("phone_id"),
		`conversations["ada"].messages["hi"].content: x`: nested.AtName("messages").AtMapKey("hi").AtName("content"),
		`conversations["ada"].lead_relations: x`:         nested.AtName("lead_relations").AtSetValue(types.StringValue("y")),
	} {
		if got := located(place, "x"); got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
	if got := located(path.Root("lead_relations").AtSetValue(types.StringValue("y")), "x"); got != "x" {
		t.Errorf("got %q of an element of a set at the root", got)
	}
}

// An error inside a map names the key and the attribute, because Terraform shows neither.
func TestValidatorsNameTheKey(t *testing.T) {
	t.Parallel()
	ctx, in := context.Background(), at("ada")
	var diags diag.Diagnostics
	text := func(v validator.String, at path.Path, value string) {
		var resp validator.StringResponse
		v.ValidateString(ctx, validator.StringRequest{Path: at, ConfigValue: types.StringValue(value)}, &resp)
		diags.Append(resp.Diagnostics...)
	}
	text(isReference{entity: "Phones"}, in.AtName("phone_id"), "x")
	text(isReference{entity: "Contacts"}, in.AtName("recipient_contact_id"), "https://x/entities/Accounts/30000000-0000-4000-8000-00000000000a")
	text(isTime, in.AtName("messages").AtMapKey("hi").AtName("datetime_sent"), "now")
	for _, v := range messageAttributes()["content"].(interface{ StringValidators() []validator.String }).StringValidators() {
		text(v, in.AtName("messages").AtMapKey("hi").AtName("content"), "")
	}
	for _, v := range messageAttributes()["status"].(interface{ StringValidators() []validator.String }).StringValidators() {
		text(v, in.AtName("messages").AtMapKey("hi").AtName("status"), "x")
	}
	var links validator.SetResponse
	areReferences{entity: "Leads"}.ValidateSet(ctx, validator.SetRequest{
		Path: in.AtName("lead_relations"), ConfigValue: types.SetValueMust(types.StringType, []attr.Value{types.StringNull(), types.StringValue("y")}),
	}, &links)
	diags.Append(links.Diagnostics...)
	message := messageModel{ID: types.StringValue("60000000-0000-4000-8000-00000000000a"), IsDeleted: types.BoolNull()}
	object := messages{"hi": &message, "ho": &message}.toMap()
	var twice validator.MapResponse
	areDifferent{}.ValidateMap(ctx, validator.MapRequest{Path: in.AtName("messages"), ConfigValue: object}, &twice)
	diags.Append(twice.Diagnostics...)
	var empty validator.ObjectResponse
	isMessage{}.ValidateObject(ctx, validator.ObjectRequest{Path: in.AtName("messages").AtMapKey("hi"), ConfigValue: types.ObjectNull(messageType.AttrTypes)}, &empty)
	diags.Append(empty.Diagnostics...)

	details := make([]string, len(diags))
	for i, d := range diags {
		details[i] = d.Detail()
	}
	all := strings.Join(details, "\n")
	for _, want := range []string{
		`conversations["ada"].phone_id: "x" is neither`,
		`conversations["ada"].recipient_contact_id: "https`,
		`conversations["ada"].messages["hi"].datetime_sent: value must be a time`,
		`conversations["ada"].messages["hi"].content: value must be more than white space`,
		`conversations["ada"].messages["hi"].status value must be one of`,
		`conversations["ada"].lead_relations: One of the ids is null`,
		`conversations["ada"].lead_relations: "y" is neither`,
		`conversations["ada"].messages["ho"].id: The messages "hi" and "ho"`,
		`conversations["ada"].messages["hi"]: The message is null`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %s in:\n%s", want, all)
		}
	}
}

// refusal returns an error with reasons of every kind: for a field that an attribute
// stands for, for one that no attribute stands for, for the record, and for its step.
func refusal() *client.APIError {
	return &client.APIError{
		HTTPStatus: 422, Code: 40000, Name: "ERROR_ENTITY_VALIDATION",
		FieldErrors: []client.FieldError{
			{ErrorItem: client.ErrorItem{FieldName: "recipient_phone_number"}, Errors: []client.ErrorItem{{Message: "no number"}, {Name: "ERROR_SHAPE"}}},
			{ErrorItem: client.ErrorItem{FieldName: "cf_region", Message: "wrong region"}, Errors: []client.ErrorItem{{Message: "must be set"}}},
		},
		EntityErrors:        []client.ErrorItem{{Message: "one too many"}, {Name: "ERROR_NAMELESS"}, {Code: 77}},
		StepChecklistErrors: []json.RawMessage{json.RawMessage(`{"step": "call them"}`)},
	}
}

var otherReasons = []string{"cf_region: wrong region", "must be set", "one too many", "ERROR_NAMELESS", "error 77", `step checklist: {"step":"call them"}`}

// A summary names what failed, in the singular or the plural.
func TestSummaries(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]failure{
		"Unable to Find Records":                      {action: "Find", what: "Records"},
		"Unable to Read Text Message Conversation":    {action: "Read", what: layout{isSingle: true}.what()},
		"Unable to Read Text Message Conversations":   {action: "Read", what: layout{}.what()},
		"Unable to Update Text Message Conversation":  {action: "Update", keys: []string{"a"}},
		"Unable to Update Text Message Conversations": {action: "Update", keys: []string{"a", "b"}},
		"Unable to Attach Text Message":               {action: "Attach", message: true, keys: []string{"a"}},
	} {
		if got := f.summary(); got != want {
			t.Errorf("the summary is %q, want %q", got, want)
		}
	}
	refused := &client.APIError{HTTPStatus: 422, Code: 40000}
	wantTexts(t, failure{action: "Find", what: "Records", err: refused}.diagnostics(), "The CRM refuses the query")
}

func TestReasonsAreNotLost(t *testing.T) {
	t.Parallel()
	every := append([]string{"no number", "ERROR_SHAPE"}, otherReasons...)
	for name, test := range map[string]struct {
		failure failure
		want    []string
	}{
		"of an entry": {
			failure{action: "Create", at: at("ada"), keys: []string{"ada"}},
			append([]string{`conversations["ada"].recipient_phone_number Unable`, `conversations["ada"].recipient_phone_number: The CRM refuses`, `conversations["ada"]: The CRM refuses`}, every...),
		},
		"of one":             {failure{action: "Update"}, append([]string{"recipient_phone_number Unable"}, every...)},
		"of several":         {failure{action: "Create", at: path.Root("conversations"), keys: []string{"a", "b"}}, every},
		"of a data source":   {failure{action: "Find", what: "Records"}, every},
		"of a message":       {failure{action: "Create", message: true, at: at("ada").AtName("messages").AtMapKey("hi")}, append([]string{`conversations["ada"].messages["hi"]: `}, every...)},
		"of what may be":     {failure{action: "Create", err: &client.OutcomeUnknownError{Err: refusal()}}, every},
		"of a removal again": {failure{action: "Delete", at: at("ada"), keys: []string{"ada"}, kept: []string{"ada"}}, every},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.failure.err == nil {
				test.failure.err = refusal()
			}
			wantTexts(t, test.failure.diagnostics(), test.want...)
		})
	}
}

func TestFailedHasAllReasons(t *testing.T) {
	t.Parallel()
	id := types.StringValue("80000000-0000-4000-8000-00000000000a")
	work := &conversationWork{
		failed:   map[string]error{"a": refusal(), "b": errors.New("out of order")},
		removals: []entryRemoval{{key: "c", prior: &ownedModel{conversationModel: conversationModel{ID: id}}, kept: "c (replaced)", err: refusal()}},
	}
	model := work.model(bulkModel{})
	failed := map[string]struct {
		Code    types.Int64  `tfsdk:"code"`
		Name    types.String `tfsdk:"name"`
		Message types.String `tfsdk:"message"`
	}{}
	if diags := model.Failed.ElementsAs(context.Background(), &failed, false); diags.HasError() {
		t.Fatal(diags)
	}
	for _, key := range []string{"a", "c (replaced)"} {
		for _, want := range append([]string{"HTTP 422", "recipient_phone_number: no number ERROR_SHAPE"}, "wrong region", "one too many", "call them") {
			if message := failed[key].Message.ValueString(); !strings.Contains(message, want) {
				t.Errorf("failed[%q] does not say %q: %s", key, want, message)
			}
		}
		if failed[key].Code.ValueInt64() != 40000 || failed[key].Name.ValueString() != "ERROR_ENTITY_VALIDATION" {
			t.Errorf("failed[%q] is %v", key, failed[key])
		}
	}
	if got := failed["b"].Message.ValueString(); got != "out of order" || len(failed) != 3 {
		t.Errorf("failed[b] says %q of %d", got, len(failed))
	}
}

// Entries with the same error share it, after the rarer errors. If the errors differ, only the first few get their
// own diagnostic.
func TestManyFailures(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]struct {
		errors int
		says   []string
	}{
		"common":      {2, []string{"ERROR_ODD", `"000", "001"`, "and 989 more: The CRM refuses each of these with the same error. It may only have rolled them back"}},
		"number %03d": {mostListed + 1, []string{`conversations["009"]`, `"010", "011"`, "and 980 more: The CRM refuses what", "Cause of the first: "}},
	} {
		failed := map[string]error{"odd": &client.APIError{HTTPStatus: 422, Code: 7, Name: "ERROR_ODD"}}
		for i := range 999 {
			reason := client.FieldError{ErrorItem: client.ErrorItem{Message: strings.Replace(message, "%03d", fmt.Sprint(i), 1)}}
			failed[fmt.Sprintf("%03d", i)] = &client.APIError{HTTPStatus: 422, Code: 8, Name: "ERROR_COMMON", FieldErrors: []client.FieldError{reason}}
		}
		work := failedWork(nil, failed)
		work.allOrNothing = true
		diags := work.done("Create")
		texts := told(diags)
		if len(texts) != want.errors {
			t.Errorf("%s: %d errors", message, len(texts))
		}
		wantTexts(t, diags, want.says...)
	}
}

// An error names a missing permission, and says so if the reply may not come from the API.
func TestNotPermitted(t *testing.T) {
	t.Parallel()
	const origin = "It may come from a proxy or a firewall"
	plain := failure{action: "Read", err: &client.APIError{HTTPStatus: 403, Code: 1, Request: "read Phones"}}.diagnostics()
	wantTexts(t, plain, "give the permission to read Phones to the Application", "the CRM may protect it")
	if text := strings.Join(told(plain), ""); strings.Contains(text, origin) {
		t.Errorf("it says %s", text)
	}
	wantTexts(t, failure{action: "Read", err: &client.APIError{HTTPStatus: 403}}.diagnostics(), "give the permission to the Application", origin)
	var known causes
	for _, request := range []string{"read Phones", "read Accounts"} {
		refused := &client.APIError{HTTPStatus: 403, Request: request}
		wantTexts(t, failure{action: "Read", err: refused, causes: &known}.diagnostics(), "give the permission to "+request)
		again := fmt.Errorf("for another record: %w", refused)
		wantTexts(t, failure{action: "Read", err: again, causes: &known}.diagnostics(), "Another error of this run has the same cause")
	}
}

func TestRemovalThatFails(t *testing.T) {
	t.Parallel()
	const id = "80000000-0000-4000-8000-00000000000a"
	removal := func(err error) *conversationWork {
		return &conversationWork{provider: &providerData{}, removals: []entryRemoval{{key: "a", prior: &ownedModel{conversationModel: conversationModel{ID: types.StringValue(id)}}, kept: "a (replaced)", err: err}}}
	}
	wantTexts(t, removal(&client.APIError{HTTPStatus: 403}).done("Update"), "Unable to Delete Text Message Conversation",
		`conversations["a"]: The provider couldn't delete the conversation `+id+` of this key. It is still in the CRM, and in the state under the key "a (replaced)". Run the command again to try once more.`,
		"The CRM does not permit this")
	wantTexts(t, removal(&client.APIError{HTTPStatus: 404, Code: 2003, Name: "ERROR_ENTITY_NOT_FOUND"}).done("Update"), "It is still in the CRM", "The CRM says that it doesn't exist, but still shows it.")
	unknown := removal(&client.OutcomeUnknownError{Err: errors.New("EOF")}).done("Update")
	wantTexts(t, unknown, "may or may not have deleted", "It stays in the state", `"a (replaced)"`, "Cause:")
	wantTexts(t, removal(&client.ReplyError{HTTPStatus: 200, Reason: "is not JSON"}).done("Update"), "may or may not have deleted", "It stays in the state",
		"The reply does not match the Pipeliner API")
	if text := strings.Join(told(unknown), ""); strings.Contains(text, "created") {
		t.Errorf("a removal is told as a create: %s", text)
	}
}

// The entries of a request that was refused as a whole share one error, however many they are. It comes before the
// errors that follow from it. Only the first few requests get their own error.
func TestManyOfOneRequest(t *testing.T) {
	t.Parallel()
	for requests, errors := range map[int]int{1: 2, 3: 4, mostListed + 3: mostListed + 2} {
		failed := map[string]error{}
		for i := range 98 * requests {
			key := fmt.Sprintf("%04d", i)
			if i%98 == 0 {
				failed[key] = &client.APIError{HTTPStatus: 422, Code: 8, Name: "ERROR_COMMON"}
			} else {
				failed[key] = failed[fmt.Sprintf("%04d", i-i%98)]
			}
		}
		for i := range 20 {
			failed[fmt.Sprintf("undone %02d", i)] = engine.ErrUndone
		}
		var changes []entryChange
		for _, key := range slices.Sorted(maps.Keys(failed)) {
			changes = append(changes, entryChange{key: key})
		}
		diags := (&conversationWork{provider: &providerData{}, changes: changes, failed: failed}).done("Update")
		texts := told(diags)
		if len(texts) != errors {
			t.Errorf("%d requests: %d errors: %q", requests, len(texts), texts)
		}
		for _, text := range texts[:len(texts)-1] {
			if !strings.Contains(text, "The CRM refuses the request, and doesn't say which of these entries is at fault") {
				t.Errorf("%d requests: an error says %q", requests, text)
			}
		}
		wantTexts(t, diags, `"0009", and 88 more: The CRM refuses`, "then deleted them")
	}
}

// A resource is read after another one has planned to adopt its conversation.
func TestAdoptedByAnother(t *testing.T) {
	t.Parallel()
	const id = "80000000-0000-4000-8000-00000000000a"
	resource := &baseResource{provider: &providerData{}}
	resource.provider.existing.planned = map[client.ID]conversationModel{reference(types.StringValue(id)): {}}
	wantTexts(t, resource.inState(reference(types.StringValue(id))), "This resource manages the conversation "+id+", but a new resource", "add a moved block")
}

func TestProtected(t *testing.T) {
	t.Parallel()
	err := &engine.ProtectedError{Err: refusal()}
	wantTexts(t, failure{action: "Delete", err: err}.diagnostics(), "The CRM protects the conversation against deletion")
	wantTexts(t, failure{action: "Delete", message: true, err: err}.diagnostics(), "The CRM protects the message against deletion")
}

// The update of an adopted conversation is reported as that, and not as a create.
func TestAdoptionOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	const id = "80000000-0000-4000-8000-00000000000a"
	work := &conversationWork{
		provider:     &providerData{},
		allOrNothing: true,
		failed:       map[string]error{"a": &client.OutcomeUnknownError{Err: errors.New("EOF")}},
		changes: []entryChange{{
			key: "a", isExisting: true, prior: &ownedModel{conversationModel: conversationModel{ID: types.StringValue(id)}},
			planned: ownedModel{conversationModel: conversationModel{ID: types.StringUnknown()}},
		}},
	}
	wantTexts(t, work.errors("Create"), `conversations["a"]: The change of the conversation `+id+" may or may not have been carried out.")
}

func TestUnnamedMessage(t *testing.T) {
	t.Parallel()
	planned, prior := messageModel{Content: types.StringValue("new")}, messageModel{Content: types.StringValue("old")}
	work := &messageWork{at: at("ada"), memory: &messageMemory{}, state: messages{}}
	work.keepUnnamed("hi", planned, &prior)
	wantTexts(t, work.diagnostics(), `conversations["ada"].messages["hi"]: The provider can't change the message`, "Cause: the id of the message is not known")
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	const interrupted = "Terraform was interrupted before the provider sent this"
	for err, want := range map[error]bool{
		context.Canceled: true,
		fmt.Errorf("waiting: %w", context.Canceled):        true,
		&client.OutcomeUnknownError{Err: context.Canceled}: false,
		&engine.LeftoverError{Err: context.Canceled}:       false,
	} {
		text := strings.Join(told(failure{action: "Create", err: err}.diagnostics()), "\n")
		if got := strings.Contains(text, interrupted); got != want {
			t.Errorf("%T: %s", err, text)
		}
		if !want && !strings.Contains(text, "Cause:") {
			t.Errorf("%T has no cause: %s", err, text)
		}
	}
}

// One cause is explained once in full, however many failures have it at the same time. Different errors, and errors
// of one record, are not shortened.
func TestCauses(t *testing.T) {
	t.Parallel()
	var known causes
	var full atomic.Int64
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			f := failure{action: "Create", err: &client.APIError{HTTPStatus: 401, Message: "who?"}, causes: &known}
			text := strings.Join(told(f.diagnostics()), "\n")
			if !strings.Contains(text, "does not accept the provider's user name and password.") {
				t.Errorf("this does not say what is wrong: %s", text)
			}
			if strings.Contains(text, "PIPELINER_PASSWORD") {
				full.Add(1)
			} else if !strings.Contains(text, "Another error of this run has the same cause") || strings.Contains(text, "Cause:") {
				t.Errorf("this is not brief: %s", text)
			}
		})
	}
	group.Wait()
	if full.Load() != 1 {
		t.Errorf("%d are told in full; want one", full.Load())
	}
	told(failure{action: "Delete", err: &client.APIError{HTTPStatus: 503, Message: "busy"}, causes: &known}.diagnostics())
	for name, err := range map[string]error{
		"another cause": &client.APIError{HTTPStatus: 401, Message: "locked"},
		"of a record":   &client.APIError{HTTPStatus: 422, Message: "no"},
		"of an item":    &client.APIError{HTTPStatus: 503, Message: "busy"},
	} {
		{
			if text := strings.Join(told(failure{action: "Create", err: err, causes: &known}.diagnostics()), "\n"); !strings.Contains(text, "Cause:") {
				t.Errorf("%s is shortened: %s", name, text)
			}
		}
	}
}

// The statuses of servers and proxies that are down share their advice. If only some items of a batch have such a
// status, the error names them.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	advice := "The CRM, or something in front of it, is not available. Try again later."
	for _, status := range []int{502, 503, 504, 511, 520, 530} {
		reply := failure{action: "Read", err: &client.ReplyError{HTTPStatus: status, Reason: "is an error that does not come from the API"}}
		wantTexts(t, reply.diagnostics(), advice, fmt.Sprint(status))
	}
	items := failure{action: "Delete", keys: []string{"ada", "bob"}, err: &client.APIError{HTTPStatus: 503}}
	wantTexts(t, items.diagnostics(), `"ada", "bob": `+advice)
	whole := failure{action: "Read", keys: []string{"ada", "bob"}, err: &client.APIError{HTTPStatus: 503, Request: "read TextMessages"}}
	if text := strings.Join(told(whole.diagnostics()), "\n"); strings.Contains(text, "ada") {
		t.Errorf("an entry is blamed for what concerns all: %s", text)
	}
}

// A conflict shows ids, but neither contents nor numbers: the configuration may treat
// them as sensitive.
func TestConflictShowsNothingPersonal(t *testing.T) {
	t.Parallel()
	conflict := &engine.ConflictError{Known: 3, Current: 5, Fields: []engine.Conflict{
		{Field: "content", Known: "one", Wanted: "höre\n", Held: ""},
		{Field: "recipient_phone_number", Known: "", Wanted: "+15550100000", Held: "+15550100001"},
		{Field: "status", Known: "sent", Wanted: "seen", Held: "failed"},
	}}
	diags := failure{action: "Update", message: true, at: at("ada").AtName("messages").AtMapKey("hi"), err: conflict}.diagnostics()
	wantTexts(t, diags, `conversations["ada"].messages["hi"].content: Someone else`, "(revision 3): a text of 3 characters", "as planned: a text of 5 characters", "(revision 5): none",
		"a number of 12 characters", "look in the CRM", "as planned: seen")
	if text := strings.Join(told(diags), "\n"); strings.Contains(text, "one\"") || strings.Contains(text, "höre") || strings.Contains(text, "555") {
		t.Errorf("a conflict shows what may be sensitive: %s", text)
	}
}

// The error is at the attribute that stands for the field, or that has the id in the
// text.
func TestFailure_attributeOf(t *testing.T) {
	t.Parallel()
	subject := emptyConversation()
	subject.RecipientContactID, subject.OpportunityRelations = types.StringValue(strings.ToUpper(idB)), set(idA, idC)
	for _, test := range []struct{ field, text, want string }{
		{"phone_id", "", "phone_id"},
		{"phone", "", "phone_id"},
		{"recipient_contact", "", "recipient_contact_id"},
		{"recipient_phone_number", "", "recipient_phone_number"},
		{"lead_relations", "", "lead_relations"},
		{"account_id", "", "account_relations"},
		{"lead_oppty_id", "", ""}, // of leads, or of opportunities
		{"lead_oppty_id", "there is no " + idC, "opportunity_relations"},
		{"cf_region", "there is no " + idB, "recipient_contact_id"},
		{"revision", "too old", ""},
		{"id", "", ""},
	} {
		if got := (failure{subject: subject}).attributeOf(test.field, test.text); got != test.want {
			t.Errorf("%s, %q: got %q; want %q", test.field, test.text, got, test.want)
		}
	}
}

// failedWork returns work on a map in which these creates, or updates, have failed.
func failedWork(prior *ownedModel, failed map[string]error) *conversationWork {
	work := &conversationWork{provider: &providerData{}, failed: failed}
	for _, key := range slices.Sorted(maps.Keys(work.failed)) {
		planned := ownedModel{}
		if prior != nil {
			planned.ID = prior.ID
		}
		work.changes = append(work.changes, entryChange{key: key, prior: prior, planned: planned})
	}
	return work
}

// The errors of an update of the map distinguish what was created from what was changed, and use the right number,
// singular or plural. A request with both is one error.
func TestUpdateThatCreates(t *testing.T) {
	t.Parallel()
	refused, lost := refusal(), &client.OutcomeUnknownError{Err: errors.New("EOF")}
	prior := &ownedModel{conversationModel: conversationModel{ID: types.StringValue(idA)}}
	wantTexts(t, failedWork(nil, map[string]error{"a": refused}).done("Update"), "Unable to Create Text Message Conversation", "created nothing")
	wantTexts(t, failedWork(nil, map[string]error{"a": lost, "b": lost}).done("Update"), "Unable to Create Text Message Conversations",
		"These conversations may or may not have been created. The next apply first looks for them")
	wantTexts(t, failedWork(prior, map[string]error{"a": refused}).done("Update"), "Unable to Update Text Message Conversation", "The CRM refuses the change")
	wantTexts(t, failedWork(prior, map[string]error{"a": lost, "b": lost}).done("Update"), "The changes of these conversations may or may not have been carried out")
	for created := range 2 {
		mixed := failedWork(prior, map[string]error{"a": refused, "b": refused})
		mixed.changes[created].prior = nil
		diags := mixed.done("Update")
		wantTexts(t, diags, "Unable to Update Text Message Conversations", `"a", "b": The CRM refuses the request, and doesn't say which of these entries is at fault`)
		if len(diags) != 1 {
			t.Errorf("%d errors of one request", len(diags))
		}
	}
}

// An error says which entries are at fault, if the CRM names a record that they refer to.
func TestEntryAtFault(t *testing.T) {
	t.Parallel()
	refused := &client.APIError{HTTPStatus: 422, Code: 120, Message: "no " + idA + " of the phone " + testPhone}
	to := func(field string) entryChange {
		change := entryChange{planned: ownedModel{}}
		switch field {
		case "phone_id":
			change.planned.PhoneID, change.write.Input.PhoneID = types.StringValue(idA), client.Value(parse(t, idA))
		case "other", "both":
			change.planned.PhoneID, change.write.Input.PhoneID = types.StringValue(testPhone), client.Value(parse(t, testPhone))
		}
		if field == "recipient_account_id" || field == "both" {
			change.planned.RecipientAccountID, change.write.Input.RecipientAccountID = types.StringValue(idA), client.Value(parse(t, idA))
		}
		return change
	}
	for want, changes := range map[string][]entryChange{
		`conversations["b"].phone_id: The CRM refuses the request because of a record that the cause names. Of the 3 entries in the request, only this one refers to it. The request changed nothing. Correct this entry`: {to(""), to("phone_id"), to("")},
		`"a", "b": The CRM refuses the request because of a record that the cause names. Of the 3 entries in the request, only these refer to it, at phone_id. The`:                                                       {to("phone_id"), to("phone_id"), to("")},
		`"b", "c": The CRM refuses the request because of a record that the cause names. Of the 3 entries in the request, only these refer to it. The`:                                                                    {to(""), to("phone_id"), to("recipient_account_id")},
		`conversations["c"].recipient_account_id: The CRM refuses the request because of a record that the cause names. Of the 3 entries`:                                                                                 {to("other"), to("other"), to("both")},
		`"a", "b", "c": The CRM refuses the request because of a record that the cause names. All of these entries refer to it, at phone_id. The`:                                                                         {to("phone_id"), to("phone_id"), to("phone_id")},
		`"a", "b", "c": One of these entries refers to a record that does not exist in this space, and the CRM doesn't say which one`:                                                                                     {to(""), to(""), to("")},
	} {
		work := &conversationWork{provider: &providerData{}, changes: changes, failed: map[string]error{}}
		for i, key := range []string{"a", "b", "c"} {
			work.changes[i].key, work.failed[key] = key, refused
		}
		wantTexts(t, work.done("Create"), want)
	}
}

// A timeout comes with advice, even if the outcome of the request is unknown.
func TestTimeoutAdvice(t *testing.T) {
	t.Parallel()
	late := &client.OutcomeUnknownError{Err: &client.TimeoutError{After: time.Second}}
	wantTexts(t, failure{action: "Create", err: late}.diagnostics(), "If the CRM is slow, increase request_timeout.", "no complete reply within 1s")
	wantTexts(t, failure{action: "Delete", at: at("a"), keys: []string{"a"}, kept: []string{"a"}, err: late}.diagnostics(), "If the CRM is slow, increase request_timeout.")
}

// The advice about a failed connection depends on its cause: a slow service needs no certificate, and an untrusted
// certificate needs no longer timeout.
func TestUnreachableAdvice(t *testing.T) {
	t.Parallel()
	const address, slow, trust = "Check the setting service_url (PIPELINER_SERVICE_URL), the network", "If the CRM is slow", "set SSL_CERT_FILE to a readable file that contains it"
	for _, test := range []struct {
		cause         error
		wanted, other []string
	}{
		{io.EOF, []string{address}, []string{slow, trust}},
		{&client.TimeoutError{After: time.Minute}, []string{address, slow, "no complete reply within 1m (request_timeout)"}, []string{trust}},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, []string{trust}, []string{address, slow}},
	} {
		diags := failure{action: "Read", err: &client.ConnectError{Host: "crm.example", Err: test.cause}}.diagnostics()
		wantTexts(t, diags, append(test.wanted, "The provider can't connect to the CRM, or the CRM doesn't answer in time. The failed request changed nothing.")...)
		for _, text := range test.other {
			if strings.Contains(diags[0].Detail(), text) {
				t.Errorf("%v: %s", test.cause, diags[0].Detail())
			}
		}
	}
}

// If the service is down and asks for a long pause, fewer requests don't help.
func TestThrottledAdvice(t *testing.T) {
	t.Parallel()
	const slower, pause = "set requests_per_second below the limit", "The CRM is not available, and asks for a pause that is longer than the provider waits. The failed request changed nothing."
	for status, want := range map[int]string{429: slower, 503: pause} {
		err := throttledError{&client.ReplyError{HTTPStatus: status, Reason: "is an error"}}
		diags := failure{action: "Read", err: err}.diagnostics()
		wantTexts(t, diags, want)
		if strings.Contains(diags[0].Detail(), slower) != (want == slower) {
			t.Error(diags)
		}
	}
}

// A throttledError is an error of a client that has waited for too long.
type throttledError struct{ error }

func (e throttledError) Unwrap() error         { return e.error }
func (throttledError) Problem() client.Problem { return client.Throttled }

// The next plan restores what is only deleted, including a message and several conversations.
func TestDeletedSinceThePlan(t *testing.T) {
	t.Parallel()
	deleted := &engine.GoneError{ID: parse(t, idA), Restorable: true}
	wantTexts(t, failure{action: "Update", message: true, err: deleted}.diagnostics(), "Someone has deleted this message since the plan was made")
	wantTexts(t, failure{action: "Update", keys: []string{"a", "b"}, err: deleted}.diagnostics(), `"a", "b": Someone has deleted these conversations since the plan was made`, "restores them")
	wantTexts(t, failure{action: "Update", err: &engine.GoneError{ID: parse(t, idA)}}.diagnostics(), "The CRM no longer has this conversation")
}

// Entries that may have made several conversations share a warning. It does not present the candidates of the first
// entry as those of all.
func TestAmbiguousEntriesShareAWarning(t *testing.T) {
	t.Parallel()
	failed := map[string]error{}
	for _, key := range []string{"a", "b"} {
		failed[key] = &engine.LostCreateError{Err: &engine.AmbiguousError{IDs: []client.ID{parse(t, idA), parse(t, idB)}}}
	}
	work := failedWork(nil, failed)
	work.state = entries{}
	diags := work.created()
	wantTexts(t, diags, `"a", "b": The CRM gave no usable reply when the provider created these conversations. For each of them,`, "The next plan names them. Find out in the CRM", "Cause of the first: ")
	if len(diags) != 1 || strings.Contains(diags[0].Detail(), "may be it: "+idA) {
		t.Errorf("%v", diags)
	}
}

// The words of the CRM appear once.
func TestReasonsAreToldOnce(t *testing.T) {
	t.Parallel()
	err := &client.APIError{HTTPStatus: 422, Code: 40000, Name: "ERROR_X", Message: "\nToo short.", FieldErrors: []client.FieldError{
		{ErrorItem: client.ErrorItem{FieldName: "recipient_phone_number"}, Errors: []client.ErrorItem{{Message: "Too short."}}},
	}}
	if got, want := withReasons(err), "HTTP 422, error 40000 ERROR_X; recipient_phone_number: Too short"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	diags := failure{action: "Create", err: err}.diagnostics()
	wantTexts(t, diags, "The CRM says: Too short.", "Cause: HTTP 422, error 40000 ERROR_X")
	if text := strings.Join(told(diags), "\n"); strings.Count(text, "Too short") != 1 {
		t.Errorf("the reason is not told once: %s", text)
	}
	err.Message = "The record is wrong. Too short."
	if got, want := withReasons(err), "HTTP 422, error 40000 ERROR_X: The record is wrong. Too short; recipient_phone_number: Too short"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	work := failedWork(nil, map[string]error{"a": err, "b": err})
	work.state = entries{"c": newOwnedModel()}
	wantTexts(t, work.created(), "tries them again:\n\n  - \"a\": HTTP 422", "\n  - \"b\": HTTP 422")
}

// If a conversation stays under its key, the error names the key once.
func TestRemovalUnderTheSameKey(t *testing.T) {
	t.Parallel()
	removal := func(key string) entryRemoval {
		return entryRemoval{key: key, prior: &ownedModel{conversationModel: conversationModel{ID: types.StringValue(idA)}}, kept: key, err: &client.APIError{HTTPStatus: 403}}
	}
	wantTexts(t, (&conversationWork{provider: &providerData{}, removals: []entryRemoval{removal("a")}}).done("Delete"), "It is still in the CRM, and in the state. Run the command again")
}

// A text of the CRM appears once, whatever its white space and its place.
func TestWithReasons(t *testing.T) {
	t.Parallel()
	of := func(message, reason string) error {
		return &client.APIError{HTTPStatus: 422, Message: message, EntityErrors: []client.ErrorItem{{Message: reason}}}
	}
	for want, err := range map[string]error{
		"out of order":                 errors.New("out of order."), //nolint:revive // errors of other programs may end so
		"HTTP 422; Too short":          of("Too\n short.", "Too short."),
		"HTTP 422; Too long":           of("Too long.", "Too\nlong."),
		"HTTP 422: Refused: too plain": of("Refused: too plain.", "too plain"),
	} {
		if got := withReasons(err); got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
}

// Failures that follow from another one share an error for each kind, and the error lists only ten of many entries.
func TestConsequencesShareErrors(t *testing.T) {
	t.Parallel()
	failed := map[string]error{"z": refusal()}
	for i, key := range []string{"a", "b", "c"} {
		id := parse(t, []string{idA, idB, idC}[i])
		failed[key], failed[key+key] = engine.ErrUndone, &engine.LeftoverError{ID: id, Err: errors.New(key)}
	}
	diags := failedWork(nil, failed).done("Create")
	wantTexts(t, diags, `"a", "b", "c": The provider created these and then deleted them`, `"aa", "bb", "cc": The provider created these, but couldn't`)
	told := 0
	for _, d := range diags {
		if !strings.Contains(d.Detail(), "no number") && !strings.Contains(d.Detail(), "The CRM refuses") {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d errors; want two: %v", told, diags)
	}
}

func TestManyReasons(t *testing.T) {
	t.Parallel()
	failed := map[string]error{}
	for i := range 12 {
		failed[fmt.Sprintf("%02d", i)] = refusal()
	}
	work := failedWork(nil, failed)
	work.state = entries{"x": newOwnedModel()}
	wantTexts(t, work.created(), `  - "09": HTTP 422`, "2 more")
}

// A message that may be one of several names them.
func TestUnknownMessageNamesCandidates(t *testing.T) {
	t.Parallel()
	several := &engine.LostCreateError{Err: &engine.AmbiguousError{IDs: []client.ID{parse(t, idA), parse(t, idB)}}}
	wantTexts(t, failure{action: "Create", message: true, at: at("a").AtName("messages"), keys: []string{"m"}, err: several}.diagnostics(), "can't tell whether it is one of these messages", idA, idB)
	text := strings.Join(told(failure{action: "Create", err: several}.diagnostics()), "")
	if strings.Contains(text, "messages of the conversation") {
		t.Errorf("a conversation is told as a message: %s", text)
	}
}

// The advice about existing conversations depends on where the error is.
func TestAdoptionError_advice(t *testing.T) {
	t.Parallel()
	several, managed := &existingError{ids: []client.ID{parse(t, idA), parse(t, idB)}}, &existingError{managed: true, ids: []client.ID{parse(t, idA)}}
	wantTexts(t, diag.Diagnostics{several.diagnostic(path.Empty())}, "Import the right one by its UUID")
	wantTexts(t, diag.Diagnostics{several.diagnostic(at("a"))}, `conversations["a"]: The CRM has several`, "or remove this entry until then", "applies to all entries")
	wantTexts(t, diag.Diagnostics{managed.diagnostic(at("a"))}, "adopt_existing applies to all entries of the map.")
	if text := managed.diagnostic(path.Empty()).Detail(); strings.Contains(text, "map") {
		t.Errorf("there is no map: %s", text)
	}
}
