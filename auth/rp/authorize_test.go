package rp_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vestibule.example/auth/rp"
)

// challenge is base64url(SHA-256(verifier)) by RFC 7636 4.2, computed by another implementation.
const challenge = "yZJZvjXXDC9Tmm-wvHhjlhHUSgZnm0ZT94qznVFKq8Q"

// BBA-2, BCP-3, BCP-4, BCP-6, BCP-9, BCP-12, PKCE-1, PKCE-2: the code flow with state, nonce and S256, whatever the
// provider says it can do, for the scopes configured and no others.
func TestTheAuthorizationRequest(t *testing.T) {
	for name, methods := range map[string]any{"S256": []string{"plain", "S256"}, "plain alone": []string{"plain"}, "nothing of PKCE": nil} {
		o := newOP(t, nil)
		if methods != nil {
			o.metadata["code_challenge_methods_supported"] = methods
		}
		query, err := o.authorize(nil)
		if err != nil {
			t.Fatal(err)
		}
		want := url.Values{
			"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirectURI}, "scope": {"openid profile email offline_access"},
			"state": {"the state"}, "nonce": {nonce}, "code_challenge_method": {"S256"},
			"code_challenge": {challenge},
		}
		if !reflect.DeepEqual(query, want) {
			t.Errorf("the provider says %s: request = %v, want %v", name, query, want)
		}
	}
}

// RES-1, SFS-2: what is configured is sent; fixed parameters come before the request's own.
func TestConfiguredAuthorizationParameters(t *testing.T) {
	o := newOP(t, func(cfg *rp.Config) {
		cfg.Scopes, cfg.Resources, cfg.ResponseMode = []string{"openid", "api:read"}, []string{"https://a.test/", "urn:b"}, "form_post"
		cfg.AuthParams = map[string]string{"audience": "https://a.test/", "prompt": "select_account"}
	})
	query, err := o.authorize(url.Values{"prompt": {"login"}, "acr_values": {"x&prompt=none"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"scope": {"openid api:read"}, "resource": {"https://a.test/", "urn:b"}, "response_mode": {"form_post"}, "audience": {"https://a.test/"},
		"prompt": {"login"}, "acr_values": {"x&prompt=none"},
	} {
		if !slices.Equal(query[name], want) {
			t.Errorf("%s = %q, want %q", name, query[name], want)
		}
	}
}

// STEP-2: nobody but us sets what belongs to the protocol, and nothing is said twice.
func TestParametersThatAreNotTheCallers(t *testing.T) {
	o := newOP(t, nil)
	for _, name := range []string{
		"client_id", "client_secret", "client_assertion", "client_assertion_type", "code_challenge", "code_challenge_method", "nonce", "redirect_uri",
		"request", "request_uri", "resource", "response_mode", "response_type", "scope", "state",
	} {
		if query, err := o.authorize(url.Values{name: {"mine"}}); err == nil {
			t.Errorf("%s was taken: %v", name, query)
		}
	}
	if _, err := o.authorize(url.Values{"prompt": {"login", "none"}}); err == nil {
		t.Error("prompt twice was taken")
	}
	if _, err := o.authorize(url.Values{"prompt": {}}); err == nil {
		t.Error("prompt without a value was taken")
	}
}

// BCP-5, PKCE-1: state, nonce and a verifier that is worth its name are not optional.
func TestAnAuthorizationRequestNeedsItsSecrets(t *testing.T) {
	o := newOP(t, nil)
	good := rp.AuthRequest{State: "s", Nonce: "n", Verifier: verifier}
	for name, change := range map[string]func(*rp.AuthRequest){
		"no state":                         func(r *rp.AuthRequest) { r.State = "" },
		"no nonce":                         func(r *rp.AuthRequest) { r.Nonce = "" },
		"no verifier":                      func(r *rp.AuthRequest) { r.Verifier = "" },
		"a verifier of 42 characters":      func(r *rp.AuthRequest) { r.Verifier = strings.Repeat("v", 42) },
		"a verifier of 129 characters":     func(r *rp.AuthRequest) { r.Verifier = strings.Repeat("v", 129) },
		"a verifier with a reserved sign":  func(r *rp.AuthRequest) { r.Verifier = strings.Repeat("v", 43) + "+" },
		"a verifier with a foreign letter": func(r *rp.AuthRequest) { r.Verifier = strings.Repeat("é", 43) },
		"a verifier with one in the midst": func(r *rp.AuthRequest) { r.Verifier = strings.Repeat("v", 30) + " " + strings.Repeat("v", 30) },
	} {
		req := good
		change(&req)
		if address, err := o.rp.AuthorizationURL(t.Context(), req); err == nil {
			t.Errorf("%s: AuthorizationURL = %s, want an error", name, address)
		}
	}
	for _, length := range []int{43, 128} {
		req := good
		req.Verifier = strings.Repeat("~", length)
		if _, err := o.rp.AuthorizationURL(t.Context(), req); err != nil {
			t.Errorf("a verifier of %d characters: %v", length, err)
		}
	}
}

// An endpoint may have a query of its own (RFC 6749 3.1).
func TestEndpointsWithAQuery(t *testing.T) {
	o := newOP(t, nil)
	o.metadata["authorization_endpoint"] = issuer + "/authorize?tenant=a"
	query, err := o.authorize(nil)
	if err != nil || query.Get("tenant") != "a" || query.Get("client_id") != clientID {
		t.Errorf("AuthorizationURL = %v, %v", query, err)
	}
}

// PAR-1, RFC 9126 2.1: the request goes to the provider with the client's authentication; the browser carries two
// parameters.
func TestPushedAuthorizationRequests(t *testing.T) {
	for name, row := range map[string]struct {
		when    string
		require bool
		pushed  bool
	}{
		"asked for by the configuration": {rp.PARAlways, false, true},
		"required by the provider":       {rp.PARWhenRequired, true, true},
		"asked for by neither":           {rp.PARWhenRequired, false, false},
		"forbidden, and not required":    {rp.PARNever, false, false},
	} {
		o := newOP(t, func(cfg *rp.Config) { cfg.PAR = row.when; cfg.Resources = []string{"https://a.test/"} })
		o.metadata["require_pushed_authorization_requests"] = row.require
		query, err := o.authorize(url.Values{"prompt": {"login"}})
		if err != nil {
			t.Errorf("%s: AuthorizationURL = %v", name, err)
			continue
		}
		if !row.pushed {
			if len(o.called("/par")) != 0 || query.Get("state") != "the state" {
				t.Errorf("%s: it was pushed: %v", name, query)
			}
			continue
		}
		want := url.Values{"client_id": {clientID}, "request_uri": {"urn:ietf:params:oauth:request_uri:1"}}
		if !reflect.DeepEqual(query, want) {
			t.Errorf("%s: the browser carries %v, want %v", name, query, want)
		}
		form := o.form("/par")
		for field, value := range map[string]string{
			"response_type": "code", "client_id": clientID, "state": "the state", "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
			"redirect_uri": redirectURI, "prompt": "login", "resource": "https://a.test/",
		} {
			if form.Get(field) != value {
				t.Errorf("%s: pushed %s = %q, want %q", name, field, form.Get(field), value)
			}
		}
		if o.called("/par")[0].header.Get("Authorization") == "" {
			t.Errorf("%s: pushed without the client's authentication", name)
		}
	}
}

// PAR-2: a push that fails is no login, and never a plain request instead.
func TestAFailedPushIsNoPlainRequest(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		media  string
		body   string
		want   error
	}{
		"refused":                 {400, "application/json", `{"error":"invalid_request"}`, nil},
		"the client is not known": {401, "application/json", `{"error":"invalid_client"}`, nil},
		"a server error":          {503, "text/html", "<h1>", rp.ErrProviderUnavailable},
		"too many":                {429, "text/plain", "", rp.ErrProviderUnavailable},
		"HTML":                    {201, "text/html", "<h1>Welcome", rp.ErrInvalidAnswer},
		"no request_uri":          {201, "application/json", `{"expires_in":60}`, rp.ErrInvalidAnswer},
		"request_uri no text":     {201, "application/json", `{"request_uri":7}`, rp.ErrInvalidAnswer},
		"an error with 200":       {200, "application/json", `{"error":"invalid_request"}`, nil},
	} {
		o := newOP(t, func(cfg *rp.Config) { cfg.PAR = rp.PARAlways })
		o.says("/par", row.status, row.media, row.body)
		query, err := o.authorize(nil)
		if err == nil {
			t.Errorf("%s: AuthorizationURL = %v, want an error", name, query)
		}
		if row.want != nil && !errors.Is(err, row.want) {
			t.Errorf("%s: AuthorizationURL = %v, want %v", name, err, row.want)
		}
		var refused *rp.TokenError
		if row.want == nil && (!errors.As(err, &refused) || refused.Endpoint != "par" || refused.Code == "") {
			t.Errorf("%s: AuthorizationURL = %v, want the provider's error", name, err)
		}
	}
	o := newOP(t, func(cfg *rp.Config) { cfg.PAR = rp.PARNever })
	o.metadata["require_pushed_authorization_requests"] = true
	if query, err := o.authorize(nil); err == nil {
		t.Errorf("required by the provider, forbidden here: %v, want an error", query)
	}
	o = newOP(t, nil)
	maps.Copy(o.metadata, map[string]any{"require_pushed_authorization_requests": true, "pushed_authorization_request_endpoint": ""})
	if query, err := o.authorize(nil); !errors.Is(err, rp.ErrInvalidAnswer) {
		t.Errorf("required, and no endpoint: %v, %v, want ErrInvalidAnswer", query, err)
	}
	if n := len(o.called("/par")); n != 0 {
		t.Errorf("%d pushes to nowhere", n)
	}
	o = newOP(t, func(cfg *rp.Config) { cfg.PAR = rp.PARAlways })
	for range 2 {
		if _, err := o.authorize(nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(o.called("/par")); n != 2 {
		t.Errorf("two logins pushed %d requests: a request_uri is used once", n)
	}
	if c := o.called("/par")[0]; c.method != http.MethodPost || c.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("push = %s %s", c.method, c.header.Get("Content-Type"))
	}
}
