package provider_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"vestibule.example/demo/provider"
)

// What passes is kept once it is asked for, and not before.
func TestIssuedSecretsAreKept(t *testing.T) {
	p := newParty(t)
	p.signIn()
	if all, dropped := p.provider.Issued(); len(all) != 0 || dropped != 0 {
		t.Errorf("before Record %d secrets were kept, %d dropped, want none", len(all), dropped)
	}
	if res := p.control(t.Context(), http.MethodPost, "issued", ""); res.StatusCode != http.StatusNoContent {
		t.Fatalf("POST issued = %d, want 204", res.StatusCode)
	}
	tokens := p.signIn("state", "a state", "prompt", "login")
	logout, err := p.provider.LogoutToken(clientID, "c-alice", "")
	if err != nil {
		t.Fatal(err)
	}
	p.provider.Record() // Once more forgets nothing.
	var answer struct {
		Issued  []provider.Issued
		Dropped int
	}
	res := p.control(t.Context(), http.MethodGet, "issued", "")
	if err := json.Unmarshal([]byte(res.body), &answer); err != nil || answer.Dropped != 0 {
		t.Fatalf("GET issued = %d %s, %v", res.StatusCode, res.body, err)
	}
	for _, want := range []provider.Issued{
		{Kind: "access token", Value: tokens.Access}, {Kind: "refresh token", Value: tokens.Refresh}, {Kind: "ID token", Value: tokens.ID},
		{Kind: "logout token", Value: logout}, {Kind: "state", Value: "a state"}, {Kind: "verifier", Value: verifier}, {Kind: "client secret", Value: clientSecret},
	} {
		if !slices.Contains(answer.Issued, want) {
			t.Errorf("%s is not kept: %v", want.Kind, answer.Issued)
		}
	}
	if !slices.ContainsFunc(answer.Issued, func(s provider.Issued) bool { return s.Kind == "code" }) {
		t.Error("no code is kept")
	}
}
