package provider_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// One fault at each request of an apply, with and without an interrupt. Afterwards, applies without faults create
// each conversation and each message once, and leave other users' records unchanged.
func TestStage_sweepOfFaults(t *testing.T) {
	t.Parallel()
	faults := map[string]mockserver.Fault{
		"drop before":     {Kind: mockserver.DropBefore, Times: 1},
		"drop after":      {Kind: mockserver.DropAfter, Times: 1},
		"502 on":          {Kind: mockserver.StatusReply, Status: 502},
		"422":             {Kind: mockserver.StatusReply, Status: 422, Reply: apitest.ValidationReply, Times: 1},
		"400 on":          {Kind: mockserver.StatusReply, Status: 400, Envelope: true, Times: 3},
		"500 after":       {Kind: mockserver.StatusAfter, Status: 500, Envelope: true, Times: 1},
		"stop":            {Kind: mockserver.Latency, Times: 1},
		"stop, after":     {Kind: mockserver.DropAfter, Times: 1},
		"lost, then 429":  {Kind: mockserver.DropAfter, Times: 1},
		"lost, reads lag": {Kind: mockserver.DropAfter, Times: 1},
		"lost, too large": {Kind: mockserver.DropAfter, Times: 1},
		"commit later":    {Kind: mockserver.CommitLater, Status: 504, CommitAfter: 1500 * time.Millisecond, Times: 1},
		"success false":   {Kind: mockserver.SuccessFalse, Times: 1},
		"short array":     {Kind: mockserver.ShortArray, Times: 1},
		"truncated":       {Kind: mockserver.Truncate, Times: 1},
		"html":            {Kind: mockserver.ReplaceReply, Reply: "<html>", Times: 1},
		"null revision":   {Kind: mockserver.NullField, Times: 2},
		"ends early":      {Kind: mockserver.EndsEarly, Times: 2},
	}
	type scenario struct {
		behavior mockserver.Behavior
		configs  func(s *stage) []map[string]block // applied one after the other; the fault hits the last
		want     map[string]int                    // live conversations by number
		messages map[string]int
	}
	withMessages := func(s *stage, n int) map[string]declared {
		entries := numbered(n).entries()
		for key, entry := range entries {
			entry["messages"] = messagesOf(s.entryType(), messageTexts{"a": "A of " + key, "b": "B of " + key})
		}
		return entries
	}
	scenarios := map[string]scenario{
		"map created": {
			configs: func(s *stage) []map[string]block {
				return []map[string]block{s.bulk(withMessages(s, 2), map[string]any{"rollback_method": 1})}
			},
			want: map[string]int{"+15550000000": 1, "+15550000001": 1}, messages: map[string]int{"A of c000": 1, "B of c000": 1, "A of c001": 1, "B of c001": 1},
		},
		"map created, masked": {
			behavior: mockserver.Behavior{PhoneFormat: mockserver.Masked},
			configs: func(s *stage) []map[string]block {
				return []map[string]block{s.bulk(withMessages(s, 2), map[string]any{"rollback_method": 1})}
			},
			want: map[string]int{"+*******0000": 1, "+*******0001": 1}, messages: map[string]int{"A of c000": 1, "B of c000": 1, "A of c001": 1, "B of c001": 1},
		},
		"all or nothing": {
			configs: func(s *stage) []map[string]block { return []map[string]block{s.bulk(withMessages(s, 2), nil)} },
			want:    map[string]int{"+15550000000": 1, "+15550000001": 1}, messages: map[string]int{"A of c000": 1, "B of c000": 1, "A of c001": 1, "B of c001": 1},
		},
		"map grows and edits": {
			configs: func(s *stage) []map[string]block {
				more := withMessages(s, 2)
				more["c000"]["recipient_contact_id"] = bob
				more["c000"]["messages"] = messagesOf(s.entryType(), messageTexts{"a": "A, edited", "c": "C"})
				return []map[string]block{s.bulk(withMessages(s, 1), nil), s.bulk(more, nil)}
			},
			want: map[string]int{"+15550000000": 1, "+15550000001": 1}, messages: map[string]int{"A, edited": 1, "C": 1, "A of c001": 1, "B of c001": 1},
		},
		"number changes": {
			configs: func(s *stage) []map[string]block {
				other := withMessages(s, 2)
				other["c000"][number] = "+15550000009"
				return []map[string]block{s.bulk(withMessages(s, 2), nil), s.bulk(other, nil)}
			},
			want: map[string]int{"+15550000009": 1, "+15550000001": 1}, messages: map[string]int{"A of c000": 1, "B of c000": 1, "A of c001": 1, "B of c001": 1},
		},
		"map adopts": {
			configs: func(s *stage) []map[string]block {
				s.handmade("+15550000001")
				return []map[string]block{s.bulk(withMessages(s, 2), map[string]any{"adopt_existing": true})}
			},
			want: map[string]int{"+15550000000": 1, "+15550000001": 1}, messages: map[string]int{"by hand": 1, "A of c000": 1, "B of c000": 1, "A of c001": 1, "B of c001": 1},
		},
		"grown map adopts": {
			configs: func(s *stage) []map[string]block {
				s.handmade("+15550000001")
				return []map[string]block{s.bulk(withMessages(s, 1), map[string]any{"adopt_existing": true}), s.bulk(withMessages(s, 2), map[string]any{"adopt_existing": true})}
			},
			want: map[string]int{"+15550000000": 1, "+15550000001": 1}, messages: map[string]int{"by hand": 1, "A of c000": 1, "B of c000": 1, "A of c001": 1, "B of c001": 1},
		},
		"single": {
			configs: func(s *stage) []map[string]block {
				return []map[string]block{s.saying(messageTexts{"a": "A", "b": "B"}, declared{number: "+15550000001"})}
			},
			want: map[string]int{"+15550000001": 1}, messages: map[string]int{"A": 1, "B": 1},
		},
		"single adopts": {
			configs: func(s *stage) []map[string]block {
				s.handmade("+15550000001")
				return []map[string]block{s.saying(messageTexts{"a": "A", "b": "B"}, declared{number: "+15550000001", "adopt_existing": true})}
			},
			want: map[string]int{"+15550000001": 1}, messages: map[string]int{"by hand": 1, "A": 1, "B": 1},
		},
		"single edits": {
			configs: func(s *stage) []map[string]block {
				return []map[string]block{
					s.saying(messageTexts{"a": "A", "b": "B"}, declared{number: "+15550000001"}),
					s.saying(messageTexts{"a": "A2", "c": "C"}, declared{number: "+15550000001", "recipient_contact_id": bob, "account_relations": []string{acme}}),
				}
			},
			want: map[string]int{"+15550000001": 1}, messages: map[string]int{"A2": 1, "C": 1},
		},
	}
	every := 7 // "make soak" tries all of them
	if os.Getenv("SWEEP") == "all" {
		every = 1
	}
	tried := 0
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		scenario := scenarios[name]
		for _, kind := range slices.Sorted(maps.Keys(faults)) {
			fault, first := faults[kind], tried
			tried += 14
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				size := 1
				if kind == "lost, too large" {
					size = 100
				}
				for n, isHit := 0, true; isHit && n < 14; n++ { // until an apply has no such request
					if (first/14+n)%every != 0 {
						continue
					}
					onStage(t, scenario.behavior, map[string]any{"recovery_timeout": "2s", "max_retries": 0, "request_timeout": "5s", "batch_size": size}, func(s *stage) {
						configs := scenario.configs(s)
						for _, config := range configs[:len(configs)-1] {
							if _, errors := s.apply(config); errors != "" {
								s.t.Fatal(errors)
							}
						}
						last := configs[len(configs)-1]
						plan := s.plans(last)
						applying := s.core.walk()
						hit := fault
						hit.Skip = n
						if len(kind) >= 4 && kind[:4] == "stop" {
							hit.Do = applying.stop
						}
						s.Inject(hit)
						switch kind {
						case "lost, then 429":
							s.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: 429, RetryAfter: "1", Skip: n, For: 3 * time.Second})
						case "lost, reads lag":
							s.SetLag(1500 * time.Millisecond)
						case "lost, too large":
							s.SetMaxBatchItems(1)
						}
						s.ResetRequests()
						applying.apply(plan)
						isHit = slices.ContainsFunc(s.Requests(), func(r mockserver.Request) bool { return r.Fault != "" })
						s.ClearFaults()
						s.SetLag(0)
						said := []string{fmt.Sprint(applying.errors()), applying.warnings()}
						left := ""
						for isDone := false; !isDone && len(said) < 10; {
							plan, left = s.apply(last)
							said = append(said, left, s.warnings)
							isDone = plan != nil && !slices.ContainsFunc(plan.changes, func(c *change) bool { return c.action != noop })
						}
						conversationsLive, messagesLive := map[string]int{}, map[string]int{}
						owner := map[any]bool{}
						for _, r := range s.live() {
							conversationsLive[fmt.Sprint(r[number])]++
							owner[r["id"]] = true
						}
						for _, r := range s.Records(textMessages) {
							if r["is_deleted"] != true && owner[r["text_message_conversation_id"]] {
								messagesLive[fmt.Sprint(r["content"])]++
							}
						}
						if left != "" || !maps.Equal(conversationsLive, scenario.want) || !maps.Equal(messagesLive, scenario.messages) {
							s.t.Errorf("at request %d: %v, %v; error %q\n%.1500q", n, conversationsLive, messagesLive, left, said)
						}
						for _, broken := range s.core.broken {
							s.t.Errorf("at request %d: rule: %s", n, broken)
						}
					})
				}
			})
		}
	}
}
