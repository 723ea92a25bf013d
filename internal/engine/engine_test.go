package engine

import (
	"errors"
	"testing"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/apitest"
	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// A setting that is zero gets its default if zero makes no sense.
func TestNewEngine(t *testing.T) {
	t.Parallel()
	c, err := client.New(client.Config{ServiceURL: "crm.example", SpaceID: "acme"})
	apitest.Must(t, err)
	e, err := New(c, Settings{})
	apitest.Must(t, err)
	wantEqual(t, "batch size", Defaults().BatchSize, e.settings.BatchSize)

	_, err = New(c, Settings{DefaultRegion: "UK"})
	var wrong *client.ConfigError
	if !errors.As(err, &wrong) || wrong.Setting != "default_region" {
		t.Errorf("the region UK: %v", err)
	}
}
