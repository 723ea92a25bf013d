package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// linkedByOthers links a record to the only conversation, as someone else does.
func (s *stage) linkedByOthers(field, id string) {
	s.t.Helper()
	_, err := s.Create(relationEntity, map[string]any{"text_message_conversation_id": s.id(), field: id})
	must(s.t, err)
}

// with returns a configuration of one conversation with more attributes.
func (s *stage) with(attributes declared) map[string]block {
	attributes["phone_id"] = phone
	return s.single(attributes)
}

// The server has exactly the declared links, whether it replaces an array or merges into
// it. Links of kinds that the configuration omits stay.
func TestStage_relations(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{mockserver.Replace, mockserver.Merge} {
		runOnStage(t, mode, mockserver.Behavior{ArrayUpdate: mode}, nil, linksDeclared)
	}
}

func linksDeclared(s *stage) {
	s.applies(s.with(declared{"account_relations": []string{acme}}), address, create)
	relation := s.Records(relationEntity)[0]["id"]
	s.linkedByOthers("quote_id", quote)
	becomes := func(attributes declared, want map[string]any) {
		s.t.Helper()
		want["quote_relations"] = []string{quote}
		s.applies(s.with(attributes), address, update)
		s.checks(s.holds(want))
	}
	becomes(declared{"account_relations": []string{acme, globex}}, map[string]any{"account_relations": []string{acme, globex}})
	if !slices.ContainsFunc(s.Records(relationEntity), func(r map[string]any) bool { return r["id"] == relation && r["is_deleted"] != true }) {
		s.t.Errorf("the link to %s was made anew; want it kept", acme)
	}
	becomes(declared{"account_relations": []string{globex}}, map[string]any{"account_relations": []string{globex}})
	becomes(declared{"account_relations": []string{}, "lead_relations": []string{lead}},
		map[string]any{"account_relations": []string{}, "lead_relations": []string{lead}})
}

// Other users' links stay if the configuration omits their kind. Otherwise, the server has the declared links.
func TestStage_linksOfOthers(t *testing.T) {
	t.Parallel()
	for change, revision := range map[string]string{mockserver.Replace: mockserver.Bump, mockserver.Merge: mockserver.Keep} {
		runOnStage(t, change+", revision "+revision, mockserver.Behavior{ArrayUpdate: change, RelationRevision: revision}, nil, linksOfOthers)
	}
}

func linksOfOthers(s *stage) {
	s.applies(s.with(declared{"account_relations": []string{acme}}), address, create)
	s.linkedByOthers("contact_id", bob)
	s.meanwhile = func() { s.linkedByOthers("quote_id", quote) }
	s.applies(s.with(declared{"account_relations": []string{globex}}), address, update)
	theirs := map[string]any{"contact_relations": []string{bob}, "quote_relations": []string{quote}, "account_relations": []string{globex}}
	s.checks(s.holds(theirs))

	// A link of a declared kind, which need not change the revision.
	none := func() map[string]block { return s.with(declared{"account_relations": []string{}}) }
	s.meanwhile = func() { s.linkedByOthers("account_id", acme) }
	s.refused(none(), "Conflicting Change of Text Message Conversation", "account_relations", "as planned: none", strings.Join(sortedTexts(acme, globex), ", "))
	s.applies(none(), address, update)
	theirs["account_relations"] = []string{}
	s.checks(s.holds(theirs))
}

// The replies to updates of many single resources with links are lost, and the updates are not carried out. There is
// one wait for all of them, and no duplicate link.
func TestStage_lostLinksOfMany(t *testing.T) {
	t.Parallel()
	for _, kind := range []mockserver.Kind{mockserver.DropBefore, mockserver.DropAfter, mockserver.CommitLater} {
		onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
			config := func(contacts ...string) map[string]block {
				all := map[string]block{}
				for i := range 30 {
					all[fmt.Sprintf("s%02d", i)] = s.single(declared{"phone_id": phone, number: fmt.Sprintf("+155501003%02d", i), "contact_relations": contacts})[address]
				}
				return all
			}
			if _, errors := s.apply(config(ada)); errors != "" {
				s.t.Fatal(errors)
			}
			s.ResetRequests()
			s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: kind, CommitAfter: 10 * time.Second, Times: 2})
			began := time.Now()
			_, errors := s.apply(config(ada, bob))
			s.t.Logf("%s: %s, %d requests %q", kind, time.Since(began), len(s.Requests()), errors)
			if took := time.Since(began); took > 3*time.Minute || errors != "" {
				s.t.Errorf("%s: %s %q", kind, took, errors)
			}
			s.ClearFaults()
			s.nothingLeft(config(ada, bob))
		})
	}
}

// An update sets a number, which the CRM masks, and can't remove a link. The masked number still counts as the one
// that was sent, so the next plan does not replace the conversation.
func TestStage_numberBesideALinkThatStays(t *testing.T) {
	t.Parallel()
	for _, at := range []string{address, bulkAddress} {
		runOnStage(t, at, mockserver.Behavior{ArrayUpdate: mockserver.Merge, PhoneFormat: mockserver.Masked}, impatient, func(s *stage) {
			config := func(d declared) map[string]block {
				d["phone_id"] = phone
				if at == bulkAddress {
					return s.bulk(map[string]declared{"a": d}, nil)
				}
				return s.single(d)
			}
			s.applies(config(declared{"account_relations": []string{acme}}), at, create)
			after := config(declared{"account_relations": []string{}, number: "+1 555 010 0001"})
			s.Inject(mockserver.Fault{Path: relationEntity + "/batch-delete", Kind: mockserver.StatusReply, Status: 403, Envelope: true})
			s.refused(after, "removing a link failed")
			s.ClearFaults()
			s.applies(after, at, update)
			s.checks(s.holds(map[string]any{"account_relations": []string{}}))
			s.wantMade(1)
		})
	}
}
