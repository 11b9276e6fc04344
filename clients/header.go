package clients

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

const (
	headerRequestID   = "X-Request-Id"
	headerTraceParent = "Traceparent"
	headerTraceState  = "Tracestate"
	headerIdempotency = "Idempotency-Key"

	headerForwarded    = "Forwarded"
	headerForwardedFor = "X-Forwarded-For"
)

func fixedHeader(cfg Config) http.Header {
	h := http.Header{
		"Accept":     {"application/json, application/problem+json"},
		"User-Agent": {cfg.UserAgent},
	}
	if cfg.UserAgent == "" {
		h.Set("User-Agent", "vestibule")
	}
	for name, value := range cfg.Headers {
		h.Set(name, value)
	}
	return h
}

// finalHeader is the whole header that the API gets, except for the token.
func (a *API) finalHeader(ctx context.Context) http.Header {
	h := make(http.Header, len(a.fixed)+4)
	for name, values := range a.fixed {
		h[name] = values // shared: nothing writes to the slice of a final header
	}
	in := inboundFrom(ctx)
	if isRequestID(in.RequestID) {
		h[headerRequestID] = []string{in.RequestID}
	}
	if at := trace.SpanContextFromContext(ctx); a.tracer != nil && at.IsValid() {
		setTrace(h, at)
	} else if isTraceParent(in.TraceParent) {
		h[headerTraceParent] = []string{in.TraceParent}
		if in.TraceState != "" && len(in.TraceState) <= 512 && isVisible(in.TraceState) {
			h[headerTraceState] = []string{in.TraceState}
		}
	}
	if a.language && in.Language != "" && len(in.Language) <= 256 && isVisible(in.Language) {
		h["Accept-Language"] = []string{in.Language}
	}
	if addr, err := netip.ParseAddr(in.ClientAddr); err == nil && a.clientAddr != "" {
		h[a.clientAddr] = []string{addressValue(a.clientAddr, addr)}
	}
	return h
}

// addHeader adds a call's own headers. A value that cannot be sent is a fault of the input, a reserved name one of the program.
func (a *API) addHeader(x *exchange, header http.Header) error {
	for name, values := range header {
		if !isToken(name) || reservedHeader(name) {
			return a.failure(x, fmt.Errorf("%w: header %q is not a call's to set", errProgram, name))
		}
		for _, value := range values {
			if !isVisible(value) || strings.TrimSpace(value) != value {
				return a.badInput(x, fmt.Errorf("header %q cannot be sent", name), FieldError{Field: name, Message: "must be visible ASCII characters"})
			}
		}
		x.header[http.CanonicalHeaderKey(name)] = values
	}
	return nil
}

// addressValue writes an address as the header has it; RFC 7239 §6 puts one of version 6 into brackets and quotes.
func addressValue(header string, addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if header == headerForwardedFor {
		return addr.String()
	}
	if addr.Is6() {
		return `for="[` + addr.String() + `]"`
	}
	return "for=" + addr.String()
}

// reservedHeader tells whether only this package, auth's transport or net/http may set a header.
func reservedHeader(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization", "Cookie", "Host", "Content-Length", "Content-Type", "Connection", "Keep-Alive",
		"Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Accept-Encoding", "Range",
		"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range",
		headerIdempotency, headerRequestID, headerTraceParent, headerTraceState, headerForwarded, headerForwardedFor:
		return true
	}
	return false
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// isVisible tells whether a text consists of printable ASCII and spaces.
func isVisible(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

func isRequestID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// isTraceParent tells whether a text is a traceparent of version 00 (W3C Trace Context §3.2): lowercase hex, neither id all zero.
func isTraceParent(s string) bool {
	if len(s) != 55 || s[:3] != "00-" || s[35] != '-' || s[52] != '-' {
		return false
	}
	trace, span, flags := s[3:35], s[36:52], s[53:]
	return isHex(trace) && isHex(span) && isHex(flags) && strings.Trim(trace, "0") != "" && strings.Trim(span, "0") != ""
}

func isHex(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}
