//go:build unix

package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// The CRM answers a batch with the status 200 and success false, and data has an id or an
// error for each entry. The ids count, and the refused entry is named with its reason.
func TestAccMixedReply(t *testing.T) {
	t.Parallel()
	const reason = "Field 'recipient_phone_number' is not a valid phone number"
	for name, test := range map[string]struct {
		attributes string
		code, live int
		texts      []string
	}{
		"keeping what succeeds": {"rollback_method = 1", 0, 3, []string{"Warning: Some Text Message Conversations Not Created", `"c001": HTTP 422`, reason}},
		"all or nothing":        {"", 1, 0, []string{"Error: Unable to Create Text Message Conversation", `conversations["c001"]`, reason}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, mockserver.Behavior{BatchSuccess: mockserver.MixedFalse, RollbackReply: mockserver.Items})
			s := newBinary(t, "").scene(t, w)
			s.plays(w.bulk(numbered(4).with("c001", "nonsense"), test.attributes, recoversSoon), test.code, applies, test.texts...)
			s.made(0, test.live, test.live)
			s.owns()
			if diff := cmp.Diff(map[int][]int{200: {4}}, w.batches(t)); diff != "" {
				t.Errorf("sizes of the batches by status (-want +got):\n%s", diff)
			}
		})
	}
}
