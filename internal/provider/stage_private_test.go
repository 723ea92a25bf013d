package provider_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A damaged private state is an error that says what to do. A private state that is only strange, such as half
// written, breaks nothing. In no case is anything duplicated.
func TestStage_strangePrivateState(t *testing.T) {
	t.Parallel()
	parts := []string{"space", "owner", "as_of", "unsettled", "unread", "early_destroy", "adopted", "kept_numbers", "messages", "revisions", "protected"}
	strange := []string{
		`null`, `7`, `"x"`, `[1]`, `{}`, `{"":null}`, `{"":{}}`, `{"c000":null}`, `{"c000":{"since":null,"sent":null}}`, `{"` + nobody + `":null}`, `{"` + nobody + `":{"x":null}}`,
		`{"revisions":null,"lost":{"` + nobody + `":null},"refused":{"` + nobody + `":null},"unread":{"` + nobody + `":null}}`, `{"found":null}`, `{"x":1}`,
	}
	for _, at := range []string{address, bulkAddress} {
		for _, part := range parts {
			runOnStage(t, fmt.Sprint(at, part), mockserver.Behavior{}, impatient, func(s *stage) {
				declare := func(texts messageTexts) map[string]block {
					if at == address {
						return s.saying(texts, declared{number: "+15550000000"})
					}
					return s.bulk(s.numberedSaying(1, texts), nil)
				}
				s.applies(declare(messageTexts{"a": "A"}), at, create)
				made := s.core.state[at]
				for i, text := range strange {
					var private map[string][]byte
					must(s.t, json.Unmarshal(made.private, &private))
					private[part] = []byte(text)
					is := made
					var err error
					is.private, err = json.Marshal(private)
					must(s.t, err)
					s.core.state[at] = is
					_, errors := s.apply(declare(messageTexts{"a": "A", "b": fmt.Sprint(i)}))
					if errors != "" && !strings.Contains(errors, "Unable to Read Private State") || strings.Contains(errors, "damaged") && !strings.Contains(errors, "terraform state rm") {
						s.t.Errorf("%s: %s", text, errors)
					}
					s.wantLive(1, text)
					if errors == "" {
						made = s.core.state[at]
					}
				}
				is := made
				is.private = nil
				s.core.state[at] = is
				s.destroys()
			})
		}
	}
}
