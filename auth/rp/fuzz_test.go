package rp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// canned answers for a provider without any network: fuzzing wants many answers in a short time.
type canned struct {
	o *op
	// says answers a path; nil is left to the provider as it should be.
	says func(path string) *http.Response
}

// RoundTrip answers.
func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if res := c.says(r.URL.Path); res != nil {
		return res, nil
	}
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	c.o.rightly(w, r)
	return answer(w.status, w.header.Get("Content-Type"), w.body.Bytes()), nil
}

type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

func answer(status int, media string, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {media}}, Body: io.NopCloser(bytes.NewReader(body))}
}

// newCannedOP makes a provider of canned answers and its client.
func newCannedOP(t testing.TB, o *op, says func(path string) *http.Response, change func(*rp.Config)) *rp.Provider {
	t.Helper()
	cfg := rp.Config{
		Issuer: issuer, ClientID: clientID, ClientSecret: secret.New(clientSecret), RedirectURI: redirectURI, Now: o.clock.Now,
		HTTPClient: &http.Client{Transport: &canned{o, says}},
	}
	if change != nil {
		change(&cfg)
	}
	p, err := rp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func jsonAnswer(path, at string, body []byte) *http.Response {
	if path != at {
		return nil
	}
	return answer(http.StatusOK, "application/json", body)
}

// addClaims seeds a corpus of headers and claims.
func addClaims(f *testing.F, header string, claims map[string]any) {
	good := string(must(json.Marshal(claims)))
	f.Add(header, good)
	f.Add(`{"alg":"none"}`, good)
	f.Add(header, `{"iss":1,"aud":[[]],"exp":1e400,"iat":-0,"nonce":null,"events":{"`+backchannel+`":[]}}`)
	f.Add(header, good[:len(good)-1]+`,"sub":"mallory"}`)
	f.Add(header, strings.Repeat("[", 10_000))
	f.Add(`{"alg":"ES256","kid":"k1","crit":["b64"],"b64":false}`, good)
	f.Add("", "")
}

// OIDC-1 to OIDC-11: whatever is signed as an ID token either is one or is refused.
func FuzzIDToken(f *testing.F) {
	o := newOP(f, nil)
	var token string
	p := newCannedOP(f, o, func(path string) *http.Response {
		return jsonAnswer(path, "/token", must(json.Marshal(map[string]any{"access_token": "at-1", "token_type": "Bearer", "id_token": token})))
	}, nil)
	addClaims(f, `{"alg":"ES256","kid":"k1","typ":"JWT"}`, o.idClaims())
	f.Fuzz(func(t *testing.T, header, payload string) {
		token = o.key.compact(header, payload)
		grant, err := p.Exchange(t.Context(), rp.ExchangeRequest{Code: "c", Nonce: nonce, Verifier: verifier})
		if err != nil {
			wantConstantError(t, err)
			return
		}
		var claims map[string]any
		if err := json.Unmarshal([]byte(payload), &claims); err != nil {
			t.Fatalf("%q is no JSON, and was accepted", payload)
		}
		c := grant.Claims
		if c.Issuer != issuer || c.Subject == "" || len(c.Subject) > 255 || c.Subject != claims["sub"] || claims["iss"] != issuer || claims["nonce"] != nonce {
			t.Errorf("%s was accepted as %+v", payload, c)
		}
		if !c.Expiry.After(o.clock.Now().Add(-30 * time.Second)) {
			t.Errorf("%s was accepted, though it has expired", payload)
		}
	})
}

// wantConstantError wants an error that quotes nothing of a token.
func wantConstantError(t *testing.T, err error) {
	t.Helper()
	var refused *rp.VerifyError
	if !errors.As(err, &refused) || !regexp.MustCompile(`^rp: (id_token|logout_token) refused: [a-z_ ]+$`).MatchString(err.Error()) {
		t.Errorf("error = %q, want a constant text", err)
	}
}

// BCL-4 to BCL-8, BCL-13: whatever is signed as a logout token either is one or ends nothing.
func FuzzLogoutToken(f *testing.F) {
	o := newOP(f, nil)
	p := newCannedOP(f, o, func(string) *http.Response { return nil }, nil)
	addClaims(f, `{"alg":"ES256","kid":"k1","typ":"logout+jwt"}`, o.logoutClaims())
	f.Fuzz(func(t *testing.T, header, payload string) {
		token, err := p.VerifyLogoutToken(t.Context(), o.key.compact(header, payload))
		if err != nil {
			wantConstantError(t, err)
			return
		}
		var claims map[string]any
		if err := json.Unmarshal([]byte(payload), &claims); err != nil {
			t.Fatalf("%q is no JSON, and was accepted", payload)
		}
		events, _ := claims["events"].(map[string]any)
		_, isObject := events[backchannel].(map[string]any)
		if _, hasNonce := claims["nonce"]; !isObject || hasNonce || token.JTI == "" || token.Subject+token.SID == "" || claims["iss"] != issuer {
			t.Errorf("%s was accepted as %+v", payload, token)
		}
	})
}

// OIDC-5, OIDC-18: no key set makes a stranger's signature good.
func FuzzKeys(f *testing.F) {
	o := newOP(f, nil)
	stranger := newECKey("k1").token(nil, o.logoutClaims())
	for _, key := range []*signer{o.key, newRSAKey("k2", "RS256"), newEdKey("k3")} {
		f.Add([]byte(`{"keys":[` + string(key.jwk()) + `]}`))
	}
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AAAA","kid":"k1"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"k1"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"","e":"AQAB"},{"kty":"OKP","crv":"Ed25519","x":"","x5c":["AA=="]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p := newCannedOP(t, o, func(path string) *http.Response { return jsonAnswer(path, "/jwks", body) }, nil)
		if token, err := p.VerifyLogoutToken(t.Context(), stranger); err == nil {
			t.Errorf("with the keys %s the stranger's token is good: %+v", body, token)
		}
	})
}

// OIDC-17, BCP-15: no document sends the browser or our secrets to where the configuration does not allow.
func FuzzDiscovery(f *testing.F) {
	o := newOP(f, nil)
	good := must(json.Marshal(o.metadata))
	f.Add(good)
	f.Add(bytes.ReplaceAll(good, []byte("localhost"), []byte("localhost@evil.test")))
	f.Add(bytes.ReplaceAll(good, []byte("/token"), []byte("\\\\evil.test/")))
	f.Add(append([]byte(`{"issuer":"http://evil.test",`), good[1:]...))
	f.Fuzz(func(t *testing.T, body []byte) {
		p := newCannedOP(t, o, func(path string) *http.Response { return jsonAnswer(path, "/.well-known/openid-configuration", body) }, nil)
		address, err := p.AuthorizationURL(t.Context(), rp.AuthRequest{State: "s", Nonce: nonce, Verifier: verifier})
		if err != nil {
			return
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatalf("%s leads to %q, which is no address: %v", body, address, err)
		}
		ip, err := netip.ParseAddr(u.Hostname())
		local := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
		if u.Scheme != "https" && (u.Scheme != "http" || !local) || u.User != nil || u.Fragment != "" {
			t.Errorf("%s leads to %s", body, address)
		}
		if query := u.Query(); query["state"][len(query["state"])-1] != "s" || !strings.HasSuffix(address, "&state=s") {
			t.Errorf("%s leads to %s, whose parameters are not ours", body, address)
		}
	})
}

// OIDC-19: no UserInfo answer changes who signed in.
func FuzzUserInfo(f *testing.F) {
	o := newOP(f, nil)
	var media string
	var body []byte
	p := newCannedOP(f, o, func(path string) *http.Response {
		if path != "/userinfo" {
			return nil
		}
		return answer(http.StatusOK, media, body)
	}, func(cfg *rp.Config) { cfg.UserInfo = true })
	f.Add("application/json", []byte(`{"sub":"alice","email":"a@b.test"}`))
	f.Add("application/json", []byte(`{"sub":"bob","sub":"alice"}`))
	f.Add("application/jwt", []byte(o.key.token(nil, map[string]any{"sub": "alice", "iss": issuer, "aud": clientID})))
	f.Add(`application/json; charset="`, []byte(`{}`))
	f.Fuzz(func(t *testing.T, m string, b []byte) {
		media, body = m, b
		grant, err := p.Exchange(t.Context(), rp.ExchangeRequest{Code: "c", Nonce: nonce, Verifier: verifier})
		if err != nil {
			return
		}
		for name, want := range o.idClaims() {
			got, _ := json.Marshal(grant.Claims.Raw[name])
			if wanted, _ := json.Marshal(want); name != "amr" && !bytes.Equal(got, wanted) && !bytes.Equal(normal(got), normal(wanted)) {
				t.Errorf("%s %s made %s = %s", m, b, name, got)
			}
		}
	})
}

// normal is a JSON number in one spelling.
func normal(number []byte) []byte {
	var value float64
	if json.Unmarshal(number, &value) != nil {
		return number
	}
	return must(json.Marshal(value))
}

// RFC 6749 5.1: whatever the token endpoint says, a token that is given out can be sent and ends in time.
func FuzzTokenAnswer(f *testing.F) {
	o := newOP(f, nil)
	var status int
	var media string
	var body []byte
	p := newCannedOP(f, o, func(path string) *http.Response {
		if path != "/token" {
			return nil
		}
		return answer(status, media, body)
	}, nil)
	f.Add(200, "application/json", []byte(`{"access_token":"at","token_type":"Bearer","expires_in":600000000000,"scope":"a b"}`))
	f.Add(400, "application/json", []byte(`{"error":"invalid_grant","error_description":"x"}`))
	f.Add(200, "application/json", []byte(`{"access_token":"a\r\nb","token_type":"bearer","expires_in":"-1e9"}`))
	f.Fuzz(func(t *testing.T, s int, m string, b []byte) {
		status, media, body = s, m, b
		grant, err := p.ClientCredentials(t.Context(), rp.TokenRequest{})
		var refused *rp.TokenError
		if errors.As(err, &refused) {
			unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
			if len([]rune(refused.Description)) > 200 || len(refused.Code) > 64 || strings.ContainsFunc(refused.Description+refused.Code, unprintable) {
				t.Errorf("%s %s: error %q %q", m, b, refused.Code, refused.Description)
			}
		}
		if err != nil {
			return
		}
		life := grant.Expiry.Sub(o.clock.Now())
		if token := grant.AccessToken.Reveal(); token == "" || strings.ContainsAny(token, " \r\n\t\x00") || life < time.Second || life > 30*24*time.Hour || s/100 != 2 {
			t.Errorf("%d %s %s gives the token %q for %v", s, m, b, token, life)
		}
	})
}

// RFC 6750 3: whatever a challenge says, an error code is one or none.
func FuzzWWWAuthenticate(f *testing.F) {
	o := newOP(f, nil)
	var challenge string
	p := newCannedOP(f, o, func(path string) *http.Response {
		if path != "/userinfo" {
			return nil
		}
		res := answer(http.StatusUnauthorized, "text/plain", nil)
		res.Header.Set("WWW-Authenticate", challenge)
		return res
	}, func(cfg *rp.Config) { cfg.UserInfo = true })
	f.Add(`Bearer error="invalid_token", error_description="a, \"b\""`)
	f.Add(`Basic realm="x", Bearer error="invalid_token"`)
	f.Add(`bearer error=invalid_token`)
	code := regexp.MustCompile(`^[a-z_]{0,64}$`)
	f.Fuzz(func(t *testing.T, c string) {
		challenge = c
		_, err := p.Exchange(t.Context(), rp.ExchangeRequest{Code: "c", Nonce: nonce, Verifier: verifier})
		var refused *rp.TokenError
		if !errors.As(err, &refused) || !code.MatchString(refused.Code) || refused.Code != "" && !strings.Contains(c, refused.Code) {
			t.Errorf("%q: Exchange = %v", c, err)
		}
	})
}
