package rp_test

import (
	"testing"
	"time"

	"vestibule.example/auth/rp"
	"vestibule.example/auth/secret"
)

// previous are the claims of the login that a refresh continues.
func (o *op) previous() *rp.IDClaims {
	now := o.clock.Now()
	return &rp.IDClaims{Issuer: issuer, Subject: "alice", IssuedAt: now, AuthTime: now.Add(-time.Minute), Raw: map[string]any{"nonce": nonce}}
}

// OIDC-23: the ID token of a refresh speaks of the same login, or none of the new tokens is used.
func TestTheIDTokenOfARefresh(t *testing.T) {
	o := newOP(t, nil)
	now := o.clock.Now().Unix()
	for _, row := range []struct {
		name  string
		claim string
		value any // nil leaves the claim out
		check string
	}{
		{"of the same login", "name", "Alice", ""},
		{"of another issuer", "iss", "http://localhost:4445", "iss"},
		{"of another user", "sub", "bob", "sub"},
		{"of nobody", "sub", nil, "sub"},
		{"for another client", "aud", "stranger", "aud"},
		{"older than the login, within the leeway", "iat", now - 30, ""},
		{"older than the login", "iat", now - 31, "iat"},
		{"of another sign-in", "auth_time", now - 61, "auth_time"},
		{"without word of when", "auth_time", nil, ""},
		{"without nonce", "nonce", nil, ""},
		{"with another nonce", "nonce", "x", "nonce"},
		{"with a nonce that is no text", "nonce", 1, "nonce"},
		{"expired", "exp", now - 30, "exp"},
		{"with the hash of another access token", "at_hash", half("at-2"), "at_hash"},
	} {
		o.set(func() {
			o.idToken = func(claims map[string]any) {
				claims[row.claim] = row.value
				if row.value == nil {
					delete(claims, row.claim)
				}
			}
		})
		grant, err := o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: secret.New("rt-0"), Previous: o.previous()})
		if err != nil && (grant == nil || grant.RefreshToken.IsZero() || !grant.AccessToken.IsZero() || !grant.IDToken.IsZero() || grant.Claims != nil) {
			t.Errorf("%s: Refresh gave %v, want the refresh token alone", row.name, grant)
		}
		if got := refusedBy(err); got != row.check {
			t.Errorf("%s: Refresh = %v, %q, want it refused by %q", row.name, grant, got, row.check)
		}
	}
}

// OIDC-23: the login's claims are compared with, or there is nothing to compare with and the token is refused.
func TestARefreshKnowsTheLogin(t *testing.T) {
	o := newOP(t, nil)
	for name, row := range map[string]struct {
		change func(*rp.IDClaims)
		check  string
	}{
		"the same":                             {func(*rp.IDClaims) {}, ""},
		"a login of another issuer":            {func(c *rp.IDClaims) { c.Issuer = "http://localhost:4445" }, "iss"},
		"a login of bob":                       {func(c *rp.IDClaims) { c.Subject = "bob" }, "sub"},
		"a login whose time nobody knows":      {func(c *rp.IDClaims) { c.AuthTime = time.Time{} }, ""},
		"a login whose nonce is not at hand":   {func(c *rp.IDClaims) { c.Raw = nil }, "nonce"},
		"a login that began after the refresh": {func(c *rp.IDClaims) { c.IssuedAt = c.IssuedAt.Add(time.Minute) }, "iat"},
	} {
		previous := o.previous()
		row.change(previous)
		if _, err := o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: secret.New("rt-0"), Previous: previous}); refusedBy(err) != row.check {
			t.Errorf("%s: Refresh = %v, want it refused by %q", name, err, row.check)
		}
	}
	if _, err := o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: secret.New("rt-0")}); refusedBy(err) != "previous" {
		t.Errorf("no login at all: %v, want it refused", err)
	}
}

// OIDC-24, BCP-20: the newest refresh token is the one to keep; an answer without ID or refresh token is a good one.
func TestWhatARefreshLeavesOut(t *testing.T) {
	for _, row := range []struct {
		name    string
		answer  map[string]any
		refresh string
		claims  bool
	}{
		{"everything is new", nil, "rt-1", true},
		{"no refresh token", map[string]any{"refresh_token": nil}, "rt-0", true},
		{"an empty refresh token", map[string]any{"refresh_token": ""}, "rt-0", true},
		{"no ID token", map[string]any{"id_token": nil}, "rt-1", false},
		{"neither", map[string]any{"id_token": nil, "refresh_token": nil}, "rt-0", false},
	} {
		o := newOP(t, nil)
		o.answer = row.answer
		grant, err := o.rp.Refresh(t.Context(), rp.RefreshRequest{RefreshToken: secret.New("rt-0"), Previous: o.previous()})
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if grant.AccessToken.Reveal() != "at-1" || grant.RefreshToken.Reveal() != row.refresh || (grant.Claims != nil) != row.claims || grant.IDToken.IsZero() == row.claims {
			t.Errorf("%s: access %q, refresh %q, claims %v", row.name, grant.AccessToken.Reveal(), grant.RefreshToken.Reveal(), grant.Claims)
		}
	}
}
