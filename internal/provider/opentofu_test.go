package provider_test

import (
	"os"
	"testing"
)

// skipOpenTofu skips a test of what OpenTofu, for a reason of its own, does not
// do. That it is OpenTofu shows by the registry, which it needs in any case.
func skipOpenTofu(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("TF_ACC_PROVIDER_HOST") == "registry.opentofu.org" {
		t.Skip("OpenTofu: " + reason)
	}
}
