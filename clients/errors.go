package clients

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Code says what a failed call means to the caller. The values are those of the GraphQL contract (docs/errors.md).
type Code string

// The codes a call can end in.
const (
	CodeUnauthenticated     Code = "UNAUTHENTICATED"      // 401: the API wants (another) sign-in
	CodeStepUpRequired      Code = "STEP_UP_REQUIRED"     // 401 insufficient_user_authentication (RFC 9470)
	CodeForbidden           Code = "FORBIDDEN"            // 403
	CodeNotFound            Code = "NOT_FOUND"            // 404, 410
	CodeConflict            Code = "CONFLICT"             // 409, 412
	CodeBadUserInput        Code = "BAD_USER_INPUT"       // 400, 422, and input that cannot be sent
	CodeRateLimited         Code = "RATE_LIMITED"         // 429
	CodeUpstreamTimeout     Code = "UPSTREAM_TIMEOUT"     // no answer in time, 408, 504
	CodeUpstreamUnavailable Code = "UPSTREAM_UNAVAILABLE" // 5xx, network, breaker open, bulkhead full
	CodeUpstreamInvalid     Code = "UPSTREAM_INVALID"     // an answer that is not what the API promised
	CodeUnavailable         Code = "UNAVAILABLE"          // what the gateway itself needs (sign-in, session store, open files) is away
	CodeInternal            Code = "INTERNAL"             // a fault of this program
)

// Error is the error of every failed call.
//
// Its message names API, operation and code only. What the API or the network said is the cause, which Unwrap gives for
// the log; it must not reach a browser.
type Error struct {
	Code   Code
	API    string // the API's configured name
	Method string
	Path   string // the template, without identifiers
	Status int    // the API's HTTP status; 0 when there was no answer

	// Retryable says that the very same call may succeed later and is safe to repeat.
	Retryable bool
	// RetryAfter is how long the API asks not to be called again; 0 if it did not say.
	RetryAfter time.Duration
	// Fields says what is wrong with the input, for BAD_USER_INPUT; bounded in number and length.
	Fields []FieldError
	// StepUp says which sign-in would do, for STEP_UP_REQUIRED.
	StepUp *StepUp

	err error
}

// FieldError is one fault of the input, in the API's words.
type FieldError struct {
	Field   string // JSON Pointer into the body (RFC 6901), or a name
	Message string
}

// StepUp is what an API's RFC 9470 challenge asks of the next sign-in.
type StepUp struct {
	ACR    []string
	MaxAge *time.Duration
}

// LoginQuery is the query, question mark included, with which /auth/login asks the provider for such a sign-in (RFC 9470 §5). A nil or
// empty StepUp asks for any new one.
func (s *StepUp) LoginQuery() string {
	query := url.Values{}
	if s != nil && len(s.ACR) > 0 {
		query.Set("acr_values", strings.Join(s.ACR, " "))
	}
	if s != nil && s.MaxAge != nil {
		query.Set("max_age", strconv.Itoa(int(*s.MaxAge/time.Second)))
	}
	if len(query) == 0 {
		query.Set("prompt", "login")
	}
	return "?" + query.Encode()
}

// errProgram marks faults of the program, never of input or an API.
var errProgram = errors.New("clients: misuse")

// Error names what failed, and nothing that came from outside.
func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("clients: %s %s %s: %s (status %d)", e.API, e.Method, e.Path, e.Code, e.Status)
	}
	return fmt.Sprintf("clients: %s %s %s: %s", e.API, e.Method, e.Path, e.Code)
}

// Unwrap is the cause, for the log alone.
func (e *Error) Unwrap() error { return e.err }

// failure classifies an error that came instead of an answer.
func (a *API) failure(x *exchange, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if a.classify != nil {
		if known := a.classify(err); known != nil {
			e := *known
			e.API, e.Method, e.Path, e.err = a.name, x.method, x.template, err
			return &e
		}
	}
	e = &Error{API: a.name, Method: x.method, Path: x.template, Retryable: x.repeatable, err: err}
	var netErr net.Error
	var held *heldBack
	switch {
	case errors.As(err, &held):
		e.Code, e.Retryable, e.RetryAfter = CodeUpstreamUnavailable, true, held.after
	case errors.Is(err, errExhausted):
		e.Code, e.Retryable, e.RetryAfter = CodeUnavailable, true, crowdWait
	case errors.Is(err, errProgram):
		e.Code, e.Retryable = CodeInternal, false
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		e.Code = CodeUpstreamTimeout
	default:
		e.Code = CodeUpstreamUnavailable
	}
	return e
}

// codeOfError is the code that an error of Do bears.
func codeOfError(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// invalid says that the API's answer is not what it promised.
func (a *API) invalid(x *exchange, status int, format string, args ...any) *Error {
	return &Error{Code: CodeUpstreamInvalid, API: a.name, Method: x.method, Path: x.template, Status: status, err: fmt.Errorf(format, args...)}
}
