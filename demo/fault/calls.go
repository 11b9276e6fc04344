package fault

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Call is one request that a target received. It holds no credential.
type Call struct {
	// Seq counts the calls over all targets, from 1.
	Seq    int64  `json:"seq"`
	Target string `json:"target"`
	Method string `json:"method"`
	Path   string `json:"path"`
	// Query is the raw query, the values of parameters that carry secrets left out.
	Query string `json:"query,omitempty"`
	// Header holds the values of a few harmless request headers.
	Header map[string]string `json:"header,omitempty"`
	// HeaderNames are the names of all request headers, sorted: also of those whose values are not kept.
	HeaderNames []string `json:"headerNames,omitempty"`
	// Bearer tells whether there was a Bearer token; TokenHash is then the first 12 hexadecimal digits of its SHA-256.
	Bearer    bool   `json:"bearer"`
	TokenHash string `json:"tokenHash,omitempty"`
	// Fault says which rules applied, in words; empty when none.
	Fault string `json:"fault,omitempty"`
	// Status is that of the answer; 0 as long as there is none, and for good when the connection was dropped.
	Status int       `json:"status"`
	Start  time.Time `json:"start"`
	// Duration is the time until the handler was done, injected latency included; 0 while Done is false.
	Duration time.Duration `json:"duration"`
	Done     bool          `json:"done"`
}

const (
	// maxText bounds each recorded path, query and header value, in bytes.
	maxText = 2048
	// maxHeaderNames bounds the recorded names of headers.
	maxHeaderNames = 64
)

// Calls returns the calls recorded for one target, or for all of them when target is empty, in the order
// in which they arrived. Calls not yet answered are among them.
func (c *Control) Calls(target string) []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := []Call{}
	for name, list := range c.calls {
		if target != "" && target != name {
			continue
		}
		for _, call := range list {
			calls = append(calls, *call)
		}
	}
	slices.SortFunc(calls, func(a, b Call) int { return int(a.Seq - b.Seq) })
	return calls
}

// ResetCalls forgets all calls.
func (c *Control) ResetCalls() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = map[string][]*Call{}
}

// begin records a request before it is answered, so that a client that has its answer finds the call.
func (c *Control) begin(target string, r *http.Request, fault string) *Call {
	call := &Call{
		Target: target, Method: shorten(r.Method), Path: shorten(r.URL.Path), Query: safeQuery(r.URL.RawQuery),
		Header: map[string]string{}, Fault: fault, Start: c.now(),
	}
	for _, name := range []string{
		"Accept", "Accept-Language", "Cache-Control", "Content-Type", "Idempotency-Key", "If-None-Match",
		"Last-Event-Id", "Prefer", "Traceparent", "User-Agent", "X-Request-Id",
	} {
		if value := r.Header.Get(name); value != "" {
			call.Header[name] = safeText(value)
		}
	}
	for name := range r.Header {
		call.HeaderNames = append(call.HeaderNames, shorten(name))
	}
	slices.Sort(call.HeaderNames)
	call.HeaderNames = call.HeaderNames[:min(len(call.HeaderNames), maxHeaderNames)]
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		call.Bearer = true
		call.TokenHash = TokenHash(token)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	call.Seq = c.seq
	list := append(c.calls[target], call)
	if len(list) > c.maxCalls {
		list = slices.Clone(list[len(list)-c.maxCalls:])
	}
	c.calls[target] = list
	return call
}

// answered notes the status of an answer that begins.
func (c *Control) answered(call *Call, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call.Status = status
}

// end notes that the request is over.
func (c *Control) end(call *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call.Duration = c.now().Sub(call.Start)
	call.Done = true
}

// TokenHash is what Call keeps of a Bearer token: enough to tell two tokens apart, useless as one.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return hex.EncodeToString(sum[:6])
}

// safeQuery is a raw query without the values that open something.
func safeQuery(raw string) string {
	if raw == "" {
		return ""
	}
	parts := strings.Split(raw, "&")
	for i, part := range parts {
		name, value, found := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err != nil || secretParameter(plain) || looksLikeToken(value) {
			if found && value != "" {
				parts[i] = shorten(name) + "=[left-out]"
			}
		}
	}
	return shorten(strings.Join(parts, "&"))
}

// secretParameter tells which parameters carry tokens or what can be made into one. OpenID Connect puts
// id_token_hint into the query of the end-session request, and codes into that of the callback.
func secretParameter(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"token", "secret", "assertion", "password", "code", "id_token_hint", "request", "ticket", "key"} {
		if name == word || strings.HasSuffix(name, "_"+word) {
			return true
		}
	}
	return false
}

// safeText is a header value, or nothing of it if it could be a token that took the wrong way.
func safeText(value string) string {
	if looksLikeToken(value) {
		return "[left-out]"
	}
	return shorten(value)
}

// looksLikeToken reports whether a JSON Web Token is in the text: base64url of `{"` begins with eyJ.
func looksLikeToken(value string) bool { return strings.Contains(value, "eyJ") }

func shorten(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}
