package visitor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// maxBody bounds what a visitor reads of one answer, in bytes.
const maxBody = 8 << 20

// maxHops bounds the pages that one sign-in or sign-out may lead through.
const maxHops = 20

// Visitor is one browser with its own cookies. Its methods may be called at the same time, as several tabs would.
type Visitor struct {
	origin *url.URL
	client *http.Client
}

// Answer is what a GraphQL request got.
type Answer struct {
	Status int
	Header http.Header
	Data   json.RawMessage
	Errors []Error
	// Body is the whole answer as it came.
	Body []byte
}

// Error is one GraphQL error.
type Error struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path"`
	Extensions map[string]any `json:"extensions"`
}

// Code is the error's extensions.code, or nothing.
func (e Error) Code() string {
	code, _ := e.Extensions["code"].(string)
	return code
}

// New makes a visitor of the gateway at origin (scheme://host:port). transport may be nil for one of the visitor's own, with
// which every request ends within a minute; another one bounds its requests itself.
func New(origin string, transport http.RoundTripper) (*Visitor, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, fmt.Errorf("visitor: origin: %w", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	var timeout time.Duration
	if transport == nil {
		timeout = time.Minute
		transport = &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute}
	}
	return &Visitor{origin: u, client: &http.Client{
		Jar:       jar,
		Transport: transport,
		Timeout:   timeout,
		// Redirects are followed hop by hop, so that each carries the headers a browser would give it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close ends the visitor's idle connections.
func (v *Visitor) Close() { v.client.CloseIdleConnections() }

// Cookies are those that the visitor would send to the gateway.
func (v *Visitor) Cookies() []*http.Cookie { return v.client.Jar.Cookies(v.origin) }

// SetCookies puts cookies of the gateway into the jar, as a thief or a restored browser would.
func (v *Visitor) SetCookies(cookies []*http.Cookie) { v.client.Jar.SetCookies(v.origin, cookies) }

// Fetch is a same-origin fetch by the SPA, with its CSRF header. The caller closes the body.
func (v *Visitor) Fetch(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	req, err := v.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return v.client.Do(req)
}

// FetchWith is a Fetch without body and with further headers.
func (v *Visitor) FetchWith(ctx context.Context, method, path string, header http.Header) (*http.Response, error) {
	req, err := v.request(ctx, method, path, nil)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	return v.client.Do(req)
}

// request is a same-origin fetch as a browser would send it.
func (v *Visitor) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, v.origin.String()+path, body)
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("X-CSRF", "1")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Sec-Fetch-Mode", "cors")
	req.Header.Set("Sec-Fetch-Dest", "empty")
	if method != http.MethodGet {
		req.Header.Set("Origin", v.origin.String())
	}
	return req, nil
}

// GraphQL asks query with variables (nil for none). An answer with GraphQL errors is no error of this function.
func (v *Visitor) GraphQL(ctx context.Context, query string, variables map[string]any) (*Answer, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	res, err := v.Fetch(ctx, http.MethodPost, "/graphql", "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	text, err := readAll(res)
	if err != nil {
		return nil, err
	}
	answer := &Answer{Status: res.StatusCode, Header: res.Header, Body: text}
	if err := json.Unmarshal(text, &struct {
		Data   *json.RawMessage `json:"data"`
		Errors *[]Error         `json:"errors"`
	}{&answer.Data, &answer.Errors}); err != nil {
		return nil, fmt.Errorf("visitor: /graphql answered %d with %.200q: %w", res.StatusCode, text, err)
	}
	return answer, nil
}

// Session asks /auth/session.
func (v *Visitor) Session(ctx context.Context) (map[string]any, error) {
	res, err := v.Fetch(ctx, http.MethodGet, "/auth/session", "", nil)
	if err != nil {
		return nil, err
	}
	text, err := readAll(res)
	if err != nil {
		return nil, err
	}
	var session map[string]any
	if err := json.Unmarshal(text, &session); err != nil {
		return nil, fmt.Errorf("visitor: /auth/session answered %d with %.200q: %w", res.StatusCode, text, err)
	}
	return session, nil
}

// SignedIn tells whether /auth/session knows a user.
func (v *Visitor) SignedIn(ctx context.Context) (bool, error) {
	session, err := v.Session(ctx)
	return session["authenticated"] == true, err
}

var errTooManyHops = errors.New("visitor: the journey did not end")

func readAll(res *http.Response) ([]byte, error) {
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("visitor: %s: %w", res.Request.URL.Path, err)
	}
	return text, nil
}

func isHTML(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), "text/html") }
