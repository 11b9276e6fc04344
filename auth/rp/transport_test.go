package rp_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// endpoint is one call of the provider, and how a test makes it.
type endpoint struct {
	name, path string
	call       func(context.Context, *op) error
}

func endpoints() []endpoint {
	return []endpoint{
		{"discovery", "/.well-known/openid-configuration", func(ctx context.Context, o *op) error { return o.rp.Ready(ctx) }},
		{"keys", "/jwks", func(ctx context.Context, o *op) error { return o.rp.Ready(ctx) }},
		{"token", "/token", func(ctx context.Context, o *op) error {
			_, err := o.rp.Exchange(ctx, rp.ExchangeRequest{Code: "c", Nonce: nonce, Verifier: verifier})
			return err
		}},
		{"UserInfo", "/userinfo", func(ctx context.Context, o *op) error {
			_, err := o.rp.Exchange(ctx, rp.ExchangeRequest{Code: "c", Nonce: nonce, Verifier: verifier})
			return err
		}},
		{"PAR", "/par", func(ctx context.Context, o *op) error {
			_, err := o.rp.AuthorizationURL(ctx, rp.AuthRequest{State: "s", Nonce: nonce, Verifier: verifier})
			return err
		}},
		{"revocation", "/revoke", func(ctx context.Context, o *op) error { return o.rp.Revoke(ctx, secret.New("rt"), "") }},
	}
}

func everything(cfg *rp.Config) { cfg.UserInfo, cfg.PAR = true, rp.PARAlways }

// OIDC-28: an answer without end, or one that is small on the wire and large unpacked, costs a mebibyte and no more.
func TestAnswersAreBounded(t *testing.T) {
	for _, e := range endpoints() {
		for name, answer := range map[string]http.HandlerFunc{
			"an endless answer": func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				chunk := []byte(`{"a":"` + strings.Repeat(" ", 64<<10))
				sent := 0
				for r.Context().Err() == nil {
					n, err := w.Write(chunk)
					if sent += n; err != nil {
						return
					}
					if sent > 16<<20 {
						t.Errorf("%s: more than 16 MiB were read", e.name)
						return
					}
				}
			},
			"a packed answer": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Encoding", "gzip")
				packed := gzip.NewWriter(w)
				io.WriteString(packed, `{"a":"`+strings.Repeat(" ", 2<<20)+`"}`)
				packed.Close()
			},
		} {
			o := newOP(t, everything)
			o.answers[e.path] = answer
			if err := e.call(t.Context(), o); !errors.Is(err, rp.ErrInvalidAnswer) || !strings.Contains(err.Error(), "larger than") {
				t.Errorf("%s, %s: %v, want ErrInvalidAnswer", e.name, name, err)
			}
		}
	}
}

// OIDC-28: a provider that hangs, before its answer or in the middle of it, costs the configured time and no more.
func TestAnswersAreBoundedInTime(t *testing.T) {
	for _, e := range endpoints() {
		for name, answer := range map[string]http.HandlerFunc{
			"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			"half an answer": func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, `{"a":`)
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			},
		} {
			synctest.Test(t, func(t *testing.T) {
				o := newOP(t, func(cfg *rp.Config) { everything(cfg); cfg.Timeout = 3 * time.Second })
				o.answers[e.path] = answer
				begun := time.Now() // the bubble's
				err := e.call(t.Context(), o)
				if !errors.Is(err, rp.ErrProviderUnavailable) {
					t.Errorf("%s, %s: %v, want ErrProviderUnavailable", e.name, name, err)
				}
				if took := time.Since(begun); took != 3*time.Second {
					t.Errorf("%s, %s: took %v, want the 3 s configured", e.name, name, took)
				}
			})
		}
	}
}

// The caller's own cancellation is not the provider's failure.
func TestACallerMayGiveUp(t *testing.T) {
	for _, e := range endpoints()[2:] {
		synctest.Test(t, func(t *testing.T) {
			o := newOP(t, everything)
			o.answers[e.path] = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := e.call(ctx, o)
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, rp.ErrProviderUnavailable) {
				t.Errorf("%s: %v, want the caller's own deadline", e.name, err)
			}
		})
	}
}

// OIDC-28: a redirect would carry codes, tokens and the client's secret elsewhere. None is followed.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, e := range endpoints() {
		for _, status := range []int{301, 302, 303, 307, 308} {
			o := newOP(t, everything)
			o.answers[e.path] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://localhost:6666/elsewhere")
				w.WriteHeader(status)
			}
			if err := e.call(t.Context(), o); err == nil {
				t.Errorf("%s: a %d passes for an answer", e.name, status)
			}
			if n := len(o.called("/elsewhere")); n != 0 {
				t.Errorf("%s: a %d was followed", e.name, status)
			}
		}
	}
}

// OIDC-28: an answer that ends too early, or is no HTTP, is a provider that is not there.
func TestBrokenAnswers(t *testing.T) {
	for _, e := range endpoints() {
		for name, raw := range map[string]string{
			"a cut answer":  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"a\":",
			"no HTTP":       "SSH-2.0-OpenSSH_9.2\r\n",
			"no answer":     "",
			"a huge header": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 11<<20) + "\r\n\r\n",
		} {
			o := newOP(t, everything)
			o.answers[e.path] = func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				io.WriteString(conn, raw)
			}
			if err := e.call(t.Context(), o); !errors.Is(err, rp.ErrProviderUnavailable) {
				t.Errorf("%s, %s: %.200v, want ErrProviderUnavailable", e.name, name, err)
			}
		}
	}
}

// A cookie that the provider sets on our calls would tie one user's call to the next one's.
func TestCookiesAreNotKept(t *testing.T) {
	jar := must(cookiejar.New(nil))
	o := newOP(t, func(cfg *rp.Config) { cfg.HTTPClient.Jar = jar })
	o.answers["/token"] = func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sticky", Value: "1", Path: "/"})
		o.rightly(w, r)
	}
	for range 2 {
		if _, err := o.exchange(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range o.called("/token") {
		if got := c.header.Get("Cookie"); got != "" {
			t.Errorf("Cookie = %q, want none", got)
		}
		if got := c.header.Get("User-Agent"); got != "vestibule" {
			t.Errorf("User-Agent = %q", got)
		}
	}
}
