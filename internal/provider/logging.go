package provider

import (
	"context"
	"log/slog"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// terraformLog hands the client's logs to Terraform's, with their fields.
type terraformLog struct{ fields map[string]any }

func newLogger() *slog.Logger { return slog.New(terraformLog{}) }

// Enabled lets everything through: Terraform's log knows its own level. TRACE
// holds bodies, which are made only when someone reads them.
func (terraformLog) Enabled(context.Context, slog.Level) bool { return true }

func (l terraformLog) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, record.NumAttrs())
	record.Attrs(func(a slog.Attr) bool {
		fields[a.Key] = a.Value.Any()
		return true
	})
	switch {
	case record.Level <= client.LevelTrace:
		tflog.Trace(ctx, record.Message, l.fields, fields)
	case record.Level <= slog.LevelDebug:
		tflog.Debug(ctx, record.Message, l.fields, fields)
	case record.Level <= slog.LevelInfo:
		tflog.Info(ctx, record.Message, l.fields, fields)
	case record.Level <= slog.LevelWarn:
		tflog.Warn(ctx, record.Message, l.fields, fields)
	default:
		tflog.Error(ctx, record.Message, l.fields, fields)
	}
	return nil
}

func (l terraformLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	fields := make(map[string]any, len(l.fields)+len(attrs))
	for key, value := range l.fields {
		fields[key] = value
	}
	for _, a := range attrs {
		fields[a.Key] = a.Value.Any()
	}
	return terraformLog{fields: fields}
}

// WithGroup is not used by the client; groups would only nest keys.
func (l terraformLog) WithGroup(string) slog.Handler { return l }
