package rp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth/rp"
)

// OIDC-16: a key that is new is fetched, even if it was rotated just before it signed and under the kid of the old one.
func TestKeyRotation(t *testing.T) {
	for name, kid := range map[string]string{"under a new kid": "k2", "under the old kid": "k1"} {
		o := newOP(t, nil)
		if _, err := o.exchange(); err != nil {
			t.Fatal(err)
		}
		before, next := o.key, newECKey(kid)
		o.set(func() { o.key, o.keys = next, []json.RawMessage{next.jwk()} })
		if _, err := o.exchange(); err != nil {
			t.Errorf("%s: Exchange = %v", name, err)
		}
		if n := len(o.called("/jwks")); n != 2 {
			t.Errorf("%s: the keys were fetched %d times, want 2", name, n)
		}
		// The key of before is gone with its set.
		o.set(func() { o.key = before })
		if _, err := o.exchange(); refusedBy(err) != "signature" {
			t.Errorf("%s: the key of before: Exchange = %v, want it refused by signature", name, err)
		}
	}
}

// OIDC-16, BCL-20: whoever sends us tokens with invented kids, or bad signatures under a known one, makes us fetch the
// keys once in ten seconds at the most; and a key that is really new is found thereafter.
func TestAFloodOfBadTokensFetchesKeysOnceInTenSeconds(t *testing.T) {
	for name, kid := range map[string]func(i int) string{
		"invented kids":               func(i int) string { return fmt.Sprint("stranger-", i) },
		"bad signatures, a known kid": func(int) string { return "k1" },
		"both in turn":                func(i int) string { return fmt.Sprint("k", i%2+1) },
	} {
		o := newOP(t, nil)
		if err := o.rp.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		stranger := newECKey("")
		flood := func() {
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					forger := &signer{kid(i), "ES256", stranger.private}
					if _, err := o.rp.VerifyLogoutToken(t.Context(), forger.token(nil, o.logoutClaims())); refusedBy(err) != "signature" {
						t.Errorf("%s: VerifyLogoutToken = %v, want it refused by signature", name, err)
					}
				})
			}
			wg.Wait()
		}
		fetched := func(want int) {
			t.Helper()
			if n := len(o.called("/jwks")); n != want {
				t.Errorf("%s: the keys were fetched %d times, want %d", name, n, want)
			}
		}
		flood()
		fetched(2) // at the start, and once more
		o.clock.advance(9 * time.Second)
		flood()
		fetched(2)
		o.clock.advance(time.Second)
		flood()
		fetched(3)
		next := newECKey("k9")
		o.set(func() { o.keys = append(o.keys, next.jwk()) })
		o.clock.advance(10 * time.Second)
		if _, err := o.rp.VerifyLogoutToken(t.Context(), next.token(nil, o.logoutClaims())); err != nil {
			t.Errorf("%s: a new key after the flood: %v", name, err)
		}
		fetched(4)
	}
}

// A token that cannot be checked is not said to be bad: the provider may send it again, the user may try again.
func TestKeysThatCannotBeFetched(t *testing.T) {
	o := newOP(t, nil)
	token := newECKey("k2").token(nil, o.logoutClaims())
	o.says("/jwks", http.StatusInternalServerError, "text/html", "<h1>Sorry")
	for _, when := range []string{"at the start", "within the pause of the first failure"} {
		if _, err := o.rp.VerifyLogoutToken(t.Context(), token); !errors.Is(err, rp.ErrProviderUnavailable) {
			t.Errorf("%s: %v, want ErrProviderUnavailable", when, err)
		}
	}
	o.set(func() { delete(o.answers, "/jwks") })
	o.clock.advance(time.Second)
	if _, err := o.rp.VerifyLogoutToken(t.Context(), o.key.token(nil, o.logoutClaims())); err != nil {
		t.Errorf("the provider is back: %v", err)
	}
	o.says("/jwks", http.StatusInternalServerError, "text/html", "<h1>Sorry")
	if _, err := o.rp.VerifyLogoutToken(t.Context(), token); !errors.Is(err, rp.ErrProviderUnavailable) || refusedBy(err) == "signature" {
		t.Errorf("an unknown key while keys cannot be fetched: %v, want ErrProviderUnavailable", err)
	}
	if _, err := o.rp.VerifyLogoutToken(t.Context(), o.key.token(nil, o.logoutClaims())); err != nil {
		t.Errorf("a known key while keys cannot be fetched: %v", err)
	}
}

// OIDC-28: a key set is bounded, and must be one.
func TestKeySetsThatAreNone(t *testing.T) {
	var many []string
	for range 101 {
		many = append(many, string(newECKey("k").jwk()))
	}
	for name, body := range map[string]string{
		"HTML": "<html>", "a list": "[]", "null": "null", "keys that are an object": `{"keys":{}}`, "keys twice": `{"keys":[` + many[0] + `],"keys":[` + many[1] + `]}`,
		"101 keys": `{"keys":[` + strings.Join(many, ",") + `]}`, "a cut answer": `{"keys":[`,
	} {
		o := newOP(t, nil)
		o.says("/jwks", http.StatusOK, "application/json", body)
		if err := o.rp.Ready(t.Context()); !errors.Is(err, rp.ErrInvalidAnswer) {
			t.Errorf("%s: Ready = %v, want ErrInvalidAnswer", name, err)
		}
	}
	o := newOP(t, nil)
	o.says("/jwks", http.StatusOK, "application/json", `{"keys":[`+strings.Join(many[:100], ",")+`]}`)
	if err := o.rp.Ready(t.Context()); err != nil {
		t.Errorf("100 keys: %v", err)
	}
}

// OIDC-16, BCP-14: keys and metadata are renewed behind everybody's back once they are an hour old.
func TestKeysAreRenewedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOP(t, nil)
		if _, err := o.exchange(); err != nil {
			t.Fatal(err)
		}
		next := newECKey("k2")
		o.set(func() { o.metadata["jwks_uri"] = issuer + "/moved"; o.keys = nil })
		o.set(func() {
			o.answers["/moved"] = func(w http.ResponseWriter, _ *http.Request) {
				writeJSON(w, map[string]any{"keys": []json.RawMessage{next.jwk()}})
			}
		})
		o.clock.advance(59*time.Minute + 59*time.Second)
		if err := o.rp.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := len(o.called("/jwks")) + len(o.called("/moved")); n != 1 {
			t.Errorf("before the hour the keys were fetched %d times, want once", n)
		}
		o.clock.advance(time.Second)
		// The old values serve meanwhile; the metadata come first, and lead to the keys.
		for range 2 {
			if _, err := o.authorize(nil); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		if err := o.rp.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		o.set(func() { o.key = next })
		if _, err := o.exchange(); err != nil {
			t.Errorf("the key at the new address: %v", err)
		}
		if n := len(o.called("/moved")); n != 1 {
			t.Errorf("the new address was asked %d times, want once", n)
		}
	})
}
