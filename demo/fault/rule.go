package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// maxDelay bounds Latency and Drip, so that a slip of the pen does not hold a connection for days.
	maxDelay = 10 * time.Minute
	// maxBody bounds the body of an answer a rule brings.
	maxBody = 1 << 20
	// maxTimes bounds Times.
	maxTimes = 1_000_000
)

// Rule is one fault: which requests it concerns and what happens to them. The zero value of each field
// means "not this one".
//
// All rules that match a request work together: latencies add up, headers are merged, and of the other
// effects the newest matching rule's applies; an older rule with such an effect is left out altogether.
type Rule struct {
	// ID names the rule; Control gives it one when it is empty.
	ID string
	// Target is the server concerned, one of Config.Targets. Required.
	Target string
	// PathPrefix limits the rule to paths that begin so; empty is every path.
	PathPrefix string
	// Method limits the rule to one method; empty is every method.
	Method string

	// Latency is waited before anything else, at most ten minutes. The wait ends early when the client goes away.
	Latency time.Duration
	// Status answers with this status (200-599) in place of the server, as a problem document unless
	// Body or Empty say otherwise.
	Status int
	// Body answers with this body in place of the server; Status is then 200 unless set. At most 1 MiB.
	Body string
	// ContentType is that of the answer: of Body (application/json when empty), or put in place of the
	// server's own.
	ContentType string
	// Empty answers Status (or 200) without a body.
	Empty bool
	// Garbage answers 200 (or Status) and application/json with bytes that are neither JSON nor UTF-8.
	Garbage bool
	// Drop closes the connection without an answer. Go's client repeats an idempotent request by itself when
	// that happens to a connection it used before, and then there are two calls.
	Drop bool
	// Hang answers nothing until the client goes away, the rule is removed by hand or the Control is closed.
	Hang bool
	// Truncate lets the server answer and sends half of the body under the Content-Length of the whole; then
	// the connection ends. The server has done what it was asked.
	Truncate bool
	// Cut lets the server answer and sends half of the body as a complete HTTP message.
	Cut bool
	// Drip lets the server answer and pauses this long after every 64 bytes, at most ten minutes each.
	Drip time.Duration
	// Header is set on the answer, whoever makes it; an empty value removes the header.
	Header map[string]string
	// Times is how many requests the rule concerns before it removes itself; 0 is until it is removed.
	Times int
}

// replaces reports whether the rule answers in place of the server or spoils its answer: of these
// effects only one applies to a request.
func (r *Rule) replaces() bool {
	return r.answers() || r.Drop || r.Hang || r.Truncate || r.Cut || r.Drip > 0
}

// answers reports whether the rule brings an answer of its own.
func (r *Rule) answers() bool {
	return r.Status != 0 || r.Body != "" || r.Empty || r.Garbage
}

// matches reports whether the rule concerns this request to target.
func (r *Rule) matches(target string, req *http.Request) bool {
	return r.Target == target &&
		(r.Method == "" || r.Method == req.Method) &&
		strings.HasPrefix(req.URL.Path, r.PathPrefix)
}

// check returns everything wrong with the rule.
func (r *Rule) check(targets []string) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !slices.Contains(targets, r.Target) {
		bad("target must be one of %s", strings.Join(targets, ", "))
	}
	if r.PathPrefix != "" && !strings.HasPrefix(r.PathPrefix, "/") {
		bad("pathPrefix must begin with a slash")
	}
	if r.Method != strings.ToUpper(r.Method) {
		bad("method must be in capitals, such as GET")
	}
	if r.Latency < 0 || r.Latency > maxDelay {
		bad("latency must be between 0s and %s", maxDelay)
	}
	if r.Drip < 0 || r.Drip > maxDelay {
		bad("drip must be between 0s and %s", maxDelay)
	}
	if r.Status != 0 && (r.Status < 200 || r.Status > 599) {
		bad("status must be between 200 and 599")
	}
	if len(r.Body) > maxBody {
		bad("body must be at most %d bytes", maxBody)
	}
	if r.Times < 0 || r.Times > maxTimes {
		bad("times must be between 0 and %d", maxTimes)
	}
	for name, value := range r.Header {
		if name == "" || strings.ContainsAny(name, " :\r\n\t") || strings.ContainsAny(value, "\r\n\x00") {
			bad("header %q is no header field", name)
		}
	}
	kinds := 0
	for _, on := range []bool{r.answers(), r.Drop, r.Hang, r.Truncate, r.Cut, r.Drip > 0} {
		if on {
			kinds++
		}
	}
	if kinds > 1 {
		bad("only one of an answer (status, body, empty, garbage), drop, hang, truncate, cut and drip")
	}
	if kinds == 0 && r.Latency == 0 && r.ContentType == "" && len(r.Header) == 0 {
		bad("the rule does nothing")
	}
	return errors.Join(errs...)
}

// String says in a few words what the rule does, such as "wait 200ms, answer 503, next 2".
func (r *Rule) String() string {
	var parts []string
	if r.Latency > 0 {
		parts = append(parts, "wait "+r.Latency.String())
	}
	switch {
	case r.Drop:
		parts = append(parts, "drop the connection")
	case r.Hang:
		parts = append(parts, "hang")
	case r.Truncate:
		parts = append(parts, "break off in the body")
	case r.Cut:
		parts = append(parts, "cut the body")
	case r.Drip > 0:
		parts = append(parts, "drip, "+r.Drip.String()+" per 64 bytes")
	case r.Garbage:
		parts = append(parts, "answer garbage")
	case r.answers():
		text := fmt.Sprintf("answer %d", r.status())
		if r.Empty {
			text += " without a body"
		}
		parts = append(parts, text)
	}
	if r.ContentType != "" {
		parts = append(parts, "as "+r.ContentType)
	}
	if len(r.Header) > 0 {
		parts = append(parts, "change headers")
	}
	if r.Times > 0 {
		parts = append(parts, fmt.Sprintf("next %d", r.Times))
	}
	return strings.Join(parts, ", ")
}

// status is that of the rule's own answer.
func (r *Rule) status() int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}

// wireRule is a Rule in JSON: durations as text a person can write.
type wireRule struct {
	ID          string            `json:"id,omitempty"`
	Target      string            `json:"target"`
	PathPrefix  string            `json:"pathPrefix,omitempty"`
	Method      string            `json:"method,omitempty"`
	Latency     string            `json:"latency,omitempty"`
	Status      int               `json:"status,omitempty"`
	Body        string            `json:"body,omitempty"`
	ContentType string            `json:"contentType,omitempty"`
	Empty       bool              `json:"empty,omitempty"`
	Garbage     bool              `json:"garbage,omitempty"`
	Drop        bool              `json:"drop,omitempty"`
	Hang        bool              `json:"hang,omitempty"`
	Truncate    bool              `json:"truncate,omitempty"`
	Cut         bool              `json:"cut,omitempty"`
	Drip        string            `json:"drip,omitempty"`
	Header      map[string]string `json:"header,omitempty"`
	Times       int               `json:"times,omitempty"`
}

// MarshalJSON writes durations as Go does, such as "250ms".
func (r Rule) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireRule{
		r.ID, r.Target, r.PathPrefix, r.Method, durationText(r.Latency), r.Status, r.Body, r.ContentType,
		r.Empty, r.Garbage, r.Drop, r.Hang, r.Truncate, r.Cut, durationText(r.Drip), r.Header, r.Times,
	})
}

// rule reads the durations of w.
func (w wireRule) rule() (Rule, error) {
	latency, err1 := parseDuration("latency", w.Latency)
	drip, err2 := parseDuration("drip", w.Drip)
	return Rule{
		w.ID, w.Target, w.PathPrefix, w.Method, latency, w.Status, w.Body, w.ContentType,
		w.Empty, w.Garbage, w.Drop, w.Hang, w.Truncate, w.Cut, drip, w.Header, w.Times,
	}, errors.Join(err1, err2)
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func parseDuration(field, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%s must be a duration such as 250ms", field)
	}
	return d, nil
}
