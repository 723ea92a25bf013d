//go:build unix

package provider_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// blindness contains faults that make a look fail.
var blindness = map[string]struct {
	form  string
	fault mockserver.Fault
	lost  []string // said of the creates
}{
	"revision is null": {
		form: "singles", fault: mockserver.Fault{Kind: mockserver.NullField},
		lost: []string{"may or may not have been created", "in the state without an id, and its resource is tainted", "the search for its result failed too", "revision"},
	},
	"credentials are refused": {
		form: "bulk", fault: mockserver.Fault{Kind: mockserver.StatusReply, Status: 401},
		lost: []string{"may or may not have been created", "the search for its result failed too"},
	},
}

// The reply to a create is lost, and the search for its result fails. The state remembers
// it, the next apply finds it, and nothing exists twice.
func TestAccUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, test := range blindness {
		t.Run(name+"/"+test.form, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mockserver.Behavior{})
			s := newBinary(t, "").scene(t, w)
			test.fault.Method = http.MethodGet
			w.lose("batch-modify", mockserver.Fault{Kind: mockserver.DropAfter, Do: func() { w.Inject(test.fault) }})
			configuration := shapes[test.form](w.space, numbered(3), recoversSoon, "max_retries = 0")
			s.plays(configuration, 1, applies, test.lost...)
			s.made(0, 3, 3)
			w.ClearFaults()
			s.plays(configuration, 0, applies, "Text Message Conversation Adopted")
			s.made(0, 6, 3) // what is tainted is replaced
			s.owns()
		})
	}
}

// A plan is saved, and the service is restored from a backup before the apply. The apply
// changes nothing.
func TestAccRestoredBackup_savedPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	s := newBinary(t, "").scene(t, w)
	s.plays(w.conversation(`recipient_account_id = "`+acme+`"`), 0, applies)
	w.Backup()
	w.someoneElse(w.id, map[string]any{"recipient_contact_id": bob})()
	s.plays(w.conversation(`recipient_account_id = "`+globex+`"`, recoversSoon), 0, []string{"plan", "-out=saved"})
	must(t, w.RestoreBackup())
	untouched := s.others()
	output, code := s.run(nil, "apply", "saved")
	s.wantOutput(output, code, 1, applies, "shows less than the state has already seen", "The provider changed nothing")
	untouched()
}

// Ctrl-C while the outcome of a create is unknown. The service carries it out later. The state remembers the create,
// and the next apply finds its result.
func TestAccUnknownOutcome_interrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	s := newBinary(t, "").scene(t, w)
	interrupt := make(chan struct{})
	w.lose("batch-modify", mockserver.Fault{
		Kind: mockserver.DropBefore, Latency: time.Second, // the interrupt is there before the connection ends
		Do: func() { close(interrupt) },
	})
	configuration := w.bulk(numbers{"a": sharedNumber}, "rollback_method = 1", `recovery_timeout = "3s"`)
	s.write("main.tf", configuration)
	output, code := s.run(interrupt, applies...)
	s.wantOutput(output, code, 1, applies, "may or may not have been created")
	s.made(0, 0, 0)
	if _, err := w.Act(createdBySomeone("recipient_account_id", nil)...); err != nil {
		t.Fatal(err)
	}
	s.plays(configuration, 0, applies, "Text Message Conversation Adopted")
	s.made(0, 1, 1)
	s.owns()
}

// Ctrl-C while the outcome of a create is unknown and the service is unreachable.
// Terraform ends soon, the state remembers the create, and the next apply finds it.
func TestAccUnknownOutcome_interruptedWhileAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, mockserver.Behavior{})
	s := newBinary(t, "").scene(t, w)
	interrupt := make(chan struct{})
	w.lose("batch-modify", mockserver.Fault{Kind: mockserver.DropAfter, Do: func() {
		w.Inject(mockserver.Fault{Method: http.MethodGet, Kind: mockserver.StatusReply, Status: 503})
		close(interrupt)
	}})
	configuration := w.singles(numbers{"a": sharedNumber}, `recovery_timeout = "3m"`, `request_timeout = "2s"`, "max_retries = 20")
	s.write("main.tf", configuration)
	begin := time.Now()
	output, code := s.run(interrupt, applies...)
	s.wantOutput(output, code, 1, applies, "may or may not have been created", "request_timeout")
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("Terraform ended after %s", took)
	}
	w.ClearFaults()
	s.plays(configuration, 0, applies, "Text Message Conversation Adopted")
	s.made(0, 2, 1)
	s.owns()
}
