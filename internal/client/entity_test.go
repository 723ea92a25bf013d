package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// replying returns a client of a service that always answers with the body.
func replying(t testing.TB, body string) *Client {
	t.Helper()
	return scripted(t, apitest.RoundTripper(replies(http.StatusOK, body)), func(c *Config) { c.MaxRetries = 0 })
}

func TestGetDecodes(t *testing.T) {
	t.Parallel()
	const relation = "https://crm.example/entities/TextMessageConversationRelationses/" + apitest.ID2
	c := replying(t, `{"success":true,"data":{
		"id":"`+strings.ToUpper(apitest.ID1)+`","phone_id":"`+frontDesk.String()+`","recipient_account_id":null,"recipient_contact_id":"`+jones.String()+`",
		"recipient_phone_number":"+15550100","revision":1791,"created":"2024-07-09 12:51:48.050108+00:00","modified":"2024-07-09T12:51:48",
		"is_deleted":false,"is_delete_protected":true,"something_new":{"a":[1]},"account_relations":["`+relation+`"],
		"contact_relations":[{"id":"`+apitest.ID2+`","contact_id":"`+jones.String()+`","revision":1790}],"messages":["https://crm.example/entities/TextMessages/`+apitest.ID2+`"]}}`)
	got, err := c.Conversations.Get(t.Context(), idOf(apitest.ID1), Query{})
	apitest.Must(t, err)
	var created, modified Time
	apitest.Must(t, created.UnmarshalText([]byte("2024-07-09T12:51:48.050108Z")))
	apitest.Must(t, modified.UnmarshalText([]byte("2024-07-09T12:51:48Z")))
	wantEqual(t, "conversation", Conversation{
		RecordValues: RecordValues{ID: idOf(apitest.ID1), Revision: 1791, IsDeleteProtected: true},
		ConversationValues: ConversationValues{
			PhoneID: frontDesk, RecipientContactID: jones, RecipientPhoneNumber: "+15550100",
			AccountRelations: []Ref[Relation]{{ID: idOf(apitest.ID2)}},
			ContactRelations: []Ref[Relation]{{ID: idOf(apitest.ID2), Record: &Relation{RecordValues: RecordValues{ID: idOf(apitest.ID2), Revision: 1790}, RelationTargets: RelationTargets[ID]{ContactID: jones}}}},
			Messages:         []Ref[Message]{{ID: idOf(apitest.ID2)}},
		}, Created: created, Modified: modified,
	}, got)
}

// A reply that does not come from the API never becomes a record.
func TestGetRefusesOtherReplies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, says string }{
		"empty":               {"", "is not JSON; it is empty"},
		"HTML":                {"<html>Log in</html>", "is not JSON; it begins: <html>Log in"},
		"cut":                 {`{"success":true,"data":{"id":"`, "is not JSON"},
		"an array":            {`[]`, "does not have the form of the API"},
		"null":                {`null`, "has no data"},
		"no data":             {`{"success":true}`, "has no data"},
		"null as data":        {`{"success":true,"data":null}`, "has no data"},
		"an array as data":    {`{"success":true,"data":[]}`, "does not have the form of the API"},
		"an id as data":       {`{"success":true,"data":"` + apitest.ID1 + `"}`, "does not have the form of the API"},
		"no id":               {`{"success":true,"data":{}}`, "contains another record than the requested one"},
		"another id":          {`{"success":true,"data":{"id":"` + apitest.ID2 + `"}}`, "contains another record than the requested one"},
		"an id that is none":  {`{"success":true,"data":{"id":"` + strings.Repeat("7", 9000) + `"}}`, "does not have the form of the API"},
		"a number as id":      {`{"success":true,"data":{"id":` + strings.Repeat("7", 9000) + `}}`, "does not have the form of the API"},
		"no revision":         {`{"success":true,"data":{"id":"` + apitest.ID1 + `"}}`, "contains a record without a revision, " + apitest.ID1},
		"null as revision":    {`{"success":true,"data":{"id":"` + apitest.ID1 + `","revision":null}}`, "contains a record without a revision, " + apitest.ID1},
		"0 as revision":       {`{"success":true,"data":{"id":"` + apitest.ID1 + `","revision":0}}`, "contains a record without a revision, " + apitest.ID1},
		"text as revision":    {`{"success":true,"data":{"id":"` + apitest.ID1 + `","revision":"7"}}`, "string at \"revision\""},
		"a failure after all": {`{"success":false,"http_status":422,"code":1,"name":"X","message":"no"}`, "HTTP 422, error 1 X: no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := replying(t, test.body).Conversations.Get(t.Context(), idOf(apitest.ID1), Query{})
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("the error is %v; want it to say %q", err, test.says)
			}
			if len(err.Error()) > 700 {
				t.Errorf("the text has %d characters: %.1000s", len(err.Error()), err)
			}
			if reply, ok := errors.AsType[*ReplyError](err); ok {
				wantPrintable(t, reply.Snippet)
			}
		})
	}
}

func TestListRefusesOtherReplies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, says string }{
		"a record":                {`{"success":true,"data":{"id":"` + apitest.ID1 + `"}}`, "does not have the form of the API"},
		"a record without an id":  {`{"success":true,"total":2,"data":[{"id":"` + apitest.ID1 + `","revision":7},{"revision":7}]}`, "contains a record without an id"},
		"null as record":          {`{"success":true,"data":[null]}`, "contains a record without an id"},
		"no revision":             {`{"success":true,"total":1,"data":[{"id":"` + apitest.ID1 + `"}]}`, "contains a record without a revision, " + apitest.ID1},
		"null as revision":        {`{"success":true,"total":1,"data":[{"id":"` + apitest.ID1 + `","revision":null}]}`, "contains a record without a revision, " + apitest.ID1},
		"0 as revision":           {`{"success":true,"total":1,"data":[{"id":"` + apitest.ID1 + `","revision":0}]}`, "contains a record without a revision, " + apitest.ID1},
		"text as total":           {`{"success":true,"total":"many","data":[]}`, "is not a page of a list"},
		"more without a cursor":   {`{"success":true,"total":2,"page_info":{"end_cursor":null,"has_next_page":true},"data":[{"id":"` + apitest.ID1 + `","revision":7}]}`, "announces another page, but has no cursor for it"},
		"more with an empty one":  {`{"success":true,"total":2,"page_info":{"end_cursor":"","has_next_page":true},"data":[{"id":"` + apitest.ID1 + `","revision":7}]}`, "announces another page, but has no cursor for it"},
		"an empty page with more": {`{"success":true,"total":2,"page_info":{"end_cursor":"x","has_next_page":true},"data":[]}`, "a list whose pages repeat"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var err error
			for _, err = range replying(t, test.body).Conversations.All(t.Context(), Query{}) {
				if err != nil {
					break
				}
			}
			wantProblem(t, err, UnexpectedReply)
			if err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("the text is %q; want it to say %q", err, test.says)
			}
		})
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want Page[Message]
	}{
		"the last page": {
			`{"success":true,"total":42,"page_info":{"start_cursor":"a","end_cursor":"b","has_previous_page":true,"has_next_page":false},"data":[{"id":"` + apitest.ID1 + `","revision":7}]}`,
			Page[Message]{Total: 42, IsCounted: true, Records: []Message{{RecordValues: RecordValues{ID: idOf(apitest.ID1), Revision: 7}}}, EndCursor: "b"},
		},
		"past the end": {
			`{"success":true,"total":42,"page_info":{"start_cursor":null,"end_cursor":null,"has_previous_page":false,"has_next_page":false},"data":[]}`,
			Page[Message]{Total: 42, IsCounted: true, Records: []Message{}},
		},
		"without a total": {
			`{"success":true,"data":[{"id":"` + apitest.ID1 + `","revision":7},{"id":"` + apitest.ID2 + `","revision":8}]}`,
			Page[Message]{Total: 2, Records: []Message{{RecordValues: RecordValues{ID: idOf(apitest.ID1), Revision: 7}}, {RecordValues: RecordValues{ID: idOf(apitest.ID2), Revision: 8}}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := replying(t, test.body).Messages.List(t.Context(), Query{})
			apitest.Must(t, err)
			wantEqual(t, "page", test.want, got)
		})
	}
}

func TestAllPages(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	want := s.seed(t, 25)
	var got []ID
	for record, err := range s.client.Conversations.All(t.Context(), Query{First: 10, OrderBy: []string{"revision"}}) {
		apitest.Must(t, err)
		got = append(got, record.ID)
	}
	wantEqual(t, "ids", want, got)
	s.wantRequests(t, apitest.ListConversations, apitest.ListConversations, apitest.ListConversations)

	for _, err := range s.client.Conversations.All(t.Context(), Query{First: 10}) {
		apitest.Must(t, err)
		break
	}
	s.wantRequests(t, apitest.ListConversations) // a caller that stops reads no more pages
}

// A list whose cursors form a circle ends with an error.
func TestAllEndsInACircle(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1, 3} {
		asked := 0
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			asked++
			cursor := fmt.Sprint(asked % length)
			return apitest.Answer(r, 200, `{"success":true,"total":9,"page_info":{"end_cursor":"`+cursor+`","has_next_page":true},"data":[{"id":"`+apitest.ID1+`","revision":7}]}`), nil
		})
		var last error
		for _, last = range c.Conversations.All(t.Context(), Query{}) { //nolint:revive // only the last error counts
		}
		wantProblem(t, last, UnexpectedReply)
		if asked != length+1 {
			t.Errorf("%d pages were asked for in a circle of %d", asked, length)
		}
	}
}

func TestAllStopsAtAnError(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	s.seed(t, 3)
	s.Inject(mockserver.Fault{Skip: 1, Kind: mockserver.StatusReply, Status: 403})
	records, failures := 0, 0
	for _, err := range s.client.Conversations.All(t.Context(), Query{First: 2}) {
		if err != nil {
			wantProblem(t, err, NotPermitted)
			failures++
			continue
		}
		records++
	}
	wantEqual(t, "records and errors", []int{2, 1}, []int{records, failures})
}

func TestDecodeBatch(t *testing.T) {
	t.Parallel()
	const refusal = `{"success":false,"http_status":422,"code":40000,"name":"ERROR_ENTITY_VALIDATION","message":"no","entity_index":1,"entity_id":"` + apitest.ID2 + `"}`
	one, two := idOf(apitest.ID1), idOf(apitest.ID2)
	index := 1
	failed := &APIError{HTTPStatus: 422, Code: 40000, Name: "ERROR_ENTITY_VALIDATION", Message: "no", EntityIndex: &index, EntityID: apitest.ID2}
	for name, test := range map[string]struct {
		data string
		want []BatchResult
	}{
		"ids":                    {`["` + apitest.ID1 + `","` + strings.ToUpper(apitest.ID2) + `"]`, []BatchResult{{ID: one}, {ID: two}}},
		"URIs":                   {`["https://crm.example/entities/X/` + apitest.ID1 + `","/entities/X/` + apitest.ID2 + `"]`, []BatchResult{{ID: one}, {ID: two}}},
		"objects":                {`[{"id":"` + apitest.ID1 + `","revision":7,"success":true},{"id":"` + apitest.ID2 + `","http_status":200}]`, []BatchResult{{ID: one}, {ID: two}}},
		"an error":               {`["` + apitest.ID1 + `",` + refusal + `]`, []BatchResult{{ID: one}, {Err: failed}}},
		"an error without a lot": {`["` + apitest.ID1 + `",{"http_status":404}]`, []BatchResult{{ID: one}, {Err: &APIError{HTTPStatus: 404}}}},
		"an error with a code":   {`[{"code":7,"id":"` + apitest.ID1 + `"},"` + apitest.ID1 + `"]`, []BatchResult{{Err: &APIError{Code: 7}}, {ID: one}}},
		"an odd error":           {`["` + apitest.ID1 + `",{"success":false,"http_status":422,"code":[7],"message":"no"}]`, []BatchResult{{ID: one}, {Err: &APIError{HTTPStatus: 422, Message: "no"}}}},

		"one too few":                {data: `["` + apitest.ID1 + `"]`},
		"one too many":               {data: `["` + apitest.ID1 + `","` + apitest.ID2 + `","` + apitest.ID2 + `"]`},
		"none":                       {data: `[]`},
		"null":                       {data: `["` + apitest.ID1 + `",null]`},
		"an empty object":            {data: `["` + apitest.ID1 + `",{}]`},
		"an object without an id":    {data: `["` + apitest.ID1 + `",{"success":true}]`},
		"a number":                   {data: `["` + apitest.ID1 + `",7]`},
		"an array":                   {data: `["` + apitest.ID1 + `",["` + apitest.ID2 + `"]]`},
		"no id":                      {data: `["` + apitest.ID1 + `",""]`},
		"the nil id":                 {data: `["` + apitest.ID1 + `","00000000-0000-0000-0000-000000000000"]`},
		"an object":                  {data: `{"0":"` + apitest.ID1 + `","1":"` + apitest.ID2 + `"}`},
		"text":                       {data: `"` + apitest.ID1 + `"`},
		"an object with the nil id":  {data: `["` + apitest.ID1 + `",{"id":"00000000-0000-0000-0000-000000000000"}]`},
		"an object with a number id": {data: `["` + apitest.ID1 + `",{"id":7}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := `{"success":true,"data":` + test.data + `}`
			got, err := decodeBatch(reply{status: 200, body: []byte(body)}, 2)
			if test.want == nil {
				wantProblem(t, err, UnexpectedReply)
				// A create may still have been carried out; a delete can be repeated.
				c := replying(t, body)
				_, err = c.Conversations.BatchModify(t.Context(), make([]ConversationInput, 2), WriteOptions{})
				wantProblem(t, err, OutcomeUnknown)
				_, err = c.Conversations.BatchDelete(t.Context(), []ID{one, two}, WriteOptions{})
				wantProblem(t, err, UnexpectedReply)
				return
			}
			apitest.Must(t, err)
			wantEqual(t, "results", test.want, got)
		})
	}
}

// A refusal with the status 200 is a refusal, so the outcome is known.
func TestBatchRefusedWithStatus200(t *testing.T) {
	t.Parallel()
	c := replying(t, apitest.ValidationReply)
	_, err := c.Conversations.BatchModify(t.Context(), make([]ConversationInput, 2), WriteOptions{})
	wantProblem(t, err, Refused)
}

// A refusal that contains the id of a record proves nothing, unless the request can be repeated. A refusal that
// contains only errors is a proof.
func TestBatchRefusedWithIDs(t *testing.T) {
	t.Parallel()
	const refusal = `{"success":false,"http_status":422,"code":40000,"name":"ERROR_ENTITY_VALIDATION","message":"no"`
	for _, status := range []int{http.StatusOK, http.StatusUnprocessableEntity} {
		for data, want := range map[string]Problem{`"` + apitest.ID1 + `"`: OutcomeUnknown, refusal + "}": Refused} {
			c := scripted(t, apitest.RoundTripper(replies(status, refusal+`,"data":[`+data+`]}`)))
			_, err := c.Conversations.BatchModify(t.Context(), make([]ConversationInput, 2), WriteOptions{})
			wantProblem(t, err, want)
			_, err = c.Conversations.BatchDelete(t.Context(), make([]ID, 2), WriteOptions{})
			wantProblem(t, err, Refused)
		}
	}
}

// A refusal stays readable even if the password equals a number in the reply.
func TestBatchRefused_numberAsPassword(t *testing.T) {
	t.Parallel()
	const refusal = `{"success":false,"http_status":422,"code":40000,"name":"ERROR_ENTITY_VALIDATION","message":"no"}`
	numeric := func(c *Config) { c.Password = "40000" }
	c := scripted(t, apitest.RoundTripper(replies(http.StatusUnprocessableEntity, refusal)), numeric)
	_, err := c.Conversations.BatchModify(t.Context(), make([]ConversationInput, 1), WriteOptions{})
	wantProblem(t, err, Refused)
	c = scripted(t, apitest.RoundTripper(replies(http.StatusOK, `{"success":true,"data":[`+refusal+`]}`)), numeric)
	results, err := c.Conversations.BatchModify(t.Context(), make([]ConversationInput, 1), WriteOptions{})
	apitest.Must(t, err)
	wantProblem(t, results[0].Err, Refused)
}

// A batch that was never sent has changed nothing.
func TestBatchNotSent(t *testing.T) {
	t.Parallel()
	c := scripted(t, func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}, func(c *Config) { c.MaxRetries = 0 })
	_, err := c.Conversations.BatchModify(t.Context(), make([]ConversationInput, 1), WriteOptions{})
	wantProblem(t, err, Unreachable)
}

// An error says once that the outcome of a batch is unknown.
func TestBatchUnknown_text(t *testing.T) {
	t.Parallel()
	c := scripted(t, apitest.RoundTripper(replies(http.StatusInternalServerError, `{"data":["`+apitest.ID1+`"]}`)))
	_, err := c.Conversations.BatchModify(t.Context(), make([]ConversationInput, 2), WriteOptions{})
	wantProblem(t, err, OutcomeUnknown)
	if strings.Count(err.Error(), "no usable reply") != 1 {
		t.Error(err)
	}
}

func TestBatchOfNothingSendsNothing(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	for _, batch := range []func(context.Context, []ID, WriteOptions) ([]BatchResult, error){s.client.Conversations.BatchDelete, s.client.Conversations.BatchRestore} {
		got, err := batch(t.Context(), nil, WriteOptions{})
		apitest.Must(t, err)
		wantEqual(t, "results", 0, len(got))
	}
	s.wantRequests(t)
}

// The operations on each of the three entities work with the mock.
func TestEntities(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	ctx, options := t.Context(), WriteOptions{RollbackMethod: 1}
	conversation := s.seed(t, 1)[0]

	created, err := s.client.Messages.BatchModify(ctx, []MessageInput{
		{MessageWrites: MessageWrites{TextMessageConversationID: Value(conversation), Content: Value("Hello"), Direction: Value(1), Status: Value(2), DatetimeSent: Value(Time{time.Date(2024, 7, 9, 12, 51, 48, 0, time.UTC)}), MessageSID: Value("SM1")}},
		{MessageWrites: MessageWrites{TextMessageConversationID: Value(conversation), Direction: Value(1)}},
	}, options)
	apitest.Must(t, err)
	wantProblem(t, created[1].Err, Refused)
	apitest.Must(t, created[0].Err)
	message, err := s.client.Messages.Get(ctx, created[0].ID, Query{})
	apitest.Must(t, err)
	wantEqual(t, "message", []any{"Hello", 1, 2, "SM1", "2024-07-09T12:51:48Z", conversation},
		[]any{message.Content, message.Direction, message.Status, message.MessageSID, message.DatetimeSent.String(), message.TextMessageConversationID})

	created, err = s.client.Relations.BatchModify(ctx, []RelationInput{{TextMessageConversationID: Value(conversation), RelationTargets: RelationTargets[Field[ID]]{AccountID: Value(acme)}}}, options)
	apitest.Must(t, err)
	relation, err := s.client.Relations.Get(ctx, created[0].ID, Query{})
	apitest.Must(t, err)
	wantEqual(t, "relation", []ID{conversation, acme}, []ID{relation.TextMessageConversationID, relation.AccountID})

	expanded, err := s.client.Conversations.Get(ctx, conversation, Query{Expand: []string{"account_relations", "messages"}})
	apitest.Must(t, err)
	wantEqual(t, "expanded", []any{acme, "Hello"}, []any{expanded.AccountRelations[0].Record.AccountID, expanded.Messages[0].Record.Content})

	for range 2 { // the second time, there is nothing to do
		deleted, err := s.client.Conversations.BatchDelete(ctx, []ID{conversation}, options)
		apitest.Must(t, err)
		_, err = s.client.Conversations.Get(ctx, conversation, Query{})
		wantProblem(t, err, NotFound)
		restored, err := s.client.Conversations.BatchRestore(ctx, []ID{conversation}, options)
		apitest.Must(t, err)
		wantEqual(t, "results", []BatchResult{{ID: conversation}, {ID: conversation}}, append(deleted, restored...))
	}
}

// A refusal names the purpose of the request.
func TestRefusedRequest(t *testing.T) {
	t.Parallel()
	c := scripted(t, func(r *http.Request) (*http.Response, error) {
		return apitest.Answer(r, http.StatusForbidden, `{"success":false,"http_status":403,"code":1,"name":"ERROR_FORBIDDEN","message":"x"}`), nil
	})
	ids := []ID{idOf(apitest.ID1)}
	for want, call := range map[string]func() error{
		"read TextMessages": func() error { _, err := c.Messages.Get(t.Context(), ids[0], Query{}); return err },
		"create or change TextMessages": func() error {
			_, err := c.Messages.BatchModify(t.Context(), []MessageInput{{}}, WriteOptions{})
			return err
		},
		"delete TextMessages":  func() error { _, err := c.Messages.BatchDelete(t.Context(), ids, WriteOptions{}); return err },
		"restore TextMessages": func() error { _, err := c.Messages.BatchRestore(t.Context(), ids, WriteOptions{}); return err },
	} {
		refusal, ok := errors.AsType[*APIError](call())
		if !ok || refusal.Request != want {
			t.Errorf("%s: %+v", want, refusal)
		}
	}
}

// A message about a field with the wrong type uses the API's name of the field, and no type of Go.
func TestGetNamesTheFieldOfAnotherType(t *testing.T) {
	t.Parallel()
	c := scripted(t, apitest.RoundTripper(replies(http.StatusOK, `{"success":true,"data":{"id":"`+apitest.ID1+`","account_relations":[{"id":"`+apitest.ID2+`","revision":"7"}]}}`)))
	id, err := ParseID(apitest.ID1)
	apitest.Must(t, err)
	if _, err = c.Conversations.Get(t.Context(), id, Query{}); err == nil || !strings.Contains(err.Error(), `(string at "account_relations.revision")`) {
		t.Errorf("the error is %v", err)
	}
}
