package main

import (
	"os"
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

func TestQuietProtocol(t *testing.T) {
	const protocol = "TF_LOG_SDK_PROTO"
	for asked, want := range map[string]string{
		"": "off", "TF_LOG=DEBUG": "off", "TF_LOG_PROVIDER=WARN": "off",
		"TF_LOG=trace": "", "TF_LOG=JSON": "", "TF_LOG_PROVIDER=TRACE": "", "TF_LOG_SDK=DEBUG": "", protocol + "=DEBUG": "DEBUG",
	} {
		t.Run(asked, func(t *testing.T) {
			for _, variable := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", protocol} {
				t.Setenv(variable, "")
			}
			if variable, level, isSet := strings.Cut(asked, "="); isSet {
				t.Setenv(variable, level)
			}
			quietProtocol()
			if got := os.Getenv(protocol); got != want {
				t.Errorf("%s is %q; want %q", protocol, got, want)
			}
		})
	}
}
