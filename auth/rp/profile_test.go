package rp_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// of configures a provider of a profile.
func of(profile string, more ...func(*rp.Config)) func(*rp.Config) {
	return func(cfg *rp.Config) {
		cfg.Profile = profile
		for _, change := range more {
			change(cfg)
		}
	}
}

// What each profile asks at login when the configuration says nothing, as the table of docs/providers/README.md has it.
func TestProfilesAtLogin(t *testing.T) {
	const offline = "openid profile email offline_access"
	for name, want := range map[string]struct {
		scope string
		more  url.Values
	}{
		"":         {offline, nil},
		"auth0":    {offline, nil},
		"okta":     {offline, nil},
		"keycloak": {"openid profile email", nil},
		"cognito":  {"openid profile email", nil},
		"google":   {"openid profile email", url.Values{"access_type": {"offline"}, "prompt": {"consent"}}},
	} {
		o := newOP(t, of(name))
		if name == "auth0" {
			o.metadata["issuer"] = issuer + "/"
		}
		query, err := o.authorize(nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if query.Get("scope") != want.scope {
			t.Errorf("%s: scope = %q, want %q", name, query.Get("scope"), want.scope)
		}
		for _, parameter := range []string{"access_type", "prompt"} {
			if !slices.Equal(query[parameter], want.more[parameter]) {
				t.Errorf("%s: %s = %v, want %v", name, parameter, query[parameter], want.more[parameter])
			}
		}
	}
	if _, err := rp.New(rp.Config{Profile: "auth1"}); err == nil || !strings.Contains(err.Error(), `"auth1"`) {
		t.Errorf("an unknown profile: %v, want it named", err)
	}
}

// What a profile wants gives way to the configuration and to the request; the audience is a parameter like those.
func TestTheConfigurationComesAfterTheProfile(t *testing.T) {
	o := newOP(t, of("google", func(cfg *rp.Config) {
		cfg.AuthParams = map[string]string{"access_type": "online"}
		cfg.Audience = "https://api.example.com"
	}))
	query, err := o.authorize(url.Values{"prompt": {"login"}})
	if err != nil || query.Get("access_type") != "online" || query.Get("prompt") != "login" || query.Get("audience") != "https://api.example.com" {
		t.Errorf("authorization request = %v, %v", query, err)
	}
}

// Auth0's issuers end in a slash; an issuer of the configuration without it is meant so.
func TestAuth0IssuerHasASlash(t *testing.T) {
	o := newOP(t, of("auth0"))
	o.metadata["issuer"] = issuer + "/"
	o.idToken = func(claims map[string]any) { claims["iss"] = issuer + "/" }
	if _, err := o.exchange(); err != nil || o.rp.Issuer() != issuer+"/" {
		t.Errorf("issuer %q: %v, want the one with a slash", o.rp.Issuer(), err)
	}
	o.idToken = nil
	if _, err := o.exchange(); refusedBy(err) != "iss" {
		t.Errorf("a token of the issuer without slash: %v, want iss refused", err)
	}
	generic := newOP(t, nil)
	generic.metadata["issuer"] = issuer + "/"
	if _, err := generic.authorize(nil); !errors.Is(err, rp.ErrInvalidAnswer) {
		t.Errorf("the generic profile: %v, want the issuer compared exactly", err)
	}
}

func TestGoogleIssuerWithoutScheme(t *testing.T) {
	const google = "https://accounts.google.com"
	for iss, want := range map[string]string{google: "", "accounts.google.com": "", "http://accounts.google.com": "iss", "google.com": "iss"} {
		o := newOP(t, of("google", func(cfg *rp.Config) {
			cfg.Issuer = google
			cfg.HTTPClient.Transport = plainly{cfg.HTTPClient.Transport}
		}))
		o.metadata["issuer"] = google
		for name, value := range o.metadata {
			if text, ok := value.(string); ok {
				o.metadata[name] = strings.Replace(text, issuer, google, 1)
			}
		}
		o.idToken = func(claims map[string]any) { claims["iss"] = iss }
		grant, err := o.exchange()
		if refusedBy(err) != want {
			t.Errorf("iss %q: %v, want %q refused", iss, err, want)
		}
		// OIDC-22: she is one user, however the token was written.
		if err == nil && (grant.Claims.Issuer != google || grant.Claims.Raw["iss"] != google) {
			t.Errorf("iss %q is kept as %q, want %q", iss, grant.Claims.Issuer, google)
		}
	}
}

// plainly carries https to the test's provider, which has no certificate.
type plainly struct{ http.RoundTripper }

func (t plainly) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "http"
	return t.RoundTripper.RoundTrip(r)
}

// Each profile's way out. What comes back has the state, or is an address that we registered.
func TestLogoutForms(t *testing.T) {
	const back = "http://localhost:8080/auth/logged-out"
	req := rp.EndSession{IDTokenHint: secret.New("e30.e30.sig"), State: "s"}
	standard := url.Values{"client_id": {clientID}, "id_token_hint": {"e30.e30.sig"}, "post_logout_redirect_uri": {back}, "state": {"s"}}
	federated := url.Values{"federated": {""}}
	for name, row := range map[string]struct {
		profile    string
		federated  bool
		discovered bool
		path       string
		want       url.Values
	}{
		"the standard":                {"generic", false, true, "/end", standard},
		"Auth0 as discovered":         {"auth0", false, true, "/end", standard},
		"Auth0 and beyond":            {"auth0", true, true, "/end", merged(standard, federated)},
		"Auth0 of old":                {"auth0", false, false, "/v2/logout", url.Values{"client_id": {clientID}, "returnTo": {back + "?state=s"}}},
		"Auth0 of old and beyond":     {"auth0", true, false, "/v2/logout", url.Values{"client_id": {clientID}, "returnTo": {back + "?state=s"}, "federated": {""}}},
		"Cognito":                     {"cognito", false, false, "/logout", url.Values{"client_id": {clientID}, "logout_uri": {back}}},
		"Cognito with a discovered":   {"cognito", false, true, "/logout", url.Values{"client_id": {clientID}, "logout_uri": {back}}},
		"Google, which has none":      {"google", false, false, "", nil},
		"Keycloak":                    {"keycloak", false, true, "/end", standard},
		"IdentityServer":              {"identityserver", false, true, "/end", standard},
		"Okta":                        {"okta", false, true, "/end", standard},
		"the standard without an end": {"generic", false, false, "", nil},
	} {
		o := newOP(t, of(row.profile, func(cfg *rp.Config) { cfg.FederatedLogout = row.federated }))
		if row.profile == "auth0" {
			o.metadata["issuer"] = issuer + "/"
		}
		if !row.discovered {
			delete(o.metadata, "end_session_endpoint")
		}
		address, err := o.rp.EndSessionURL(t.Context(), req)
		if row.path == "" {
			if !errors.Is(err, rp.ErrNoEndSession) {
				t.Errorf("%s: %s, %v, want none", name, address, err)
			}
			continue
		}
		u, _ := url.Parse(address)
		if err != nil || u.Path != row.path || !reflect.DeepEqual(u.Query(), row.want) {
			t.Errorf("%s: %s, %v, want %s with %v", name, address, err, row.path, row.want)
		}
	}
}

func merged(a, b url.Values) url.Values {
	all := url.Values{}
	for _, values := range []url.Values{a, b} {
		for name, list := range values {
			all[name] = list
		}
	}
	return all
}

// RES-1: the login asks for every resource, each token request for one.
func TestATokenRequestNamesOneResource(t *testing.T) {
	const first, second = "https://orders.example.com", "https://accounts.example.com"
	o := newOP(t, func(cfg *rp.Config) { cfg.Resources = []string{first, second} })
	query, err := o.authorize(nil)
	if err != nil || !slices.Equal(query["resource"], []string{first, second}) {
		t.Errorf("authorization request: resource = %v, %v, want both", query["resource"], err)
	}
	grant, err := o.exchange()
	if err != nil {
		t.Fatal(err)
	}
	if got := o.form("/token")["resource"]; !slices.Equal(got, []string{first}) {
		t.Errorf("code exchange: resource = %v, want the first", got)
	}
	for name, row := range map[string]struct {
		req  rp.RefreshRequest
		want []string
	}{
		"for nothing in particular": {rp.RefreshRequest{}, []string{first}},
		"for another":               {rp.RefreshRequest{Resources: []string{second}}, []string{second}},
		"for scopes":                {rp.RefreshRequest{Scopes: []string{"read"}}, nil},
		"for an audience":           {rp.RefreshRequest{Audience: second}, nil},
	} {
		row.req.RefreshToken, row.req.Previous = grant.RefreshToken, grant.Claims
		if _, err := o.rp.Refresh(t.Context(), row.req); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := o.form("/token")["resource"]; !slices.Equal(got, row.want) {
			t.Errorf("refresh %s: resource = %v, want %v", name, got, row.want)
		}
	}
}

// Entra ID knows a client's key by its certificate's thumbprint, wants PS256, and the token endpoint as audience.
func TestEntraClientAssertion(t *testing.T) {
	const authority = issuer + "/11111111-2222-3333-4444-555555555555/v2.0"
	o := newOP(t, of("entra", func(cfg *rp.Config) {
		cfg.Issuer, cfg.AuthMethod, cfg.ClientSecret = authority, rp.AuthPrivateKeyJWT, secret.Text{}
		cfg.PrivateKey, cfg.PrivateKeyID = rsaKeys[0](), "thumbprint"
	}))
	o.metadata["issuer"] = authority
	o.idToken = func(claims map[string]any) { claims["iss"] = authority }
	if _, err := o.exchange(); err != nil {
		t.Fatal(err)
	}
	jws, err := jose.ParseSignedCompact(o.form("/token").Get("client_assertion"), []jose.SignatureAlgorithm{jose.PS256})
	if err != nil {
		t.Fatalf("the assertion: %v, want PS256", err)
	}
	payload, err := jws.Verify(rsaKeys[0]().Public())
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Aud string }
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Aud != issuer+"/token" {
		t.Errorf("aud = %q, %v, want the token endpoint", claims.Aud, err)
	}
	header := jws.Signatures[0].Protected
	if got := header.ExtraHeaders["x5t#S256"]; got != "thumbprint" || header.KeyID != "" {
		t.Errorf("x5t#S256 = %v, kid = %q, want the thumbprint alone", got, header.KeyID)
	}
}
