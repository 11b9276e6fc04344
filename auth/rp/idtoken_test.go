package rp_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth/rp"
)

// backchannel is the event that makes a logout token one.
const backchannel = "http://schemas.openid.net/event/backchannel-logout"

// OIDC-1 to OIDC-4, OIDC-8 to OIDC-12, OIDC-27, BCP-11: an ID token in which one claim is wrong ends the login, before
// UserInfo is asked, and the error says which and nothing more.
func TestClaimsOfTheIDToken(t *testing.T) {
	const minute = 60
	o := newOP(t, func(cfg *rp.Config) { cfg.TrustedAudiences = []string{"friend"}; cfg.UserInfo = true })
	now := o.clock.Now().Unix()
	for _, row := range []struct {
		name  string
		claim string
		value any // nil leaves the claim out
		check string
	}{
		{"as it should be", "name", "Alice", ""},
		{"iss is another", "iss", "http://localhost:4445", "iss"},
		{"iss has a slash too many", "iss", issuer + "/", "iss"},
		{"iss is in upper case", "iss", strings.ToUpper(issuer), "iss"},
		{"iss is missing", "iss", nil, "iss"},
		{"iss is no text", "iss", []string{issuer}, "iss"},
		{"aud is another", "aud", "stranger", "aud"},
		{"aud is missing", "aud", nil, "aud"},
		{"aud is empty", "aud", []string{}, "aud"},
		{"aud is a number", "aud", 1, "aud"},
		{"aud holds a number", "aud", []any{clientID, 1}, "aud"},
		{"aud is ours in a list", "aud", []string{clientID}, ""},
		{"aud has a stranger too", "aud", []string{clientID, "stranger"}, "aud"},
		{"aud has a friend, and azp is missing", "aud", []string{clientID, "friend"}, "azp"},
		{"azp is ours", "azp", clientID, ""},
		{"azp is another", "azp", "stranger", "azp"},
		{"azp is no text", "azp", 1, "azp"},
		{"exp is now, less the leeway", "exp", now - 30, "exp"},
		{"exp is past, within the leeway", "exp", now - 29, ""},
		{"exp is missing", "exp", nil, "exp"},
		{"exp is a text", "exp", "tomorrow", "exp"},
		{"exp is before the epoch", "exp", -1, "exp"},
		{"exp is after the year 9999", "exp", 1e12, "exp"},
		{"exp has a fraction", "exp", float64(now) + 0.5, ""},
		{"iat is missing", "iat", nil, "iat"},
		{"iat is ahead, within the leeway", "iat", now + 30, ""},
		{"iat is a day ahead", "iat", now + 1440*minute, "iat"},
		{"iat is a text", "iat", "now", "iat"},
		{"nbf is ahead, within the leeway", "nbf", now + 30, ""},
		{"nbf is ahead", "nbf", now + 31, "nbf"},
		{"nbf is a text", "nbf", "now", "nbf"},
		{"sub is missing", "sub", nil, "sub"},
		{"sub is empty", "sub", "", "sub"},
		{"sub is no text", "sub", 7, "sub"},
		{"sub has 256 characters", "sub", strings.Repeat("a", 256), "sub"},
		{"sub is not ASCII", "sub", "älice", "sub"},
		{"sub has a line break", "sub", "alice\n", "sub"},
		{"nonce is another", "nonce", "a nonce", "nonce"},
		{"nonce is missing", "nonce", nil, "nonce"},
		{"nonce is empty", "nonce", "", "nonce"},
		{"nonce is no text", "nonce", true, "nonce"},
		{"at_hash fits", "at_hash", half("at-1"), ""},
		{"at_hash is of another token", "at_hash", half("at-2"), "at_hash"},
		{"at_hash is empty", "at_hash", "", "at_hash"},
		{"at_hash is no text", "at_hash", 1, "at_hash"},
		{"c_hash fits", "c_hash", half("the code"), ""},
		{"c_hash is of another code", "c_hash", half("a code"), "c_hash"},
		{"c_hash is no text", "c_hash", 1, "c_hash"},
		{"auth_time is ahead, within the leeway", "auth_time", now + 30, ""},
		{"auth_time is ahead", "auth_time", now + 31, "auth_time"},
		{"auth_time is before the epoch", "auth_time", -1, "auth_time"},
		{"auth_time is a text", "auth_time", "now", "auth_time"},
		{"auth_time is missing, and nobody asked", "auth_time", nil, ""},
		{"acr is no text", "acr", 2, "acr"},
		{"sid is no text", "sid", 2, "sid"},
		{"amr is no list", "amr", "pwd", "amr"},
		{"amr holds a number", "amr", []any{"pwd", 1}, "amr"},
		{"it is a logout token without type", "events", map[string]any{backchannel: map[string]any{}}, "events"},
		{"it has other events", "events", map[string]any{"other": map[string]any{}}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			o.set(func() {
				o.calls = nil
				o.idToken = func(claims map[string]any) {
					claims[row.claim] = row.value
					if row.value == nil {
						delete(claims, row.claim)
					}
				}
			})
			grant, err := o.exchange()
			if got := refusedBy(err); got != row.check {
				t.Fatalf("Exchange = %q, want it refused by %q", got, row.check)
			}
			if err == nil {
				return
			}
			if want := "rp: id_token refused: " + row.check; grant != nil || err.Error() != want {
				t.Errorf("Exchange = %v, %q, want nil, %q", grant, err, want)
			}
			if len(o.called("/userinfo")) != 0 {
				t.Error("UserInfo was asked with a token that did not pass")
			}
		})
	}
}

// OIDC-8: the leeway is as configured; none is possible.
func TestLeeway(t *testing.T) {
	for _, row := range []struct {
		leeway time.Duration
		late   time.Duration
		check  string
	}{
		{-1, 0, "exp"},
		{-1, -time.Second, ""},
		{0, 29 * time.Second, ""},
		{0, 30 * time.Second, "exp"},
		{5 * time.Minute, 299 * time.Second, ""},
		{5 * time.Minute, 300 * time.Second, "exp"},
	} {
		o := newOP(t, func(cfg *rp.Config) { cfg.Leeway = row.leeway })
		o.idToken = func(claims map[string]any) { claims["exp"] = o.clock.Now().Add(-row.late).Unix() }
		if _, err := o.exchange(); refusedBy(err) != row.check {
			t.Errorf("leeway %v, expired for %v: Exchange = %v, want it refused by %q", row.leeway, row.late, err, row.check)
		}
	}
}

// OIDC-4: a trusted audience beside us passes with azp.
func TestATrustedAudienceMayStandBesideUs(t *testing.T) {
	o := newOP(t, func(cfg *rp.Config) { cfg.TrustedAudiences = []string{"friend"} })
	o.idToken = func(claims map[string]any) { claims["aud"], claims["azp"] = []string{clientID, "friend"}, clientID }
	if _, err := o.exchange(); err != nil {
		t.Errorf("Exchange = %v", err)
	}
}

// OIDC-13, OIDC-14: what was asked of the login is demanded of its token.
func TestMaxAgeAndACR(t *testing.T) {
	o := newOP(t, nil)
	now := o.clock.Now()
	minute := time.Minute
	for _, row := range []struct {
		name    string
		maxAge  *time.Duration
		begun   time.Time
		acr     []string
		authAge time.Duration // negative: the token has no auth_time
		check   string
	}{
		{"nothing was asked", nil, time.Time{}, nil, -1, ""},
		{"a sign-in within the time", &minute, now, nil, 90 * time.Second, ""},
		{"a sign-in of before", &minute, now, nil, 91 * time.Second, "auth_time"},
		{"no word of when", &minute, now, nil, -1, "auth_time"},
		{"counted from the beginning of the login", &minute, now.Add(-10 * time.Minute), nil, 690 * time.Second, ""},
		{"counted from now when the beginning is not known", &minute, time.Time{}, nil, 91 * time.Second, "auth_time"},
		{"one of the classes asked for", nil, now, []string{"high", "low"}, 0, ""},
		{"a lower class", nil, now, []string{"high"}, 0, "acr"},
	} {
		o.idToken = func(claims map[string]any) {
			claims["auth_time"] = now.Add(-row.authAge).Unix()
			if row.authAge < 0 {
				delete(claims, "auth_time")
			}
		}
		_, err := o.rp.Exchange(t.Context(), rp.ExchangeRequest{
			Code: "the code", Nonce: nonce, Verifier: verifier, MaxAge: row.maxAge, RequestedAt: row.begun, ACR: row.acr,
		})
		if got := refusedBy(err); got != row.check {
			t.Errorf("%s: Exchange = %q, want it refused by %q", row.name, got, row.check)
		}
	}
}

// OIDC-22: the user is issuer and subject; claims come through as they are.
func TestClaimsOfAGoodIDToken(t *testing.T) {
	o := newOP(t, nil)
	grant, err := o.exchange()
	if err != nil {
		t.Fatal(err)
	}
	c := grant.Claims
	if c.Issuer != issuer || c.Subject != "alice" || c.SID != "session-1" || c.ACR != "low" || len(c.AMR) != 1 || c.AMR[0] != "pwd" {
		t.Errorf("claims = %+v", c)
	}
	now := o.clock.Now()
	if !c.IssuedAt.Equal(now) || !c.Expiry.Equal(now.Add(5*time.Minute)) || !c.AuthTime.Equal(now.Add(-time.Minute)) || c.Raw["name"] != "Alice" {
		t.Errorf("claims = %+v", c)
	}
	if grant.AccessToken.Reveal() != "at-1" || grant.RefreshToken.Reveal() != "rt-1" || strings.Count(grant.IDToken.Reveal(), ".") != 2 {
		t.Errorf("tokens = %q %q %q", grant.AccessToken.Reveal(), grant.RefreshToken.Reveal(), grant.IDToken.Reveal())
	}
	o.answer["id_token"] = nil
	if _, err := o.exchange(); refusedBy(err) != "format" {
		t.Errorf("a login without ID token: %v, want it refused", err)
	}
}

// OIDC-12: the hash is by the algorithm that the token is signed with.
func TestHashesFollowTheAlgorithm(t *testing.T) {
	for _, row := range []struct {
		key  *signer
		hash string
	}{
		// base64url of the left half of SHA-256, SHA-384 and SHA-512 of "at-1".
		{newRSAKey("k", "PS256"), hashes("at-1")[0]},
		{newRSAKey("k", "RS384"), hashes("at-1")[1]},
		{newRSAKey("k", "RS512"), hashes("at-1")[2]},
		{newEdKey("k"), hashes("at-1")[2]},
	} {
		o := newOP(t, func(cfg *rp.Config) { cfg.IDTokenAlgs = []string{"PS256", "RS384", "RS512", "EdDSA"} })
		o.key, o.keys = row.key, []json.RawMessage{row.key.jwk()}
		for hash, check := range map[string]string{row.hash: "", half("at-2"): "at_hash"} {
			o.set(func() { o.idToken = func(claims map[string]any) { claims["at_hash"] = hash } })
			if _, err := o.exchange(); refusedBy(err) != check {
				t.Errorf("%s, at_hash %s: Exchange = %v, want it refused by %q", row.key.alg, hash, err, check)
			}
		}
	}
}

// A login that was not prepared is not sent to the provider.
func TestAnExchangeNeedsWhatTheLoginMade(t *testing.T) {
	o := newOP(t, nil)
	for name, req := range map[string]rp.ExchangeRequest{
		"no code":             {Nonce: nonce, Verifier: verifier},
		"no nonce":            {Code: "c", Verifier: verifier},
		"no verifier":         {Code: "c", Nonce: nonce},
		"a verifier too weak": {Code: "c", Nonce: nonce, Verifier: verifier[:42]},
	} {
		var refused *rp.VerifyError
		if _, err := o.rp.Exchange(t.Context(), req); err == nil || errors.As(err, &refused) {
			t.Errorf("%s: Exchange = %v, want an error of ours", name, err)
		}
	}
	if n := len(o.called("/token")); n != 0 {
		t.Errorf("the token endpoint was called %d times", n)
	}
}
