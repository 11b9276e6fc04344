//go:build !nodemo

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vestibule.example/auth/rp"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// The configuration of each provider's page is one that the gateway starts with.
func TestProviderPagesAreConfigurations(t *testing.T) {
	secret := writeFile(t, "client_secret", "canary")
	for _, name := range []string{"auth0", "entra", "identityserver", "keycloak"} {
		page, err := os.ReadFile(filepath.Join("docs/providers", name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		blocks := yamlBlock.FindAllSubmatch(page, -1)
		if len(blocks) != 1 {
			t.Fatalf("%s: %d blocks of configuration, want one", name, len(blocks))
		}
		text := string(blocks[0][1])
		if lines := strings.Count(text, "\n"); lines > 12 {
			t.Errorf("%s: %d lines of configuration", name, lines)
		}
		text = strings.ReplaceAll(text, "/run/secrets/client_secret", secret) +
			"server: {public_url: 'https://shop.example.com'}\nsession: {keys: [{use: seal, secret: " + goodKey + "}]}\n"
		cfg, err := load(t, text, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if cfg.Identity.Provider != name || len(cfg.APIs) == 0 {
			t.Errorf("%s: provider %q with %d APIs", name, cfg.Identity.Provider, len(cfg.APIs))
		}
		for _, section := range []string{"\n## Register\n", "\n## Configure\n", "\n## Check\n"} {
			if !strings.Contains(string(page), section) {
				t.Errorf("%s: no section%s", name, section)
			}
		}
	}
}

// The matrix has every provider, names tests that are there, and claims no more than they can show: a tick takes a server
// that others wrote.
func TestProviderMatrixIsHonest(t *testing.T) {
	text, err := os.ReadFile("docs/providers/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, matrix, _ := strings.Cut(string(text), "## What was tried")
	matrix, _, _ = strings.Cut(matrix, "\n## ")
	tests := functions(t)
	for _, p := range rp.Profiles() {
		row := regexp.MustCompile("(?m)^\\| `" + p.Name + "` \\|.*$").FindString(matrix)
		cells := strings.Split(strings.Trim(row, "| "), "|")
		if len(cells) != 8 {
			t.Errorf("%s: row %q, want eight cells", p.Name, row)
			continue
		}
		against := cells[7]
		foreign := strings.Contains(against, "e2e/")
		if !foreign && strings.Contains(row, "✓") {
			t.Errorf("%s: a tick without a test against a server that others wrote", p.Name)
		}
		named := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(against, -1)
		if len(named) == 0 {
			t.Errorf("%s: no test is named", p.Name)
		}
		for _, name := range named {
			if _, err := os.Stat(name[1]); !tests[name[1]] && err != nil {
				t.Errorf("%s: there is no %s", p.Name, name[1])
			}
		}
	}
}

// functions are the tests of the repository by name.
func functions(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, file := range tracked(t, "*_test.go") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
			all[string(m[1])] = true
		}
	}
	return all
}
