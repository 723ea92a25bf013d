package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const permission = "The CRM does not permit this. In the space's administration, give the permission to read TextMessages"

// unreadable contains answers to a get of a message that don't show whose message it is, each with what the provider
// says about it.
var unreadable = map[string]struct {
	fault mockserver.Fault
	says  []string
}{
	"unavailable":   {mockserver.Fault{Kind: mockserver.StatusReply, Status: 502}, nil},
	"not permitted": {mockserver.Fault{Kind: mockserver.StatusReply, Status: 403, Envelope: true}, []string{permission}},
}

// A conversation that an earlier attempt has made is no longer needed. While it is removed, the contents of its
// messages can't be read. That does not show whose conversation it is: the next apply looks again, and deletes it.
func TestStage_unreadableContents(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		then []string // the numbers of the next configuration
		want []string
	}{
		"the entry is removed": {nil, []string{"+15550000000"}},
		"its number changes":   {[]string{"+15550000005"}, []string{"+15550000000", "+15550000005"}},
	} {
		for answer, to := range unreadable {
			runOnStage(t, name+", "+answer, mockserver.Behavior{}, impatient, func(s *stage) {
				config := func(numbers ...string) map[string]block {
					entries := numbered(1).entries()
					for _, n := range numbers {
						entries["k"] = declared{"phone_id": phone, number: n, "messages": messagesOf(s.entryType(), messageTexts{"a": "A"})}
					}
					return s.bulk(entries, map[string]any{"rollback_method": 1})
				}
				s.applies(config(), bulkAddress, create)
				s.leavesOpen(config("+15550000004"), mockserver.DropAfter)
				s.meanwhile = func() { s.hideContents(to.fault) }
				if answer == "not permitted" { // this does not keep the refresh from its work
					s.hideContents(to.fault)
				}
				_, errors := s.apply(config(of.then...))
				if said := errors + s.warnings; !says(append([]string{"couldn't delete it"}, to.says...)...).MatchString(said) {
					s.t.Errorf("the apply in trouble says %s; want %q", said, to.says)
				}
				if answer == "not permitted" && !says("May Have Been Created", "deletes what it finds. "+permission).MatchString(s.warnings) {
					s.t.Errorf("the refresh warns %s", s.warnings)
				}
				s.ClearFaults()
				if _, errors := s.apply(config(of.then...)); errors != "" {
					s.t.Errorf("the next apply fails: %s", errors)
				}
				s.wantNumbers(of.want...)
			})
		}
	}
}

// The same holds if the conversation is that of a single resource, which adopts or destroys it.
func TestStage_unreadableContentsOfOne(t *testing.T) {
	t.Parallel()
	for answer, to := range unreadable {
		for _, isDestroyed := range []bool{false, true} {
			runOnStage(t, fmt.Sprint(answer, ", destroyed ", isDestroyed), mockserver.Behavior{}, impatient, func(s *stage) {
				config := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000001"})
				s.leavesOpen(config, mockserver.DropAfter)
				s.untaint(address)
				if isDestroyed {
					config = nil
				}
				s.hideContents(to.fault)
				s.refused(config, append([]string{"may or may not have"}, to.says...)...)
				if answer == "not permitted" && !says("this conversation. The next apply looks", permission).MatchString(s.warnings) {
					s.t.Errorf("the refresh warns %s", s.warnings)
				}
				s.ClearFaults()
				if _, errors := s.apply(config); errors != "" {
					s.t.Errorf("the next apply fails: %s", errors)
				}
				if isDestroyed {
					s.wantNumbers()
				} else {
					s.nothingLeft(config)
					s.wantNumbers("+15550000001")
				}
			})
		}
	}
}

// The reply to a create is lost, and the provider may not read the contents. Then the error names the permission.
func TestStage_unreadableContentsOfLost(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		s.hideContents(unreadable["not permitted"].fault)
		s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter})
		s.refused(s.saying(messageTexts{"a": "A"}, nil), "its resource is tainted", permission)
	})
}

// A message is deleted between the list and the get. That is no failure: the next list lacks it.
func TestStage_contentsDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000001"})
		s.leavesOpen(config, mockserver.DropAfter)
		s.untaint(address)
		id := s.idOfMessage("A")
		s.Inject(mockserver.Fault{Method: "GET", Path: textMessages + "/", Times: 1, Before: mockserver.Acts{{Purge: &mockserver.Target{Entity: textMessages, ID: id}}}})
		s.refused(config, "may be it, or may belong to someone else")
	})
}

// Lists show a message, but neither a get nor a search for its id finds it. So an older copy may have answered. The
// create stays open, and the next apply adopts its result.
func TestStage_contentsOfOlderCopy(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, impatient, func(s *stage) {
		config := s.saying(messageTexts{"a": "A"}, declared{number: "+15550000001"})
		s.leavesOpen(config, mockserver.DropAfter)
		s.untaint(address)
		s.hideContents(mockserver.Fault{Kind: mockserver.StatusReply, Status: 404, Envelope: true})
		s.lie = func(r *http.Request, answer map[string]any) int {
			if strings.HasSuffix(r.URL.Path, "/"+textMessages) && strings.Contains(r.URL.RawQuery, s.idOfMessage("A")) {
				answer["data"], answer["total"] = []any{}, json.Number("0")
			}
			return 0
		}
		s.refused(config, "can't be found")
		s.ClearFaults()
		s.lie = nil
		if _, errors := s.apply(config); errors != "" {
			s.t.Errorf("the next apply fails: %s", errors)
		}
		s.nothingLeft(config)
		s.wantNumbers("+15550000001")
	})
}

// hideContents answers each get of a message with the fault.
func (s *stage) hideContents(fault mockserver.Fault) {
	fault.Method, fault.Path = "GET", textMessages+"/"
	s.Inject(fault)
}
