package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// warnOfEmptyKeys warns of empty keys, which usually come from a blank cell.
func (e entries) warnOfEmptyKeys() (diags diag.Diagnostics) {
	for key := range e {
		if strings.TrimSpace(key) == "" {
			diags.AddAttributeWarning(at(key), "Empty Key",
				fmt.Sprintf("An entry has the key %q, which may come from a blank cell. Check that the entry is one that you want.", key))
		}
	}
	return diags
}

// warnOfKeptNumbers warns of planned conversations with the same phone and number, if the configuration omits the
// number of one of them and the number stays as it is in the CRM.
func (n numbers) warnOfKeptNumbers(planned, config entries) diag.Diagnostics {
	isKept := func(key string) bool {
		return config[key] != nil && config[key].RecipientPhoneNumber.IsNull() && isKnown(planned[key].RecipientPhoneNumber)
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(planned)), func(key string) bool { return planned[key] != nil && isKept(key) }) {
		return nil // numbers are slow to parse
	}
	return n.warnOfTwins(planned, func(keys []string) bool { return slices.ContainsFunc(keys, isKept) })
}

// warnOfTwins warns of conversations with the same phone and number, in one warning for all groups of keys that
// counts accepts.
func (n numbers) warnOfTwins(e entries, counts func(keys []string) bool) (diags diag.Diagnostics) {
	same := make(map[engine.Identity][]string, len(e))
	var twins []engine.Identity
	for key, entry := range e.known() {
		if !entry.mayExist() {
			continue
		}
		if number := entry.RecipientPhoneNumber.ValueString(); isRounded(number) || isPlaceholder(number) {
			continue // an error already
		}
		id := n.identityOf(entry.conversationModel)
		if same[id] = append(same[id], key); len(same[id]) == 2 {
			twins = append(twins, id)
		}
	}
	twins = slices.DeleteFunc(twins, func(id engine.Identity) bool { return !counts(same[id]) })
	groups := make([]string, len(twins))
	between := ", "
	for i, id := range twins {
		groups[i] = together(same[id])
		if len(same[id]) > 2 {
			between = "; "
		}
	}
	if len(groups) > 0 {
		diags.AddAttributeWarning(path.Root("conversations"), "Same Number Twice",
			fmt.Sprintf(inNumber(len(groups) > 1, "These conversations have the same phone and the same number: %s. The provider manages a "+
				"conversation for each of them. If you don't want that, keep only one of them{| in each group}."),
				strings.Join(firstTexts(groups), between)))
	}
	return diags
}

// warnOfSameNumber warns of a new conversation if the plan creates another one with the same phone and number. It
// compares only new conversations, because Terraform plans each of them once, but plans a replacement twice.
func (r *conversationResource) warnOfSameNumber(m conversationModel, n numbers) (diags diag.Diagnostics) {
	if !m.mayExist() {
		return nil
	}
	if _, twice := r.provider.creates.LoadOrStore(n.identityOf(m), nil); twice {
		diags.AddAttributeWarning(path.Root(numberAttribute), "Same Number Twice", "Another resource that the plan creates has the same phone and "+
			"the same number. The provider creates a conversation for each of them. If you don't want that, keep only one of them.")
	}
	return diags
}

// together lists the keys of a group. If there are many, it lists the first few.
func together(keys []string) string {
	if len(keys) > mostListed {
		return quoted(keys)
	}
	last := len(keys) - 1
	return fmt.Sprintf("%s and %q", quoted(keys[:last]), keys[last])
}
