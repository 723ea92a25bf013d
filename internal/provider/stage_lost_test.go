package provider_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A loss is a way in which the reply to a create does not show that the create was
// carried out.
type loss struct {
	behavior mockserver.Behavior
	fault    mockserver.Fault // of the create
	settings []string
	prepare  func(w *world)
}

const (
	recoversSoon = `recovery_timeout = "1s"`
	recoversLate = `recovery_timeout = "20s"`
)

var (
	drops = mockserver.Fault{Kind: mockserver.DropAfter}
	soon  = []string{recoversSoon}
	late  = []string{recoversLate}
)

var losses = map[string]loss{
	"500 with an envelope": {fault: mockserver.Fault{Kind: mockserver.StatusAfter, Status: 500, Envelope: true}, settings: soon},
	"503 with Retry-After": {fault: mockserver.Fault{Kind: mockserver.StatusAfter, Status: 503, RetryAfter: "1"}, settings: soon},
	"303":                  {fault: mockserver.Fault{Kind: mockserver.StatusAfter, Status: 303, Location: "/elsewhere"}, settings: soon},
	"304":                  {fault: mockserver.Fault{Kind: mockserver.StatusAfter, Status: 304}, settings: soon},
	"408":                  {fault: mockserver.Fault{Kind: mockserver.StatusAfter, Status: 408, Envelope: true}, settings: soon},
	"404 of somebody else": {fault: mockserver.Fault{Kind: mockserver.StatusAfter, Status: 404, Reply: "<html>Not here</html>"}, settings: soon},

	"504, and a commit behind it": {
		fault: mockserver.Fault{Kind: mockserver.CommitLater, Status: 504, CommitAfter: 2 * time.Second}, settings: late,
	},
	"a timeout, and a commit behind it": {
		fault:    mockserver.Fault{Kind: mockserver.CommitLater, Latency: 10 * time.Second, CommitAfter: 3 * time.Second},
		settings: []string{recoversLate, `request_timeout = "1s"`},
	},

	"created by a clock that is behind": {behavior: mockserver.Behavior{CreatedClock: mockserver.Behind}, fault: drops, settings: soon},
	"created is null":                   {behavior: mockserver.Behavior{CreatedClock: mockserver.Null}, fault: drops, settings: soon},

	"reads come from a replica": {fault: drops, settings: late, prepare: func(w *world) { w.SetLag(3 * time.Second) }},

	"numbers in digits":            {behavior: mockserver.Behavior{PhoneFormat: mockserver.Digits}, fault: drops, settings: soon},
	"numbers with 00":              {behavior: mockserver.Behavior{PhoneFormat: mockserver.DoubleZero}, fault: drops, settings: soon},
	"numbers that are masked":      {behavior: mockserver.Behavior{PhoneFormat: mockserver.Masked}, fault: drops, settings: soon},
	"lists in the order of ids":    {behavior: mockserver.Behavior{OrderBy: mockserver.Ignored}, fault: drops, settings: soon},
	"no filter by revision":        {behavior: mockserver.Behavior{RevisionFilter: mockserver.Refused}, fault: drops, settings: soon},
	"one of each phone and number": {behavior: mockserver.Behavior{Duplicates: mockserver.Refused}, fault: drops, settings: soon},
}

// settingsOf returns settings in the form that the stage takes.
func settingsOf(written []string) map[string]any {
	settings := map[string]any{}
	for _, line := range written {
		name, value, _ := strings.Cut(line, " = ")
		settings[name], _ = strconv.Unquote(value)
	}
	return settings
}

// The CRM carries out a create, but the reply does not show it. The provider finds the conversation, keeps it in the
// state with a warning, and does not create it again. It does not change records of other users.
func TestStage_lost(t *testing.T) {
	t.Parallel()
	for name, loss := range losses {
		for form, declare := range map[string]func(s *stage, n numbers) map[string]block{
			"singles": func(s *stage, n numbers) map[string]block {
				blocks := map[string]block{}
				for key, d := range n.entries() {
					blocks[address+"["+key+"]"] = s.single(d)[address]
				}
				return blocks
			},
			"bulk": func(s *stage, n numbers) map[string]block { return s.bulk(n.entries(), nil) },
		} {
			runOnStage(t, name+"/"+form, loss.behavior, settingsOf(loss.settings), func(s *stage) { s.losesCreates(loss, declare) })
		}
	}
}

func (s *stage) losesCreates(loss loss, declare func(s *stage, n numbers) map[string]block) {
	three := numbered(3)
	s.add(map[string]any{"phone_id": otherPhone, number: three["c000"]})
	s.add(map[string]any{"phone_id": phone, number: "+1 555 999 0000", "recipient_account_id": globex})
	others := fmt.Sprint(s.live())
	if loss.prepare != nil {
		loss.prepare(s.world)
	}
	loss.fault.Method, loss.fault.Path, loss.fault.Times = http.MethodPost, "batch-modify", 1
	s.Inject(loss.fault)
	config := declare(s, three)
	_, errors := s.apply(config)
	if !says("Text Message Conversation Adopted", "The CRM gave no usable reply when the provider created").MatchString(s.warnings) || says("could not check").MatchString(s.warnings) || errors != "" {
		s.t.Errorf("the warnings are %q, the errors %q", s.warnings, errors)
	}
	s.wantMade(5)
	s.nothingLeft(config)
	s.destroys()
	if left := fmt.Sprint(s.live()); left != others {
		s.t.Errorf("left are  %s\nothers had %s", left, others)
	}
	s.wantMade(5)
}

// If the CRM is too slow for request_timeout, the error of a create says what to increase.
func TestStage_tooSlow(t *testing.T) {
	t.Parallel()
	settings := map[string]any{"request_timeout": "1s", "recovery_timeout": "2s", "max_retries": 0}
	for _, many := range []bool{false, true} {
		onStage(t, mockserver.Behavior{}, settings, func(s *stage) {
			config := s.single(declared{"phone_id": phone, number: "+15550100002"})
			if many {
				config = s.bulk(numbered(2).entries(), nil)
			}
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropBefore, Latency: 5 * time.Second, Do: func() {
				s.Inject(mockserver.Fault{Method: "GET", Path: conversations, Kind: mockserver.StatusReply, Status: 502})
			}})
			s.refused(config, "may or may not have been created", "If the CRM is slow, increase request_timeout.", "no complete reply within 1s (request_timeout)")
		})
	}
}
