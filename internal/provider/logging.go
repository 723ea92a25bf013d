package provider

import (
	"context"
	"log/slog"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// terraformLog passes the client's logs to Terraform's log, with their fields.
type terraformLog struct{}

// Enabled lets everything through. Terraform's log has its own level, and formats only
// the fields that it writes.
func (terraformLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle writes the record with the level that Terraform has for it.
func (terraformLog) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, record.NumAttrs())
	record.Attrs(func(a slog.Attr) bool {
		fields[a.Key] = a.Value.Any()
		return true
	})
	write := tflog.Error
	switch {
	case record.Level <= client.LevelTrace:
		write = tflog.Trace
	case record.Level <= slog.LevelDebug:
		write = tflog.Debug
	case record.Level <= slog.LevelInfo:
		write = tflog.Info
	case record.Level <= slog.LevelWarn:
		write = tflog.Warn
	}
	write(ctx, record.Message, fields)
	return nil
}

// WithAttrs and WithGroup are not used by the client.
func (l terraformLog) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l terraformLog) WithGroup(string) slog.Handler      { return l }
