package provider_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func halfHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

func contains(body string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(body, part) {
			return false
		}
	}
	return true
}

// assertPolicy checks that a page needs nothing that its Content-Security-Policy forbids.
func assertPolicy(t *testing.T, p *party, shown page, formAction string) {
	t.Helper()
	policy := shown.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", formAction} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("policy %q is loose", policy)
	}
	for _, bad := range []string{" style=", "<style", " onload=", " onclick=", "javascript:"} {
		if strings.Contains(shown.body, bad) {
			t.Errorf("the page has %q, which the policy forbids", bad)
		}
	}
	for _, m := range regexp.MustCompile(`<script>([^<]*)</script>`).FindAllStringSubmatch(shown.body, -1) {
		sum := sha256.Sum256([]byte(m[1]))
		if want := "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="(/provider[^"]*)"`).FindAllStringSubmatch(shown.body, -1) {
		if got := p.get(p.issuer + m[1]); got.StatusCode != 200 {
			t.Errorf("%s: %d", m[1], got.StatusCode)
		}
	}
}

func (p *party) keys() jose.JSONWebKeySet {
	p.t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(p.get(p.issuer+"/keys").body), &set); err != nil {
		p.t.Fatal(err)
	}
	return set
}

// verify checks the signature of a token with the published keys and returns header type and claims.
func (p *party) verify(token string) (typ string, claims map[string]any) {
	p.t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		p.t.Fatal(err)
	}
	payload, err := jws.Verify(p.keys())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		p.t.Fatal(err)
	}
	typ, _ = jws.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string)
	return typ, claims
}

// peek reads a token without any check.
func peek(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}
