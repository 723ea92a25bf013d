package provider_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// deleteByOthers deletes the conversation in the CRM, as someone else does.
func (s *stage) deleteByOthers() {
	s.t.Helper()
	must(s.t, s.SoftDelete(conversations, s.id()))
	s.ResetRequests()
}

// The plan shows a soft-deleted conversation, and the apply restores it with its id,
// together with other changes. A destroy leaves it deleted.
func TestStage_restore(t *testing.T) {
	t.Parallel()
	for get, parameters := range map[string]string{mockserver.NotFound: mockserver.Honoured, mockserver.OK: mockserver.Ignored} {
		runOnStage(t, "get of a deleted one "+get+", its parameters "+parameters, mockserver.Behavior{DeletedGet: get, GetParameters: parameters}, nil, restore)
	}
}

func restore(s *stage) {
	s.applies(s.single(everythingDeclared()), address, create)
	id := s.id()
	restored := func(d declared, want map[string]any) {
		s.t.Helper()
		s.deleteByOthers()
		planned := parts(s.applies(s.single(d), address, update).planned)
		if !planned["is_deleted"].Equal(tftypes.NewValue(tftypes.Bool, false)) || planned["revision"].IsKnown() || planned["modified"].IsKnown() {
			s.t.Errorf("the plan is %s", planned)
		}
		s.checks(s.holds(want))
		s.checks(s.sentIn("batch-restore", 1, 1))
		if got := s.id(); got != id || stringOf(s.attribute(address, "id")) != id {
			s.t.Errorf("the conversation is %s now, and was %s", got, id)
		}
	}
	restored(everythingDeclared(), everythingHeld)
	restored(declared{"phone_id": phone, "recipient_account_id": globex}, map[string]any{"recipient_account_id": globex, "quote_relations": []string{quote}})
	s.deleteByOthers()
	s.destroys()
	s.checks(s.sentIn("batch-restore", 0, 0))
}

// If someone deletes the conversation between the plan and the apply, the error says so, and the
// next plan restores it.
func TestStage_deletedSinceThePlan(t *testing.T) {
	t.Parallel()
	onStages(t, nil, func(s *stage) {
		s.applies(s.ofAccount(acme), address, create)
		id := s.id()
		s.meanwhile = s.deleteByOthers
		s.refused(s.ofAccount(globex), "Someone has deleted this conversation since the plan was made. The provider didn't change it. "+
			"Run terraform plan again: the new plan restores it.", "Cause: "+id+" is deleted")
		s.applies(s.ofAccount(globex), address, update)
		s.checks(s.holds(map[string]any{"recipient_account_id": globex, "is_deleted": false}))
		if s.id() != id {
			s.t.Errorf("the conversation is %s now, and was %s", s.id(), id)
		}
	})
}

// If the CRM refuses to restore, the error says what to do, and that works.
func TestStage_restoreRefused(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		config := s.single(declared{"phone_id": phone})
		s.applies(config, address, create)
		s.deleteByOthers()
		s.Inject(mockserver.Fault{Path: "batch-restore", Kind: mockserver.StatusReply, Status: 403})
		s.refused(config, "Unable to Update Text Message Conversation", "is deleted in the CRM, and the CRM does not restore it",
			"Restore it in the CRM and apply again, or replace it with a new one: terraform apply -replace=ADDRESS", "Cause:", "HTTP 403")
		s.taint(address) // as with -replace
		s.applies(config, address, replace)
		s.checks(s.holds(map[string]any{"phone_id": phone}))
	})
}

// If the CRM protects a conversation, a destroy says why it fails, and what to do.
func TestStage_deleteProtected(t *testing.T) {
	t.Parallel()
	const protected = "80000000-0000-4000-8000-00000000000a"
	for name, of := range map[string]struct {
		at, typeName, importID string
		config                 func(s *stage, policy any) map[string]block
	}{
		"single": {address, singleType, protected, func(s *stage, policy any) map[string]block {
			return s.single(declared{"phone_id": phone, "deletion_policy": policy})
		}},
		"bulk": {bulkAddress, bulkType, "a=" + protected, func(s *stage, policy any) map[string]block {
			return s.bulk(map[string]declared{"a": {"phone_id": phone}}, map[string]any{"deletion_policy": policy})
		}},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			must(s.t, s.Seed(map[string][]map[string]any{conversations: {{"id": protected, "phone_id": phone, "is_delete_protected": true}}}))
			s.imports(of.at, of.typeName, of.importID)
			s.refused(nil, "Unable to Delete Text Message Conversation", "The CRM protects the conversation against deletion", `apply deletion_policy = "abandon" first`)
			s.applies(of.config(s, "abandon"), of.at, update)
			planning := s.core.walk()
			planning.plan(nil)
			if says("Protected Text Message Conversation").MatchString(planning.warnings()) {
				s.t.Errorf("the plan to abandon it warns: %s", planning.warnings())
			}
			s.destroys()
			s.checks(s.holds(map[string]any{"id": protected}))
		})
	}
}

// A destroy of a conversation that is gone by then succeeds.
func TestStage_destroyOfWhatIsGone(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*world, string) error{
		"purged":       func(w *world, id string) error { return w.Purge(conversations, id) },
		"soft-deleted": func(w *world, id string) error { return w.SoftDelete(conversations, id) },
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			s.applies(s.single(declared{"phone_id": phone}), address, create)
			s.meanwhile = func() { must(s.t, remove(s.world, s.id())) }
			s.destroys()
			s.checks(s.sentIn("batch-delete", 1, 1)) // the deletion comes between refresh and request
		})
	}
}

// The policy that was applied last decides what a removal does, for a single resource and
// for a map. The plan warns if a new policy comes too late.
func TestStage_deletionPolicy(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		at     string
		config func(s *stage, to string, policy any) map[string]block
	}{
		"single": {address, func(s *stage, to string, policy any) map[string]block {
			return s.single(declared{"phone_id": phone, number: to, "deletion_policy": policy})
		}},
		"bulk": {bulkAddress, func(s *stage, to string, policy any) map[string]block {
			return s.bulk(numbers{"a": to}.entries(), map[string]any{"deletion_policy": policy})
		}},
	} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			for i, step := range []struct {
				policy any
				live   int
				warns  bool
			}{
				{nil, 1, false},
				{"abandon", 1, true}, // deleted, as was applied
				{"abandon", 2, false},
				{nil, 3, true}, // left, as was applied
				{nil, 3, false},
			} {
				_, errors := s.apply(of.config(s, fmt.Sprintf("+1555010000%d", i), step.policy))
				if warns := says("Deletion Policy Not Applied Yet").MatchString(s.warnings); errors != "" || len(s.live()) != step.live || warns != step.warns {
					s.t.Errorf("step %d: %d conversations, want %d; a warning is wanted: %t; %s %s", i, len(s.live()), step.live, step.warns, s.warnings, errors)
				}
			}
		})
	}
}

// A plan that restores entries of a map names them.
func TestStage_warnsOfRestore(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		config := s.bulk(numbered(2).entries(), nil)
		s.applies(config, bulkAddress, create)
		must(s.t, s.SoftDelete(conversations, stringOf(parts(parts(s.attribute(bulkAddress, "conversations"))["c001"])["id"])))
		planning := s.core.walk()
		planning.plan(config)
		if got := planning.warningsAt(bulkAddress); !says("Text Message Conversations Will Be Restored", `"c001"`).MatchString(got) || strings.Contains(got, `"c000"`) {
			s.t.Errorf("the plan warns %q; want a word of c001 alone", got)
		}
	})
}

// A colleague deletes the conversation, and the plan restores it. The reply to the restore is lost or comes late,
// while the colleague edits the same field.
func TestStage_restoreLostAndEdited(t *testing.T) {
	t.Parallel()
	for _, kind := range []mockserver.Kind{mockserver.DropAfter, mockserver.DropBefore, mockserver.CommitLater, mockserver.Truncate} {
		for _, deleted := range []string{mockserver.Bump, mockserver.Keep} {
			onStage(t, mockserver.Behavior{DeletedRevision: deleted}, nil, func(s *stage) {
				s.applies(s.single(declared{"phone_id": phone, number: "+15550100002", "recipient_contact_id": ada}), address, create)
				id := s.id()
				must(s.t, s.SoftDelete(conversations, id))
				s.Inject(mockserver.Fault{Method: "POST", Path: "batch-restore", Kind: kind, CommitAfter: time.Second, Status: 504, Times: 1, After: mockserver.Acts{{
					Edit: &mockserver.Target{Entity: conversations, ID: id, Values: map[string]any{"recipient_contact_id": nil, "recipient_account_id": acme}},
				}}})
				_, errors := s.apply(s.single(declared{"phone_id": phone, number: "+15550100002", "recipient_contact_id": bob}))
				if len(s.Records(conversations)) != 1 {
					s.t.Errorf("%d were made", len(s.Records(conversations)))
				}
				if held := s.Records(conversations)[0]; errors == "" && held["recipient_contact_id"] != bob {
					s.t.Errorf("%s: no error, and the CRM holds %v", kind, held)
				}
			})
		}
	}
}
