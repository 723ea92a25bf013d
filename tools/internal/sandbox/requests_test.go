package sandbox

import (
	"encoding/json"
	"testing"
)

const logged = `[
	{"method": "GET", "path": "/entities/TextMessageConversations", "query": {"first": ["1"]}, "body": null},
	{"method": "POST", "path": "/entities/TextMessageConversations/batch-modify", "body": [{}, {}]},
	{"method": "POST", "path": "/entities/TextMessageConversations/batch-modify", "body": [{}, {}]},
	{"method": "POST", "path": "/entities/TextMessageConversations/batch-modify", "body": "cut off"},
	{"method": "POST", "path": "/entities/TextMessageConversations/batch-delete", "body": ["a", "b", "c"]},
	{"method": "GET", "path": "/entities/TextMessageConversations/a", "body": null},
	{"method": "GET", "path": "/entities/TextMessageConversationRelationses", "body": null},
	{"method": "PATCH", "path": "/entities/Accounts/b", "body": {"name": "Acme"}}
]`

func TestRequests(t *testing.T) {
	t.Parallel()
	var log Requests
	if err := json.Unmarshal([]byte(logged), &log); err != nil {
		t.Fatal(err)
	}
	want := "1 batch-delete, 3 batch-modify, 1 get, 1 list, 1 list TextMessageConversationRelationses, 1 patch Accounts"
	if got := log.ByKind(); got != want {
		t.Errorf("ByKind() = %q, want %q", got, want)
	}
	if got, want := log.BatchSizes(), "2 of 2, 1 of 3"; got != want {
		t.Errorf("BatchSizes() = %q, want %q", got, want)
	}
	if got := log.OfKind("batch-modify"); len(got) != 3 || len(log) != 8 {
		t.Errorf("OfKind() = %v of %d, want 3 of 8", got, len(log))
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	inherited := []string{
		"PATH=/bin", "TF_CLI_ARGS=-json", "TF_VAR_sender=x", "TF_CLI_CONFIG_FILE=mine", "PIPELINER_BATCH=1", "A=b=c", "=C:=x",
	}
	got := environment(inherited, map[string]string{"TF_CLI_CONFIG_FILE": "ours"})
	want := map[string]string{"PATH": "/bin", "A": "b=c", "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": "ours"}
	if len(got) != len(want) {
		t.Errorf("environment() = %v, want %v", got, want)
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("environment()[%q] = %q, want %q", name, got[name], value)
		}
	}
}
