package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
)

// numberedID is the i-th id.
func numberedID(i int) ID { return idOf(fmt.Sprintf("00000000-0000-4000-9000-%012d", i)) }

// A scriptedPage is the answer of a service: records, and what it says about the list.
type scriptedPage struct {
	records []int
	total   int // negative: the page has no total
	more    bool
}

func (p scriptedPage) body(cursor int) string {
	records := make([]string, len(p.records))
	for i, n := range p.records {
		records[i] = fmt.Sprintf(`{"id":%q,"revision":7}`, numberedID(n))
	}
	total := ""
	if p.total >= 0 {
		total = fmt.Sprintf(`"total":%d,`, p.total)
	}
	return fmt.Sprintf(`{"success":true,%s"page_info":{"end_cursor":"c%d","has_next_page":%t},"data":[%s]}`, total, cursor, p.more, strings.Join(records, ","))
}

// listingService returns a client of a service whose n-th answer is page(n). asked counts
// the answers. No cursor comes twice.
func listingService(t *testing.T, asked *int, page func(n int) scriptedPage) *Client {
	t.Helper()
	return scripted(t, func(r *http.Request) (*http.Response, error) {
		*asked++
		return apitest.Answer(r, http.StatusOK, page(*asked).body(*asked)), nil
	}, func(c *Config) { c.MaxRetries = 0 })
}

// Reading a list always ends, whatever its pages show.
func TestListsEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		page func(n int) scriptedPage
		most int // requests
	}{
		"the same record":                 {func(int) scriptedPage { return scriptedPage{[]int{1}, 9, true} }, 2*9 + MaxPageSize + 1},
		"the same record without a total": {func(int) scriptedPage { return scriptedPage{[]int{1}, -1, true} }, 2 + MaxPageSize + 1},
		"records without end":             {func(n int) scriptedPage { return scriptedPage{[]int{2 * n, 2*n + 1}, 30, true} }, (2*30 + MaxPageSize) / 2 * 2},
		"empty pages":                     {func(int) scriptedPage { return scriptedPage{nil, 9, true} }, 1},
		"two that alternate":              {func(n int) scriptedPage { return scriptedPage{[]int{n % 2}, 2, true} }, 2*2 + MaxPageSize + 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			page := func(n int) scriptedPage {
				page := test.page(n)
				page.more = page.more && n <= test.most // the test ends even if the client has no limit
				return page
			}
			_, err := Collect(listingService(t, &asked, page).Conversations.All(t.Context(), Query{}))
			wantProblem(t, err, UnexpectedReply)
			if asked > test.most {
				t.Errorf("%d pages were asked for; want no more than %d", asked, test.most)
			}
		})
	}
}

// numbers returns the numbers from a first one up to, and without, an end.
func numbers(first, end int) (all []int) {
	for n := first; n < end; n++ {
		all = append(all, n)
	}
	return all
}

// If a list shows fewer records than match, the walk reads it again, because a record may have moved to a page that
// was read before. If that does not help, the list is an error.
func TestListsEndTooSoon(t *testing.T) {
	t.Parallel()
	tooSoon := scriptedPage{[]int{1}, 2, false}
	for name, test := range map[string]struct {
		pages []scriptedPage // the last one repeats
		want  int            // records; 0: an error
		asked int
	}{
		"always":                         {[]scriptedPage{tooSoon}, 0, 2},
		"always nothing":                 {[]scriptedPage{{nil, 2, false}}, 0, 2},
		"once":                           {[]scriptedPage{tooSoon, {[]int{1, 2}, 2, false}}, 2, 2},
		"each time with another record":  {[]scriptedPage{{[]int{1}, 9, false}, {[]int{2}, 9, false}, {[]int{3}, 9, false}, {[]int{4}, 9, false}, {[]int{5}, 9, false}}, 0, mostPasses},
		"a record moves to the front":    {[]scriptedPage{{[]int{1}, 3, true}, {[]int{2}, 3, false}, {[]int{3}, 3, true}, {[]int{1, 2}, 3, false}}, 3, 4},
		"the second page is short":       {[]scriptedPage{{[]int{1, 2}, 4, true}, {[]int{3}, 4, false}, {[]int{1, 2}, 4, true}, {[]int{3}, 4, false}}, 0, 4},
		"one is deleted meanwhile":       {[]scriptedPage{{[]int{1}, 3, true}, {[]int{2}, 2, false}}, 2, 2},
		"most are deleted meanwhile":     {[]scriptedPage{{numbers(0, 100), 250, true}, {numbers(100, 200), 20, true}, {[]int{200}, 20, false}}, 201, 3},
		"one is created meanwhile":       {[]scriptedPage{{[]int{1}, 2, true}, {[]int{2}, 3, false}}, 2, 2},
		"more than the total says":       {[]scriptedPage{{[]int{1, 2}, 1, true}, {[]int{3}, 1, false}}, 3, 2},
		"a total of none":                {[]scriptedPage{{[]int{1, 2}, 0, false}}, 2, 1},
		"no total":                       {[]scriptedPage{{[]int{1, 2}, -1, true}, {[]int{3}, -1, false}}, 3, 2},
		"a record on both pages":         {[]scriptedPage{{[]int{1, 2}, 3, true}, {[]int{2, 3}, 3, false}}, 3, 2},
		"one on both, another on none":   {[]scriptedPage{{[]int{1, 2}, 4, true}, {[]int{2, 3}, 4, false}, {[]int{1, 2}, 4, true}, {[]int{2, 3}, 4, false}}, 0, 4},
		"a page of what is known before": {[]scriptedPage{{[]int{1, 2}, 3, true}, {[]int{1, 2}, 3, true}, {[]int{3}, 3, false}}, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			service := listingService(t, &asked, func(n int) scriptedPage { return test.pages[min(n, len(test.pages))-1] })
			found, err := service.Conversations.Some(t.Context(), Query{}, 0)
			if test.want == 0 {
				wantProblem(t, err, UnexpectedReply)
				if err != nil && !strings.Contains(err.Error(), "a list that ends too soon") {
					t.Errorf("the text is %q", err)
				}
			} else {
				apitest.Must(t, err)
				wantEqual(t, "records", test.want, len(found))
			}
			wantEqual(t, "requests", test.asked, asked)
		})
	}
}

// A caller that stops early gets no error from a list that ends too soon.
func TestListThatNeedNotBeComplete(t *testing.T) {
	t.Parallel()
	asked := 0
	service := listingService(t, &asked, func(int) scriptedPage { return scriptedPage{[]int{1}, 2, false} })
	found, err := service.Conversations.Some(t.Context(), Query{}, 1)
	apitest.Must(t, err)
	wantEqual(t, "found", 1, len(found))
	wantEqual(t, "requests", 1, asked)
}

// Records of other entities need no revision, nor do records of a query that omits it.
func TestRecordsWithoutARevision(t *testing.T) {
	t.Parallel()
	c := replying(t, `{"success":true,"total":1,"data":[{"id":"`+apitest.ID1+`"}]}`)
	_, err := c.Records("Phones").Some(t.Context(), Query{}, 0)
	apitest.Must(t, err)
	_, err = c.Relations.List(t.Context(), Query{})
	apitest.Must(t, err)
	_, err = c.Messages.List(t.Context(), Query{LoadOnly: []string{"id"}})
	apitest.Must(t, err)
	_, err = c.Messages.List(t.Context(), Query{LoadOnly: []string{"id", "revision"}})
	wantProblem(t, err, UnexpectedReply)
}

func TestSomeReadsNoMorePagesThanItNeeds(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	ids := s.seed(t, 250)
	for _, test := range []struct {
		limit, want int
		firsts      []string
	}{
		{1, 1, []string{"1"}},
		{5, 5, []string{"5"}},
		{100, 100, []string{"100"}},
		{101, 101, []string{"100", "100"}},
		{250, 250, []string{"100", "100", "100"}},
		{1000, 250, []string{"100", "100", "100"}},
		{0, 250, []string{"100", "100", "100"}},
	} {
		found, err := s.client.Conversations.Some(t.Context(), Query{OrderBy: []string{"created"}}, test.limit)
		apitest.Must(t, err)
		var got []ID
		for _, conversation := range found {
			got = append(got, conversation.ID)
		}
		wantEqual(t, "ids", ids[:test.want], got)
		wantEqual(t, "page sizes", test.firsts, s.firsts())
	}
}

// A record that changes while pages are read may be on two of them.
func TestSomeReturnsEachOnce(t *testing.T) {
	t.Parallel()
	record := func(id string) string { return `{"id":"` + id + `"}` }
	c := scripted(t, func(r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("after") == "" {
			return apitest.Answer(r, http.StatusOK, `{"success":true,"page_info":{"end_cursor":"x","has_next_page":true},"data":[`+record(apitest.ID1)+`,`+record(apitest.ID2)+`]}`), nil
		}
		return apitest.Answer(r, http.StatusOK, `{"success":true,"data":[`+record(apitest.ID2)+`,`+record(acme.String())+`,`+record(zenith.String())+`]}`), nil
	})
	found, err := c.Records("Phones").Some(t.Context(), Query{}, 3)
	apitest.Must(t, err)
	wantEqual(t, "records", []RawRecord{
		{idOf(apitest.ID1), json.RawMessage(record(apitest.ID1))}, {idOf(apitest.ID2), json.RawMessage(record(apitest.ID2))}, {acme, json.RawMessage(record(acme.String()))},
	}, found)
}

func TestRecords(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	found, err := s.client.Records("Accounts").Some(t.Context(), Query{LoadOnly: []string{"id", "name"}, Filters: []Filter{{Field: "name", Value: "Zenith"}}}, 0)
	apitest.Must(t, err)
	wantEqual(t, "records", []RawRecord{{zenith, json.RawMessage(`{"id":"` + zenith.String() + `","name":"Zenith"}`)}}, found)

	_, err = s.client.Records("Account").Some(t.Context(), Query{}, 0)
	if !IsUnknownEntity(err) {
		t.Errorf("an unknown entity is no such thing: %v", err)
	}
	_, err = s.client.Records("Accounts").Some(t.Context(), Query{Filters: []Filter{{Field: "nothing"}}}, 0)
	wantProblem(t, err, Refused)
	if IsUnknownEntity(err) {
		t.Errorf("an unknown field is an unknown entity: %v", err)
	}
}

// A full page that says neither how many records match nor whether another page follows may not be the last one. A
// page that is not full is the last one.
func TestSilentPages(t *testing.T) {
	t.Parallel()
	for records, isWhole := range map[int]bool{MaxPageSize - 1: true, MaxPageSize: false} {
		numbers := make([]int, records)
		for i := range numbers {
			numbers[i] = i
		}
		var page map[string]any
		if err := json.Unmarshal([]byte(scriptedPage{numbers, -1, false}.body(1)), &page); err != nil {
			t.Fatal(err)
		}
		delete(page, "page_info")
		body, err := json.Marshal(page)
		if err != nil {
			t.Fatal(err)
		}
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			return apitest.Answer(r, http.StatusOK, string(body)), nil
		})
		found, err := Collect(c.Conversations.All(t.Context(), Query{}))
		if isWhole && (err != nil || len(found) != records) {
			t.Errorf("a page of %d: %d records, %v", records, len(found), err)
		}
		if !isWhole {
			wantProblem(t, err, UnexpectedReply)
		}
	}
}
