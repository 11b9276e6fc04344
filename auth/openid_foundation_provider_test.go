package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
)

// foundationProviders are the tests of discovery, keys and refresh.
func foundationProviders() []foundationTest {
	return []foundationTest{
		{"-discovery-openid-config", func(t *testing.T, _ *foundation) {
			w, s := newSpiedWorld(t, nil)
			w.accepted(t, provider.Settings{})
			w.accepted(t, provider.Settings{})
			if n := len(s.called("/.well-known/openid-configuration")); n != 1 {
				t.Errorf("two logins asked %d times for the metadata, want once", n)
			}
		}},
		{"-discovery-jwks-uri-keys", func(t *testing.T, _ *foundation) {
			w, s := newSpiedWorld(t, nil)
			s.rewrite("/.well-known/openid-configuration", func(md map[string]any) { md["jwks_uri"] = md["jwks_uri"].(string) + "?run=7" })
			w.accepted(t, provider.Settings{})
			if calls := s.called("/keys"); len(calls) != 1 || calls[0].URL.RawQuery != "run=7" {
				t.Errorf("calls for the keys: %v, want one at the address of the metadata", calls)
			}
		}},
		{"-discovery-issuer-mismatch", func(t *testing.T, _ *foundation) {
			w := newWorld(t, nil)
			w.settings(t, provider.Settings{Tampering: provider.Tampering{Metadata: provider.WrongIssuer}})
			if res := get(t, w.visitor(t), "/auth/login"); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Location") != "" {
				t.Errorf("login = %d to %q, want 503", res.StatusCode, res.Header.Get("Location"))
			}
			w.clock.Advance(11 * time.Second)
			w.accepted(t, provider.Settings{})
		}},
		{"-signing-key-rotation", func(t *testing.T, f *foundation) {
			f.plain.accepted(t, provider.Settings{})
			rotate(t, f.plain)
			f.plain.accepted(t, provider.Settings{})
		}},
		{"-signing-key-rotation-just-before-signing", func(t *testing.T, f *foundation) {
			f.plain.accepted(t, provider.Settings{})
			f.plainSpy.first("/oauth/token", func() { rotate(t, f.plain) })
			f.plain.accepted(t, provider.Settings{})
		}},
		{"-refresh-token", func(t *testing.T, f *foundation) {
			v := f.plain.signIn(t, "alice")
			f.plain.clock.Advance(6 * time.Minute)
			before := f.plain.refreshes()
			if got := call(t, v, "orders"); got != http.StatusOK || f.plain.refreshes() != before+1 || !signedIn(t, v) {
				t.Errorf("a call with an old token = %d after %d refreshes", got, f.plain.refreshes()-before)
			}
		}},
		{"-refresh-token-invalid-issuer", func(t *testing.T, f *foundation) { f.refreshRefused(t, provider.WrongIssuer) }},
		{"-refresh-token-invalid-sub", func(t *testing.T, f *foundation) { f.refreshRefused(t, provider.WrongSubject) }},
	}
}

// refreshRefused refreshes with an ID token that is wrong: the new tokens reach no API, and the session ends.
func (f *foundation) refreshRefused(t *testing.T, fault provider.Fault) {
	t.Helper()
	v := f.plain.signIn(t, "alice")
	f.plain.clock.Advance(6 * time.Minute)
	f.plain.settings(t, idTokenIs(fault))
	seen := len(f.plain.api.seen())
	if got := call(t, v, "orders"); got != http.StatusBadGateway || len(f.plain.api.seen()) != seen {
		t.Errorf("a call = %d, the API saw %d tokens, want neither", got, len(f.plain.api.seen())-seen)
	}
	if signedIn(t, v) {
		t.Error("the session outlives a refresh that answered for another")
	}
}

// ecSigner makes the demo's provider one that signs with ES256.
type ecSigner struct {
	t      *testing.T
	key    *ecdsa.PrivateKey
	signer jose.Signer
	spoil  bool // a flipped bit in each signature
}

func newECSigner(t *testing.T) *ecSigner {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "es256"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &ecSigner{t: t, key: key, signer: signer}
}

// publish adds the key to the provider's.
func (s *ecSigner) publish(set map[string]any) {
	set["keys"] = append(set["keys"].([]any), jose.JSONWebKey{Key: s.key.Public(), KeyID: "es256", Algorithm: "ES256", Use: "sig"})
}

// resign signs the ID token of an answer anew.
func (s *ecSigner) resign(answer map[string]any) {
	token, err1 := jose.ParseSignedCompact(answer["id_token"].(string), []jose.SignatureAlgorithm{jose.RS256})
	signed, err2 := s.signer.Sign(token.UnsafePayloadWithoutVerification())
	if s.spoil {
		signed.Signatures[0].Signature[0] ^= 1
	}
	compact, err3 := signed.CompactSerialize()
	if err := errors.Join(err1, err2, err3); err != nil {
		s.t.Error(err)
	}
	answer["id_token"] = compact
}

// notOfferedTest is one of the suite's tests for what we do not offer.
type notOfferedTest struct {
	name, reason string
	shut         func(*testing.T, *foundation) // shows that the door is shut
}

// notOffered are the suite's tests for what we do not offer, each with the reason.
func notOffered() []notOfferedTest {
	claimsOfOthers := func(t *testing.T, f *foundation) {
		called := make(chan struct{}, 1)
		elsewhere := newListener(t, func(*http.Request) { called <- struct{}{} })
		f.userInfoSpy.rewrite("/userinfo", func(claims map[string]any) {
			claims["_claim_names"] = map[string]any{"name": "src1", "credit_score": "src2"}
			claims["_claim_sources"] = map[string]any{"src1": map[string]any{"JWT": "e30.e30."}, "src2": map[string]any{"endpoint": elsewhere, "access_token": "canary-of-another"}}
		})
		defer f.userInfoSpy.rewrite("/userinfo", nil)
		v := f.userInfo.signIn(t, "alice")
		session, err := v.Session(t.Context())
		if text, _ := json.Marshal(session); err != nil || strings.Contains(string(text), "canary") || strings.Contains(string(text), "_claim") {
			t.Errorf("session = %s, %v", text, err)
		}
		if len(called) != 0 {
			t.Error("the claims' source was called")
		}
	}
	noRequestObject := func(t *testing.T, f *foundation) {
		_, query := begin(t, f.plain.visitor(t), "/auth/login?request=e30.e30.&request_uri=https://evil.test/r")
		if query.Has("request") || query.Has("request_uri") {
			t.Errorf("authorization request = %v", query)
		}
	}
	noWebFinger := func(t *testing.T, f *foundation) {
		f.plainSpy.called("")
		begin(t, f.plain.visitor(t), "/auth/login?login_hint=acct:alice@evil.test")
		if calls := f.plainSpy.called("webfinger"); len(calls) != 0 {
			t.Errorf("calls: %v", calls)
		}
	}
	return []notOfferedTest{
		{"-session-management", "the iframe needs the provider's third-party cookies, which browsers no longer send; the back channel does it (SM-1)", func(t *testing.T, f *foundation) {
			res, err := f.plain.visitor(t).Navigate(t.Context(), "/")
			if err != nil || strings.Contains(string(res.Body), "postMessage") {
				t.Errorf("home = %v, %v", res, err)
			}
		}},
		{"-userinfo-bearer-body", "the header is the way that every provider takes, and that stays out of logs of bodies", func(t *testing.T, f *foundation) {
			f.userInfoSpy.called("")
			f.userInfo.accepted(t, provider.Settings{})
			if calls := f.userInfoSpy.called("/userinfo"); len(calls) != 1 || calls[0].Body != nil && calls[0].Body != http.NoBody {
				t.Errorf("calls = %v", calls)
			}
		}},
		{"-aggregated-claims", "claims are shown only if the provider itself vouches for them", claimsOfOthers},
		{"-distributed-claims", "no address from a token or an answer is ever fetched", claimsOfOthers},
		{"-3rd-party-init-login", "a login begins at our own address; there is one provider, so iss has nothing to choose", func(t *testing.T, f *foundation) {
			_, query := begin(t, f.plain.visitor(t), "/auth/login?iss=https://evil.test&target_link_uri=https://evil.test/&login_hint=alice")
			if query.Get("redirect_uri") != f.plain.origin+"/auth/callback" || query.Has("target_link_uri") || query.Has("iss") {
				t.Errorf("authorization request = %v", query)
			}
			res, err := f.plain.visitor(t).Post(t.Context(), "/auth/login", nil, nil)
			if err != nil || res.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("POST login = %v, %v, want 405", res, err)
			}
			res.Body.Close()
		}},
		{"-mtls-endpoint-aliases", "mutual TLS is not one of our ways to authenticate (postponed), and without it the aliases are not for us", func(t *testing.T, _ *foundation) {
			w, s := newSpiedWorld(t, nil)
			s.rewrite("/.well-known/openid-configuration", func(md map[string]any) {
				md["mtls_endpoint_aliases"] = map[string]any{"token_endpoint": w.demo.Issuer + "/mtls/token"}
			})
			w.accepted(t, provider.Settings{})
			if calls := s.called("/mtls/token"); len(calls) != 0 {
				t.Errorf("calls of the alias: %v", calls)
			}
		}},
		{"-request-uri-signed-none", "requests are pushed (RFC 9126), which needs no address of ours to be fetched", noRequestObject},
		{"-request-uri-signed-rs256", "requests are pushed (RFC 9126), which needs no address of ours to be fetched", noRequestObject},
		{"-dynamic-registration", "the client is registered by its operator and named in the configuration", func(t *testing.T, f *foundation) {
			if _, err := rp.New(rp.Config{Issuer: f.plain.demo.Issuer, RedirectURI: f.plain.origin + "/auth/callback"}); err == nil || !strings.Contains(err.Error(), "ClientID is required") {
				t.Errorf("New without a client = %v", err)
			}
		}},
		{"-discovery-webfinger-acct", "the issuer is configured, never found by what a user typed", noWebFinger},
		{"-discovery-webfinger-url", "the issuer is configured, never found by what a user typed", noWebFinger},
	}
}

// OIDC-26, SM-1: what we do not offer is not there by accident.
func TestOpenIDFoundationNotOffered(t *testing.T) {
	f := &foundation{}
	f.plain, f.plainSpy = newSpiedWorld(t, nil)
	f.userInfo, f.userInfoSpy = newSpiedWorld(t, foundationUserInfo)
	for _, row := range notOffered() {
		t.Run(foundationPrefix+row.name, func(t *testing.T) {
			if row.reason == "" {
				t.Error("no reason")
			}
			row.shut(t, f)
		})
	}
}

func read(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
