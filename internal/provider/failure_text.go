package provider

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// diagnostics returns an error for each faulty attribute, or one error for the whole object if no attribute is known.
// The error says what failed, why, and what to do.
func (f failure) diagnostics() (diags diag.Diagnostics) {
	if conflict, ok := errors.AsType[*engine.ConflictError](f.err); ok {
		return f.conflicts(conflict)
	}
	if refused, ok := errors.AsType[*existingError](f.err); ok {
		return diag.Diagnostics{refused.diagnostic(f.at)}
	}
	faults, others := f.faults()
	for _, fault := range faults {
		at := f.at.AtName(fault.attribute)
		diags.AddAttributeError(at, f.summary(), f.detail(at, fault.text))
	}
	if text := listed(others); !diags.HasError() || text != "" {
		diags.Append(placed(f.at, diag.NewErrorDiagnostic(f.summary(), f.detail(f.at, text))))
	}
	return diags
}

// prefix returns the beginning of the detail, which names the affected object or the faulty attribute.
func (f failure) prefix(at path.Path) string {
	switch {
	case f.message && len(f.keys) > 0:
		return located(at.AtMapKey(f.keys[0]), "")
	case len(f.keys) <= 1:
		return located(at, "")
	}
	return quoted(f.keys) + ": "
}

// with returns the failure of these keys combined with the failure of another entry of the map whose cause is not
// told. f may be nil.
func (f *failure) with(other failure) *failure {
	if f == nil {
		return &other
	}
	f.takeIn(other)
	f.differs = true
	return f
}

// unread warns that conversations were written but could not be read back completely.
func (f failure) unread() diag.Diagnostics {
	whose := ""
	if len(f.keys) > 1 {
		whose = " of the first"
	}
	return diag.Diagnostics{placed(f.at, diag.NewWarningDiagnostic("Text Message Conversation Not Fully Known", fmt.Sprintf("%s%s\n\nCause%s: %v", f.prefix(f.at),
		f.inNumber("The provider wrote {the conversation and keeps it|these conversations and keeps them} in the state, but a later step failed, such as reading {it|them} back. "+
			"The next plan reads {it|them} again, and shows whether anything is left to do."), whose, f.err)))}
}

// detail returns the detail for an attribute, with what the CRM said about it.
func (f failure) detail(at path.Path, said string) string {
	told := said == "" && f.causes.told(f.err)
	prefix := f.prefix(at)
	if f.blamesNone() {
		prefix = ""
	}
	parts := []string{prefix + f.explanation(told)}
	whose := ""
	if f.differs {
		whose = " of the first"
	}
	if said != "" {
		separator := " "
		if strings.Contains(said, "\n") {
			separator = "\n\n"
		}
		parts = append(parts, "The CRM says"+whose+":"+separator+said)
	}
	if !told && !f.isInterrupted() && !isConsequence(f.err) {
		parts = append(parts, "Cause"+whose+": "+unrepeated(f.err, said))
	}
	return strings.Join(parts, "\n\n")
}

// explanation says what happened, and what to do. It is brief if another failure with the same cause has already been
// explained.
func (f failure) explanation(told bool) string {
	reason := f.reason()
	if told {
		first, _, _ := strings.Cut(reason, ". ")
		reason = strings.TrimSuffix(first, ".") + ". Another error of this run has the same cause, and says what to do."
	}
	isUnknown := client.ProblemOf(f.err) == client.OutcomeUnknown
	switch isOdd := client.ProblemOf(f.err) == client.UnexpectedReply; {
	case len(f.kept) > 0 && isUnknown:
		reason = f.notRemoved(true)
	case len(f.kept) > 0:
		reason = f.notRemoved(isOdd) + " " + reason
	}
	if isUnknown && errors.As(f.err, new(*client.TimeoutError)) {
		reason += " If the CRM is slow, increase request_timeout."
	}
	return reason
}

// reason is the explanation without the part about a removal.
func (f failure) reason() string {
	if f.isInterrupted() {
		return f.inNumber("Terraform was interrupted before the provider sent {this|these}.")
	}
	if text := f.consequence(); text != "" {
		return text
	}
	switch {
	case errors.As(f.err, new(*engine.ProtectedError)) && f.message:
		return "The CRM protects the message against deletion. Remove the protection in the CRM " +
			"(is_delete_protected)."
	case errors.As(f.err, new(*engine.ProtectedError)):
		return "The CRM protects the conversation against deletion. " + protectionAdvice
	case errors.Is(f.err, errUnnamed):
		return "The provider can't change the message, because it doesn't know which message of the CRM it is. " +
			"See the warning Text Message Not Identified of the plan."
	case f.named != nil:
		return f.namedRefusal()
	case f.alike && f.isRefused():
		return "The CRM refuses each of these with the same error. It may only have rolled them back because of another one, " +
			"as rollback_method = 0 asks it to. First correct the entries that other errors name."
	}
	if refused, ok := errors.AsType[*engine.RestoreError](f.err); ok {
		return f.notRestored(refused.ID)
	}
	switch problem := client.ProblemOf(f.err); problem {
	case client.NotPermitted:
		return f.notPermitted()
	case client.NotFound:
		return f.notFound()
	case client.RelationNotFound:
		return f.relationNotFound()
	case client.Refused:
		return f.refused()
	case client.OutcomeUnknown:
		return f.outcomeUnknown()
	case client.Unreachable:
		return f.unreachable()
	case client.Throttled:
		return f.throttled()
	default:
		if text := explanationOf(problem, f.err); text != "" {
			return text
		}
	}
	if client.StatusOf(f.err) >= http.StatusInternalServerError {
		return "The CRM reports an internal error. The failed request changed nothing. Try again later."
	}
	return "The request failed. The cause says why."
}

// consequence is the reason if another conversation failed or Terraform was interrupted.
func (f failure) consequence() string {
	const allOrNone = " because another conversation failed or Terraform was interrupted. With rollback_method = 0, it creates all conversations or none."
	switch {
	case errors.Is(f.err, engine.ErrNotSent):
		return f.inNumber("The provider didn't send {this|these},") + allOrNone
	case errors.Is(f.err, engine.ErrRolledBack):
		return f.inNumber("The CRM rolled {this|these} back") + ", because another conversation in the same request failed."
	case errors.Is(f.err, engine.ErrUndone):
		return f.inNumber("The provider created {this|these} and then deleted {it|them},") + allOrNone + f.mayHaveSent()
	case errors.As(f.err, new(*engine.LeftoverError)):
		return f.inNumber("The provider created {this|these}, but couldn't delete {it|them} when another conversation failed. " +
			"{It stays|They stay} in the state, so that {it isn't|they aren't} lost. The next apply deletes {it|them}, and creates all " +
			"conversations again. If deletion_policy is \"abandon\", the next apply leaves {it|them} in the CRM and " +
			"creates {a second one, so delete it|others, so delete them} in the CRM first.")
	}
	return ""
}

// isConsequence reports whether the error of another conversation caused this error.
func isConsequence(err error) bool {
	return errors.Is(err, engine.ErrNotSent) || errors.Is(err, engine.ErrRolledBack) || errors.Is(err, engine.ErrUndone)
}

// explanationOf returns the explanation of a problem that doesn't depend on the failure itself, or an empty text.
func explanationOf(problem client.Problem, err error) string {
	if behind, ok := errors.AsType[*engine.BehindError](err); ok && problem == client.Behind && behind.HasAllSeen() {
		return "The provider has created a conversation or a message that it could not read back, and the space has shown no change " +
			"since. Either a lagging replica answers, or the record was purged. The provider changed nothing, and treats nothing as " +
			"deleted. Try again in a few minutes. If the error comes back, edit any contact in the CRM, and try again."
	}
	return explanations[problem]
}

// explanations contains the explanations for explanationOf.
var explanations = map[client.Problem]string{
	client.Behind: "The space shows less than the state has already seen. Either a lagging replica answers, or the " +
		"space was restored from a backup, or its newest record was purged. The provider changed nothing, " +
		"and treats nothing as deleted. Try again in a few minutes. If the space was restored, run terraform " +
		"state rm with the address of this resource, and import what exists now.",
	client.Throttled: "The CRM limits requests, and the provider would have to wait longer than it accepts. The failed " +
		"request changed nothing. In the provider block, set requests_per_second below the limit, or " +
		"increase max_retries: the provider waits at most 1 + max_retries minutes.",
	client.WrongCredentials: "The CRM does not accept the provider's user name and password. Check the settings username and " +
		"password, or the environment variables PIPELINER_USERNAME and PIPELINER_PASSWORD. Use the " +
		"credentials of an Application of this space, which you create in the space's administration. The " +
		"name and password that people log in with don't work.",
	client.WrongAddress: "There is no such space at this address. Check the settings service_url and space_id, or the " +
		"environment variables PIPELINER_SERVICE_URL and PIPELINER_SPACE_ID. The space's administration " +
		"shows both values.",
	client.Unavailable: "The CRM, or something in front of it, is not available. Try again later. If this continues, check the setting " +
		"service_url (PIPELINER_SERVICE_URL), and the proxy in HTTPS_PROXY, if you use one.",
	client.UnexpectedReply: "The reply does not match the Pipeliner API. Check the setting service_url " +
		"(PIPELINER_SERVICE_URL), and whether a proxy or a login page replies instead of the API.",
	client.Unreachable: "The provider can't connect to the CRM, or the CRM doesn't answer in time. The failed request changed nothing.",
}

// throttled is the explanation if the CRM asks to wait for longer than the provider does. If the CRM is down, fewer
// requests don't help.
func (f failure) throttled() string {
	if client.StatusOf(f.err) == http.StatusServiceUnavailable {
		return "The CRM is not available, and asks for a pause that is longer than the provider waits. The failed request changed nothing. " +
			"Try again after the pause: the cause says how long it is."
	}
	return explanations[client.Throttled]
}

// unreachable is the explanation of a failed connection. The advice depends on the cause.
func (f failure) unreachable() string {
	const address = " Check the setting service_url (PIPELINER_SERVICE_URL), the network, and the proxy in HTTPS_PROXY, if you use one."
	switch {
	case client.IsUntrusted(f.err):
		return explanations[client.Unreachable] + " The provider doesn't trust the certificate. If a proxy or a service of your own has its " +
			"own certificate authority, set SSL_CERT_FILE to a readable file that contains it. If the certificate belongs to another host, " +
			"correct the setting service_url (PIPELINER_SERVICE_URL)."
	case errors.As(f.err, new(*client.TimeoutError)):
		return explanations[client.Unreachable] + address + " If the CRM is slow, increase request_timeout."
	}
	return explanations[client.Unreachable] + address
}
