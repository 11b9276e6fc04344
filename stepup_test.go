//go:build !nodemo

package main

import (
	"net/http"
	"testing"

	"vestibule.example/demo/visitor"
)

// SES-4: what was under way with the cookie of before a step-up may still read, and changes nothing.
func TestAfterAStepUpTheOldCookieChangesNothing(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	old := g.visitor(t)
	old.SetCookies(v.Cookies())
	page, err := v.Navigate(t.Context(), "/auth/login?return_to=/account&acr_values=urn:demo:mfa")
	if err != nil {
		t.Fatal(err)
	}
	if page, err = v.Submit(t.Context(), page, map[string]string{"code": "123456"}); err != nil || page.URL.Path != "/account" {
		t.Fatalf("the step-up ended at %v, %v", page, err)
	}
	if answer := ask(t, old, `{ me { name } }`, nil); len(answer.Errors) > 0 {
		t.Errorf("a query with the old cookie = %s, want data", answer.Body)
	}
	answer := ask(t, old, `mutation { endOtherSessions { __typename } }`, nil)
	if answer.Status != http.StatusConflict || len(answer.Errors) != 1 || answer.Errors[0].Code() != "SESSION_CHANGED" {
		t.Errorf("a mutation with the old cookie = %d %s, want 409 SESSION_CHANGED", answer.Status, answer.Body)
	}
	if p, res := dial(t, g, old, nil); p != nil || res.StatusCode != http.StatusConflict {
		t.Errorf("a WebSocket with the old cookie = %d, want 409", res.StatusCode)
	}
	if got := post(t, old, "/api/catalog/products"); got != http.StatusConflict {
		t.Errorf("a relayed POST with the old cookie = %d, want 409", got)
	}
	if got := post(t, v, "/api/catalog/products"); got != http.StatusNotFound {
		t.Errorf("a relayed POST with the new cookie = %d, want it to come as far as the relay's list", got)
	}
	if answer = ask(t, v, `mutation { endOtherSessions { __typename } }`, nil); len(answer.Errors) > 0 {
		t.Errorf("a mutation with the new cookie = %s", answer.Body)
	}
	if in, err := v.SignedIn(t.Context()); err != nil || !in {
		t.Errorf("SignedIn = %v, %v", in, err)
	}
}

// Somebody believes she is signed in: what she wants done through the relay is not done as nobody's either.
func TestADeadCookieChangesNothingThroughTheRelay(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	kept := v.Cookies()
	if _, err := v.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.SetCookies(kept)
	if got := post(t, v, "/api/catalog/products"); got != http.StatusUnauthorized {
		t.Errorf("a relayed POST with the cookie of a session that ended = %d, want 401", got)
	}
	if got := post(t, g.visitor(t), "/api/catalog/products"); got != http.StatusNotFound {
		t.Errorf("a relayed POST of nobody = %d, want it to come as far as the relay's list", got)
	}
}

// post sends what a script of ours would, and gives the status.
func post(t *testing.T, v *visitor.Visitor, path string) int {
	t.Helper()
	res, err := v.Fetch(t.Context(), http.MethodPost, path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}
