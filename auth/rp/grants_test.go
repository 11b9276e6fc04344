package rp_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// RFC 6749 5.1: answers of the token endpoint that are none, or that we must not use. Whatever they hold stays out of
// the error.
func TestTokenAnswers(t *testing.T) {
	const tokens = `"access_token":"at-canary","refresh_token":"rt-canary"`
	for _, row := range []struct {
		name, media, body string
		want              error
	}{
		{"HTML with 200", "text/html", `{` + tokens + `,"token_type":"Bearer"}`, rp.ErrInvalidAnswer},
		{"no content type", "", `{` + tokens + `,"token_type":"Bearer"}`, rp.ErrInvalidAnswer},
		{"a form, as some old providers have it", "application/x-www-form-urlencoded", "access_token=at-canary&token_type=bearer", rp.ErrInvalidAnswer},
		{"a content type that only ends so", "text/x+json", `{` + tokens + `,"token_type":"Bearer"}`, rp.ErrInvalidAnswer},
		{"JSON with parameters", "Application/JSON; charset=utf-8", `{` + tokens + `,"token_type":"Bearer"}`, nil},
		{"JSON of a kind", "application/token+json", `{` + tokens + `,"token_type":"Bearer"}`, nil},
		{"token_type in lower case", "application/json", `{` + tokens + `,"token_type":"bearer"}`, nil},
		{"no token_type", "application/json", `{` + tokens + `}`, rp.ErrInvalidAnswer},
		{"token_type mac", "application/json", `{` + tokens + `,"token_type":"mac"}`, rp.ErrInvalidAnswer},
		{"token_type DPoP", "application/json", `{` + tokens + `,"token_type":"DPoP"}`, rp.ErrInvalidAnswer},
		{"token_type that is no text", "application/json", `{` + tokens + `,"token_type":["Bearer"]}`, rp.ErrInvalidAnswer},
		{"no access token", "application/json", `{"refresh_token":"rt-canary","token_type":"Bearer"}`, rp.ErrInvalidAnswer},
		{"an access token that is an object", "application/json", `{"access_token":{"x":"at-canary"},"token_type":"Bearer"}`, rp.ErrInvalidAnswer},
		{"an access token that would split a header", "application/json", `{"access_token":"at-canary\r\nX: y","token_type":"Bearer"}`, rp.ErrInvalidAnswer},
		{"an access token with a space", "application/json", `{"access_token":"at canary","token_type":"Bearer"}`, rp.ErrInvalidAnswer},
		{"an access token that is not ASCII", "application/json", `{"access_token":"at-cänary","token_type":"Bearer"}`, rp.ErrInvalidAnswer},
		{"a member twice", "application/json", `{"token_type":"Bearer","access_token":"at-canary","access_token":"other-canary"}`, rp.ErrInvalidAnswer},
		{"members in another case", "application/json", `{"Access_Token":"at-canary","Token_Type":"Bearer"}`, rp.ErrInvalidAnswer},
		{"a list", "application/json", `["at-canary"]`, rp.ErrInvalidAnswer},
		{"null", "application/json", `null`, rp.ErrInvalidAnswer},
		{"half an answer", "application/json", `{"access_token":"at-canary`, rp.ErrInvalidAnswer},
		{"two answers", "application/json", `{` + tokens + `,"token_type":"Bearer"}{}`, rp.ErrInvalidAnswer},
	} {
		o := newOP(t, nil)
		o.says("/token", 200, row.media, row.body)
		grant, err := o.rp.ClientCredentials(t.Context(), rp.TokenRequest{})
		if !errors.Is(err, row.want) || (row.want == nil) != (grant != nil) {
			t.Errorf("%s: ClientCredentials = %v, want %v", row.name, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), "nary") {
			t.Errorf("%s: the error quotes the answer: %v", row.name, err)
		}
	}
}

// RFC 6749 5.1: lifetimes that are absurd, missing or no number do not make a token immortal or dead.
func TestExpiresIn(t *testing.T) {
	for expiresIn, want := range map[string]time.Duration{
		`300`: 300 * time.Second, `"300"`: 300 * time.Second, `0.5`: time.Second, `1.5`: 1500 * time.Millisecond, `0`: time.Second, `-1`: time.Second,
		`-1e300`: time.Second, `600000000000`: 720 * time.Hour, `1e400`: 720 * time.Hour, `null`: 5 * time.Minute, `"soon"`: 5 * time.Minute, `{}`: 5 * time.Minute,
		`[300]`: 5 * time.Minute, `""`: 5 * time.Minute, `"NaN"`: 5 * time.Minute, `"Inf"`: 720 * time.Hour, `true`: 5 * time.Minute,
	} {
		o := newOP(t, nil)
		o.says("/token", 200, "application/json", `{"access_token":"at","token_type":"Bearer","expires_in":`+expiresIn+`}`)
		grant, err := o.rp.ClientCredentials(t.Context(), rp.TokenRequest{})
		if err != nil {
			t.Errorf("expires_in %s: %v", expiresIn, err)
			continue
		}
		if got := grant.Expiry.Sub(o.clock.Now()); got != want {
			t.Errorf("expires_in %s: the token lives for %v, want %v", expiresIn, got, want)
		}
	}
	o := newOP(t, nil)
	o.answer["expires_in"] = nil
	if grant, err := o.exchange(); err != nil || grant.Expiry.Sub(o.clock.Now()) != 5*time.Minute {
		t.Errorf("no expires_in: %v, %v, want 5 minutes", grant, err)
	}
}

// RFC 6749 5.1: scopes are those of the answer, else those asked for.
func TestScopesOfAGrant(t *testing.T) {
	o := newOP(t, nil)
	for scope, want := range map[any][]string{
		nil: {"openid", "profile", "email", "offline_access"}, "": {"openid", "profile", "email", "offline_access"}, "openid  email": {"openid", "email"},
	} {
		o.set(func() { o.answer["scope"] = scope })
		if grant, err := o.exchange(); err != nil || !slices.Equal(grant.Scopes, want) {
			t.Errorf("scope %v: %v, %v, want %v", scope, grant, err, want)
		}
	}
}

// RES-1, TX-1: what each grant sends.
func TestWhatEachGrantSends(t *testing.T) {
	const accessToken = "urn:ietf:params:oauth:token-type:access_token"
	req := rp.TokenRequest{Scopes: []string{"a", "b"}, Resources: []string{"https://a.test/", "https://b.test/"}, Audience: "api"}
	subject := req
	subject.SubjectToken = secret.New("the user's")
	onBehalf := subject
	onBehalf.OnBehalfOf = true
	narrowed := url.Values{"scope": {"a b"}, "resource": {"https://a.test/", "https://b.test/"}, "audience": {"api"}}
	for _, row := range []struct {
		name string
		call func(*op) (*rp.Grant, error)
		want url.Values
	}{
		{"client credentials", func(o *op) (*rp.Grant, error) { return o.rp.ClientCredentials(t.Context(), req) },
			url.Values{"grant_type": {"client_credentials"}}},
		{"token exchange", func(o *op) (*rp.Grant, error) { return o.rp.TokenExchange(t.Context(), subject) },
			url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {"the user's"}, "subject_token_type": {accessToken}, "requested_token_type": {accessToken}}},
		{"on behalf of", func(o *op) (*rp.Grant, error) { return o.rp.TokenExchange(t.Context(), onBehalf) },
			url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {"the user's"}, "requested_token_use": {"on_behalf_of"}}},
		{"refresh", func(o *op) (*rp.Grant, error) {
			return o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: secret.New("rt"), Scopes: req.Scopes, Resources: req.Resources, Audience: "api"})
		}, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"rt"}}},
	} {
		o := newOP(t, nil)
		o.answer = map[string]any{"issued_token_type": accessToken, "id_token": nil}
		grant, err := row.call(o)
		if err != nil || grant.AccessToken.Reveal() != "at-1" || !slices.Equal(grant.Scopes, req.Scopes) {
			t.Errorf("%s: %v, %v", row.name, grant, err)
			continue
		}
		for name, values := range narrowed {
			row.want[name] = values
		}
		if got := o.form("/token"); got.Encode() != row.want.Encode() {
			t.Errorf("%s sends %v, want %v", row.name, got, row.want)
		}
	}
	o := newOP(t, func(cfg *rp.Config) { cfg.Resources = []string{"https://a.test/"} })
	if _, err := o.exchange(); err != nil {
		t.Fatal(err)
	}
	want := url.Values{"grant_type": {"authorization_code"}, "code": {"the code"}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}, "resource": {"https://a.test/"}}
	if got := o.form("/token"); got.Encode() != want.Encode() {
		t.Errorf("the code's exchange sends %v, want %v", got, want)
	}
}

// TX-1, RFC 8693 2.2.1: what comes of an exchange is an access token, or it is not used.
func TestIssuedTokenType(t *testing.T) {
	for issued, want := range map[any]error{
		"urn:ietf:params:oauth:token-type:access_token": nil, "urn:ietf:params:oauth:token-type:refresh_token": rp.ErrInvalidAnswer,
		"urn:ietf:params:oauth:token-type:id_token": rp.ErrInvalidAnswer, nil: rp.ErrInvalidAnswer,
	} {
		o := newOP(t, nil)
		o.answer["issued_token_type"] = issued
		if _, err := o.rp.TokenExchange(t.Context(), rp.TokenRequest{SubjectToken: secret.New("x")}); !errors.Is(err, want) {
			t.Errorf("issued_token_type %v: TokenExchange = %v, want %v", issued, err, want)
		}
	}
	o := newOP(t, nil)
	if _, err := o.rp.TokenExchange(t.Context(), rp.TokenRequest{SubjectToken: secret.New("x"), OnBehalfOf: true}); err != nil {
		t.Errorf("on behalf of: %v, though its answer has no issued_token_type", err)
	}
}

// A request that lacks what it is about, or asks for what is no resource, is not sent.
func TestRequestsThatAreNotSent(t *testing.T) {
	o := newOP(t, nil)
	bad, token := []string{"orders"}, secret.New("x")
	for name, call := range map[string]func() (*rp.Grant, error){
		"a refresh of nothing": func() (*rp.Grant, error) { return o.rp.Refresh(t.Context(), rp.RefreshRequest{}) },
		"a refresh for no resource": func() (*rp.Grant, error) {
			return o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: token, Resources: bad})
		},
		"client credentials for no resource": func() (*rp.Grant, error) { return o.rp.ClientCredentials(t.Context(), rp.TokenRequest{Resources: bad}) },
		"client credentials of a user": func() (*rp.Grant, error) {
			return o.rp.ClientCredentials(t.Context(), rp.TokenRequest{SubjectToken: token})
		},
		"client credentials on behalf of somebody": func() (*rp.Grant, error) {
			return o.rp.ClientCredentials(t.Context(), rp.TokenRequest{OnBehalfOf: true})
		},
		"an exchange of nothing": func() (*rp.Grant, error) { return o.rp.TokenExchange(t.Context(), rp.TokenRequest{}) },
		"an exchange for no resource": func() (*rp.Grant, error) {
			return o.rp.TokenExchange(t.Context(), rp.TokenRequest{SubjectToken: token, Resources: bad})
		},
	} {
		if grant, err := call(); err == nil {
			t.Errorf("%s: %v, want an error", name, grant)
		}
	}
	if n := len(o.calls); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

// A provider that is away, or says no, is told apart for every grant.
func TestEveryGrantReportsTheProvidersError(t *testing.T) {
	token := secret.New("x")
	for name, call := range map[string]func(*op) (*rp.Grant, error){
		"code": func(o *op) (*rp.Grant, error) { return o.exchange() },
		"refresh": func(o *op) (*rp.Grant, error) {
			return o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: token})
		},
		"client credentials": func(o *op) (*rp.Grant, error) { return o.rp.ClientCredentials(t.Context(), rp.TokenRequest{}) },
		"token exchange": func(o *op) (*rp.Grant, error) {
			return o.rp.TokenExchange(t.Context(), rp.TokenRequest{SubjectToken: token})
		},
	} {
		o := newOP(t, nil)
		o.says("/token", 400, "application/json", string(must(json.Marshal(map[string]string{"error": "invalid_grant", "error_description": "no"}))))
		var refused *rp.TokenError
		if _, err := call(o); !errors.As(err, &refused) || refused.Code != "invalid_grant" || refused.Status != 400 || refused.Endpoint != "token" || refused.Temporary() {
			t.Errorf("%s: %v, want invalid_grant", name, err)
		}
		o.says("/token", 200, "application/json", `{"error":"invalid_grant","access_token":"at","token_type":"Bearer"}`)
		if _, err := call(o); !errors.As(err, &refused) || refused.Code != "invalid_grant" {
			t.Errorf("%s: an error with 200: %v, want invalid_grant", name, err)
		}
		o.says("/token", 302, "application/json", `{"access_token":"at","token_type":"Bearer"}`)
		if _, err := call(o); !errors.As(err, &refused) || refused.Status != 302 {
			t.Errorf("%s: tokens with 302: %v, want an error", name, err)
		}
		o = newOP(t, nil)
		o.down.Store(true)
		if _, err := call(o); !errors.Is(err, rp.ErrProviderUnavailable) {
			t.Errorf("%s: nobody there: %v, want ErrProviderUnavailable", name, err)
		}
	}
}
