package clients

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// relayProblem is a refusal in constant texts: it never repeats anything of a request or of an API (RFC 9457, PROB-1).
type relayProblem struct{ name, title, detail string }

var (
	problemPath     = relayProblem{"bad-path", "The path is not valid", "Each path is written in one way: without dots, empty segments, and encodings that need not be."}
	problemNotFound = relayProblem{"not-found", "Not found", "There is nothing at this address."}
	problemMethod   = relayProblem{"method-not-allowed", "Method not allowed", "This address answers other methods; see Allow."}
	problemUpgrade  = relayProblem{"bad-upgrade", "No such upgrade", "This request cannot become a WebSocket."}
	problemTooLarge = relayProblem{"too-large", "The request is too large", "The body is larger than allowed."}
)

// describe gives the status and the texts for a code that the relay answers itself.
func describe(code Code) (int, relayProblem) {
	switch code {
	case CodeUnauthenticated:
		return http.StatusUnauthorized, relayProblem{"unauthenticated", "Nobody is signed in", "Sign in and try again."}
	case CodeStepUpRequired:
		return http.StatusUnauthorized, relayProblem{"step-up-required", "A stronger sign-in is needed", "Sign in again as loginUrl says, and try again."}
	case CodeUnavailable:
		return http.StatusServiceUnavailable, relayProblem{"unavailable", "This is not available just now", "Please try again in a moment."}
	case CodeRateLimited:
		return http.StatusTooManyRequests, relayProblem{"rate-limited", "Too many requests at once", "Wait until some of them have ended, and try again."}
	case CodeUpstreamTimeout:
		return http.StatusGatewayTimeout, relayProblem{"upstream-timeout", "An API did not answer in time", "Please try again in a moment."}
	case CodeUpstreamUnavailable:
		return http.StatusServiceUnavailable, relayProblem{"upstream-unavailable", "An API cannot be reached", "Please try again in a moment."}
	case CodeUpstreamInvalid:
		return http.StatusBadGateway, relayProblem{"upstream-invalid", "An API gave an answer that cannot be passed on", "The fault is not yours."}
	}
	return http.StatusInternalServerError, relayProblem{"internal", "Something went wrong", "The fault is ours."}
}

// refuse answers in place of an API that did not, or whose answer is not passed on.
func (r *Relay) refuse(w http.ResponseWriter, req *http.Request, e *Error) {
	status, problem := describe(e.Code)
	if e.Status >= 500 {
		status = e.Status
	}
	more := map[string]any{"code": e.Code, "api": e.API, "retryable": e.Retryable}
	if e.RetryAfter > 0 {
		seconds := int((e.RetryAfter + time.Second - 1) / time.Second)
		more["retryAfter"] = seconds
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	switch e.Code {
	case CodeUnauthenticated:
		more["loginUrl"] = r.cfg.LoginURL
	case CodeStepUpRequired:
		more["loginUrl"] = r.cfg.LoginURL + e.StepUp.LoginQuery()
	}
	if req.Context().Err() == nil {
		r.cfg.Logger.WarnContext(req.Context(), "relay refused", "api", e.API, "code", e.Code, "request_id", inboundFrom(req.Context()).RequestID, "error", e.Unwrap())
	}
	r.refuseRelay(w, req, status, problem, more)
}

// refuseRelay answers a script with problem details and a navigation with a page (PROB-2).
func (r *Relay) refuseRelay(w http.ResponseWriter, req *http.Request, status int, problem relayProblem, more map[string]any) {
	if loginURL, _ := more["loginUrl"].(string); r.cfg.Page != nil && r.cfg.Page(w, req, status, problem.title, problem.detail, loginURL) {
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if req.Method == http.MethodHead {
		return
	}
	body := map[string]any{"type": "urn:vestibule:problem:" + problem.name, "title": problem.title, "status": status, "detail": problem.detail}
	for name, value := range more {
		body[name] = value
	}
	json.NewEncoder(w).Encode(body) //nolint:errcheck,errchkjson // The reader is gone; there is nobody to tell.
}
