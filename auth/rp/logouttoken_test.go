package rp_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth/rp"
)

func (o *op) logoutClaims() map[string]any {
	now := o.clock.Now()
	return map[string]any{
		"iss": issuer, "aud": []string{clientID}, "sub": "alice", "sid": "session-1", "jti": "token-1", "iat": now.Unix(),
		"exp": now.Add(2 * time.Minute).Unix(), "events": map[string]any{backchannel: map[string]any{}},
	}
}

// BCL-3 to BCL-8, BCL-10, BCL-13: a logout token in which one thing is wrong ends nothing, and the error says which.
func TestClaimsOfTheLogoutToken(t *testing.T) {
	o := newOP(t, nil)
	now := o.clock.Now().Unix()
	event := func(value any) map[string]any { return map[string]any{backchannel: value} }
	for _, row := range []struct {
		name  string
		claim string
		value any // nil leaves the claim out
		check string
	}{
		{"as it should be", "sub", "alice", ""},
		{"a claim nobody knows", "https://example.test/x", []int{1}, ""},
		{"only sid", "sub", nil, ""},
		{"only sub", "sid", nil, ""},
		{"an event with content", "events", map[string]any{backchannel: map[string]any{"x": 1}, "other": 1}, ""},
		{"iss is another", "iss", "http://localhost:4445", "iss"},
		{"iss is missing", "iss", nil, "iss"},
		{"aud is another", "aud", "stranger", "aud"},
		{"aud has a stranger too", "aud", []string{clientID, "stranger"}, "aud"},
		{"aud is missing", "aud", nil, "aud"},
		{"iat is missing", "iat", nil, "iat"},
		{"iat is ahead", "iat", now + 31, "iat"},
		{"iat is 15 minutes and the leeway old", "iat", now - 930, ""},
		{"iat is older", "iat", now - 931, "iat"},
		{"exp is missing", "exp", nil, "exp"},
		{"exp is past", "exp", now - 30, "exp"},
		{"nbf is ahead", "nbf", now + 31, "nbf"},
		{"sub is empty, and sid is there", "sub", "", ""},
		{"sub is no text", "sub", 1, "sub"},
		{"sub has 256 characters", "sub", strings.Repeat("a", 256), "sub"},
		{"sid is no text", "sid", 1, "sid"},
		{"sid is too long", "sid", strings.Repeat("s", 1025), "sid"},
		{"events are missing", "events", nil, "events"},
		{"events are a list", "events", []string{backchannel}, "events"},
		{"events are a text", "events", backchannel, "events"},
		{"another event", "events", map[string]any{"http://schemas.openid.net/event/other": map[string]any{}}, "events"},
		{"the event is null", "events", event(nil), "events"},
		{"the event is a text", "events", event("logout"), "events"},
		{"the event is a list", "events", event([]any{}), "events"},
		{"the event is true", "events", event(true), "events"},
		{"a nonce", "nonce", "x", "nonce"},
		{"an empty nonce", "nonce", "", "nonce"},
		{"jti is missing", "jti", nil, "jti"},
		{"jti is empty", "jti", "", "jti"},
		{"jti is no text", "jti", 5, "jti"},
		{"jti is too long", "jti", strings.Repeat("j", 1025), "jti"},
	} {
		t.Run(row.name, func(t *testing.T) {
			claims := o.logoutClaims()
			claims[row.claim] = row.value
			if row.value == nil {
				delete(claims, row.claim)
			}
			token, err := o.rp.VerifyLogoutToken(t.Context(), o.key.token(map[string]any{"typ": "logout+jwt"}, claims))
			if got := refusedBy(err); got != row.check {
				t.Fatalf("VerifyLogoutToken = %q, want it refused by %q", got, row.check)
			}
			if err != nil && (token != nil || err.Error() != "rp: logout_token refused: "+row.check) {
				t.Errorf("VerifyLogoutToken = %v, %q", token, err)
			}
		})
	}
	claims := o.logoutClaims()
	claims["nonce"] = json.RawMessage("null")
	if _, err := o.rp.VerifyLogoutToken(t.Context(), o.key.token(nil, claims)); refusedBy(err) != "nonce" {
		t.Errorf("a nonce of null: %v, want it refused by nonce", err)
	}
	delete(claims, "nonce")
	delete(claims, "sub")
	delete(claims, "sid")
	if _, err := o.rp.VerifyLogoutToken(t.Context(), o.key.token(nil, claims)); refusedBy(err) != "sub or sid" {
		t.Errorf("neither sub nor sid: %v, want it refused by sub or sid", err)
	}
}

// BCL-3, BCL-4, BCL-10, BCL-20: type, algorithm, signature and size.
func TestSignatureOfTheLogoutToken(t *testing.T) {
	o := newOP(t, nil)
	strict := newOP(t, func(cfg *rp.Config) { cfg.RequireLogoutTyp = true })
	strict.key, strict.keys = o.key, o.keys
	claims := o.logoutClaims()
	typed := func(typ any) string { return o.key.token(map[string]any{"typ": typ}, claims) }
	payload := string(must(json.Marshal(claims)))
	for _, row := range []struct {
		name, token     string
		check, strictly string
	}{
		{"typ logout+jwt", typed("logout+jwt"), "", ""},
		{"typ in full", typed("application/Logout+JWT"), "", ""},
		{"typ JWT", typed("JWT"), "", "typ"},
		{"no typ", typed(nil), "", "typ"},
		{"typ at+jwt", typed("at+jwt"), "typ", "typ"},
		{"typ that is no text", typed([]string{"logout+jwt"}), "typ", "typ"},
		{"alg none", b64(`{"alg":"none","typ":"logout+jwt"}`) + "." + b64(payload) + ".", "alg", "alg"},
		{"alg HS256", symmetric([]byte(clientSecret), "k1", claims), "alg", "alg"},
		{"another key", newECKey("k1").token(map[string]any{"typ": "logout+jwt"}, claims), "signature", "signature"},
		{"encrypted", "e30.e30.e30.e30.e30", "format", "format"},
		{"nothing", "", "format", "format"},
		{"a megabyte", strings.Repeat("e", 1<<20), "size", "size"},
	} {
		if _, err := o.rp.VerifyLogoutToken(t.Context(), row.token); refusedBy(err) != row.check {
			t.Errorf("%s: %v, want it refused by %q", row.name, err, row.check)
		}
		if _, err := strict.rp.VerifyLogoutToken(t.Context(), row.token); refusedBy(err) != row.strictly {
			t.Errorf("%s, strictly: %v, want it refused by %q", row.name, err, row.strictly)
		}
	}
}

// BCL-9, BCL-11: what the caller needs to end the right sessions, once.
func TestAGoodLogoutToken(t *testing.T) {
	o := newOP(t, nil)
	token, err := o.rp.VerifyLogoutToken(t.Context(), o.key.token(map[string]any{"typ": "logout+jwt"}, o.logoutClaims()))
	if err != nil {
		t.Fatal(err)
	}
	now := o.clock.Now()
	want := rp.LogoutToken{Issuer: issuer, Subject: "alice", SID: "session-1", JTI: "token-1", IssuedAt: now, Expires: now.Add(2 * time.Minute)}
	if *token != want {
		t.Errorf("VerifyLogoutToken = %+v, want %+v", *token, want)
	}
}

// A provider of before December 2023 leaves exp out; where that is allowed, iat bounds the token, and whoever writes an exp
// is held to it.
func TestALogoutTokenWithoutExp(t *testing.T) {
	o := newOP(t, func(cfg *rp.Config) { cfg.LogoutTokenWithoutExp = true })
	now := o.clock.Now()
	for name, row := range map[string]struct {
		age   time.Duration
		exp   any
		check string
	}{
		"young":                {time.Minute, nil, ""},
		"older than a quarter": {rp.MaxLogoutTokenAge + time.Minute, nil, "exp"},
		"over":                 {time.Minute, now.Add(-time.Minute).Unix(), "exp"},
		"null":                 {time.Minute, json.RawMessage("null"), "exp"},
	} {
		claims := o.logoutClaims()
		claims["iat"], claims["exp"] = now.Add(-row.age).Unix(), row.exp
		if row.exp == nil {
			delete(claims, "exp")
		}
		token, err := o.rp.VerifyLogoutToken(t.Context(), o.key.token(map[string]any{"typ": "logout+jwt"}, claims))
		if got := refusedBy(err); got != row.check {
			t.Errorf("%s: refused by %q, want %q", name, got, row.check)
		}
		if err == nil && !token.Expires.Equal(now.Add(rp.MaxLogoutTokenAge-row.age)) {
			t.Errorf("%s: expires at %v, want %s after iat", name, token.Expires, rp.MaxLogoutTokenAge)
		}
	}
	claims := o.logoutClaims()
	delete(claims, "exp")
	delete(claims, "iat")
	if _, err := o.rp.VerifyLogoutToken(t.Context(), o.key.token(map[string]any{"typ": "logout+jwt"}, claims)); refusedBy(err) != "exp" {
		t.Errorf("neither exp nor iat: %v, want a refusal", err)
	}
}
