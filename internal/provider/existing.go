package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

func adoptExistingAttribute() schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true,
		MarkdownDescription: "Whether to adopt a conversation that the CRM already has for the same phone and number, instead of creating another one. Default `false`. " +
			"An adopted conversation gets what the configuration declares, and keeps everything else. The plan warns and names it. " +
			"Several such conversations, or one that Terraform already manages, are an error. The lookup costs one request for each 100 conversations of the phone, " +
			"in the plan and in the apply.",
	}
}

// existing tracks the conversations that adopt_existing may adopt, for one run of the
// provider. An apply does not see resources without changes. So only a plan can tell that
// one of them manages a conversation, and the error must occur there.
type existing struct {
	mu      sync.Mutex
	phones  map[client.ID]*phoneConversations
	stated  map[client.ID]bool // in the state of a resource
	planned map[client.ID]bool // that a planned resource will adopt
	adopted map[client.ID]bool // that this apply has adopted
}

// phoneConversations are the conversations of one phone, listed once.
type phoneConversations struct {
	mu     sync.Mutex
	listed map[engine.Identity][]client.Conversation // nil until listed
}

// inState notes the conversations in the state of a resource, and returns those that
// another planned resource will adopt.
func (e *existing) inState(ids ...client.ID) (clashes []client.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stated == nil {
		e.stated = map[client.ID]bool{}
	}
	for _, id := range ids {
		if e.planned[id] {
			clashes = append(clashes, id)
		}
		e.stated[id] = true
	}
	return clashes
}

// release takes back the note of an adoption that has failed.
func (e *existing) release(id client.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.adopted, id)
}

// isAdopted reports whether this run has adopted the conversation.
func (e *existing) isAdopted(id client.ID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.adopted[id]
}

// An adoptionStep is the step in which a resource looks for an existing conversation.
type adoptionStep int

const (
	planAdoption adoptionStep = iota
	applyAdoption
)

// find returns the conversation that a create adopts, nil for none. own are the
// conversations in the resource's own state. An *adoptionError says why none can be
// adopted.
func (e *existing) find(ctx context.Context, api *engine.Engine, n numbers, m conversationModel, own map[client.ID]bool, step adoptionStep) (*client.Conversation, error) {
	of := n.identify(m)
	listed, err := e.of(ctx, api, n, of)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var free []client.Conversation
	for _, conversation := range listed {
		switch id := conversation.ID; {
		case own[id]:
		case e.stated[id], step == planAdoption && e.planned[id], e.adopted[id]:
			return nil, &adoptionError{managed: true, ids: []client.ID{id}}
		default:
			free = append(free, conversation)
		}
	}
	switch len(free) {
	case 0:
		return nil, nil
	case 1:
		if step == applyAdoption && len(api.Conversations.Known(free[0].ID)) > 0 { // for a lost create
			return nil, &adoptionError{managed: true, ids: []client.ID{free[0].ID}}
		}
		e.note(step, free[0].ID)
		return &free[0], nil
	}
	several := &adoptionError{}
	for _, conversation := range free {
		several.ids = append(several.ids, conversation.ID)
	}
	return nil, several
}

// note notes an adoption. The caller holds mu.
func (e *existing) note(step adoptionStep, id client.ID) {
	noted := &e.planned
	if step == applyAdoption {
		noted = &e.adopted
	}
	if *noted == nil {
		*noted = map[client.ID]bool{}
	}
	(*noted)[id] = true
}

// of returns the conversations of an identity that existed when the phone was first
// listed, without those that this run has created.
func (e *existing) of(ctx context.Context, api *engine.Engine, n numbers, of engine.Identity) ([]client.Conversation, error) {
	e.mu.Lock()
	if e.phones == nil {
		e.phones = map[client.ID]*phoneConversations{}
	}
	phone := e.phones[of.Place]
	if phone == nil {
		phone = &phoneConversations{}
		e.phones[of.Place] = phone
	}
	e.mu.Unlock()
	phone.mu.Lock()
	defer phone.mu.Unlock()
	if phone.listed == nil {
		found, err := api.OfPhoneBefore(ctx, of.Place)
		if err != nil {
			return nil, err
		}
		phone.listed = make(map[engine.Identity][]client.Conversation, len(found))
		for _, conversation := range found {
			name := engine.Identity{Place: conversation.PhoneID, Name: n.Canonical(conversation.RecipientPhoneNumber)}
			phone.listed[name] = append(phone.listed[name], conversation)
		}
	}
	return phone.listed[of], nil
}

// mayExist reports whether the CRM may already have a new conversation. That requires
// that its phone and its number are known.
func (m conversationModel) mayExist() bool {
	return isKnown(m.PhoneID) && isKnown(m.RecipientPhoneNumber) && !reference(m.PhoneID).IsZero()
}

// isBlind reports whether only the apply can look for an existing conversation, because
// the phone or the number is unknown before.
func (m conversationModel) isBlind() bool {
	return (m.PhoneID.IsUnknown() || m.RecipientPhoneNumber.IsUnknown()) && !m.PhoneID.IsNull() && !m.RecipientPhoneNumber.IsNull()
}

// warnOfBlindAdoption warns that the plan can't tell what conversations adopt. The apply
// does not see resources without changes.
func warnOfBlindAdoption(at path.Path, of string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(at, "Existing Text Message Conversation Not Known Yet", fmt.Sprintf(
		"adopt_existing is true, but the plan doesn't know the phone or the number%s yet. The apply looks for an "+
			"existing conversation, and adopts it without asking. It doesn't notice if a resource that it doesn't "+
			"change already manages that conversation. To see in a plan what the apply adopts, first apply the "+
			"source of the phone or the number with -target. Then plan again.", of))
}

// An adoptionError says why existing conversations can't be adopted.
type adoptionError struct {
	managed bool // by another resource; otherwise there are several
	ids     []client.ID
}

func (e *adoptionError) Error() string {
	if e.managed {
		return "a resource of this configuration already manages or adopts the conversation " + idList(e.ids)
	}
	return "several conversations have this phone and number: " + idList(e.ids)
}

func isNotAdoptable(err error) bool {
	_, ok := errors.AsType[*adoptionError](err)
	return ok
}

// summary returns the summary of the error.
func (e *adoptionError) summary() string {
	if e.managed {
		return "Existing Text Message Conversation Already Managed"
	}
	return "Several Existing Text Message Conversations"
}

// advice returns the detail of the error: what is wrong, and what to do.
func (e *adoptionError) advice() string {
	if e.managed {
		return fmt.Sprintf("The CRM has the conversation %s with this phone and number, but a resource of this "+
			"configuration already manages it or adopts it. Remove one of the two, or set adopt_existing = false "+
			"to create another conversation. To replace the conversation of this resource, set adopt_existing = "+
			"false too. If the resource is tainted, run terraform untaint to keep its conversation.", idList(e.ids))
	}
	return fmt.Sprintf("The CRM has several conversations with this phone and number: %s. adopt_existing doesn't choose between them. Import the right one by its UUID, "+
		"delete the others in the CRM, or set adopt_existing = false to create another one.", idList(e.ids))
}

// diagnostic returns the error for the conversation at a path.
func (e *adoptionError) diagnostic(at path.Path) diag.Diagnostic {
	if len(at.Steps()) == 0 {
		return diag.NewErrorDiagnostic(e.summary(), e.advice())
	}
	return diag.NewAttributeErrorDiagnostic(at, e.summary(), located(at, e.advice()))
}

// clashesOf returns an error for conversations of a state that another resource adopts
// too.
func clashesOf(at path.Path, clashes []client.ID) (diags diag.Diagnostics) {
	if len(clashes) > 0 {
		diags.Append((&adoptionError{managed: true, ids: clashes}).diagnostic(at))
	}
	return diags
}

// adoptionSummary returns the summary of the warning of an adoption.
func adoptionSummary(step adoptionStep) string {
	if step == planAdoption {
		return "Existing Text Message Conversation Will Be Adopted"
	}
	return "Existing Text Message Conversation Adopted"
}

// warnOfAdopting warns of the existing conversation that a single resource adopts.
func warnOfAdopting(id client.ID, step adoptionStep) diag.Diagnostic {
	return diag.NewWarningDiagnostic(adoptionSummary(step), fmt.Sprintf(
		"The CRM already has a conversation with this phone and number, %s. adopt_existing is true, so the apply adopts it instead of creating another one. "+
			"The apply sets what the configuration declares, and leaves everything else as it is. %s", id, adoptionMeans))
}

const adoptionMeans = "From then on, Terraform manages the conversation: if you remove it from the configuration, Terraform deletes it, unless deletion_policy is \"abandon\"."

// warnOfAdoptingMany warns of the existing conversations that entries of a map adopt, by
// key.
func warnOfAdoptingMany(ids map[string]client.ID, step adoptionStep) (diags diag.Diagnostics) {
	if len(ids) == 0 {
		return nil
	}
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(ids)) {
		texts = append(texts, fmt.Sprintf("%q: %s", key, ids[key]))
	}
	diags.AddAttributeWarning(path.Root("conversations"), adoptionSummary(step), fmt.Sprintf(
		"The CRM already has conversations with the phone and number of these entries. adopt_existing is true, so the apply adopts them instead of creating others: %s. "+
			"The apply sets what the entries declare, and leaves everything else as it is. %s", firstOfMany(texts), adoptionMeans))
	return diags
}

// adopting returns the change that turns an existing conversation, known as of a revision
// of the space, into m.
func (m conversationModel) adopting(n numbers, prior conversationModel, asOf int64) conversationChange {
	change := m.change(n, &prior)
	change.KnownAsOf(asOf)
	return change
}

// inState notes the conversations in the state of the resource. If another resource
// adopts one of them, that is an error.
func (r *baseResource) inState(at path.Path, ids ...client.ID) diag.Diagnostics {
	if r.provider == nil {
		return nil
	}
	return clashesOf(at, r.provider.existing.inState(ids...))
}

// findExisting returns the conversation that a create adopts, nil for none.
func (r *baseResource) findExisting(ctx context.Context, api *engine.Engine, n numbers, at path.Path, m conversationModel, own map[client.ID]bool, step adoptionStep) (*client.Conversation, diag.Diagnostics) {
	found, err := r.provider.existing.find(ctx, api, n, m, own, step)
	if err == nil {
		return found, nil
	}
	if refused, ok := errors.AsType[*adoptionError](err); ok {
		return nil, diag.Diagnostics{refused.diagnostic(at)}
	}
	return nil, failure{action: "Read", many: true, at: at, err: err, causes: &r.provider.causes}.diagnostics()
}

// planningEngine returns the engine for a plan. It returns nil while provider settings
// are unknown: Terraform then plans again during the apply.
func (r *baseResource) planningEngine() (*engine.Engine, diag.Diagnostics) {
	if r.provider == nil || len(r.provider.settings.unknown()) > 0 {
		return nil, nil
	}
	return r.provider.engine()
}

// planToAdopt warns of the conversation that the create of a single resource adopts.
func (r *conversationResource) planToAdopt(ctx context.Context, plan conversationResourceModel, known *memory) diag.Diagnostics {
	if !plan.AdoptExisting.ValueBool() {
		return nil
	}
	if plan.isBlind() {
		return diag.Diagnostics{warnOfBlindAdoption(path.Empty(), "")}
	}
	if !plan.mayExist() {
		return nil
	}
	api, diags := r.planningEngine()
	if api == nil {
		return diags
	}
	found, diags := r.findExisting(ctx, api, known.numbers, path.Empty(), plan.conversationModel, nil, planAdoption)
	if found != nil {
		diags.Append(warnOfAdopting(found.ID, planAdoption))
	}
	return diags
}

// warnOfKeptForAdopter warns of conversations that are not deleted, because this run has
// adopted them.
func warnOfKeptForAdopter(names []string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Adopted Text Message Conversation Not Deleted",
		fmt.Sprintf("This apply adopted the conversation for another resource, or for this one, so the provider did not delete it: %s.", firstOfMany(names)))
}
