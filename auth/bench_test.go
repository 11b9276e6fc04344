package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
)

// The middleware's price per request with the memory store, cookie opening included. Cached: the decoded body is at hand.
func BenchmarkMiddleware(b *testing.B) {
	w := newWorld(b, nil)
	v := w.signIn(b, "alice")
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if auth.FromContext(r.Context()) == nil {
			b.Fatal("no session")
		}
	})
	r := httptest.NewRequest(http.MethodGet, w.origin, nil)
	for _, c := range v.Cookies() {
		r.AddCookie(c)
	}
	out := httptest.NewRecorder()
	b.Run("cached", func(b *testing.B) {
		h := w.auth.Middleware(next)
		b.ReportAllocs()
		for b.Loop() {
			h.ServeHTTP(out, r)
		}
	})
	b.Run("uncached", func(b *testing.B) {
		h := w.auth.Middleware(next)
		b.ReportAllocs()
		for b.Loop() {
			w.auth.ForgetBodies()
			h.ServeHTTP(out, r)
		}
	})
}

// What a session costs in memory: 100,000 of them with three JWTs of 1 KiB each.
func BenchmarkMemoryPerSession(b *testing.B) {
	const sessions = 100_000
	for b.Loop() {
		store := memstore.New(memstore.Config{})
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		jwt := strings.Repeat("a", 1024)
		for i := range sessions {
			r, err := auth.SealedRecordForBenchmark(fmt.Sprint("c-", i), jwt)
			if err != nil {
				b.Fatal(err)
			}
			r.LastSeen, r.IdleTimeout, r.Expires = time.Now(), time.Hour, time.Now().Add(time.Hour)
			if err := store.Create(context.Background(), r); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/sessions, "B/session")
		store.Close()
	}
}
