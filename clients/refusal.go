package clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxFields       = 50  // more faults than this help nobody to mend a form
	maxFieldBytes   = 200 // of a field's name
	maxMessageBytes = 300 // of a message, which a person reads
	// maxRetryAfter bounds an API's Retry-After: more than a day is a mistake or malice.
	maxRetryAfter = 24 * time.Hour
)

// refusal makes an *Error of an answer that is not a success, whatever its body is.
func (a *API) refusal(x *exchange, ans *answer) *Error {
	e := &Error{API: a.name, Method: x.method, Path: x.template, Status: ans.status}
	e.Code, e.Retryable = codeOf(ans.status, x.repeatable)
	p := readProblem(ans)
	e.err = p.cause(ans)
	switch e.Code {
	case CodeUnauthenticated:
		if e.StepUp = stepUp(ans.header); e.StepUp != nil {
			e.Code = CodeStepUpRequired
		}
	case CodeBadUserInput:
		e.Fields = p.fields()
	case CodeRateLimited, CodeUpstreamUnavailable, CodeUpstreamTimeout:
		e.RetryAfter = retryAfter(ans.header, a.now())
	}
	return e
}

// codeOf gives the code of a status, and whether the same call may be repeated: after 429 and 503 always, since the API has not acted;
// after other transient failures only if repeating cannot act twice.
func codeOf(status int, repeatable bool) (code Code, retryable bool) {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return CodeBadUserInput, false
	case http.StatusUnauthorized:
		return CodeUnauthenticated, false
	case http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return CodeForbidden, false
	case http.StatusNotFound, http.StatusGone:
		return CodeNotFound, false
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked:
		return CodeConflict, false
	case http.StatusTooManyRequests:
		return CodeRateLimited, true
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return CodeUpstreamTimeout, repeatable
	case http.StatusServiceUnavailable:
		return CodeUpstreamUnavailable, true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return CodeUpstreamUnavailable, false
	}
	if status >= 500 && status <= 599 {
		return CodeUpstreamUnavailable, repeatable
	}
	return CodeUpstreamInvalid, false // redirects, and refusals that only a wrong request of ours explains
}

// problem is what is read of an error's body: RFC 9457 or something like it.
type problem struct {
	Type          string          `json:"type"`
	Title         string          `json:"title"`
	Detail        string          `json:"detail"`
	Errors        json.RawMessage `json:"errors"`
	InvalidParams json.RawMessage `json:"invalid-params"` // as RFC 7807 named them in an example that many followed
}

// readProblem never fails: a body that is not JSON, or other JSON, gives an empty problem.
func readProblem(ans *answer) problem {
	var p problem
	if checkJSON(ans.header) != nil || tooDeep(ans.body, maxDepth) {
		return problem{}
	}
	// A member of an unexpected type leaves the others readable.
	_ = json.Unmarshal(ans.body, &p)
	return p
}

// cause is the error for the log: the problem's own words, shortened, or what kind of body came instead.
func (p problem) cause(ans *answer) error {
	if p.Type == "" && p.Title == "" && p.Detail == "" {
		return fmt.Errorf("status %d with %d bytes of %q", ans.status, len(ans.body), clip(ans.header.Get("Content-Type"), 100))
	}
	return fmt.Errorf("status %d: type %q, title %q, detail %q", ans.status,
		clip(p.Type, maxMessageBytes), clip(p.Title, maxMessageBytes), clip(p.Detail, maxMessageBytes))
}

// fields reads the two forms in use: a list of faults, or an object of them by the field's name. Entries of another form are skipped.
func (p problem) fields() []FieldError {
	faults := p.Errors
	if len(faults) == 0 {
		faults = p.InvalidParams
	}
	var list []json.RawMessage
	if json.Unmarshal(faults, &list) == nil {
		return appendFaults(nil, "", list)
	}
	var byName map[string]json.RawMessage
	if json.Unmarshal(faults, &byName) != nil {
		return nil
	}
	var fields []FieldError
	for _, name := range sortedKeys(byName) {
		var several []json.RawMessage
		if json.Unmarshal(byName[name], &several) != nil {
			several = []json.RawMessage{byName[name]}
		}
		fields = appendFaults(fields, name, several)
	}
	return fields
}

// appendFaults reads faults, each a text or an object; name is the field where they do not name it themselves.
func appendFaults(fields []FieldError, name string, faults []json.RawMessage) []FieldError {
	for _, raw := range faults {
		if len(fields) == maxFields {
			break
		}
		var message string
		if json.Unmarshal(raw, &message) == nil {
			fields = appendField(fields, name, message)
			continue
		}
		var f struct{ Field, Pointer, Name, Message, Detail, Reason string }
		_ = json.Unmarshal(raw, &f) // A member of an unexpected type leaves the others readable.
		fields = appendField(fields, first(f.Field, f.Pointer, f.Name, name), first(f.Message, f.Detail, f.Reason))
	}
	return fields
}

func appendField(fields []FieldError, field, message string) []FieldError {
	if field == "" && message == "" {
		return fields
	}
	// A pointer may be written as a URI fragment (RFC 6901 §6).
	return append(fields, FieldError{Field: clip(strings.TrimPrefix(field, "#"), maxFieldBytes), Message: clip(message, maxMessageBytes)})
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// clip makes text safe to show: valid UTF-8, no control characters, at most n bytes.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if isControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// retryAfter reads seconds or a date (RFC 9110 §10.2.3); 0 if there is none, if it is past, or if it is neither.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(v, 10, 64); err == nil {
		return max(0, min(time.Duration(min(seconds, int64(maxRetryAfter/time.Second)))*time.Second, maxRetryAfter))
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(now), maxRetryAfter))
}
