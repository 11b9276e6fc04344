package rp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

func goodConfig() rp.Config {
	return rp.Config{Issuer: "https://login.example.test", ClientID: "c", ClientSecret: secret.New("s"), RedirectURI: "https://app.example.test/auth/callback"}
}

// BBA-1, BBA-2, BCP-10, BCP-15, OIDC-6, RES-1, PKJ-2: what would be unsafe does not start.
func TestConfigurationFaults(t *testing.T) {
	withKey := func(key crypto.Signer, alg string) func(*rp.Config) {
		return func(c *rp.Config) {
			c.AuthMethod, c.ClientSecret, c.PrivateKey, c.PrivateKeyID, c.PrivateKeyAlg = rp.AuthPrivateKeyJWT, secret.Text{}, key, "k", alg
		}
	}
	p224 := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))
	for _, row := range []struct {
		name   string
		change func(*rp.Config)
		fault  string // "" if it is none
	}{
		{"as it should be", func(*rp.Config) {}, ""},
		{"no issuer", func(c *rp.Config) { c.Issuer = "" }, "Issuer is not an absolute URL"},
		{"an issuer over plain http", func(c *rp.Config) { c.Issuer = "http://login.example.test" }, "Issuer must be https"},
		{"an issuer on this machine", func(c *rp.Config) { c.Issuer = "http://127.0.0.1:4444" }, ""},
		{"an issuer with a query", func(c *rp.Config) { c.Issuer += "?tenant=a" }, "Issuer must not have a query"},
		{"an issuer with a fragment", func(c *rp.Config) { c.Issuer += "#a" }, "Issuer must not have a fragment"},
		{"an issuer with credentials", func(c *rp.Config) { c.Issuer = "https://a:b@login.example.test" }, "Issuer must not hold credentials"},
		{"no client", func(c *rp.Config) { c.ClientID = "" }, "ClientID is required"},
		{"no redirect address", func(c *rp.Config) { c.RedirectURI = "" }, "RedirectURI"},
		{"a plain redirect address", func(c *rp.Config) { c.RedirectURI = "http://app.example.test/" }, "RedirectURI must be https"},
		{"a plain address after logout", func(c *rp.Config) { c.PostLogoutRedirectURI = "http://app.example.test/" }, "PostLogoutRedirectURI must be https"},
		{"no secret", func(c *rp.Config) { c.ClientSecret = secret.Text{} }, "ClientSecret is required"},
		{"a public client", func(c *rp.Config) { c.AuthMethod = "none" }, "AuthMethod must be"},
		{"a shared secret that signs", func(c *rp.Config) { c.AuthMethod = "client_secret_jwt" }, "AuthMethod must be"},
		{"a key beside a secret", func(c *rp.Config) { c.PrivateKey = newECKey("").private }, "PrivateKey is for private_key_jwt only"},
		{"a key's id beside a secret", func(c *rp.Config) { c.PrivateKeyID = "k" }, "PrivateKey is for private_key_jwt only"},
		{"a key's algorithm beside a secret", func(c *rp.Config) { c.PrivateKeyAlg = "PS256" }, "PrivateKey is for private_key_jwt only"},
		{"a secret beside a key", func(c *rp.Config) {
			withKey(newECKey("").private, "")(c)
			c.ClientSecret = secret.New("s")
		}, "ClientSecret must not be set"},
		{"a key without id", func(c *rp.Config) { withKey(newECKey("").private, "")(c); c.PrivateKeyID = "" }, "PrivateKeyID is required"},
		{"no key", withKey(nil, ""), "PrivateKey is required"},
		{"a short RSA key", withKey(rsaKeys[2](), ""), "at least 2048 bits"},
		{"a curve nobody uses", withKey(p224, ""), "PrivateKey must be RSA, ECDSA"},
		{"an algorithm of another key", withKey(newECKey("").private, "RS256"), "does not fit the key"},
		{"a weak algorithm for a good key", withKey(rsaKeys[0](), "RS1"), "does not fit the key"},
		{"no openid", func(c *rp.Config) { c.Scopes = []string{"profile"} }, "Scopes must contain openid"},
		{"two scopes in one", func(c *rp.Config) { c.Scopes = []string{"openid", "a b"} }, "is not a scope"},
		{"a scope with a quotation mark", func(c *rp.Config) { c.Scopes = []string{"openid", `a"`} }, "is not a scope"},
		{"a scope with a backslash", func(c *rp.Config) { c.Scopes = []string{"openid", `a\b`} }, "is not a scope"},
		{"a scope that is not ASCII", func(c *rp.Config) { c.Scopes = []string{"openid", "ä"} }, "is not a scope"},
		{"an empty scope", func(c *rp.Config) { c.Scopes = []string{"openid", ""} }, "is not a scope"},
		{"a relative resource", func(c *rp.Config) { c.Resources = []string{"/orders"} }, "is not an absolute URI"},
		{"a resource with a fragment", func(c *rp.Config) { c.Resources = []string{"https://a.test/#"} }, "without fragment"},
		{"another response type", func(c *rp.Config) { c.AuthParams = map[string]string{"response_type": "token"} }, "response_type belongs to the protocol"},
		{"another response mode", func(c *rp.Config) { c.ResponseMode = "fragment" }, "ResponseMode must be"},
		{"PAR at times", func(c *rp.Config) { c.PAR = "sometimes" }, "PAR must be"},
		{"unsigned ID tokens", func(c *rp.Config) { c.IDTokenAlgs = []string{"none"} }, "IDTokenAlgs"},
		{"ID tokens signed with the secret", func(c *rp.Config) { c.IDTokenAlgs = []string{"RS256", "HS256"} }, "IDTokenAlgs"},
		{"too much leeway", func(c *rp.Config) { c.Leeway = 6 * time.Minute }, "Leeway must be at most"},
		{"too much patience", func(c *rp.Config) { c.Timeout = time.Minute }, "Timeout must be at most"},
		{"negative patience", func(c *rp.Config) { c.Timeout = -1 }, "Timeout must be at most"},
		{"metadata asked for all the time", func(c *rp.Config) { c.RefreshInterval = time.Second }, "RefreshInterval must be at least"},
	} {
		cfg := goodConfig()
		row.change(&cfg)
		_, err := rp.New(cfg)
		if row.fault == "" && err != nil || row.fault != "" && (err == nil || !strings.Contains(err.Error(), row.fault)) {
			t.Errorf("%s: New = %v, want %q", row.name, err, row.fault)
		}
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	_, err := rp.New(rp.Config{AuthMethod: rp.AuthPrivateKeyJWT, ResponseMode: "x", PAR: "y", Leeway: time.Hour})
	for _, want := range []string{"Issuer", "ClientID", "RedirectURI", "PrivateKeyID", "PrivateKey is required", "ResponseMode", "PAR", "Leeway"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want %s in it", err, want)
		}
	}
}

// PKJ-2: neither the configuration nor the provider prints a key or a secret.
func TestNothingPrintsTheKey(t *testing.T) {
	private := rsaKeys[0]()
	cfg := goodConfig()
	cfg.AuthMethod, cfg.ClientSecret, cfg.PrivateKey, cfg.PrivateKeyID = rp.AuthPrivateKeyJWT, secret.Text{}, private, "k"
	p, err := rp.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "config", cfg, "provider", p)
	texts := []string{logged.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		texts = append(texts, fmt.Sprintf(verb, cfg), fmt.Sprintf(verb, &cfg), fmt.Sprintf(verb, p), fmt.Sprintf(verb, struct{ C rp.Config }{cfg}))
	}
	for _, text := range texts {
		for _, shape := range shapes(private) {
			if strings.Contains(text, shape) {
				t.Errorf("%.200q has the key", text)
			}
		}
		if !strings.Contains(text, "https://login.example.test") {
			t.Errorf("%.200q does not say whose it is", text)
		}
	}
	if p.Issuer() != cfg.Issuer || p.ClientID() != "c" || p.RedirectURI() != cfg.RedirectURI || p.ResponseMode() != "" {
		t.Errorf("provider = %v", p)
	}
}

// shapes are how fmt and encoding/json would print the key's exponent.
func shapes(key *rsa.PrivateKey) []string {
	return []string{key.D.String()[:40], fmt.Sprintf("%x", key.D)[:40], string(must(json.Marshal(key.D)))[:40]}
}

// New keeps its own copy: what the caller changes later changes nothing.
func TestTheConfigurationIsCopied(t *testing.T) {
	scopes, resources, friends, algs := []string{"openid", "a"}, []string{"urn:a"}, []string{"friend"}, []string{"ES256"}
	params := map[string]string{"audience": "x"}
	o := newOP(t, func(cfg *rp.Config) {
		cfg.Scopes, cfg.Resources, cfg.TrustedAudiences, cfg.IDTokenAlgs, cfg.AuthParams = scopes, resources, friends, algs, params
	})
	scopes[1], resources[0], friends[0], algs[0], params["audience"] = "admin", "urn:b", "stranger", "HS256", "y"
	query, err := o.authorize(nil)
	if err != nil || query.Get("scope") != "openid a" || query.Get("resource") != "urn:a" || query.Get("audience") != "x" {
		t.Errorf("request = %v, %v", query, err)
	}
	o.idToken = func(claims map[string]any) { claims["aud"], claims["azp"] = []string{clientID, "stranger"}, clientID }
	if _, err := o.exchange(); refusedBy(err) != "aud" {
		t.Errorf("Exchange = %v, want it refused by aud", err)
	}
}
