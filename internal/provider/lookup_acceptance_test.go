package provider_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// asks checks that each read of the only data source has sent exactly these requests, as
// "entity?query" with "*" for an id and for a cursor, without the part of the query that
// the client adds for every conversation. A test step reads several times.
func (s *space) asks(want ...string) resource.TestCheckFunc {
	return s.inMock(func() error {
		requests := s.Requests()
		s.ResetRequests()
		if len(requests) == 0 || len(requests)%len(want) != 0 {
			return fmt.Errorf("%d requests; want %d for each reading", len(requests), len(want))
		}
		for i, request := range requests {
			path := strings.TrimPrefix(request.Path, "/entities/")
			if strings.HasPrefix(path, conversations) {
				delete(request.Query, "expand")
				delete(request.Query, "load-only")
			}
			if entity, _, found := strings.Cut(path, "/"); found {
				path = entity + "/*"
			}
			if request.Query.Has("after") {
				request.Query.Set("after", "*")
			}
			query, err := url.QueryUnescape(request.Query.Encode())
			if err != nil {
				return err
			}
			if got := request.Method + " " + path + "?" + query; got != want[i%len(want)] {
				return fmt.Errorf("request %d is %s\nwant %s", i+1, got, want[i%len(want)])
			}
		}
		return nil
	})
}

// asksNothing checks that there was no request.
func (w *world) asksNothing() {
	w.t.Helper()
	if requests := w.Requests(); len(requests) > 0 {
		w.t.Errorf("%d requests, the first of them %s %s", len(requests), requests[0].Method, requests[0].Path)
	}
}

// add creates a conversation as others do, and returns its id.
func (s *space) add(fields map[string]any) string {
	s.t.Helper()
	id, err := s.Create(conversations, fields)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// addMessage creates a message in a conversation as others do, and returns its id.
func (s *space) addMessage(conversation, content string, direction int) string {
	s.t.Helper()
	id, err := s.Create(textMessages, map[string]any{"text_message_conversation_id": conversation, "content": content, "direction": direction})
	must(s.t, err)
	return id
}

// addMany creates n conversations of the phone.
func (w *world) addMany(n int) []string {
	w.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = w.add(map[string]any{"phone_id": phone, "recipient_phone_number": fmt.Sprintf("+1202555%04d", i)})
	}
	return ids
}

// outputs expects an output that is this list, in any order unless it is to be
// exactly this one.
func outputs(name string, want ...string) statecheck.StateCheck {
	checks := make([]knownvalue.Check, len(want))
	for i, text := range want {
		checks[i] = knownvalue.StringExact(text)
	}
	return statecheck.ExpectKnownOutputValue(name, knownvalue.ListExact(checks))
}

func sortedTexts(texts ...string) []string {
	return slices.Sorted(slices.Values(texts))
}
