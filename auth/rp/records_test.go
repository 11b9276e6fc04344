package rp_test

import (
	"context"
	"log/slog"
	"maps"
	"sync"
)

// records keeps what is logged.
type records struct {
	mu  sync.Mutex // guards all
	all []slog.Record
}

func (r *records) logger() *slog.Logger { return slog.New(r) }

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }

func (r *records) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, record)
	return nil
}

// of returns the attributes of the records whose "what" is this, the last one's where several say the same.
func (r *records) of(what string) map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := map[string]string{}
	for _, record := range r.all {
		attrs := map[string]string{}
		record.Attrs(func(a slog.Attr) bool {
			attrs[a.Key] = a.Value.String()
			return true
		})
		if attrs["what"] == what {
			maps.Copy(found, attrs)
		}
	}
	return found
}
