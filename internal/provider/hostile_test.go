package provider_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Whatever answers in the place of the API is an error in plain words; nothing
// goes on for ever, and no other host sees the credentials.
func TestAccProvider_hostileReplies(t *testing.T) {
	var strayed atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	t.Cleanup(other.Close)
	write := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
	}
	page := `{"success":true,"total":1000,"page_info":{"has_next_page":true,"end_cursor":"WzFd"},"data":[{"id":"` + nobody + `","phone_id":"` + phone + `","revision":7}]}`
	tests := map[string]struct {
		handler http.HandlerFunc
		want    *regexp.Regexp
	}{
		"html":          {write("<html>Welcome to the hotel</html>"), says("not a reply of the Pipeliner API", "is not JSON", "Welcome to the hotel")},
		"empty":         {write(""), says("not a reply of the Pipeliner API", "is not JSON; it is empty")},
		"truncated":     {write(page[:100]), says("not a reply of the Pipeliner API", "is not JSON", `{"success":true`)},
		"another shape": {write(`{"success":true,"data":{"id":1}}`), says("not a reply of the Pipeliner API", "another shape than the API's")},
		"an id no uuid": {write(strings.ReplaceAll(page, nobody, "7")), says("not a reply of the Pipeliner API", "another shape than the API's")},
		"10 MB of junk": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("junk "), 2<<20)) }, says("not a reply of the Pipeliner API", "is not JSON; it begins: junk")},
		"a circle":      {write(page), says("not a reply of the Pipeliner API", "is a list that leads round in a circle", "end_cursor WzFd")},
		"another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, says("is a redirect, which is not followed, so that no credentials go elsewhere", other.URL)},
		"its own circle": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", r.URL.Path)
			w.WriteHeader(http.StatusFound)
		}, says("is a redirect, which is not followed")},
	}
	w := newWorld(t, mockserver.Behavior{})
	var steps []resource.TestStep
	for name, test := range tests {
		hostile := httptest.NewServer(test.handler)
		t.Cleanup(hostile.Close)
		configuration := strings.ReplaceAll(w.config(`resource "pipeliner_text_message_conversations" "test" {
  conversations = {}
}`), w.url, hostile.URL)
		steps = append(steps, resource.TestStep{ // which lists, page by page
			Config: "# " + name + "\n" + configuration, ResourceName: bulkAddress, ImportState: true, ImportStateId: "phone_id=" + phone,
			ExpectError: test.want,
		})
	}
	run(t, steps...)
	if strayed.Load() > 0 {
		t.Error("the other host was asked")
	}
}
