package auth_test

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
)

// jwt makes what a signed token of 1 KiB looks like: three parts in base64url, which do not compress.
func jwt() string {
	parts := make([]string, 3)
	for i, size := range []int{45, 466, 256} {
		bytes := make([]byte, size)
		rand.Read(bytes)
		parts[i] = base64.RawURLEncoding.EncodeToString(bytes)
	}
	return parts[0] + "." + parts[1] + "." + parts[2]
}

// newBenchmark is a service over an empty memory store.
func newBenchmark(b *testing.B) (*auth.Service, *memstore.Store) {
	b.Helper()
	provider, err := rp.New(rp.Config{Issuer: "https://login.example.com", ClientID: "v", ClientSecret: newKey().Secret, RedirectURI: "https://app.example.com/auth/callback"})
	if err != nil {
		b.Fatal(err)
	}
	store := memstore.New(memstore.Config{})
	service, err := auth.New(auth.Config{
		Provider: provider, Store: store, PublicURL: &url.URL{Scheme: "https", Host: "app.example.com"}, Keys: []auth.Key{newKey()},
		Claims: []string{"name", "email"}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		service.Close()
		store.Close()
	})
	return service, store
}

// The middleware's price per request with the memory store, cookie opening included. Cached: the decoded body is at hand.
func BenchmarkMiddleware(b *testing.B) {
	service, _ := newBenchmark(b)
	cookie, err := service.AdmitTokens(b.Context(), "c-alice", jwt(), jwt(), jwt())
	if err != nil {
		b.Fatal(err)
	}
	h := service.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if auth.FromContext(r.Context()) == nil {
			b.Fatal("no session")
		}
	}))
	r := httptest.NewRequest(http.MethodGet, "https://app.example.com/graphql", nil)
	r.AddCookie(cookie)
	out := httptest.NewRecorder()
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.ServeHTTP(out, r)
		}
	})
	b.Run("uncached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			service.ForgetBodies()
			h.ServeHTTP(out, r)
		}
	})
}

// What a session costs in memory: 100,000 of them with three JWTs of 1 KiB each.
func BenchmarkMemoryPerSession(b *testing.B) {
	const sessions = 100_000
	for b.Loop() {
		service, _ := newBenchmark(b)
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range sessions {
			if _, err := service.AdmitTokens(b.Context(), fmt.Sprint("c-", i), jwt(), jwt(), jwt()); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/sessions, "B/session")
		runtime.KeepAlive(service)
	}
}
