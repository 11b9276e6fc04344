package main

import (
	"io"
	"net/http"
)

// newAdminHandler is the operators' surface, route by route; profiles is nil where they are off. It has a listener of its own, on
// loopback unless configured otherwise, and cannot be reached through the public one.
func newAdminHandler(ready, sessions, metrics, profiles http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /sessions", sessions)
	mux.Handle("DELETE /sessions", sessions)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		text(w, http.StatusOK, "alive\n")
	})
	mux.Handle("GET /readyz", ready)
	mux.Handle("GET /metrics", metrics)
	if profiles != nil {
		mux.Handle("GET /debug/pprof/", profiles)
	}
	return mux
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	io.WriteString(w, body) //nolint:errcheck // The reader is gone; there is nobody to tell.
}
