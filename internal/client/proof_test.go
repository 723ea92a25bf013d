package client

import (
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/mockserver"
)

// Numbers of all countries are recognised after the service has respelled them, also
// those that are written in pairs of digits.
func TestRespelledNumbersOfAllCountries(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"+33123456789", "+4512345678", "+442079460000", "+390612345678"} {
		for _, format := range []string{mockserver.Digits, mockserver.Masked, mockserver.DoubleZero} {
			t.Run(number+" "+format, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newSpace(t, mockserver.Behavior{PhoneFormat: format})
					s.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
					input := newConversation(1)
					input.RecipientPhoneNumber = Value(number)
					got, err := s.client.Conversations.writeOne(t.Context(), input, 0)
					must(t, err)
					wantEqual(t, "conversations", 1, len(s.live()))
					wantEqual(t, "id", s.live()[0]["id"], any(got.ID.String()))
				})
			})
		}
	}
}
