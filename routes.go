package main

import (
	"encoding/json"
	"net/http"
	"strings"

	"vestibule.example/auth"
	"vestibule.example/clients"
)

// reserved are the paths that are never the SPA's, so that a typing error in one is a 404 and not an index page.
var reserved = []string{"/auth", "/api", "/graphql", "/playground"}

// withFallback gives what the routes do not name to the SPA, and renders the router's own 404 and 405 as ours.
func withFallback(mux *http.ServeMux, spa http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		router, pattern := mux.Handler(r)
		switch {
		case pattern != "":
			mux.ServeHTTP(w, r)
		case isReserved(r.URL.Path):
			refuseRoute(w, r, router)
		default:
			r.Pattern = "/"
			spa.ServeHTTP(w, r)
		}
	})
}

// withRelay answers "/api/{name}/…" before the router sees it: the router would clean paths, and the relay refuses one that needs
// cleaning. loads checks what browsers load by themselves, scripts what scripts ask for.
func withRelay(relay *clients.Relay, scripts, loads, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/") {
			next.ServeHTTP(w, r)
			return
		}
		r.Pattern = "/api/{name}/"
		if relay.BrowserLoads(r) {
			loads.ServeHTTP(w, r)
			return
		}
		scripts.ServeHTTP(w, r)
	})
}

// mayBeKept tells whether a request's session may be what this process has kept of it for a moment, without asking the store:
// the request begins no stream, and changes nothing through the relay. Whether a GraphQL document changes something is known only
// later, and the store is asked then (graph.Config.Confirm).
func mayBeKept(r *http.Request) bool {
	if r.Header.Get("Upgrade") != "" || strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/event-stream") {
		return false
	}
	return r.URL.Path == "/graphql" || r.Method == http.MethodGet || r.Method == http.MethodHead
}

func isReserved(path string) bool {
	for _, prefix := range reserved {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return true
		}
	}
	return false
}

// refuseRoute answers as the router would, 404 or 405 with Allow, in our form.
func refuseRoute(w http.ResponseWriter, r *http.Request, router http.Handler) {
	verdict := &statusOnly{header: http.Header{}}
	router.ServeHTTP(verdict, r)
	if verdict.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", verdict.header.Get("Allow"))
		problem(w, r, http.StatusMethodNotAllowed, "method-not-allowed", "Method not allowed", "This address answers other methods; see Allow.")
		return
	}
	problem(w, r, http.StatusNotFound, "not-found", "Not found", "There is nothing at this address.")
}

// statusOnly keeps what the router said and drops its text.
type statusOnly struct {
	header http.Header
	status int
}

func (s *statusOnly) Header() http.Header         { return s.header }
func (s *statusOnly) WriteHeader(status int)      { s.status = status }
func (s *statusOnly) Write(b []byte) (int, error) { return len(b), nil }

// securityHeaders sets what every answer has unless its handler sets something else (WEB-1 to WEB-7): handlers that serve
// pages have a content security policy of their own.
func securityHeaders(https bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if https {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// problem answers a fetch with RFC 9457 problem details and a navigation with a page. Both have constant texts, and nothing of the
// request (PROB-1, PROB-2).
func problem(w http.ResponseWriter, r *http.Request, status int, kind, title, detail string) {
	if auth.RefusalPage(w, r, status, title, detail, "") {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	json.NewEncoder(w).Encode(map[string]any{ //nolint:errcheck // The reader is gone; there is nobody to tell.
		"type": "urn:vestibule:problem:" + kind, "title": title, "status": status, "detail": detail,
	})
}
