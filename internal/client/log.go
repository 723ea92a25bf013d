package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"syscall"
	"time"
)

// Logs above TRACE show only the status and the code of a reply, because its texts
// echo numbers, names and contents.

func (c *connection) logAttempt(ctx context.Context, call call, got reply, took time.Duration, err error) {
	fields := []any{"method", call.method, "path", call.path, "status", got.status, "milliseconds", took.Milliseconds()}
	if err != nil {
		fields = append(fields, "error", KindOf(err))
	}
	c.config.Logger.DebugContext(ctx, "request to the Pipeliner API", fields...)
	if c.config.Logger.Enabled(ctx, LevelTrace) {
		body := func(text []byte) hiddenBody { return hiddenBody{c.secrets, text} }
		c.config.Logger.Log(ctx, LevelTrace, "bodies", "query", body([]byte(call.query.Encode())), "request", body(call.body), "reply", body(got.body))
	}
}

// logRepeat logs that a call will be sent again.
func (c *connection) logRepeat(ctx context.Context, call call, err error, wait time.Duration) {
	fields := []any{"method", call.method, "path", call.path, "wait", wait.String(), "error", KindOf(err)}
	if status := StatusOf(err); status != 0 {
		fields = append(fields, "status", status)
	}
	if api, ok := errors.AsType[*APIError](err); ok {
		fields = append(fields, "code", api.Code)
	}
	c.config.Logger.WarnContext(ctx, "repeating a request", fields...)
}

// KindOf returns the kind of an error, in words of this program or of the system.
func KindOf(err error) string {
	var timeout net.Error
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	reply, isReply := errors.AsType[*ReplyError](err)
	switch {
	case errors.As(err, new(*APIError)):
		return "error of the API"
	case isReply && reply.isRedirect:
		return "redirect"
	case isReply:
		return "unexpected reply"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.As(err, new(*net.DNSError)):
		return "no address of the host"
	case IsUntrusted(err), errors.As(err, new(tls.RecordHeaderError)):
		return "no secure connection"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	}
	return "no complete reply"
}

// LevelTrace is for logs of request and reply bodies, which contain personal data.
const LevelTrace = slog.LevelDebug - 4
