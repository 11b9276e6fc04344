// Package observe sees every request once: it gives it an id, writes one structured record of it when it is answered,
// and turns a panic into a plain 500.
//
// A record holds the route, never the query string or a header: those may hold codes and tokens.
package observe

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Config is what Handler needs. The zero value discards the records.
type Config struct {
	Logger *slog.Logger
	// TrustedProxies may give a request its id (X-Request-Id) and the trace that it belongs to (Traceparent).
	TrustedProxies []netip.Prefix
	// Meters makes the metrics of requests; nil: none.
	Meters metric.MeterProvider
	// Traces makes the spans of requests; nil: none.
	Traces trace.TracerProvider
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// NewLogger makes the process's logger: format json or text, level debug, info, warn or error. What is logged with a request's
// context has the request's id.
func NewLogger(w io.Writer, format, level string) *slog.Logger {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		least = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: least}
	if format == "text" {
		return slog.New(identified{slog.NewTextHandler(w, options)})
	}
	return slog.New(identified{slog.NewJSONHandler(w, options)})
}

// identified adds the request's id to records that do not have it already.
type identified struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h identified) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		named := false
		r.Attrs(func(a slog.Attr) bool {
			named = named || a.Key == keyRequestID
			return !named
		})
		if !named {
			r = r.Clone()
			r.AddAttrs(slog.String(keyRequestID, id))
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h identified) WithAttrs(attrs []slog.Attr) slog.Handler {
	return identified{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h identified) WithGroup(name string) slog.Handler {
	return identified{h.Handler.WithGroup(name)}
}

type contextKey struct{}

// keyRequestID is the request's id in the log.
const keyRequestID = "request_id"

// entry is what a request's record gathers on its way.
type entry struct {
	id    string
	cause error // of a panic
}

// RequestID is the id of the request that ctx belongs to; empty outside of requests.
func RequestID(ctx context.Context) string {
	if e, ok := ctx.Value(contextKey{}).(*entry); ok {
		return e.id
	}
	return ""
}

// statusClientGone is logged when the client left before the answer, as nginx does.
const statusClientGone = 499

// Handler observes every request to next. It drops inbound baggage, which would travel on to the APIs as if it were ours, and a trace
// context that does not come from a trusted proxy.
func Handler(cfg Config, next http.Handler) http.Handler {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	meter, tracer := newMeter(cfg.Meters), newTracer(cfg.Traces)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := cfg.Now()
		meter.begin(r.Context())
		e := &entry{id: requestID(cfg, r)}
		r.Header.Del("Baggage")
		w.Header().Set("X-Request-Id", e.id)
		rec := &recorder{ResponseWriter: w}
		ctx, span := tracer.begin(context.WithValue(r.Context(), contextKey{}, e), r, fromTrusted(cfg, r))
		r = r.WithContext(ctx)
		defer func() {
			if v := recover(); v != nil {
				panicked(cfg.Logger, e, rec, v)
				if errors.Is(asError(v), http.ErrAbortHandler) {
					defer panic(http.ErrAbortHandler)
				}
			}
			took := cfg.Now().Sub(start)
			meter.end(r.Context(), r, rec.answered(r), took)
			endSpan(span, r, e.id, rec.answered(r))
			write(cfg, r, e, rec, took)
		}()
		next.ServeHTTP(rec, r)
	})
}

func asError(v any) error {
	if err, ok := v.(error); ok {
		return err
	}
	return fmt.Errorf("%v", v)
}

// panicked answers 500 if nothing was answered yet. An answer that was begun the server cuts off.
func panicked(log *slog.Logger, e *entry, rec *recorder, v any) {
	err := asError(v)
	if errors.Is(err, http.ErrAbortHandler) {
		return
	}
	log.Error("panic", keyRequestID, e.id, "error", err.Error(), "stack", string(debug.Stack()))
	e.cause = err
	if rec.status != 0 {
		return
	}
	h := rec.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	rec.WriteHeader(http.StatusInternalServerError)
	io.WriteString(rec, `{"type":"urn:vestibule:problem:internal","title":"Something went wrong","status":500,"detail":"The fault is ours."}`+"\n") //nolint:errcheck // The client has left.
}

func write(cfg Config, r *http.Request, e *entry, rec *recorder, took time.Duration) {
	status := rec.answered(r)
	route := r.Pattern
	if route == "" {
		route = "other"
	}
	attrs := []slog.Attr{
		slog.String(keyRequestID, e.id), slog.String("method", r.Method), slog.String("route", route), slog.Int("status", status),
		slog.Int64("bytes", rec.bytes), slog.Duration("duration", took),
	}
	if at := trace.SpanContextFromContext(r.Context()); at.IsSampled() {
		attrs = append(attrs, slog.String("trace_id", at.TraceID().String()))
	}
	if e.cause != nil {
		attrs = append(attrs, slog.String("error", e.cause.Error()))
	}
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelError
	}
	cfg.Logger.LogAttrs(r.Context(), level, "request", attrs...)
}

// maxRequestID bounds an id that a proxy gives.
const maxRequestID = 64

func requestID(cfg Config, r *http.Request) string {
	given := r.Header.Get("X-Request-Id")
	if given != "" && len(given) <= maxRequestID && isPlain(given) && fromTrusted(cfg, r) {
		return given
	}
	return strings.ToLower(rand.Text()[:20])
}

func fromTrusted(cfg Config, r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, prefix := range cfg.TrustedProxies {
		if prefix.Contains(peer.Addr().Unmap()) {
			return true
		}
	}
	return false
}

func isPlain(text string) bool {
	for _, c := range text {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// recorder notes status and size. Flushing, hijacking and deadlines reach the writer beneath through Unwrap.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// answered is the status of the request's answer, or 499 if the client left before there was one.
func (r *recorder) answered(req *http.Request) int {
	switch {
	case r.status != 0:
		return r.status
	case req.Context().Err() != nil:
		return statusClientGone
	}
	return http.StatusOK
}

// Unwrap serves [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements [io.Writer].
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the writer beneath able to send files without copying.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := io.Copy(r.ResponseWriter, src)
	r.bytes += n
	return n, err
}
