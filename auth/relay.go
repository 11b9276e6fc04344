package auth

import "net/http"

// What the REST relay of main needs of sessions beside Middleware and CrossSite.

// BrowserLoad takes the place of CrossSite where the browser itself loads something, such as an image or a download, and cannot
// send the header that scripts send. Only GET and HEAD pass, and only if the browser says that a page of this very origin
// asks. A browser that does not say is refused; all current ones do.
func (s *Service) BrowserLoad(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		why := s.foreign(r)
		if why == "" && r.Header.Get("Sec-Fetch-Site") != "same-origin" {
			why = "no fetch site"
		}
		if why == "" && r.Method != http.MethodGet && r.Method != http.MethodHead {
			why = "method"
		}
		if why != "" {
			s.audit(r.Context(), "cross_site_refused", reasonAttr(why))
			refuse(w, r, http.StatusForbidden, problemCrossSite)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// RefuseDead answers 401 to requests that may change something when their session cookie opens no session: their user believes that
// she is signed in, and what she wants done must not be done anonymously.
func (s *Service) RefuseDead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if DeadCookie(r.Context()) && mayChange(r) {
			refuse(w, r, http.StatusUnauthorized, problemUnauthenticated)
			return
		}
		next.ServeHTTP(w, r)
	})
}
