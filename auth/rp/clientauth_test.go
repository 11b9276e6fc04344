package rp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// BBA-1, OIDC-30: each call of the provider's endpoints bears the client's authentication, as configured and in no other
// way; Basic is form-encoded first.
func TestClientAuthentication(t *testing.T) {
	for method, proves := range map[string]func(call) error{
		rp.AuthBasic: func(c call) error {
			encoded, basic := strings.CutPrefix(c.header.Get("Authorization"), "Basic ")
			pair, err := base64.StdEncoding.DecodeString(encoded)
			id, secret, _ := strings.Cut(string(pair), ":")
			if !basic || err != nil {
				return errors.New("no Basic authentication")
			}
			if id != "the+client%3A1" || secret != "s%3Ae%25c%2Br+t%26%3D%C3%BC" {
				return errors.New("not encoded as a form: " + string(pair))
			}
			if c.form.Has("client_secret") || c.form.Has("client_assertion") {
				return errors.New("authenticated twice")
			}
			return nil
		},
		rp.AuthPost: func(c call) error {
			if c.form.Get("client_id") != clientID || c.form.Get("client_secret") != clientSecret {
				return errors.New("no secret in the form")
			}
			if c.header.Get("Authorization") != "" || c.form.Has("client_assertion") {
				return errors.New("authenticated twice")
			}
			return nil
		},
	} {
		o := newOP(t, func(cfg *rp.Config) { cfg.AuthMethod, cfg.PAR = method, rp.PARAlways })
		o.callAll()
		for _, path := range []string{"/token", "/par", "/revoke"} {
			for _, c := range o.called(path) {
				if err := proves(c); err != nil {
					t.Errorf("%s at %s: %v", method, path, err)
				}
			}
		}
	}
}

// callAll calls every endpoint that wants the client's authentication; the token endpoint with each grant.
func (o *op) callAll() {
	o.t.Helper()
	ctx, token := o.t.Context(), secret.New("token")
	o.answer["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token"
	o.idToken = func(claims map[string]any) { delete(claims, "sid") }
	_, err1 := o.authorize(nil)
	_, err2 := o.exchange()
	_, err3 := o.rp.Refresh(ctx, rp.RefreshRequest{RefreshToken: token, Previous: &rp.IDClaims{Issuer: issuer, Subject: "alice", Raw: map[string]any{"nonce": nonce}}})
	_, err4 := o.rp.ClientCredentials(ctx, rp.TokenRequest{})
	_, err5 := o.rp.TokenExchange(ctx, rp.TokenRequest{SubjectToken: token})
	err6 := o.rp.Revoke(ctx, token, "refresh_token")
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		o.t.Fatal(err)
	}
}

// PKJ-1, PKJ-2, BCPU-1, BCP-13, BBA-24: a fresh assertion per call, by the key and under the kid configured, for the issuer
// as one text at whatever endpoint.
func TestPrivateKeyJWT(t *testing.T) {
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	p521 := must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	for _, row := range []struct {
		key       crypto.Signer
		wanted    string
		algorithm jose.SignatureAlgorithm
	}{
		{rsaKeys[0](), "", jose.RS256},
		{rsaKeys[0](), "RS256", jose.RS256},
		{rsaKeys[0](), "PS256", jose.PS256},
		{newECKey("").private, "", jose.ES256},
		{p384, "", jose.ES384},
		{p521, "ES512", jose.ES512},
		{newEdKey("").private, "", jose.EdDSA},
	} {
		o := newOP(t, func(cfg *rp.Config) {
			cfg.AuthMethod, cfg.ClientSecret, cfg.PAR = rp.AuthPrivateKeyJWT, secret.Text{}, rp.PARAlways
			cfg.PrivateKey, cfg.PrivateKeyID, cfg.PrivateKeyAlg = row.key, "2026-01", row.wanted
		})
		o.callAll()
		used := map[string]bool{}
		for _, path := range []string{"/token", "/par", "/revoke"} {
			for _, c := range o.called(path) {
				used[o.checkAssertion(c, row.key, row.algorithm)] = true
			}
		}
		if len(used) != 6 {
			t.Errorf("%s: 6 calls had %d different assertions", row.algorithm, len(used))
		}
	}
}

// checkAssertion verifies the assertion of a call as RFC 7523 3 demands and returns its jti.
func (o *op) checkAssertion(c call, key crypto.Signer, algorithm jose.SignatureAlgorithm) string {
	o.t.Helper()
	if c.form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || c.form.Get("client_id") != clientID {
		o.t.Errorf("%s: form = %v", c.path, c.form)
	}
	if c.header.Get("Authorization") != "" || c.form.Has("client_secret") {
		o.t.Errorf("%s: authenticated twice", c.path)
	}
	jws, err := jose.ParseSignedCompact(c.form.Get("client_assertion"), []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		o.t.Fatalf("%s: %s: %v", c.path, algorithm, err)
	}
	payload, err := jws.Verify(key.Public())
	if err != nil {
		o.t.Fatalf("%s: %s: %v", c.path, algorithm, err)
	}
	header := jws.Signatures[0].Protected
	if header.KeyID != "2026-01" || header.ExtraHeaders["typ"] != "JWT" || header.JSONWebKey != nil {
		o.t.Errorf("header = %+v", header)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		o.t.Fatal(err)
	}
	now := float64(o.clock.Now().Unix())
	if claims["iss"] != clientID || claims["sub"] != clientID || claims["aud"] != issuer || claims["iat"] != now || claims["exp"] != now+60 {
		o.t.Errorf("%s: claims = %v", c.path, claims)
	}
	jti, _ := claims["jti"].(string)
	if len(jti) < 20 {
		o.t.Errorf("jti = %q", jti)
	}
	return jti
}

// brokenKey is a key whose signing fails, as a key in a hardware module may.
type brokenKey struct{ crypto.Signer }

var errToken = errors.New("the token was pulled out")

// Sign fails.
func (brokenKey) Sign(_ io.Reader, _ []byte, _ crypto.SignerOpts) ([]byte, error) {
	return nil, errToken
}

// A call that cannot be authenticated is not made.
func TestAKeyThatCannotSign(t *testing.T) {
	o := newOP(t, func(cfg *rp.Config) {
		cfg.AuthMethod, cfg.ClientSecret, cfg.PrivateKeyID = rp.AuthPrivateKeyJWT, secret.Text{}, "k"
		cfg.PrivateKey = brokenKey{newECKey("").private}
	})
	if _, err := o.exchange(); !errors.Is(err, errToken) {
		t.Errorf("Exchange = %v, want the key's error", err)
	}
	if n := len(o.called("/token")); n != 0 {
		t.Errorf("%d calls without authentication", n)
	}
}
