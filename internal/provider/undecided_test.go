package provider

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Terraform plans a map twice if values are unknown at first. What the first plan says holds in the second one,
// whatever the values turn out to be.
func TestPlanEntries_plansTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		draw := rand.New(rand.NewPCG(1, seed)) //nolint:gosec // the same cases each time
		id := func(kind string, of int) types.String {
			return types.StringValue(fmt.Sprintf("%s0000000-0000-4000-8000-00000000000%d", kind, draw.IntN(of)))
		}
		key := func(of int) string { i := draw.IntN(of); return "abcde"[i : i+1] }
		oneIn := func(n int) bool { return draw.IntN(n) == 0 }
		config, prior := entries{}, entries{}
		for range 1 + draw.IntN(3) {
			prior[key(4)] = drawEntry(draw, id)
		}
		for i, key := range prior.keys() {
			prior[key].IsDeleted = types.BoolValue(oneIn(4))
			prior[key].ID, prior[key].Revision = types.StringValue(fmt.Sprintf("80000000-0000-4000-8000-00000000000%d", i)), types.Int64Value(int64(i))
		}
		for range 1 + draw.IntN(4) {
			config[key(5)] = drawEntry(draw, id)
		}
		vague := entries{}
		for _, key := range config.keys() {
			entry := *config[key]
			for _, field := range configurableFields {
				if field.get(&entry.conversationModel).IsNull() || !oneIn(4) {
					continue
				}
				field.set(&entry.conversationModel, field.unknown)
			}
			if vague[key] = &entry; oneIn(4) {
				vague[key] = nil
			}
		}
		tried := openCreates{}
		if oneIn(4) {
			tried["f"] = attempt{Sent: drawEntry(draw, id).toAPI(numbers{}, nil)}
		}
		first, _, _ := numbers{}.planEntries(vague, prior, tried)
		second, _, _ := numbers{}.planEntries(config, prior, tried)
		for key, before := range first.known() {
			for _, field := range conversationFields {
				was, is := field.get(&before.conversationModel), field.get(&second[key].conversationModel)
				if !was.IsUnknown() && !was.Equal(is) {
					t.Errorf("case %d: %s of %s is planned as %v, then as %v", seed, field.name, key, was, is)
				}
			}
		}
	}
}

// If the number of an entry changes and it no longer declares an account, the new conversation is created without a word
// about the account: the CRM may match one.
func TestPlanEntries_omitted(t *testing.T) {
	t.Parallel()
	entry := func(number string, account types.String) *ownedModel {
		m := newOwnedModel()
		m.PhoneID, m.RecipientPhoneNumber, m.RecipientAccountID = types.StringValue(testPhone), types.StringValue(number), account
		return m
	}
	prior := entry("+15550100001", types.StringValue(""))
	prior.ID = types.StringValue(testAccount)
	planned, _, _ := numbers{}.planEntries(entries{"a": entry("+15550100002", types.StringNull())}, entries{"a": prior}, nil)
	if got := planned["a"].RecipientAccountID; !got.IsNull() {
		t.Errorf("the account is planned as %v", got)
	}
}

// An entry with an unknown account may turn out to be the same as a conversation that no key stands for any more. Then it
// also gets the contact of that one, which it does not declare.
func TestPlanEntries_undecided(t *testing.T) {
	t.Parallel()
	first, second := types.StringValue(testPhone), types.StringValue(testAccount)
	held := func(id types.String) *ownedModel {
		m := ofOneNumber(first, first, id)
		m.RecipientContactID = second
		return m
	}
	config := entries{"a": ofOneNumber(first, types.StringUnknown(), types.StringNull())}
	for name, test := range map[string]struct {
		prior entries
		tried openCreates
	}{
		"an open create of the same number": {entries{"b": held(first)}, openCreates{"c": attempt{Sent: held(first).toAPI(numbers{}, nil)}}},
		"several of the same number":        {entries{"b": held(first), "c": held(second)}, nil},
	} {
		planned, _, _ := numbers{}.planEntries(config, test.prior, test.tried)
		if got := planned["a"].RecipientContactID; !got.IsUnknown() {
			t.Errorf("%s: the contact is planned as %v", name, got)
		}
	}
}

// drawEntry draws an entry that is easily mistaken for another one.
func drawEntry(draw *rand.Rand, id func(kind string, of int) types.String) *ownedModel {
	m := newOwnedModel()
	m.PhoneID = id("1", 2)
	if draw.IntN(3) > 0 {
		m.RecipientPhoneNumber = types.StringValue(fmt.Sprintf([]string{"+1907555010%d", "+1 907 555 010%d"}[draw.IntN(2)], draw.IntN(3)))
	}
	switch draw.IntN(6) {
	case 0, 1:
	case 2:
		m.RecipientAccountID = types.StringValue("")
	default:
		m.RecipientAccountID = id("3", 2)
	}
	if draw.IntN(3) == 0 {
		m.RecipientContactID = id("2", 2)
	}
	return m
}
