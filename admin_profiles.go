package main

import (
	"net/http"
	"net/http/pprof"
)

// newProfiles handles "GET /debug/pprof/…": where the process spends time and memory, as `go tool pprof` asks, on the gateway's own
// machine or through a port forwarded to it. They show functions and counts, no request's data; cmdline is left out.
func newProfiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	return ownMachineOnly(mux)
}
