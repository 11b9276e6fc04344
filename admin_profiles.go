package main

import (
	"net/http"
	"net/http/pprof"
)

// newProfiles handles "GET /debug/pprof/…": where the process spends time and memory, for `go tool pprof` on the gateway's own machine
// or through a port forwarded to it. Profiles show functions and counts, and nothing of a request; cmdline is left out, since
// arguments may hold secrets.
func newProfiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	return ownMachineOnly(mux)
}
