package auth

import (
	"log/slog"
	"net/http"
	"strings"
)

// CrossSite refuses what a page of another origin could have caused, before the body is read, the session looked up or
// anything called (design: cross-site requests). It does not look at the method: a GET query costs the APIs and can be
// timed (CSRF-8).
//
// Where the browser says who asks (Sec-Fetch-Site, Origin), it must be this origin; sibling subdomains are strangers.
// And the request must have a header that no cross-site page can set without a preflight, which nobody answers here.
// A WebSocket upgrade cannot have such a header; its Origin must be there and be ours (WS-2).
func (s *Service) CrossSite(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if why := s.crossSite(r); why != "" {
			s.audit(r.Context(), "cross_site_refused", reasonAttr(why), slog.String("route", r.Pattern)) // No path: it may name a person, or a session to its user.
			refuse(w, r, http.StatusForbidden, problemCrossSite)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// crossSite gives the reason to refuse the request; empty to let it through.
func (s *Service) crossSite(r *http.Request) string {
	if why := s.foreign(r); why != "" {
		return why
	}
	if isWebSocket(r) {
		if r.Header.Get("Origin") == "" {
			return "no origin"
		}
		return ""
	}
	if r.Header.Get(s.cfg.CSRFHeader) != "1" {
		return "no header"
	}
	return ""
}

// foreign gives the reason to refuse the request by what the browser itself says of who asks; empty if it says nothing.
func (s *Service) foreign(r *http.Request) string {
	sites, origins := r.Header.Values("Sec-Fetch-Site"), r.Header.Values("Origin")
	if len(sites) > 1 || len(sites) == 1 && sites[0] != "same-origin" {
		return "fetch site"
	}
	if len(origins) > 1 || len(origins) == 1 && origins[0] != s.origin {
		return "origin"
	}
	return ""
}

func isWebSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// isPrefetch tells whether the browser only looks ahead: nothing may change for that.
func isPrefetch(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if strings.Contains(strings.ToLower(r.Header.Get(name)), "prefetch") {
			return true
		}
	}
	return false
}
