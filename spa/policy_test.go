//go:build !nodemo

package spa_test

import (
	"strings"
	"testing"

	"vestibule.example/spa"
)

// WEB-9: a bundle may need a little more; what would let a stranger's script run is refused.
func TestPolicy(t *testing.T) {
	for _, row := range []struct {
		name    string
		changes map[string]string
		has     string // of the policy
		fault   string
	}{
		{"nothing changed", nil, spa.DefaultCSP, ""},
		{"a framework's name for Trusted Types", map[string]string{"trusted-types": "vue"}, "; trusted-types vue", ""},
		{"no Trusted Types", map[string]string{"trusted-types": "", "require-trusted-types-for": ""}, "object-src 'none'", ""},
		{"pictures from elsewhere", map[string]string{"img-src": "'self'  data: https://img.example.com"}, "; img-src 'self' data: https://img.example.com; ", ""},
		{"a directive that was not there", map[string]string{"worker-src": "'self'"}, "; worker-src 'self'", ""},
		{"inline styles", map[string]string{"style-src": "'self' 'unsafe-inline'"}, "style-src 'self' 'unsafe-inline'", ""},
		{"a directive that does not exist", map[string]string{"image-src": "'self'"}, "", `no directive "image-src"`},
		{"no sources", map[string]string{"img-src": " "}, "", "img-src has no sources"},
		{"a second directive in the first", map[string]string{"img-src": "'self'; script-src *"}, "", `"'self';" is no source`},
		{"a second header", map[string]string{"img-src": "'self'\r\nSet-Cookie:a=b\x00"}, "", "is no source"},
		{"other letters", map[string]string{"img-src": "é"}, "", "is no source"},
		{"inline scripts", map[string]string{"script-src": "'self' 'unsafe-inline'"}, "", "lets a stranger's script run"},
		{"scripts from everywhere", map[string]string{"script-src": "HTTPS:"}, "", "lets a stranger's script run"},
		{"workers from text", map[string]string{"worker-src": "blob:"}, "", "lets a stranger's script run"},
		{"another base", map[string]string{"base-uri": "*"}, "", "lets a stranger's script run"},
	} {
		policy, err := spa.Policy(row.changes)
		switch {
		case row.fault != "":
			if err == nil || !strings.Contains(err.Error(), row.fault) {
				t.Errorf("%s: %v, want %q", row.name, err, row.fault)
			}
		case err != nil || !strings.Contains(policy, row.has):
			t.Errorf("%s: %q, %v, want %q in it", row.name, policy, err, row.has)
		}
	}
	if policy, err := spa.Policy(map[string]string{"trusted-types": "", "require-trusted-types-for": ""}); err != nil || strings.Contains(policy, "trusted") {
		t.Errorf("without Trusted Types: %q, %v", policy, err)
	}
}
