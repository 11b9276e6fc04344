package canary

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// maxSeen bounds what is kept of one body.
const maxSeen = 8 << 20

// Browser is a transport that tells a Canary what the answers of one origin hold; of streams, what was read of them. What an answer is
// meant to carry it tells not as text but as a secret, to look for everywhere else:
//
//   - the value of a cookie in its Set-Cookie;
//   - state and nonce in the redirect to the provider's authorization endpoint;
//   - id_token_hint and state in the redirect to the provider's end-session;
//   - t in /auth/session's logout_url and in the continue of POST /auth/logout.
type Browser struct {
	Canary *Canary
	// Origin is the gateway's. Answers of other origins are not looked at.
	Origin string
	// Base makes the requests; required.
	Base http.RoundTripper
	// Parts, which may be nil, gives the secrets that a cookie of ours holds, by kind.
	Parts func(*http.Cookie) map[string]string
}

// RoundTrip makes a request and watches the answer.
func (b *Browser) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.Base.RoundTrip(req)
	if err != nil || req.URL.Scheme+"://"+req.URL.Host != b.Origin {
		return res, err
	}
	b.head(req, res)
	if res.StatusCode != http.StatusSwitchingProtocols {
		res.Body = &watched{ReadCloser: res.Body, length: res.ContentLength, done: func(seen []byte) { b.body(req, res, seen) }}
	}
	return res, nil
}

// CloseIdleConnections lets http.Client close those of Base.
func (b *Browser) CloseIdleConnections() {
	if closer, ok := b.Base.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

func place(req *http.Request) string { return req.Method + " " + req.URL.Path }

func (b *Browser) head(req *http.Request, res *http.Response) {
	for _, cookie := range res.Cookies() {
		b.cookie(cookie)
	}
	for name, values := range res.Header {
		for _, value := range values {
			switch name {
			case "Set-Cookie":
				value = cookieValue.ReplaceAllString(value, "$1")
			case "Location":
				value = b.location(req.URL, value)
			}
			b.Canary.Saw(place(req)+", header "+name, []byte(value))
		}
	}
}

var cookieValue = regexp.MustCompile(`^([^=]*=)[^;]*`)

func (b *Browser) cookie(cookie *http.Cookie) {
	b.Canary.Secret("a cookie", cookie.Value)
	if plain, err := base64.URLEncoding.DecodeString(cookie.Value); err == nil {
		for _, part := range strings.SplitN(string(plain), "|", 3) {
			b.Canary.Secret("a part of a cookie", part)
		}
	}
	if b.Parts == nil {
		return
	}
	for kind, part := range b.Parts(cookie) {
		b.Canary.Secret(kind, part)
	}
}

// carried are the parameters that a redirect to the provider is there to carry, by the path that redirects.
var carried = map[string][]string{
	"/auth/login":           {"state", "nonce"},
	"/auth/logout":          {"state", "id_token_hint"},
	"/auth/logout/continue": {"state", "id_token_hint"},
}

// location takes what it carries out of a redirect's address.
func (b *Browser) location(from *url.URL, address string) string {
	to, err := from.Parse(address)
	if err != nil || to.Host == from.Host {
		return address
	}
	query := to.Query()
	for _, name := range carried[from.Path] {
		b.Canary.Secret("the "+name+" of a redirect to the provider", query.Get(name))
		query.Del(name)
	}
	to.RawQuery = query.Encode()
	return to.String()
}

var (
	proof       = regexp.MustCompile(`(/auth/logout(?:/continue)?\?t=)([\w-]+)`)
	givesProofs = []string{"GET /auth/session", "POST /auth/logout"}
)

func (b *Browser) body(req *http.Request, res *http.Response, seen []byte) {
	at := place(req) + ", body"
	plain, err := decode(res.Header.Get("Content-Encoding"), seen)
	if err != nil {
		b.Canary.Saw(at+" (as far as it could be opened)", plain)
		plain = seen
	}
	if slices.Contains(givesProofs, place(req)) {
		for _, m := range proof.FindAllSubmatch(plain, -1) {
			b.Canary.Secret("a proof for logging out", string(m[2]))
		}
		plain = proof.ReplaceAll(plain, []byte("$1"))
	}
	b.Canary.Saw(at, plain)
}

// decode opens a body. With an error comes what could be opened.
func decode(encoding string, body []byte) ([]byte, error) {
	var opened io.Reader
	var err error
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		opened, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		if opened, err = zlib.NewReader(bytes.NewReader(body)); err != nil {
			opened, err = flate.NewReader(bytes.NewReader(body)), nil // Some servers leave the wrapping out.
		}
	case "br":
		opened = brotli.NewReader(bytes.NewReader(body))
	default:
		err = errors.New("canary: " + encoding + " is not known")
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(opened, maxSeen))
}

// watched is a body that tells at its end what was read of it.
type watched struct {
	io.ReadCloser
	length int64
	done   func(seen []byte)
	once   sync.Once

	mu   sync.Mutex // guards seen
	seen bytes.Buffer
}

// Read reads and remembers.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.keep(p[:n])
	if err != nil {
		w.once.Do(w.tell)
	}
	return n, err
}

func (w *watched) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done(w.seen.Bytes())
}

func (w *watched) keep(p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.Write(p[:min(len(p), max(0, maxSeen-w.seen.Len()))])
}

// Close reads what a browser would have read: the rest of a body whose length is known.
func (w *watched) Close() error {
	w.once.Do(func() {
		if w.length > 0 && w.length <= maxSeen {
			if rest, err := io.ReadAll(w.ReadCloser); err == nil {
				w.keep(rest)
			}
		}
		w.tell()
	})
	return w.ReadCloser.Close()
}
