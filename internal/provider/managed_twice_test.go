package provider

import (
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"golang.org/x/sync/semaphore"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/engine"
)

// A conversation belongs to two resources only if both have names: a resource that is being imported has none, and
// may take a conversation that another one gives up. An entry without an id belongs to no resource.
func TestOwners(t *testing.T) {
	t.Parallel()
	one, err := client.ParseID(testPhone)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		readers []string
		id      client.ID
		want    []bool // whether it is another resource's
	}{
		"two":                {[]string{"A", "B", "C"}, one, []bool{false, true, true}},
		"one, and an import": {[]string{"A", "", ""}, one, []bool{false, false, false}},
		"an import, and one": {[]string{"", "A"}, one, []bool{false, false}},
		"again":              {[]string{"A", "A", "B", "A", "B"}, one, []bool{false, false, true, false, true}},
		"no ids":             {[]string{"A", "B"}, client.ID{}, []bool{false, false}},
	} {
		var noted owners
		for i, reader := range test.readers {
			got := noted.note(reader, test.id)
			if test.want[i] != slices.Contains(got, test.id) {
				t.Errorf("%s: reader %d shares %v; want it to share: %t", name, i, got, test.want[i])
			}
		}
	}
}

// If an apply deletes a conversation, no resource of that apply adopts it.
func TestDeletedIsNotAdopted(t *testing.T) {
	t.Parallel()
	m := configured(func(m *conversationModel) { m.RecipientPhoneNumber = types.StringValue("+12025550101") })
	n := numbers{}
	of := n.identityOf(m)
	id := parse(t, idA)
	e := existing{phones: map[client.ID]*phoneConversations{of.Place: {turn: semaphore.NewWeighted(1), listed: map[engine.Identity][]client.Conversation{of: {{RecordValues: client.RecordValues{ID: id}}}}}}}
	if !e.beginDelete(id) {
		t.Fatal("it is adopted")
	}
	if found, err := e.find(t.Context(), nil, n, m, nil, whileApplying); found != nil || err != nil {
		t.Errorf("%v is adopted: %v", found, err)
	}
}
