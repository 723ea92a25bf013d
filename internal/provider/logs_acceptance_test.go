//go:build unix

package provider_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

const (
	loggedNumber  = "+1 907 555 0142"
	loggedContent = "Meet me at the lighthouse"
)

var (
	basicAuth = base64.StdEncoding.EncodeToString([]byte("terraform:" + password))
	// echo is a page that shows what was sent to it, including headers.
	echo = "<html><pre>Authorization: Basic " + basicAuth + "\nX-Password: " + password + "\n\n" + loggedNumber + ": " + loggedContent + "</pre></html>"

	noDigits = regexp.MustCompile(`%[[:xdigit:]]{2}|[^0-9]`)
)

// Logs contain no numbers, no contents and no credentials, even if a page echoes them.
func TestAccLogs(t *testing.T) {
	t.Parallel()
	for variable, form := range map[string]string{"TF_LOG": "single", "TF_LOG_PROVIDER": "bulk"} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mockserver.Behavior{})
			s := newBinary(t, "").scene(t, w)
			log := filepath.Join(s.dir, "terraform.log")
			s.env = slices.Concat(s.env, []string{variable + "=DEBUG", "TF_LOG_PATH=" + log})
			configuration := declaring[form](w.space, "recipient_phone_number = \""+loggedNumber+"\"\n"+messagesBlock(outgoing("a", loggedContent)))

			w.Inject(mockserver.Fault{Method: http.MethodGet, Times: 1, Kind: mockserver.StatusReply, Status: 502, Reply: echo})
			w.lose("batch-modify", mockserver.Fault{Kind: mockserver.StatusAfter, Status: 502, Reply: echo})
			s.plays(configuration, 0, applies, "Text Message Conversation Adopted")
			w.Inject(mockserver.Fault{Kind: mockserver.StatusReply, Status: 403, Reply: echo})
			output := s.plays(configuration, 1, plans, "Cause: HTTP 403", "Authorization: Basic ***")

			content, err := os.ReadFile(log)
			must(t, err)
			logged := string(content)
			for _, text := range []string{"request to the Pipeliner API", "repeating a request", "status=502", "status=403"} {
				if !strings.Contains(logged, text) {
					t.Errorf("the log lacks %q:\n%s", text, logged)
				}
			}
			for line := range strings.Lines(logged + output) {
				if strings.Contains(line, password) || strings.Contains(line, basicAuth) {
					t.Errorf("a line has credentials: %s", line)
				}
			}
			for line := range strings.Lines(logged) {
				if strings.Contains(line, loggedContent) || strings.Contains(noDigits.ReplaceAllString(line, ""), noDigits.ReplaceAllString(loggedNumber, "")) {
					t.Errorf("a line has the number or the content: %s", line)
				}
			}
		})
	}
}
