//go:build !nodemo

package main

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"vestibule.example/demo/visitor"
)

// diagnostics is the page as a person reads it: without its tags.
func diagnostics(t *testing.T, v *visitor.Visitor, query string) string {
	t.Helper()
	page, err := v.Navigate(t.Context(), "/auth/diagnostics"+query)
	if err != nil || page.Status != http.StatusOK {
		t.Fatalf("diagnostics: %v, %v", page, err)
	}
	text := regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`).ReplaceAllString(string(page.Body), " ")
	return strings.Join(strings.Fields(html.UnescapeString(text)), " ")
}

// What a developer is told of a session, and never a token: the suite looks for each in every answer.
func TestDiagnostics(t *testing.T) {
	g := startGateway(t)
	if text := diagnostics(t, g.visitor(t), ""); !strings.Contains(text, "Nobody is signed in.") || strings.Contains(text, "orders") {
		t.Errorf("without a session: %s", text)
	}
	v := signIn(t, g, "alice")
	resetCalls(t, g)
	text := diagnostics(t, v, "")
	for _, want := range []string{
		`orders user nothing of its own the login's own: expires in [45] min \d+ s, fetched \d+ s ago`, "catalog none nothing of its own none is sent", `name "Alice Archer"`,
		"subject c-alice", "refresh token held", `nonce \(there, and not shown\)`, `ends if unused in (29|30) min`, "urn:demo:pwd",
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %q in: %s", want, text)
		}
	}
	if got := calls(t, g); got["orders"]+got["accounts"] > 0 {
		t.Errorf("calls = %v, want none before asked", got)
	}
	text = diagnostics(t, v, "?ask=1")
	for want, times := range map[string]int{"200: it takes the token": 2, "200 without a token": 1, "400: it does not refuse the token": 1} {
		if strings.Count(text, want) != times {
			t.Errorf("not %d times %q in: %s", times, want, text)
		}
	}
	setFault(t, g, `{"target":"orders","status":401,"header":{"WWW-Authenticate":"Bearer realm=\"x y\", error=\"invalid_token\""}}`)
	setFault(t, g, `{"target":"shipping","status":403}`)
	setFault(t, g, `{"target":"accounts","drop":true}`)
	text = diagnostics(t, v, "?ask=1")
	for _, want := range []string{"401 (invalid_token): it refuses the token. It verifies another audience", "403: it takes the token, which may not do this", "check the way there"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in: %s", want, text)
		}
	}
}
