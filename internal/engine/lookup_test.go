package engine

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Find returns whole conversations even if the service shows links only as URIs, and messages that no one asked for.
func TestFindShowsWholeConversations(t *testing.T) {
	t.Parallel()
	const link = "https://crm.example/entities/" + apitest.RelationSegment + "/" + apitest.ID2
	c := scriptedEngine(t, func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, apitest.RelationSegment) {
			return apitest.Answer(r, http.StatusOK, `{"success":true,"data":[{"id":"`+apitest.ID2+`","account_id":"`+acme.String()+`"}]}`), nil
		}
		query := r.URL.Query()
		wantEqual(t, "load-only", strings.Join(wholeConversations().LoadOnly, ","), query.Get("load-only"))
		wantEqual(t, "expand", strings.Join(relationFields(), ","), query.Get("expand"))
		return apitest.Answer(r, http.StatusOK, `{"success":true,"data":[{"id":"`+apitest.ID1+`","revision":7,"account_relations":["`+link+`"],"messages":["https://crm.example/entities/TextMessages/`+apitest.ID2+`"]}]}`), nil
	})
	found, err := c.Find(t.Context(), client.Query{LoadOnly: []string{"id"}}, 0)
	apitest.Must(t, err)
	if len(found) != 1 {
		t.Fatalf("%d conversations", len(found))
	}
	wantEqual(t, "linked accounts", []client.ID{acme}, client.RelationKinds[0].Linked(&found[0]))
	wantEqual(t, "messages", 0, len(found[0].Messages))
}

// No document says that the service filters by revision. If it does not, Find fails rather
// than return conversations that don't match.
func TestFindByRevision(t *testing.T) {
	t.Parallel()
	for _, behavior := range []string{mockserver.Honoured, mockserver.Ignored} {
		s := newSpace(t, mockserver.Behavior{RevisionFilter: behavior})
		ids := s.seed(t, 4)
		all, err := s.engine.Find(t.Context(), client.Query{OrderBy: []string{"revision"}}, 0)
		apitest.Must(t, err)
		second, third := strconv.FormatInt(all[1].Revision, 10), strconv.FormatInt(all[2].Revision, 10)
		for _, test := range []struct {
			op, value string
			want      []client.ID
		}{
			{"", second, ids[1:2]},
			{"eq", second, ids[1:2]},
			{"not-eq", second, []client.ID{ids[0], ids[2], ids[3]}},
			{"gt", second, ids[2:]},
			{"gte", second, ids[1:]},
			{"lt", third, ids[:2]},
			{"lte", third, ids[:3]},
			{"between", second + "," + third, ids[1:3]},
		} {
			found, err := s.engine.Find(t.Context(), client.Query{OrderBy: []string{"revision"}, Filters: []client.Filter{{Field: "revision", Op: test.op, Value: test.value}}}, 0)
			if behavior == mockserver.Ignored {
				if err == nil || !strings.Contains(err.Error(), "ignores the filter on revision") {
					t.Errorf("revision %s %s, which is ignored: %d found, %v", test.op, test.value, len(found), err)
				}
				continue
			}
			apitest.Must(t, err)
			var got []client.ID
			for _, conversation := range found {
				got = append(got, conversation.ID)
			}
			wantEqual(t, "revision "+test.op+" "+test.value, test.want, got)
		}
	}
	refusing := newSpace(t, mockserver.Behavior{RevisionFilter: mockserver.Refused})
	_, err := refusing.engine.Find(t.Context(), client.Query{Filters: []client.Filter{{Field: "revision", Op: "gt", Value: "1"}}}, 0)
	wantProblem(t, err, client.Refused)
}

func TestOfNumber(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	s.seed(t, 150)
	otherPhone, err := s.Create("Phones", map[string]any{"name": "Back office"})
	apitest.Must(t, err)
	create := func(phone, number string) client.ID {
		id, err := s.Create(apitest.ConversationSegment, map[string]any{"phone_id": phone, "recipient_phone_number": number})
		apitest.Must(t, err)
		return idOf(id)
	}
	one := create(frontDesk.String(), "+1 (202) 555-0100")
	create(otherPhone, "+12025550100")
	first, second := create(frontDesk.String(), "+1 202 555 0101"), create(frontDesk.String(), "+12025550101")
	create(frontDesk.String(), "12025550101")
	bare, zeros := create(frontDesk.String(), "12025550104"), create(frontDesk.String(), "0012025550105")
	gone := create(frontDesk.String(), "+12025550102")
	apitest.Must(t, s.SoftDelete(apitest.ConversationSegment, gone.String()))
	s.ResetRequests()
	for number, want := range map[string][]client.ID{
		"+1 202-555-0100": {one},
		"+12025550101":    {first, second},
		"+12025550102":    nil, // soft-deleted
		"+12025550103":    nil,
		"+12025550104":    {bare},
		"+12025550105":    {zeros},
		"0012025550104":   {bare},
		"0012025550100":   {one},
		"12025550100":     nil, // of no known country
		"":                nil,
	} {
		found, err := s.engine.OfNumber(t.Context(), frontDesk, number)
		apitest.Must(t, err)
		var got []client.ID
		for _, conversation := range found {
			got = append(got, conversation.ID)
		}
		wantEqual(t, number, want, got)
		for _, request := range s.Requests() {
			wantEqual(t, "filter", frontDesk.String(), request.Query.Get("filter[phone_id]"))
		}
		s.wantRequests(t, apitest.ListConversations, apitest.ListConversations)
	}
	if s.engine.claims.has(one) {
		t.Error("what was found is claimed: a lost create could not adopt it any more")
	}
}

// OfNumber works with a service that ignores filters and shows deleted conversations.
func TestOfNumberWithoutFilters(t *testing.T) {
	t.Parallel()
	conversation := func(id, phone client.ID, deleted string) string {
		return `{"id":"` + id.String() + `","phone_id":"` + phone.String() + `","recipient_phone_number":"+12025550100","revision":7,"is_deleted":` + deleted + `}`
	}
	c := replyingEngine(t, `{"success":true,"data":[`+conversation(idOf(apitest.ID1), acme, "false")+`,`+conversation(idOf(apitest.ID2), frontDesk, "true")+`,`+conversation(jones, frontDesk, "false")+`]}`)
	found, err := c.OfNumber(t.Context(), frontDesk, "+12025550100")
	apitest.Must(t, err)
	if len(found) != 1 || found[0].ID != jones {
		t.Errorf("found %v", found)
	}
}

// A lookup is never answered from the listing of a refresh.
func TestLookupsAreFresh(t *testing.T) {
	t.Parallel()
	s := newSpace(t, mockserver.Behavior{})
	ids := s.seed(t, 5)
	for _, id := range ids[:3] { // the second read makes the listing
		_, err := s.engine.Conversations.Read(t.Context(), id)
		apitest.Must(t, err)
	}
	for _, id := range ids {
		apitest.Must(t, s.Edit(apitest.ConversationSegment, id.String(), map[string]any{"recipient_account_id": acme.String()}))
	}
	found, err := s.engine.Find(t.Context(), client.Query{}, 0)
	apitest.Must(t, err)
	got, err := s.engine.Conversations.Get(t.Context(), ids[4])
	apitest.Must(t, err)
	ofNumber, err := s.engine.OfNumber(t.Context(), frontDesk, apitest.NumberOf(100_003))
	apitest.Must(t, err)
	for _, conversation := range append(append(found, got), ofNumber...) {
		if conversation.RecipientAccountID != acme {
			t.Errorf("%s is stale", conversation.ID)
		}
	}
	wantEqual(t, "found", 5+1, len(found)+len(ofNumber))
}
