//go:build unix

package provider_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"
)

// The CRM carries out a create, but the reply does not show it. The provider finds the conversation, keeps it in the
// state with a warning, and does not create it again. It does not change records of other users. The real Terraform
// plays each variant once. TestStage_lost checks the empty plan and a destroy for all variants, and this test for the
// first two.
func TestAccLostReply(t *testing.T) { //nolint:tparallel // the binary is built before, in an environment of its own
	built := newBinary(t, "")
	for i, name := range slices.Sorted(maps.Keys(losses)) {
		loss, form := losses[name], []string{"singles", "bulk"}[i%2]
		t.Run(name+"/"+form, func(t *testing.T) {
			t.Parallel()
			loseCreates(t, built, loss, shapes[form], i < 2)
		})
	}
}

func loseCreates(t *testing.T, built *binary, loss loss, declare shape, throughout bool) {
	t.Helper()
	w := newWorld(t, loss.behavior)
	s := built.scene(t, w)
	three := numbered(3)
	others := []string{
		w.add(map[string]any{"phone_id": otherPhone, "recipient_phone_number": three["c000"]}),
		w.add(map[string]any{"phone_id": phone, "recipient_phone_number": "+1 555 999 0000", "recipient_account_id": globex}),
	}
	untouched := s.others()
	if loss.prepare != nil {
		loss.prepare(w)
	}
	loss.fault.Method, loss.fault.Path, loss.fault.Times = http.MethodPost, "batch-modify", 1
	w.Inject(loss.fault)
	configuration := declare(w.space, three, loss.settings...)
	s.plays(configuration, 0, applies, "Warning: Text Message Conversation Adopted", "The CRM gave no usable reply when the provider created")
	s.made(2, 3, 3)
	s.owns(others...)
	if !throughout {
		untouched()
		return
	}
	s.plays(configuration, 0, plans)
	s.plays(configuration, 0, destroys, "Destroy complete!")
	s.made(2, 3, 0)
	untouched()
}
