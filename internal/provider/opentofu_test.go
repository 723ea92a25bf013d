package provider_test

import (
	"os"
	"testing"
)

// skipOpenTofu skips a test of what OpenTofu intentionally does not do. It recognizes
// OpenTofu by the registry setting, which OpenTofu always needs.
func skipOpenTofu(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("TF_ACC_PROVIDER_HOST") == "registry.opentofu.org" {
		t.Skip("OpenTofu: " + reason)
	}
}
