package provider_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

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
