package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Settings of the map, and of a provider that sends two at a time, one request after
// the other.
var (
	keeping  = map[string]any{"rollback_method": 1}
	twoByTwo = map[string]any{"batch_size": 2, "max_concurrent_requests": 1}
)

// entryOf returns what the state has of an entry.
func (s *stage) entryOf(key string) map[string]tftypes.Value {
	return parts(parts(s.attribute(bulkAddress, "conversations"))[key])
}

// wantMade checks how many conversations were ever made.
func (s *stage) wantMade(want int) {
	s.t.Helper()
	if made := len(s.Records(conversations)); made != want {
		s.t.Errorf("%d conversations were made; want %d", made, want)
	}
}

// A conversation under another key, in another spelling even, is only renamed.
func TestStage_rename(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		renamed := func(n numbers, key, id string) {
			s.t.Helper()
			s.applies(s.bulk(n.entries(), nil), bulkAddress, update)
			if got := stringOf(s.entryOf(key)["id"]); got != id {
				s.t.Errorf("the conversation is %s now, and was %s", got, id)
			}
			s.wantMade(3)
		}
		before := numbers{"alice": "+1 555 010 0001", "bob": "+1 555 010 0002", "carol": "+1 555 010 0003"}
		s.applies(s.bulk(before.entries(), nil), bulkAddress, create)
		carol := stringOf(s.entryOf("carol")["id"])
		renamed(before.without("carol").with("carla", "+1 (555) 010-0003"), "carla", carol)
		renamed(numbers{"alice": "+1 555 010 0003", "bob": "+1 555 010 0002", "carla": "+1 555 010 0001"}, "alice", carol) // two swap keys
		renamed(numbers{"a": "+15550100001", "bob": "+1 555 010 0002", "alice": "+1 555 010 0003"}, "alice", carol)
		s.checks(s.heldNumbers(before)) // in their first spelling
	})
}

// What others have changed is put right where it is declared, restored where it is
// deleted, made anew where it is gone, and left alone where nothing is said of it.
func TestStage_drift(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		three := s.bulk(numbered(3).entries(), nil)
		s.applies(three, bulkAddress, create)
		var ids []string
		for _, record := range s.Records(conversations) {
			ids = append(ids, fmt.Sprint(record["id"]))
		}
		must(s.t, s.space.Edit(conversations, ids[0], map[string]any{"recipient_contact_id": bob}))
		must(s.t, s.space.Edit(conversations, ids[1], map[string]any{"phone_id": phone}))
		s.applies(three, bulkAddress, noop)
		if contact := s.entryOf("c000")["recipient_contact_id"]; !contact.IsNull() {
			s.t.Errorf("the contact is %s; want none, as nobody asked for it", text(contact))
		}
		must(s.t, s.space.Edit(conversations, ids[0], map[string]any{"phone_id": otherPhone}))
		must(s.t, s.SoftDelete(conversations, ids[1]))
		must(s.t, s.Purge(conversations, ids[2]))
		s.ResetRequests()
		s.applies(three, bulkAddress, update)
		s.checks(s.heldNumbers(numbered(3)))
		s.checks(s.sentIn("batch-modify", 2, 1))
		s.checks(s.sentIn("batch-restore", 1, 1))
	})
}

// What an entry leaves out is not tracked: whatever the CRM has there is no difference.
// Once it is declared, it is written.
func TestStage_untracked(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		with := func(account any) map[string]block {
			return s.bulk(map[string]declared{"a": {"phone_id": phone, "recipient_account_id": account}}, nil)
		}
		s.applies(with(nil), bulkAddress, create)
		must(s.t, s.space.Edit(conversations, s.id(), map[string]any{"recipient_account_id": acme}))
		s.applies(with(nil), bulkAddress, noop)
		if account := s.entryOf("a")["recipient_account_id"]; !account.IsNull() {
			s.t.Errorf("the state has the account %s", text(account))
		}
		s.ResetRequests()
		s.applies(with(globex), bulkAddress, update)
		s.checks(s.sentFields("id", "recipient_account_id", "revision"))
		s.checks(s.holds(map[string]any{"recipient_account_id": globex}))
	})
}

// When even deleting again fails, what still exists is in the state and named.
func TestStage_compensationFails(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, twoByTwo, func(s *stage) {
		s.Inject(
			mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: 403},
			mockserver.Fault{Path: "batch-modify", Skip: 1, Times: 1, Kind: mockserver.StatusReply, Status: 403},
		)
		four := s.bulk(numbered(4).entries(), nil)
		s.refused(four, "Created, and still there", "It is in the state, so that it is not lost")
		if left := len(s.live()); left != 2 {
			s.t.Errorf("%d conversations left; want the two that could not be deleted again", left)
		}
		s.ClearFaults()
		s.applies(four, bulkAddress, replace)
		s.checks(s.heldNumbers(numbered(4)))
	})
}

// When nothing at all could be created, it is an error and nothing is in the state.
func TestStage_nothingSucceeds(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.refused(s.bulk(numbers{"a": "nonsense", "b": "rubbish"}.entries(), keeping), "Unable to Create Text Message Conversation", "The CRM refuses")
		if len(s.core.state) != 0 {
			s.t.Errorf("in the state is %v", s.core.state)
		}
		s.applies(s.bulk(numbers{"a": "+15550100001"}.entries(), keeping), bulkAddress, create)
		s.checks(s.heldNumbers(numbers{"a": "+15550100001"}))
	})
}

// In an update what succeeds is in the state, and only the rest is tried again.
func TestStage_updateFails(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		four := numbered(4)
		five := four.with("good", "+1 555 010 0001")
		of := func(n numbers) map[string]block { return s.bulk(n.entries(), keeping) }
		s.applies(of(four), bulkAddress, create)
		s.refused(of(five.with("bad", "nonsense").with("c000", "rubbish").without("c003")), "Unable to Update Text Message Conversation", `"bad"`)
		s.checks(s.heldNumbers(five.without("c003"))) // c000 could not be replaced, and is still there
		s.applies(of(five), bulkAddress, update)
		s.checks(s.heldNumbers(five))

		// What failed is failed no more when it is given up.
		s.refused(of(five.with("bad", "nonsense")), "Unable to Update Text Message Conversation", `"bad"`)
		s.applies(s.bulk(five.entries(), map[string]any{"rollback_method": 1, "validation_level": 2}), bulkAddress, update)
		if failed := s.attribute(bulkAddress, "failed"); len(parts(failed)) != 0 {
			s.t.Errorf("failed holds %s", text(failed))
		}

		// A removal that the CRM refuses.
		s.Inject(mockserver.Fault{Path: "batch-delete", Times: 1, Kind: mockserver.StatusReply, Status: 403})
		s.refused(of(four), "Unable to Delete Text Message Conversation", `conversations["good"]`, "could not be deleted")
		s.applies(of(four), bulkAddress, update)
		s.checks(s.heldNumbers(four))
	})
}

// What could not be deleted after it was replaced is told as that, and the next apply
// deletes it.
func TestStage_removalFails(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		two := numbers{"a": "+15550100001", "b": "+15550100002"}
		s.applies(s.bulk(two.entries(), nil), bulkAddress, create)
		s.Inject(mockserver.Fault{Path: "batch-delete", Kind: mockserver.StatusReply, Status: 403})
		changed := two.with("a", "+15550100003")
		s.refused(s.bulk(changed.entries(), nil), "Unable to Delete Text Message Conversation", `conversations["a"]: The conversation`,
			"could not be deleted. It is still in the CRM, and in the state, under the key", `"a (replaced)"`, "The next apply tries again", "does not permit this")
		s.ClearFaults()
		s.applies(s.bulk(changed.entries(), nil), bulkAddress, update)
		s.checks(s.heldNumbers(changed))
	})
}

// Creates whose outcome nobody could see are looked for by the next apply, under
// whatever key: none is made twice, and look-alikes stay two.
func TestStage_unsettled(t *testing.T) {
	t.Parallel()
	settings := map[string]any{"request_timeout": "1s"}
	maps.Copy(settings, impatient)
	maps.Copy(settings, twoByTwo)
	onStage(t, mockserver.Behavior{}, settings, unsettled)
}

func unsettled(s *stage) {
	five := numbered(4).with("twin", "+15550000000")
	of := func(n numbers) map[string]block { return s.bulk(n.entries(), keeping) }
	blind := func(skip int) {
		s.Inject(mockserver.Fault{Path: "batch-modify", Skip: skip, Times: 1, Kind: mockserver.DropAfter, Do: func() {
			s.Inject(mockserver.Fault{Method: "GET", Kind: mockserver.StatusReply, Status: 502})
		}})
	}
	blind(1) // in a create
	if _, errors := s.apply(of(five)); errors != "" || s.core.state[bulkAddress].tainted {
		s.t.Errorf("the apply fails: %s", errors)
	}
	s.ClearFaults()
	s.applies(of(five), bulkAddress, noop) // the refresh finds them all
	s.checks(s.heldNumbers(five))
	s.wantMade(5)

	blind(0) // in an update
	const more = "+1 555 999 0001"
	seven := five.with("more", more).with("same", more)
	s.refused(of(seven), "Unable to Update Text Message Conversations", "may or may not have been created",
		"The next apply looks for it in the CRM first, and adopts it if it is there")
	s.ClearFaults()
	s.Inject(mockserver.Fault{Method: "GET", Skip: 1, Kind: mockserver.StatusReply, Status: 403}) // the service is out of order: that settles nothing
	s.refused(of(seven), "may or may not have been created", "the outcome of an earlier attempt is not known")
	s.ClearFaults()
	renamed := five.with("other", "+1 (555) 999-0001").with("same", more)
	s.applies(of(renamed), bulkAddress, update)
	s.wantMade(7)
	s.checks(s.heldNumbers(seven))

	// Deleted and renamed at once.
	must(s.t, s.SoftDelete(conversations, fmt.Sprint(s.Records(conversations)[0]["id"])))
	s.applies(of(renamed.without("c000").with("c9", "+15550000000")), bulkAddress, update)
	s.wantMade(7)
}

// However many are updated, and wherever they are in the space, what the CRM has of
// them by then is one request: the state knows as of when it is.
func TestStage_comparison(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		of := func(contact string) map[string]block {
			entries := map[string]declared{}
			for i := range 150 {
				entries[fmt.Sprint(i)] = declared{"phone_id": phone, "recipient_contact_id": ""}
				if i%30 == 0 {
					entries[fmt.Sprint(i)]["recipient_contact_id"] = contact
				}
			}
			return s.bulk(entries, nil)
		}
		_, errors := s.apply(of(""))
		s.ResetRequests()
		_, more := s.apply(of(bob))
		if errors+more != "" {
			s.t.Errorf("the apply fails: %s%s", errors, more)
		}
		// Two pages for the plan; the comparison; the batch; its read-back.
		s.checks(s.wantOperations(map[string]int{"list": 2 + 1 + 1, "batch-modify": 1}))
		if with := slices.DeleteFunc(s.live(), func(r map[string]any) bool { return r["recipient_contact_id"] != bob }); len(with) != 5 {
			s.t.Errorf("%d conversations have the contact; want 5", len(with))
		}
	})
}

// The same for resources of their own, which are compared batch by batch.
func TestStage_comparisonOfSingles(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, map[string]any{"batch_window": "1s"}, func(s *stage) {
		of := func(contact string) map[string]block {
			blocks := map[string]block{}
			for i := range 40 {
				d := declared{"phone_id": phone, "recipient_contact_id": ""}
				if i%5 == 0 {
					d["recipient_contact_id"] = contact
				}
				blocks[fmt.Sprintf("%s[%02d]", address, i)] = s.single(d)[address]
			}
			return blocks
		}
		_, errors := s.apply(of(""))
		s.ResetRequests()
		_, more := s.apply(of(bob))
		if errors+more != "" {
			s.t.Errorf("the apply fails: %s%s", errors, more)
		}
		// The plan is a get and a page. One of the eight may be known by the get, and not
		// as of when: it is looked for by itself.
		if got := s.operations(); got["batch-modify"] != 1 || got["list"] > 4 || got["get"] > 2 {
			s.t.Errorf("requests: %v; want one batch, a comparison and a read-back", got)
		}
	})
}

// Any number of conversations, around the size of a batch.
func TestStage_sizes(t *testing.T) {
	t.Parallel()
	for size, test := range map[int]struct {
		batches int
		want    map[string]int
	}{
		0:   {0, map[string]int{}},
		1:   {1, map[string]int{"list": 2, "batch-modify": 1}},
		100: {1, map[string]int{"list": 2, "batch-modify": 1}},
		101: {2, map[string]int{"list": 3, "batch-modify": 2}},
	} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
				if _, errors := s.apply(s.bulk(numbered(size).entries(), nil)); errors != "" {
					s.t.Errorf("the apply fails: %s", errors)
				}
				s.checks(s.wantOperations(test.want))
				s.checks(s.heldNumbers(numbered(size)))
				s.nothingLeft(s.bulk(numbered(size).entries(), nil))
				if entries, failed := parts(s.attribute(bulkAddress, "conversations")), parts(s.attribute(bulkAddress, "failed")); len(entries) != size || len(failed) != 0 {
					s.t.Errorf("the state has %d conversations and %d that failed; want %d and none", len(entries), len(failed), size)
				}
				s.destroys()
				s.checks(s.sentIn("batch-delete", size, test.batches))
				s.checks(s.heldNumbers(numbers{}))
			})
		})
	}
}

// Whatever is written as the id of an import, and what is refused.
func TestStage_importOfBulk(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		one := s.add(map[string]any{"phone_id": phone, number: "+15550100001"})
		two := s.add(map[string]any{"phone_id": phone, number: "+15550100002"})
		for _, id := range []string{one + "," + two, "alice=" + one + ", bob=" + strings.ToUpper(two), "phone_id=" + phone} {
			s.imports(bulkAddress, bulkType, id)
			if entries := parts(s.attribute(bulkAddress, "conversations")); len(entries) != 2 {
				s.t.Errorf("the import of %s has %d conversations; want 2", id, len(entries))
			}
		}
		for id, want := range map[string][]string{
			"phone_id=" + otherPhone: {"Nothing to Import"},
			"sales,x=" + nobody[:30]: {"Invalid Import Id", `"sales"`, "neither a UUID"},
			nobody + ",a=" + ada:     {"Invalid Import Id", "there is no conversation " + ada, "there is no conversation " + nobody},
			"sales," + nobody:        {"Invalid Import Id", `"sales"`, "there is no conversation " + nobody},
			"a=" + ada + ",b=" + ada: {"Invalid Import Id", "is there twice"},
		} {
			s.refusesImport(bulkType, id, want...)
		}
	})
}

// The same for a single one.
func TestStage_import(t *testing.T) {
	t.Parallel()
	onStage(t, mockserver.Behavior{}, nil, func(s *stage) {
		s.applies(s.single(everythingDeclared()), address, create)
		want := parts(s.core.state[address].value)
		id := s.id()
		for _, written := range []string{id, strings.ToUpper(id), "https://eu-central.api.pipelinersales.com/api/v100/rest/spaces/my_space/entities/TextMessageConversations/" + id} {
			s.imports(address, singleType, written)
			for name, got := range parts(s.core.state[address].value) {
				if !got.Equal(want[name]) && !slices.Contains([]string{number, "validation_level", "deletion_policy"}, name) { // the number as the CRM writes it
					s.t.Errorf("the import of %s has the %s %s; want %s", written, name, text(got), text(want[name]))
				}
			}
		}
		s.refusesImport(singleType, "alice", `"alice" is neither a UUID`)
		s.refusesImport(singleType, "https://x/entities/Contacts/"+ada, "names a record of Contacts")
		s.refusesImport(singleType, "https://x/entities/TextMessages/"+nobody, "names a record of TextMessages")
	})
}
