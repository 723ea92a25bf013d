package provider_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// A create is carried out, but its reply is lost, and an old copy answers the search. A service
// that allows one conversation of each phone and number refuses the repetition. That is no word on the first
// request: the create stays open, and the next apply adopts what it has made.
func TestStage_refusedRepetition(t *testing.T) {
	t.Parallel()
	for form, declare := range map[string]func(s *stage) (map[string]block, string){
		"single": func(s *stage) (map[string]block, string) {
			return s.single(declared{"phone_id": phone, number: "+15550000000"}), address
		},
		"map": func(s *stage) (map[string]block, string) {
			return s.bulk(numbered(1).entries(), map[string]any{"rollback_method": 1}), bulkAddress
		},
		"map, all or nothing": func(s *stage) (map[string]block, string) { return s.bulk(numbered(1).entries(), nil), bulkAddress },
	} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			onStage(t, mockserver.Behavior{Duplicates: mockserver.Refused}, map[string]any{"recovery_timeout": "2s", "max_retries": 1}, func(s *stage) {
				config, at := declare(s)
				s.SetLag(time.Minute)
				s.Inject(mockserver.Fault{Method: "POST", Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
				_, errors := s.apply(config) // a map warns
				if said := errors + s.warnings; !says("may or may not have been created", "adopt_existing = true if", "There is a conversation of this phone and number already").MatchString(said) {
					t.Errorf("the apply says %s", said)
				}
				s.untaint(at)
				s.SetLag(0)
				if _, errors := s.apply(config); errors != "" {
					t.Errorf("the next apply fails: %s", errors)
				}
				s.nothingLeft(config)
				s.wantNumbers("+15550000000")
			})
		})
	}
}
