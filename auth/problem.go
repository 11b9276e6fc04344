package auth

import (
	"encoding/json"
	"net/http"
)

// problemKind is a refusal in constant texts, which repeat nothing of a request or of the provider (RFC 9457, PROB-1).
type problemKind struct{ name, title, detail string }

var (
	problemCrossSite       = problemKind{"cross-site", "Cross-site request refused", "Only scripts of this origin may ask this, with the header that proves it."}
	problemSessionChanged  = problemKind{"session-changed", "The session has changed", "The page belongs to another session than the browser's. Load it again."}
	problemUnauthenticated = problemKind{"unauthenticated", "Nobody is signed in", "Sign in and try again."}
	problemStore           = problemKind{"unavailable", "Sessions cannot be looked up", "Please try again in a moment. You are still signed in."}
	problemNotKept         = problemKind{"unavailable", "You were not signed in", "Your session could not be kept. Please try again in a moment."}
	problemStreams         = problemKind{"too-many-streams", "Too many event streams", "This session has as many open as it may, or the server is stopping. Try again in a moment."}
	problemProvider        = problemKind{"provider-unavailable", "Signing in is not possible just now", "The identity provider cannot be reached. Please try again in a moment."}
	problemClient          = problemKind{"client-refused", "Signing in is not possible just now", "The identity provider does not accept this application, whose operators have to mend that. Please try again later."}
	problemNavigation      = problemKind{"navigation-needed", "This address is for navigation", "Send the browser here instead of fetching it."}
	problemMethod          = problemKind{"method-not-allowed", "Method not allowed", "This address answers other methods; see Allow."}
	problemParameter       = problemKind{"bad-parameter", "A parameter is not valid", "One of the parameters has a value that is not allowed."}
	problemSignIn          = problemKind{"sign-in-failed", "You were not signed in", "The sign-in could not be completed. Nothing has changed; you can try again."}
	problemStale           = problemKind{"sign-in-stale", "This sign-in is over", "It was completed already, took too long, or began in another browser. You can go on, or sign in again."}
	problemDenied          = problemKind{"sign-in-refused", "You were not signed in", "The sign-in was cancelled or refused at the identity provider. You can try again."}
	problemNotAllowed      = problemKind{"not-admitted", "You may not sign in here", "The identity provider knows you, but this application does not admit you."}
	problemLoggedOut       = problemKind{"signed-out-meanwhile", "You were signed out meanwhile", "A sign-out arrived while you were signing in. You can sign in again."}
	problemNotFound        = problemKind{"not-found", "Not found", "There is nothing at this address."}
	problemLogoutToken     = problemKind{"bad-logout-token", "The logout token is not valid", "The request was refused and nothing has changed."}
	problemTooLarge        = problemKind{"too-large", "The request is too large", "The body is larger than allowed."}
	problemMediaType       = problemKind{"media-type", "Unsupported media type", "The body must be application/x-www-form-urlencoded."}
	problemInternal        = problemKind{"internal", "Something went wrong", "The fault is ours."}
)

// pageCrossSite is problemCrossSite to a person, who has followed a link or typed an address and sends no headers.
var pageCrossSite = problemKind{"cross-site", "This cannot be opened from here", "Only the app itself may ask for this. Nothing was done; go on from its start page."}

// refuse answers a fetch with problem details and a navigation with a page of the same words (PROB-2).
func refuse(w http.ResponseWriter, r *http.Request, status int, kind problemKind) {
	if kind == problemCrossSite && wantsPage(r) {
		kind = pageCrossSite
	}
	if !RefusalPage(w, r, status, kind.title, kind.detail, "") {
		refuseJSON(w, status, kind)
	}
}

// RefusalPage answers a navigation with a page that says why it was refused, in constant words, and offers the address of a
// login where that would help. Anything but a navigation is left to the caller: false.
func RefusalPage(w http.ResponseWriter, r *http.Request, status int, title, text, loginURL string) bool {
	if !wantsPage(r) {
		return false
	}
	links := []link{{"To the start page", "/"}}
	if loginURL != "" {
		links = []link{{"Sign in", loginURL}, {"Go on without signing in", "/"}}
	}
	writePage(w, status, page{Title: title, Text: text, Links: links})
	return true
}

func refuseJSON(w http.ResponseWriter, status int, kind problemKind) {
	writeJSON(w, "application/problem+json", status, map[string]any{
		"type": "urn:vestibule:problem:" + kind.name, "title": kind.title, "status": status, "detail": kind.detail,
	})
}

func writeJSON(w http.ResponseWriter, media string, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", media)
	noStore(h)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // The reader is gone; there is nobody to tell.
}

// noStore keeps an answer that is one person's out of every cache (CACHE-1, SES-13).
func noStore(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

// retryAfter is when to try again after a refusal for a passing outage, in seconds.
const retryAfter = "2"

func (s *Service) refuseStoreOutage(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil { // Otherwise the client has gone, and that is all that failed.
		s.cfg.Logger.ErrorContext(r.Context(), "the session store is out of order", "error", err)
	}
	w.Header().Set("Retry-After", retryAfter)
	refuse(w, r, http.StatusServiceUnavailable, problemStore)
}

// wantsPage tells a navigation from a fetch.
func wantsPage(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Dest") == "document" || r.Header.Get("Sec-Fetch-Mode") == "navigate"
}
