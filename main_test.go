package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestRun_version(t *testing.T) {
	t.Parallel()
	for _, spelling := range []string{"-version", "--version"} {
		var stdout strings.Builder
		if err := run([]string{spelling}, &stdout); err != nil || stdout.String() != "dev\n" {
			t.Errorf("%s prints %q, %v", spelling, stdout.String(), err)
		}
	}
}

// The provider does not create logs that Terraform doesn't show.
func TestQuietLogs(t *testing.T) {
	variables := []string{"TF_LOG_PROVIDER_PIPELINER", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"}
	for asked, want := range map[string][]string{
		"":                           {"OFF", "OFF", "OFF"},
		"TF_LOG_CORE=TRACE":          {"OFF", "OFF", "OFF"},
		"TF_LOG=DEBUG":               {"DEBUG", "DEBUG", "OFF"},
		"TF_LOG_PROVIDER=info":       {"INFO", "INFO", "OFF"},
		"TF_LOG_PROVIDER=WARN":       {"WARN", "WARN", "OFF"},
		"TF_LOG=off":                 {"OFF", "OFF", "OFF"},
		"TF_LOG=trace":               {"TRACE", "TRACE", "TRACE"},
		"TF_LOG=JSON":                {"TRACE", "TRACE", "TRACE"},
		"TF_LOG=1":                   {"TRACE", "TRACE", "TRACE"},
		"TF_LOG_PROVIDER=TRACE":      {"TRACE", "TRACE", "TRACE"},
		"TF_LOG_SDK=DEBUG":           {"OFF", "", ""},
		"TF_LOG_SDK_PROTO=DEBUG":     {"OFF", "OFF", "DEBUG"},
		"TF_LOG_SDK_FRAMEWORK=error": {"OFF", "error", "OFF"},
	} {
		t.Run(asked, func(t *testing.T) {
			for _, variable := range slices.Concat(variables, []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK"}) {
				t.Setenv(variable, "")
			}
			if variable, level, isSet := strings.Cut(asked, "="); isSet {
				t.Setenv(variable, level)
			}
			quietLogs()
			got := make([]string, len(variables))
			for i, variable := range variables {
				got[i] = os.Getenv(variable)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q are %q; want %q", variables, got, want)
			}
		})
	}
}
