package rp_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth/rp"
)

// OIDC-17, BCP-15: a discovery document of somebody else, or with an endpoint where secrets would travel in clear, is not
// used at all; the error names what is wrong.
func TestTheDiscoveryDocument(t *testing.T) {
	for _, row := range []struct {
		name   string
		member string
		value  any // nil leaves the member out
		fault  string
	}{
		{"as it should be", "issuer", issuer, ""},
		{"members nobody knows", "x", map[string]any{"y": []int{1}}, ""},
		{"another issuer", "issuer", "http://localhost:4445", "issuer"},
		{"an issuer with a slash too many", "issuer", issuer + "/", "issuer"},
		{"an issuer in upper case", "issuer", strings.ToUpper(issuer), "issuer"},
		{"no issuer", "issuer", nil, "issuer"},
		{"an issuer that is no text", "issuer", 1, "discovery"},
		{"no authorization endpoint", "authorization_endpoint", nil, "authorization_endpoint"},
		{"no token endpoint", "token_endpoint", nil, "token_endpoint"},
		{"no keys", "jwks_uri", nil, "jwks_uri"},
		{"a token endpoint over plain http", "token_endpoint", "http://login.example.test/token", "token_endpoint must be https"},
		{"an address in the clear that only looks local", "jwks_uri", "http://localhost.example.test/jwks", "jwks_uri must be https"},
		{"a loopback address", "token_endpoint", "http://[::1]:4444/token", ""},
		{"an authorization endpoint that is script", "authorization_endpoint", "javascript:alert(1)//", "authorization_endpoint"},
		{"a relative address", "token_endpoint", "/token", "token_endpoint is not an absolute URL"},
		{"no URL", "token_endpoint", "https://%zz", "token_endpoint is not a URL"},
		{"credentials in an address", "token_endpoint", "https://user:pass@login.example.test/token", "token_endpoint must not hold credentials"},
		{"a fragment", "authorization_endpoint", "https://login.example.test/#/authorize", "authorization_endpoint must not have a fragment"},
		{"a plain revocation endpoint", "revocation_endpoint", "http://login.example.test/revoke", "revocation_endpoint"},
		{"a plain end-session endpoint", "end_session_endpoint", "ftp://localhost/", "end_session_endpoint"},
		{"a plain PAR endpoint", "pushed_authorization_request_endpoint", "http://login.example.test/par", "pushed_authorization_request_endpoint"},
		{"no UserInfo, which nobody needs", "userinfo_endpoint", nil, ""},
		{"no revocation", "revocation_endpoint", nil, ""},
		{"aliases for mutual TLS", "mtls_endpoint_aliases", map[string]any{"token_endpoint": "https://mtls.example.test/token"}, ""},
	} {
		o := newOP(t, nil)
		o.metadata[row.member] = row.value
		if row.value == nil {
			delete(o.metadata, row.member)
		}
		_, err := o.authorize(nil)
		if row.fault == "" {
			if err != nil {
				t.Errorf("%s: AuthorizationURL = %v", row.name, err)
			}
			continue
		}
		if !errors.Is(err, rp.ErrInvalidAnswer) || !strings.Contains(err.Error(), row.fault) {
			t.Errorf("%s: AuthorizationURL = %v, want ErrInvalidAnswer that names %q", row.name, err, row.fault)
		}
	}
}

// BCP-15: a provider that is not on this machine cannot send us to a plain address that is.
func TestAPlainEndpointOfARemoteProvider(t *testing.T) {
	const remote = "https://login.example.test"
	for endpoint, ok := range map[string]bool{remote + "/token": true, "https://other.example.test/token": true, "http://localhost:4444/token": false} {
		o := newOP(t, func(cfg *rp.Config) {
			cfg.Issuer = remote
			transport := cfg.HTTPClient.Transport.(*http.Transport)
			transport.DialTLSContext = transport.DialContext // As if it had been encrypted.
		})
		for name := range o.metadata {
			if name != "authorization_response_iss_parameter_supported" {
				o.metadata[name] = remote + "/x"
			}
		}
		o.metadata["issuer"], o.metadata["token_endpoint"] = remote, endpoint
		_, err := o.rp.AuthorizationURL(t.Context(), rp.AuthRequest{State: "s", Nonce: nonce, Verifier: verifier})
		if (err == nil) != ok || !ok && !strings.Contains(err.Error(), "token_endpoint must be https") {
			t.Errorf("a token endpoint at %s: AuthorizationURL = %v", endpoint, err)
		}
	}
}

// OIDC-17: what is needed must be there.
func TestEndpointsThatTheConfigurationNeeds(t *testing.T) {
	for member, change := range map[string]func(*rp.Config){
		"userinfo_endpoint":                     func(cfg *rp.Config) { cfg.UserInfo = true },
		"pushed_authorization_request_endpoint": func(cfg *rp.Config) { cfg.PAR = rp.PARAlways },
	} {
		o := newOP(t, change)
		delete(o.metadata, member)
		if _, err := o.authorize(nil); !errors.Is(err, rp.ErrInvalidAnswer) || !strings.Contains(err.Error(), member) {
			t.Errorf("without %s: %v, want ErrInvalidAnswer that names it", member, err)
		}
	}
}

// OIDC-17, OIDC-28: whatever is not a discovery document is none.
func TestDocumentsThatAreNone(t *testing.T) {
	good := string(must(json.Marshal(newOP(t, nil).metadata)))
	for name, row := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"HTML":                         {200, "<!doctype html><title>Welcome", rp.ErrInvalidAnswer},
		"nothing":                      {200, "", rp.ErrInvalidAnswer},
		"null":                         {200, "null", rp.ErrInvalidAnswer},
		"a list":                       {200, "[]", rp.ErrInvalidAnswer},
		"half a document":              {200, good[:len(good)/2], rp.ErrInvalidAnswer},
		"two documents":                {200, good + good, rp.ErrInvalidAnswer},
		"the issuer twice":             {200, `{"issuer":"http://localhost:6666",` + good[1:], rp.ErrInvalidAnswer},
		"members in another case":      {200, strings.ReplaceAll(good, "token_endpoint", "Token_Endpoint"), rp.ErrInvalidAnswer},
		"a very deep document":         {200, strings.Repeat("[", 1<<19), rp.ErrInvalidAnswer},
		"a redirect":                   {302, good, rp.ErrProviderUnavailable},
		"not found":                    {404, good, rp.ErrProviderUnavailable},
		"created, which it is not":     {201, good, rp.ErrProviderUnavailable},
		"a server error":               {500, good, rp.ErrProviderUnavailable},
		"a list of PAR as a text":      {200, strings.Replace(good, "{", `{"require_pushed_authorization_requests":"true",`, 1), rp.ErrInvalidAnswer},
		"as it should be, but as text": {200, good, nil},
	} {
		o := newOP(t, nil)
		o.says("/.well-known/openid-configuration", row.status, "text/plain", row.body)
		if _, err := o.authorize(nil); !errors.Is(err, row.want) {
			t.Errorf("%s: AuthorizationURL = %.200v, want %v", name, err, row.want)
		}
	}
}

// OIDC-1, OIDC-17: an issuer may end in a slash or have a path, and is compared to the letter; its document is where
// Discovery 4 says.
func TestIssuersWithASlashOrAPath(t *testing.T) {
	for configured, path := range map[string]string{
		issuer + "/":             "/.well-known/openid-configuration",
		issuer + "/realms/a":     "/realms/a/.well-known/openid-configuration",
		issuer + "/realms/a%20b": "/realms/a b/.well-known/openid-configuration",
	} {
		o := newOP(t, func(cfg *rp.Config) { cfg.Issuer = configured })
		o.answers[path] = func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, o.metadata) }
		if _, err := o.authorize(nil); !errors.Is(err, rp.ErrInvalidAnswer) {
			t.Errorf("%s: a document that says %s: %v, want ErrInvalidAnswer", configured, issuer, err)
		}
		o.set(func() { o.metadata["issuer"] = configured })
		o.clock.advance(10 * time.Second)
		if _, err := o.authorize(nil); err != nil {
			t.Errorf("%s: AuthorizationURL = %v", configured, err)
		}
		if _, err := o.exchange(); refusedBy(err) != "iss" {
			t.Errorf("%s: a token that says %s: %v, want it refused by iss", configured, issuer, err)
		}
		o.set(func() { o.idToken = func(claims map[string]any) { claims["iss"] = configured } })
		if _, err := o.exchange(); err != nil {
			t.Errorf("%s: Exchange = %v", configured, err)
		}
	}
}

// An issuer's error is bounded: a document cannot flood the log.
func TestAForeignIssuerIsQuotedInBrief(t *testing.T) {
	o := newOP(t, nil)
	o.metadata["issuer"] = strings.Repeat("x", 10_000)
	if _, err := o.authorize(nil); err == nil || len(err.Error()) > 600 {
		t.Errorf("AuthorizationURL = %.700v", err)
	}
}
