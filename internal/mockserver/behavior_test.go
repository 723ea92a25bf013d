package mockserver_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// play is a mock with one value of a switch.
type play struct {
	t *testing.T
	mock
}

// behaviors runs the test for every value of a switch and compares what it returns.
func behaviors(t *testing.T, name string, want map[string]any, test func(play) any) {
	t.Helper()
	var sw mockserver.Switch
	for _, s := range mockserver.Switches {
		if s.Name == name {
			sw = s
		}
	}
	wantDiff(t, "number of values of "+name, len(want), len(sw.Values))
	for i, value := range sw.Values {
		t.Run(name+"="+value, func(t *testing.T) {
			t.Parallel()
			m := newMock(t, map[string]string{name: value})
			wantDiff(t, name+"="+value, want[value], test(play{t, m}))
		})
		if i == 0 {
			t.Run(name+" by default", func(t *testing.T) {
				t.Parallel()
				wantDiff(t, name, want[value], test(play{t, newMock(t, nil)}))
			})
		}
	}
}

func TestSwitches(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, sw := range mockserver.Switches {
		names[sw.Name] = true
		if sw.Doc == "" || len(sw.Values) < 2 || !regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`).MatchString(sw.Name) {
			t.Errorf("incomplete: %+v", sw)
		}
		var behavior mockserver.Behavior
		*sw.Field(&behavior) = "nonsense"
		_, err := mockserver.New(mockserver.Options{Behavior: behavior})
		want := fmt.Sprintf(`%s must be one of %s, not "nonsense"`, sw.Name, strings.Join(sw.Values, ", "))
		wantDiff(t, "error of New", want, fmt.Sprint(err))
		m := newMock(t, nil)
		wantDiff(t, "error of SetBehavior", want, fmt.Sprint(m.SetBehavior(behavior)))
	}
	wantDiff(t, "different names", len(mockserver.Switches), len(names))
}

func TestBehavior_revisionFilter(t *testing.T) {
	t.Parallel()
	behaviors(t, "revision-filter", map[string]any{"honored": "1", "ignored": "2", "refused": "400"},
		func(p play) any {
			t, m := p.t, p.mock
			m.newConversation(t, nil)
			before := m.Revision()
			m.newConversation(t, nil)
			got := m.do(t, http.MethodGet, fmt.Sprintf("%s?filter[revision]=%d&filter-op[revision]=gt", conversations, before), "")
			if got.status != http.StatusOK {
				got.wantError(t, 400, 117, "")
				return fmt.Sprint(got.status)
			}
			return fmt.Sprint(got.body["total"])
		})
}

func TestBehavior_staleRevision(t *testing.T) {
	t.Parallel()
	behaviors(t, "stale-revision", map[string]any{"ignored": 200, "refused": 422}, func(p play) any {
		t, m := p.t, p.mock
		id := m.newConversation(t, nil)
		current := fmt.Sprintf(`{"revision":%d}`, m.Revision())
		m.do(t, http.MethodPatch, conversations+"/"+id, current).wantStatus(t, http.StatusOK)
		got := m.do(t, http.MethodPatch, conversations+"/"+id, current)
		if got.status != http.StatusOK {
			got.wantError(t, 422, 40000, "revision")
		}
		// A create ignores the revision.
		m.do(t, http.MethodPost, conversations, `{"phone_id":"`+phoneID+`","revision":1}`).wantStatus(t, http.StatusCreated)
		wantDiff(t, "revision", any(m.Revision()), m.Records(conversations)[1]["revision"])
		return got.status
	})
}

func TestBehavior_deletedGet(t *testing.T) {
	t.Parallel()
	behaviors(t, "deleted-get", map[string]any{"not_found": 404, "ok": 200}, func(p play) any {
		t, m := p.t, p.mock
		id := m.newConversation(t, nil)
		must(t, m.SoftDelete(conversations, id))
		path := conversations + "/" + id
		for _, query := range []string{"?include-deleted=true", "?include_deleted=true"} {
			data := m.do(t, http.MethodGet, path+query, "").wantStatus(t, http.StatusOK).data(t)
			wantDiff(t, "is_deleted", any(true), data["is_deleted"])
		}
		m.do(t, http.MethodGet, conversations+"/"+unknownID, "").wantError(t, 404, 2003, "")
		got := m.do(t, http.MethodGet, path+"?include-deleted=false", "")
		wantDiff(t, "without the parameter", got.status, m.do(t, http.MethodGet, path, "").status)
		if got.status == http.StatusNotFound {
			got.wantError(t, 404, 2003, "")
		}
		return got.status
	})
}

func TestBehavior_deletedRevision(t *testing.T) {
	t.Parallel()
	behaviors(t, "deleted-revision", map[string]any{"bump": 4, "keep": 0}, func(p play) any {
		t, m := p.t, p.mock
		id := m.newConversation(t, nil)
		before, revision := m.record(t, conversations, id), m.Revision()
		m.list(t, conversations)
		m.do(t, http.MethodDelete, conversations+"/"+id, "").wantStatus(t, http.StatusOK)
		wantDiff(t, "listed", 0, m.list(t, conversations).Total)
		m.do(t, http.MethodPost, conversations+"/batch-restore", `["`+id+`"]`).ids(t)
		must(t, m.SoftDelete(conversations, id))
		must(t, m.Restore(conversations, id))
		must(t, m.Restore(conversations, id)) // nothing to do
		wantDiff(t, "listed", 1, m.list(t, conversations).Total)
		after := m.record(t, conversations, id)
		wantDiff(t, "modified changed", m.Revision() != revision, before["modified"] != after["modified"])
		wantDiff(t, "revision of the record", any(m.Revision()), after["revision"])
		return m.Revision() - revision
	})
}

func TestBehavior_recipientMatch(t *testing.T) {
	t.Parallel()
	type found struct{ Contact, Account any }
	recipient := func(t *testing.T, m mock, id string) found {
		t.Helper()
		r := m.record(t, conversations, id)
		return found{r["recipient_contact_id"], r["recipient_account_id"]}
	}
	behaviors(t, "recipient-match", map[string]any{"on": found{contactID, accountID}, "off": found{}},
		func(p play) any {
			t, m := p.t, p.mock
			data := m.do(t, http.MethodPost, conversations, `{"phone_id":"`+phoneID+`","recipient_phone_number":"1-555-01-00"}`).data(t)
			created := found{data["recipient_contact_id"], data["recipient_account_id"]}

			later := m.newConversation(t, nil)
			m.do(t, http.MethodPatch, conversations+"/"+later, `{"recipient_phone_number":"15550100"}`).wantStatus(t, http.StatusOK)
			wantDiff(t, "by update", created, recipient(t, m, later))

			none := m.newConversation(t, map[string]any{
				"recipient_phone_number": "15550100", "recipient_contact_id": nil, "recipient_account_id": nil,
			})
			wantDiff(t, "none wanted", found{}, recipient(t, m, none))
			// A number that is only spelled differently does not match again.
			m.do(t, http.MethodPatch, conversations+"/"+none, `{"recipient_phone_number":"1 5550100"}`).wantStatus(t, http.StatusOK)
			wantDiff(t, "none wanted", found{}, recipient(t, m, none))

			chosen := m.newConversation(t, map[string]any{"recipient_account_id": accountID2})
			m.do(t, http.MethodPatch, conversations+"/"+chosen, `{"recipient_phone_number":"15550100"}`).wantStatus(t, http.StatusOK)
			wantDiff(t, "chosen", found{created.Contact, accountID2}, recipient(t, m, chosen))

			wantDiff(t, "nobody", found{}, recipient(t, m, m.newConversation(t, map[string]any{"recipient_phone_number": "999"})))

			// If several contacts match, the oldest is found.
			_, err := m.Create("Contacts", map[string]any{"phone3": "+1 555 0100"})
			must(t, err)
			wantDiff(t, "the oldest", created, recipient(t, m, m.newConversation(t, map[string]any{"recipient_phone_number": "15550100"})))
			must(t, m.SoftDelete("Contacts", fmt.Sprint(m.Records("Contacts")[1]["id"])))

			// A deleted contact is not found, but the next one is.
			must(t, m.SoftDelete("Contacts", contactID))
			second, err := m.Create("Contacts", map[string]any{"phone5": "15550100"})
			must(t, err)
			want := created
			if created.Contact != nil {
				want.Contact = second
			}
			wantDiff(t, "after a delete", want, recipient(t, m, m.newConversation(t, map[string]any{"recipient_phone_number": "15550100"})))
			return created
		})
}

func TestBehavior_getParameters(t *testing.T) {
	t.Parallel()
	type seen struct {
		Status  int
		Deleted int
		Fields  int
		Phone   string
	}
	behaviors(t, "get-parameters", map[string]any{
		"honored": seen{200, 200, 1, "map[string]interface {}"},
		"ignored": seen{200, 404, 20, "string"},
		"refused": seen{400, 400, 0, "<nil>"},
	}, func(p play) any {
		t, m := p.t, p.mock
		id := m.newConversation(t, nil)
		got := m.do(t, http.MethodGet, conversations+"/"+id+"?expand=phone&load-only=phone", "")
		data, _ := got.body["data"].(map[string]any)
		m.do(t, http.MethodGet, conversations+"/"+id+"?nonsense=1", "").wantError(t, 400, 117, "")
		must(t, m.SoftDelete(conversations, id))
		deleted := m.do(t, http.MethodGet, conversations+"/"+id+"?include-deleted=true", "")
		return seen{got.status, deleted.status, len(data), fmt.Sprintf("%T", data["phone"])}
	})
}

func TestBehavior_includeDeleted(t *testing.T) {
	t.Parallel()
	const shown, ignored, refused = "200, 1 listed", "404, 0 listed", "400, 0 listed"
	behaviors(t, "include-deleted", map[string]any{
		"either": []string{shown, shown}, "hyphen": []string{shown, ignored}, "underscore": []string{ignored, shown},
		"hyphen-only": []string{shown, refused}, "underscore-only": []string{refused, shown},
	}, func(p play) any {
		t, m := p.t, p.mock
		id := m.newConversation(t, nil)
		must(t, m.SoftDelete(conversations, id))
		var got []string
		for _, query := range []string{"?include-deleted=true", "?include_deleted=true"} {
			records, _ := m.do(t, http.MethodGet, conversations+query, "").body["data"].([]any)
			got = append(got, fmt.Sprintf("%d, %d listed", m.do(t, http.MethodGet, conversations+"/"+id+query, "").status, len(records)))
		}
		return got
	})
}

func TestGet_refused(t *testing.T) {
	t.Parallel()
	m := newMock(t, nil)
	for _, query := range []string{"expand=nonsense", "load-only=nonsense", "include-deleted=perhaps", "first=1", "filter[id]=1"} {
		m.do(t, http.MethodGet, "Phones/"+phoneID+"?"+query, "").wantError(t, 400, 117, "")
	}
}
