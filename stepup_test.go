package main

import (
	"net/http"
	"testing"
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
	if answer = ask(t, v, `mutation { endOtherSessions { __typename } }`, nil); len(answer.Errors) > 0 {
		t.Errorf("a mutation with the new cookie = %s", answer.Body)
	}
	if in, err := v.SignedIn(t.Context()); err != nil || !in {
		t.Errorf("SignedIn = %v, %v", in, err)
	}
}
