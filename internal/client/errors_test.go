package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
)

func TestDecodeErrorEnvelope(t *testing.T) {
	t.Parallel()
	index := 3
	want := &APIError{
		HTTPStatus: 422, Code: 40000, Name: "ERROR_ENTITY_VALIDATION",
		Message:  "\nNon-null field 'phone_id' is null or empty.\nField 'recipient_phone_number' is not a phone number.",
		EntityID: "0190978c-d6d1-de35-3f6d-7cf0a0e264db", EntityName: "TextMessageConversation", EntityIndex: &index,
		EntityErrors: []ErrorItem{{Code: 119, Name: "ERROR_PARAMETER_MISSING", Message: "Non-null field 'phone_id' is null or empty."}},
		FieldErrors: []FieldError{{
			ErrorItem: ErrorItem{Code: 40002, Name: "ERROR_FIELD_VALIDATION", FieldID: "200398aa-3921-0557-9bda-bb8f3e529a57", FieldName: "recipient_phone_number"},
			Errors: []ErrorItem{{
				Code: 117, Name: "ERROR_PARAMETER_INVALID", Message: "Field 'recipient_phone_number' is not a phone number.", FieldName: "recipient_phone_number",
			}},
		}},
		StepChecklistErrors: []json.RawMessage{},
	}
	err := reply{status: http.StatusUnprocessableEntity, body: []byte(apitest.ValidationReply)}.apiError()
	var got *APIError
	if !errors.As(err, &got) {
		t.Fatalf("decoded as %T: %v", err, err)
	}
	wantEqual(t, "error", want, got)
	wantEqual(t, "text", "HTTP 422, error 40000 ERROR_ENTITY_VALIDATION: Non-null field 'phone_id' is null or empty. Field 'recipient_phone_number' is not a phone number.", err.Error())
	wantEqual(t, "text of the field", "Field 'recipient_phone_number' is not a phone number.", got.FieldErrors[0].Text())
	wantEqual(t, "text of a field without reasons", "ERROR_FIELD_VALIDATION", FieldError{ErrorItem: ErrorItem{Name: "ERROR_FIELD_VALIDATION"}}.Text())
}

// A service may put the numbers of an error in quotes. It may also quote such an error in its message.
func TestQuotedNumbers(t *testing.T) {
	t.Parallel()
	index := 2
	const object = `{"success":false,"http_status":"422","code": "120","name":"X","message":"{\"code\":\"7\"}","entity_index":"2","field_errors":[{"field_name":"code","code":"0119"}]}`
	want := &APIError{
		HTTPStatus: 422, Code: 120, Name: "X", Message: `{"code":"7"}`, EntityIndex: &index,
		FieldErrors: []FieldError{{ErrorItem: ErrorItem{FieldName: "code", Code: 119}}},
	}
	item, ok := decodeBatchItem([]byte(object))
	if !ok {
		t.Error("the item is no error")
	}
	wantEqual(t, "item", error(want), item.Err)
	var envelope *APIError
	if err := (reply{status: http.StatusUnprocessableEntity, body: []byte(object)}).apiError(); !errors.As(err, &envelope) {
		t.Fatalf("decoded as %T", err)
	}
	wantEqual(t, "envelope", want, envelope)
}

func TestProblemOfReplies(t *testing.T) {
	t.Parallel()
	const html = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n"
	for name, test := range map[string]struct {
		status int
		body   string
		want   Problem
		says   string
	}{
		"validation":                  {422, apitest.ValidationReply, Refused, "HTTP 422, error 40000"},
		"validation without a status": {422, `{"success":false,"code":40000,"name":"ERROR_ENTITY_VALIDATION","message":"no"}`, Refused, "HTTP 422, error 40000 ERROR_ENTITY_VALIDATION: no"},
		"bad JSON":                    {400, `{"code":117,"name":"ERROR_PARAMETER_INVALID","message":"Missing or invalid JSON data.","http_status":400,"success":false}`, Refused, "Missing or invalid"},
		"relation":                    {422, `{"code":120,"name":"ERROR_RELATIONS_DOESNT_EXIST","message":"x","http_status":422,"success":false}`, RelationNotFound, "ERROR_RELATIONS_DOESNT_EXIST"},
		"unknown entity":              {404, `{"code":2006,"name":"ERROR_UNKNOWN_TYPE","message":"cannot determine entity type from Contact","http_status":404,"success":false}`, WrongAddress, "cannot determine"},
		"unknown record":              {404, `{"code":2003,"name":"ERROR_ENTITY_NOT_FOUND","message":"gone","http_status":404,"success":false}`, NotFound, "gone"},
		"a path outside the API":      {404, `{"status":404,"message":"The requested URL was not found on the server.","errorcode":null,"traceback":null}`, WrongAddress, "does not come from the API of a Pipeliner space; it begins: {\"status\":404"},
		"404 in HTML":                 {404, html, WrongAddress, "HTTP 404"},
		"404 without a body":          {404, "", WrongAddress, "it is empty"},
		"401 in the envelope":         {401, `{"code":401,"name":"ERROR_UNAUTHORIZED","message":"no","http_status":401,"success":false}`, WrongCredentials, "no"},
		"401 in HTML":                 {401, html, WrongCredentials, "HTTP 401: <html> <head>"},
		"401 without a body":          {401, "", WrongCredentials, "HTTP 401"},
		"403 without a body":          {403, "", NotPermitted, "HTTP 403"},
		"403 as JSON":                 {403, `{"message":"no"}`, NotPermitted, "HTTP 403"},
		"429 without a body":          {429, "", Other, "HTTP 429"},
		"500 in the envelope":         {500, `{"http_status":500,"success":false}`, Other, "HTTP 500"},
		"500 in HTML":                 {500, html, UnexpectedReply, "(HTTP 500) is an error that does not come from the API; it begins: <html>"},
		"502 in HTML":                 {502, html, Unavailable, "502 Bad Gateway"},
		"422 in HTML":                 {422, html, UnexpectedReply, "HTTP 422"},
		"400 as an array":             {400, `[]`, UnexpectedReply, "begins: []"},
		"cut":                         {422, apitest.ValidationReply[:200], UnexpectedReply, "HTTP 422"},
		// A field of an unexpected type does not hide the other fields.
		"code as text": {422, `{"code":"40000","message":"no such phone","field_errors":{},"http_status":422,"success":false}`, Refused, "HTTP 422, error 40000: no such phone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := reply{status: test.status, body: []byte(test.body)}.apiError()
			wantProblem(t, err, test.want)
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("the text is %q; want it to say %q", err, test.says)
			}
		})
	}
}

func TestProblemOfOtherErrors(t *testing.T) {
	t.Parallel()
	notFound := &APIError{HTTPStatus: http.StatusNotFound}
	for _, test := range []struct {
		err  error
		want Problem
	}{
		{nil, Other},
		{errors.New("x"), Other},
		{context.Canceled, Other},
		{&ConnectError{Err: notFound}, Unreachable},
		{&ReplyError{HTTPStatus: http.StatusOK}, UnexpectedReply},
		{&OutcomeUnknownError{Err: notFound}, OutcomeUnknown},
		{fmt.Errorf("because: %w", &ConfigError{Err: notFound}), NotFound},
	} {
		if got := ProblemOf(test.err); got != test.want {
			t.Errorf("ProblemOf(%v) = %d; want %d", test.err, got, test.want)
		}
	}
}

func TestSnippet(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	for _, test := range []struct{ body, want string }{
		{"", ""},
		{" \r\n\t ", ""},
		{"plain", "plain"},
		{"<html>\r\n  <body>", "<html> <body>"},
		{strings.Repeat("\n", 5000) + "late", "late"},
		{long, long[:200]},
		{strings.Repeat("ü", 300), strings.Repeat("ü", 200)},
		{strings.Repeat("😀", 300), strings.Repeat("😀", 200)},
		{"a\x00b\x1b[31mc\x7fd", "a b [31mc d"},
		{"a\u0085b\u009bc", "a b c"},
		{"a\u202eb\u200bc\ufeffd", "a b c d"}, // these would reverse or hide what follows
		{"a\xffb", "a\uFFFDb"},
	} {
		got := snippet([]byte(test.body))
		wantEqual(t, "snippet", test.want, got)
		wantPrintable(t, got)
	}
}

func wantPrintable(t testing.TB, snippet string) {
	t.Helper()
	if n := utf8.RuneCountInString(snippet); n > 200 {
		t.Errorf("the snippet has %d characters", n)
	}
	for _, r := range snippet {
		if !unicode.IsPrint(r) {
			t.Errorf("the snippet has %q in it", r)
		}
	}
}
