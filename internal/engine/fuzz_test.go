package engine

import (
	"testing"
	"testing/synctest"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// No reply, with any status, causes a panic, an endless loop, or a record without an id and
// without an error.
func FuzzEngineReplies(f *testing.F) {
	for _, body := range apitest.ReplySeeds {
		for _, status := range []int{200, 201, 404, 422, 500} {
			f.Add(status, []byte(body), "application/json")
		}
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, retryAfter string) {
		if status < 200 || status > 999 {
			return // net/http returns no other status
		}
		synctest.Test(t, func(t *testing.T) { checkEngine(t, status, string(body), retryAfter) })
	})
}

func checkEngine(t *testing.T, status int, body, retryAfter string) {
	t.Helper()
	e := scriptedEngine(t, apitest.Repeating(status, body, retryAfter), func(c *testConfig) { c.MaxRetries = 0 })
	ctx := t.Context()

	if got, err := e.Conversations.Get(ctx, idOf(apitest.ID1)); err == nil && got.ID != idOf(apitest.ID1) {
		t.Errorf("Get returns %v", got)
	} else {
		checkError(t, err)
	}
	for _, find := range []func() ([]client.Conversation, error){
		func() ([]client.Conversation, error) { return e.Find(ctx, client.Query{}, 3) },
		func() ([]client.Conversation, error) { return e.OfNumber(ctx, acme, "") },
	} {
		found, err := find()
		checkError(t, err)
		for _, got := range found {
			if got.ID.IsZero() {
				t.Error("a conversation without an id is found")
			}
		}
	}
	many, err := e.Conversations.FetchMany(ctx, []client.ID{idOf(apitest.ID1), idOf(apitest.ID2)}, 0)
	checkError(t, err)
	for id, got := range many {
		if got.ID != id || id.IsZero() {
			t.Errorf("FetchMany returns %v", got)
		}
		for _, kind := range client.RelationKinds {
			for _, ref := range *kind.Refs(&got) {
				if ref.ID.IsZero() || ref.Record == nil {
					t.Errorf("FetchMany returns the link %v", ref)
				}
			}
		}
	}
	for _, err := range e.Conversations.remove(ctx, []client.ID{acme, zenith}, client.WriteOptions{}) {
		checkError(t, err)
	}
	for _, result := range e.Conversations.write(ctx, []conversationChange{linked(newConversation(1), acme), linked(change(client.Conversation{RecordValues: client.RecordValues{ID: idOf(apitest.ID1)}}), acme)}, client.WriteOptions{RollbackMethod: 1}) {
		if result.Err == nil && result.Value.ID.IsZero() {
			t.Error("a write results in no id")
		}
		checkError(t, result.Err)
	}
}
