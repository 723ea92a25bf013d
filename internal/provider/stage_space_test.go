package provider_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// numberedOne returns a configuration of one conversation with a number and further
// attributes.
func (s *stage) numberedOne(more declared) map[string]block {
	d := declared{number: "+1 555 010 0000"}
	maps.Copy(d, more)
	return s.with(d)
}

// The search fails too, so the resource is tainted and has no id. The next plan finds what was created. The
// conversation is replaced, and not left behind. A destroy finds it too.
func TestStage_outcomeUnknown(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]mockserver.Kind{"carried out": mockserver.DropAfter, "not carried out": mockserver.DropBefore} {
		runOnStage(t, name, mockserver.Behavior{}, impatient, func(s *stage) {
			s.leavesOpen(s.numberedOne(nil), kind)
			if id := stringOf(s.attribute(address, "id")); id != "" || !s.core.state[address].tainted {
				s.t.Errorf("the resource has the id %q; it is tainted: %t", id, s.core.state[address].tainted)
			}
			s.applies(s.numberedOne(nil), address, replace)
			s.checks(s.holds(map[string]any{"phone_id": phone}))
			s.destroys()
			s.leavesOpen(s.numberedOne(nil), kind)
			s.destroys()
			s.wantLive(0)
		})
	}
}

// A destroy finds a conversation that may belong to someone else, because it lacks
// something that was sent.
func TestStage_outcomeUnknownOfOthers(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.leavesOpen(s.numberedOne(declared{"recipient_account_id": acme}), mockserver.DropBefore)
		theirs := s.add(map[string]any{"phone_id": phone, number: "+1 555 010 0000"})
		s.refused(nil, "Unable to Delete Text Message Conversation", "or may belong to someone else", "terraform state rm")
		must(s.t, s.Purge(conversations, theirs))
		s.destroys()
	})
}

// A restored backup shows less than the state has seen. No missing record there counts as gone.
func TestStage_restoredBackup(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.Backup()
		s.applies(s.numberedOne(nil), address, create)
		must(s.t, s.RestoreBackup())
		s.refused(s.numberedOne(nil), "shows less than the state has already seen", "The provider changed nothing")
		for range 20 { // as time goes by, there is more than that
			must(s.t, s.space.Edit("Accounts", acme, map[string]any{"name": "Acme"}))
		}
		s.applies(s.numberedOne(nil), address, create)
	})
}

// The provider waits for a replica that lags behind a write.
func TestStage_lag(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.SetLag(time.Second)
		s.applies(s.numberedOne(nil), address, create)
		s.wantMade(1)
	})
}

// A conversation that was created but can't be read back is in the state, and not
// tainted.
func TestStage_notReadBack(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"max_retries": 0}, func(s *stage) {
		config := s.with(declared{"recipient_account_id": acme})
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Times: 1, Do: func() {
			s.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 502})
		}})
		_, errors := s.apply(config)
		s.ClearFaults()
		if id := stringOf(s.attribute(address, "id")); errors != "" || id != s.id() || s.core.state[address].tainted {
			s.t.Errorf("the conversation %q is tainted (%t): %s", id, s.core.state[address].tainted, errors)
		}
		s.applies(config, address, noop)
		s.checks(s.holds(map[string]any{"recipient_account_id": acme}))
		if s.attribute(address, "revision").IsNull() || len(s.Records(conversations)) != 1 {
			s.t.Errorf("the revision is %s, and %d conversations were made", text(s.attribute(address, "revision")), len(s.Records(conversations)))
		}
	})
}

// A copy that lags behind for a minute answers all reads: those of the apply, and those of the next plan. It shows
// everything that the apply has seen, but not what the apply has created. That does not count as gone.
func TestStage_notReadBackFromACopy(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{}, impatient, func(s *stage) {
			s.SetLag(time.Hour) // the space shows only the records that its seed contains
			_, errors := s.apply(declare(s))
			s.refused(declare(s), "could not read back, and the space has shown no change since")
			s.SetLag(0)
			s.applies(declare(s), at, noop)
			s.wantMade(1, errors)
		})
	}
}

// A wrong space, or a reply that looks like one, never counts as a deletion.
func TestStage_wrongSpaceKeepsState(t *testing.T) {
	t.Parallel()
	notFound := `{"success":false,"http_status":404,"code":2000,"name":"ERROR_NOT_FOUND","message":"no such space"}`
	for name, reply := range map[string]string{"the API's envelope": notFound, "another 404": `{"status":404,"message":"not found"}`} {
		runOnStage(t, name, mockserver.Behavior{}, nil, func(s *stage) {
			config := s.with(declared{})
			s.applies(config, address, create)
			s.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: 404, Reply: reply, ContentType: "application/json"})
			s.refused(config, "Unable to Read Text Message Conversation")
			s.ClearFaults()
			s.applies(config, address, noop)
		})
	}
}

// Terraform does not pass the private state of a tainted resource to its destroy. If the CRM refuses the destroy, the
// state still knows its space, and how the CRM spells its number.
func TestStage_taintedAndNotDeleted(t *testing.T) {
	t.Parallel()
	for at, declare := range oneConversation {
		runOnStage(t, at, mockserver.Behavior{PhoneFormat: mockserver.Masked}, nil, func(s *stage) {
			s.applies(declare(s), at, create)
			s.taint(at)
			s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: http.StatusForbidden, Envelope: true})
			s.refused(declare(s), "The CRM does not permit this")
			s.ClearFaults()
			s.untaint(at)
			if private := string(s.core.state[at].private); !strings.Contains(private, `"space"`) {
				s.t.Errorf("the private state is %s", private)
			}
			if _, errors := s.apply(declare(s)); errors != "" || len(s.Records(conversations)) != 1 || len(s.live()) != 1 {
				s.t.Errorf("%d of %d conversations are live: %s, %s", len(s.live()), len(s.Records(conversations)), errors, s.warnings)
			}
			s.nothingLeft(declare(s))
		})
	}
}
