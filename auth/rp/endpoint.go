package rp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	josejson "github.com/go-jose/go-jose/v4/json"
)

const (
	maxDescription = 200 // characters of a provider's text that go into a log
	maxRetryAfter  = time.Hour
)

// post sends form to one of the provider's endpoints with the client's authentication. Any answer but 2xx is a
// *TokenError. form is changed.
func (p *Provider) post(ctx context.Context, name, endpoint string, form url.Values) (*answer, error) {
	header := http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"},
		"Accept":       {"application/json"},
	}
	if err := p.authenticate(endpoint, header, form); err != nil {
		return nil, err
	}
	a, err := p.do(ctx, http.MethodPost, endpoint, header, form.Encode())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if a.status/100 != 2 {
		return nil, a.tokenError(name, p.cfg.Now())
	}
	return a, nil
}

// tokenError reads an error answer (RFC 6749 5.2). Whatever is not JSON leaves Code empty.
func (a *answer) tokenError(endpoint string, now time.Time) *TokenError {
	e := &TokenError{Endpoint: endpoint, Status: a.status, RetryAfter: retryAfter(a.header.Get("Retry-After"), now)}
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if a.isJSON() && josejson.Unmarshal(a.body, &body) == nil {
		e.Code, e.Description = errorCode(body.Error), printable(body.Description)
	}
	return e
}

// decode reads a successful answer. An "error" member makes it an error all the same: some providers answer 200.
func (a *answer) decode(endpoint string, into any, now time.Time) error {
	if !a.isJSON() {
		return fmt.Errorf("%w: %s: content type %.100q", ErrInvalidAnswer, endpoint, a.mediaType)
	}
	if e := a.tokenError(endpoint, now); e.Code != "" {
		return e
	}
	if err := josejson.Unmarshal(a.body, into); err != nil {
		// Not the decoder's own error: it may quote the answer, which holds tokens.
		return fmt.Errorf("%w: %s: not the JSON we expect", ErrInvalidAnswer, endpoint)
	}
	return nil
}

// errorCode lets through what RFC 6749 5.2 allows, within reason.
func errorCode(code string) string {
	if len(code) > 64 || strings.ContainsFunc(code, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return ""
	}
	return code
}

// printable makes foreign text fit for a log: one line, bounded.
func printable(s string) string {
	n := 0
	return strings.Map(func(r rune) rune {
		if n++; n > maxDescription {
			return -1
		}
		if !unicode.IsPrint(r) {
			return '.'
		}
		return r
	}, s)
}

// retryAfter reads seconds or a date (RFC 9110 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.Atoi(value); err == nil {
		d = time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
