package apis_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule.example/demo/apis"
)

func TestOnlyAGoodTokenIsAdmitted(t *testing.T) {
	f := start(t, nil)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := jose.SigningKey{Algorithm: jose.RS256, Key: f.key}
	unsigned := func() string {
		claims, _ := json.Marshal(f.claims("orders", "c-alice"))
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims) + "."
	}
	publicKey, _ := json.Marshal(jose.JSONWebKey{Key: f.key.Public()})
	whole := f.token("orders", "c-alice")
	for _, test := range []struct {
		name, authorization string
		admitted            bool
	}{
		{"a good token", "Bearer " + whole, true},
		{"the scheme in small letters", "bearer " + whole, true},
		{"typ in full and in capitals", "Bearer " + f.sign(good, "application/AT+JWT", f.claims("orders", "c-alice")), true},
		{"one audience as a plain string", "Bearer " + f.token("orders", "c-alice", "aud", apis.Audience("orders")), true},
		{"several audiences", "Bearer " + f.token("orders", "c-alice", "aud", []string{apis.Audience("shipping"), apis.Audience("orders")}), true},
		{"not yet expired", "Bearer " + f.token("orders", "c-alice", "exp", f.now.Unix()+1), true},

		{"nothing after the scheme", "Bearer", false},
		{"another scheme", "Basic " + whole, false},
		{"no JWT", "Bearer opaque", false},
		{"too long", "Bearer " + f.token("orders", "c-alice", "filler", strings.Repeat("a", 20_000)), false},
		{"expired now", "Bearer " + f.token("orders", "c-alice", "exp", f.now.Unix()), false},
		{"expired long ago", "Bearer " + f.token("orders", "c-alice", "exp", f.now.Add(-time.Hour).Unix()), false},
		{"without expiry", "Bearer " + f.token("orders", "c-alice", "exp", nil), false},
		{"for another API", "Bearer " + f.token("shipping", "c-alice"), false},
		{"for the client", "Bearer " + f.token("orders", "c-alice", "aud", "vestibule"), false},
		{"without audience", "Bearer " + f.token("orders", "c-alice", "aud", nil), false},
		{"of another issuer", "Bearer " + f.token("orders", "c-alice", "iss", "https://evil.example"), false},
		{"without issuer", "Bearer " + f.token("orders", "c-alice", "iss", nil), false},
		{"without subject", "Bearer " + f.token("orders", "c-alice", "sub", nil), false},
		{"an ID token", "Bearer " + f.sign(good, "JWT", f.claims("orders", "c-alice")), false},
		{"a logout token", "Bearer " + f.sign(good, "logout+jwt", f.claims("orders", "c-alice")), false},
		{"without typ", "Bearer " + f.sign(good, "", f.claims("orders", "c-alice")), false},
		{"signed by another key of the same id", "Bearer " + f.sign(jose.SigningKey{Algorithm: jose.RS256, Key: other}, "at+jwt", f.claims("orders", "c-alice")), false},
		{"signed with PS256", "Bearer " + f.sign(jose.SigningKey{Algorithm: jose.PS256, Key: f.key}, "at+jwt", f.claims("orders", "c-alice")), false},
		{"signed with the public key as a secret", "Bearer " + f.sign(jose.SigningKey{Algorithm: jose.HS256, Key: publicKey}, "at+jwt", f.claims("orders", "c-alice")), false},
		{"not signed", "Bearer " + unsigned(), false},
		{"the signature cut off", "Bearer " + whole[:strings.LastIndex(whole, ".")+1], false},
		{"the claims of another", "Bearer " + splice(whole, f.token("orders", "c-bob")), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := f.send("orders", "GET /orders", "", "Authorization: "+test.authorization)
			if test.admitted {
				if got.status != 200 {
					t.Errorf("got %d %s, want 200", got.status, got.body)
				}
				return
			}
			const challenge = `Bearer realm="https://orders.demo.test", error="invalid_token"`
			if got.status != 401 || got.header.Get("WWW-Authenticate") != challenge {
				t.Errorf("got %d %q, want 401 %q", got.status, got.header.Get("WWW-Authenticate"), challenge)
			}
		})
	}
	t.Run("two tokens", func(t *testing.T) {
		if got := f.send("orders", "GET /orders", "", "Authorization: Bearer "+whole, "Authorization: Bearer "+whole); got.status != 401 {
			t.Errorf("got %d, want 401", got.status)
		}
	})
	t.Run("a token in the query", func(t *testing.T) {
		if got := f.send("orders", "GET /orders?access_token="+whole, ""); got.status != 401 {
			t.Errorf("got %d, want 401", got.status)
		}
	})
}

// splice puts the claims of one token under the signature of another.
func splice(signature, claims string) string {
	ours, theirs := strings.Split(signature, "."), strings.Split(claims, ".")
	return ours[0] + "." + theirs[1] + "." + ours[2]
}

func TestKeysAreFetchedWhenNeeded(t *testing.T) {
	f := start(t, nil)
	expect := func(when string, fetches int64) {
		t.Helper()
		if got := f.fetches.Load(); got != fetches {
			t.Errorf("%s: the keys were fetched %d times, want %d", when, got, fetches)
		}
	}
	f.call("", "catalog", "GET /products", "")
	expect("without a token", 0)
	for range 3 {
		if got := f.call("c-alice", "orders", "GET /orders", ""); got.status != 200 {
			t.Fatalf("got %d", got.status)
		}
	}
	expect("with three tokens", 1)

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	f.key, f.keyID = key, "key-2"
	if got := f.call("c-alice", "orders", "GET /orders", ""); got.status != 200 {
		t.Errorf("with a new key: %d", got.status)
	}
	expect("with a new key", 2)
}

func TestWithoutKeysTheTokenIsNotBlamed(t *testing.T) {
	for name, breakKeys := range map[string]func(*fixture){
		"the issuer answers an error": func(f *fixture) { f.broken.Store(true) },
		"the issuer is gone":          func(f *fixture) { f.jwks.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, nil)
			breakKeys(f)
			got := f.call("c-alice", "orders", "GET /orders", "")
			if got.status != 503 || got.header.Get("Retry-After") == "" || got.header.Get("WWW-Authenticate") != "" {
				t.Errorf("got %d %v, want 503 with Retry-After", got.status, got.header)
			}
		})
	}
	t.Run("and it works when they are back", func(t *testing.T) {
		f := start(t, nil)
		f.broken.Store(true)
		f.call("c-alice", "orders", "GET /orders", "")
		f.broken.Store(false)
		if got := f.call("c-alice", "orders", "GET /orders", ""); got.status != 200 {
			t.Errorf("got %d, want 200", got.status)
		}
	})
}

func TestUnknownPathsAndMethods(t *testing.T) {
	f := start(t, nil)
	if got := f.call("c-alice", "orders", "GET /nothing", ""); got.status != 404 {
		t.Errorf("an unknown path: %d, want 404", got.status)
	}
	if got := f.call("c-alice", "orders", "DELETE /orders", ""); got.status != 405 || got.header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("an unknown method: %d, Allow %q; want 405", got.status, got.header.Get("Allow"))
	}
	if f.Handler("moon") != nil {
		t.Error("there is a handler for an API that does not exist")
	}
}
