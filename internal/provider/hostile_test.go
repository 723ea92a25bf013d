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

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Any reply that does not come from the API causes a plain error. No request goes on forever, and no other host sees
// the credentials.
func TestHostileReplies(t *testing.T) {
	t.Parallel()
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
		"html":          {write("<html>Welcome to the hotel</html>"), says("does not match the Pipeliner API", "is not JSON", "Welcome to the hotel")},
		"empty":         {write(""), says("does not match the Pipeliner API", "is not JSON; it is empty")},
		"truncated":     {write(page[:100]), says("does not match the Pipeliner API", "is not JSON", `{"success":true`)},
		"another shape": {write(`{"success":true,"data":{"id":1}}`), says("does not match the Pipeliner API", "does not have the form of the API")},
		"an id no uuid": {write(strings.ReplaceAll(page, nobody, "7")), says("does not match the Pipeliner API", "does not have the form of the API")},
		"10 MB of junk": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("junk "), 2<<20)) }, says("does not match the Pipeliner API", "is not JSON; it begins: junk")},
		"a circle":      {write(page), says("does not match the Pipeliner API", "is a list whose pages repeat", "end_cursor WzFd")},
		"another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, says("is a redirect to " + other.URL + ", which could take the credentials elsewhere, so it was not followed")},
		"its own circle": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", r.URL.Path)
			w.WriteHeader(http.StatusFound)
		}, says("so it was not followed")},
	}
	for name, test := range tests {
		hostile := httptest.NewServer(test.handler)
		t.Cleanup(hostile.Close)
		w := &world{space: &space{t: t, url: hostile.URL}}
		got, err := w.rpc().ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: bulkType, ID: "phone_id=" + phone}) // it lists page by page
		must(t, err)
		if len(got.Diagnostics) != 1 || !test.want.MatchString(got.Diagnostics[0].Detail) {
			t.Errorf("%s: the diagnostics are %v; want %s", name, got.Diagnostics, test.want)
		}
	}
	if strayed.Load() > 0 {
		t.Error("the other host was asked")
	}
}
