package rp_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule.example/auth/rp"
)

// OIDC-5, OIDC-6, OIDC-7, OIDC-27: an ID token that the provider's published keys did not sign, or not as they may, is
// refused, whatever its own header says of keys.
func TestSignatureOfTheIDToken(t *testing.T) {
	o := newOP(t, nil)
	ec, rsa, ed, foreign := newECKey("ec"), newRSAKey("rsa", "RS256"), newEdKey("ed"), newECKey("ec")
	pss := &signer{"rsa-pss", "PS256", rsa.private}
	o.keys = []json.RawMessage{ec.jwk(), rsa.jwk(), ed.jwk(), pss.jwk()}
	published := must(json.Marshal(jose.JSONWebKey{Key: foreign.private.Public(), KeyID: "ec", Algorithm: "ES256"}))
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(rsa.private.Public()))})
	good := o.idClaims()
	typ := func(typ any) map[string]any { return map[string]any{"typ": typ} }
	flipped := func(token string) string {
		// The first character of the signature: the last may stand for bits that do not count.
		at := strings.LastIndexByte(token, '.') + 1
		other := byte('A')
		if token[at] == 'A' {
			other = 'B'
		}
		return token[:at] + string(other) + token[at+1:]
	}
	unsigned := func(alg string) string {
		return b64(`{"alg":"`+alg+`"}`) + "." + b64(string(must(json.Marshal(good)))) + "."
	}
	for _, row := range []struct {
		name, token, check string
	}{
		{"ES256", ec.token(nil, good), ""},
		{"RS256", rsa.token(nil, good), ""},
		{"PS256", pss.token(nil, good), ""},
		{"EdDSA", ed.token(nil, good), ""},
		{"typ in upper case and in full", ec.token(typ("APPLICATION/JWT"), good), ""},
		{"no kid", ec.token(map[string]any{"kid": nil}, good), ""},

		{"ES256 with a flipped bit", flipped(ec.token(nil, good)), "signature"},
		{"RS256 with a flipped bit", flipped(rsa.token(nil, good)), "signature"},
		{"EdDSA with a flipped bit", flipped(ed.token(nil, good)), "signature"},
		{"RS256 with a PS256 signature", (&signer{"rsa", "RS256", rsa.private}).token(map[string]any{"alg": "PS256"}, good), "signature"},
		{"the key of another kid", (&signer{"rsa", "ES256", ec.private}).token(nil, good), "signature"},
		{"a key that is not published", foreign.token(nil, good), "signature"},
		{"a kid nobody has", newECKey("stranger").token(nil, good), "signature"},
		{"a kid that is a path", (&signer{"../../dev/null", "ES256", foreign.private}).token(nil, good), "signature"},

		{"alg none", unsigned("none"), "alg"},
		{"alg None", unsigned("None"), "alg"},
		{"alg nOnE", unsigned("nOnE"), "alg"},
		{"alg empty", unsigned(""), "alg"},
		{"alg es256 in lower case", ec.token(map[string]any{"alg": "es256"}, good), "alg"},
		{"alg none with a good signature", ec.token(map[string]any{"alg": "none"}, good), "alg"},
		{"alg missing", ec.token(map[string]any{"alg": nil}, good), "alg"},
		{"alg HS256 with the public key as the secret", symmetric(publicPEM, "rsa", good), "alg"},
		{"alg HS256 with the client's secret", symmetric([]byte(clientSecret), "", good), "alg"},
		{"an algorithm that is sound but not allowed here", (&signer{"rsa", "RS512", rsa.private}).token(nil, good), "alg"},

		{"a key of its own in jwk", foreign.token(map[string]any{"jwk": json.RawMessage(published), "kid": nil}, good), "signature"},
		{"a key of its own in jku", foreign.token(map[string]any{"jku": "http://localhost:6666/jwks", "kid": "new"}, good), "signature"},
		{"a key of its own in x5u", foreign.token(map[string]any{"x5u": "http://localhost:6666/cert"}, good), "signature"},
		{"a certificate of its own in x5c", foreign.token(map[string]any{"x5c": []string{certificate(foreign)}}, good), "signature"},
		{"a certificate that is none in x5c", ec.token(map[string]any{"x5c": []string{"AAAA"}}, good), "format"},
		{"a good signature beside jku", ec.token(map[string]any{"jku": "http://localhost:6666/jwks"}, good), ""},
		{"a critical header nobody knows", ec.token(map[string]any{"crit": []string{"exp"}, "exp": 1}, good), "signature"},

		{"an access token", ec.token(typ("at+jwt"), good), "typ"},
		{"an access token, typed in full", ec.token(typ("application/at+jwt"), good), "typ"},
		{"a logout token", ec.token(typ("logout+jwt"), good), "typ"},
		{"a client assertion", ec.token(typ("client-authentication+jwt"), good), "typ"},
		{"an empty typ", ec.token(typ(""), good), "typ"},
		{"a typ that is no text", ec.token(typ(7), good), "typ"},

		{"a header with a member twice", ec.compact(`{"alg":"ES256","alg":"ES256","kid":"ec"}`, string(must(json.Marshal(good)))), "format"},
		{"claims with a member twice", ec.compact(`{"alg":"ES256","kid":"ec"}`, twice(good)), "json"},
		{"claims that are a list", ec.compact(`{"alg":"ES256","kid":"ec"}`, "[]"), "json"},
		{"claims that are null", ec.compact(`{"alg":"ES256","kid":"ec"}`, "null"), "json"},
		{"claims with something after them", ec.compact(`{"alg":"ES256","kid":"ec"}`, string(must(json.Marshal(good)))+"{}"), "json"},
		{"an encrypted token", "e30.e30.e30.e30.e30", "format"},
		{"JSON serialization", `{"payload":"","signatures":[]}`, "format"},
		{"two parts", "e30.e30", "format"},
		{"more than 128 KiB", ec.token(nil, with(good, "groups", strings.Repeat("g", 128<<10))), "size"},
		{"100 KiB of groups", ec.token(nil, with(good, "groups", strings.Repeat("g", 70<<10))), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			o.set(func() { o.answer["id_token"] = row.token })
			_, err := o.exchange()
			if got := refusedBy(err); got != row.check {
				t.Errorf("Exchange = %q, want it refused by %q", got, row.check)
			}
		})
	}
	for _, c := range o.calls {
		if c.host != "localhost:4444" {
			t.Errorf("%s%s was fetched: a token may not say where its key is", c.host, c.path)
		}
	}
}

// certificate is one that a key gives itself.
func certificate(s *signer) string {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	return base64.StdEncoding.EncodeToString(must(x509.CreateCertificate(rand.Reader, template, template, s.private.Public(), s.private)))
}

// symmetric signs with HS256.
func symmetric(key []byte, kid string, claims map[string]any) string {
	input := b64(`{"alg":"HS256","kid":"`+kid+`"}`) + "." + b64(string(must(json.Marshal(claims))))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(input))
	return input + "." + b64(string(mac.Sum(nil)))
}

// twice writes claims with sub two times.
func twice(claims map[string]any) string {
	return `{"sub":"mallory",` + strings.TrimPrefix(string(must(json.Marshal(claims))), "{")
}

func with(claims map[string]any, name string, value any) map[string]any {
	changed := maps.Clone(claims)
	changed[name] = value
	return changed
}

// OIDC-6: the allow-list is the configuration's.
func TestOnlyTheAlgorithmsAllowed(t *testing.T) {
	o := newOP(t, func(cfg *rp.Config) { cfg.IDTokenAlgs = []string{"PS256"} })
	if _, err := o.exchange(); refusedBy(err) != "alg" {
		t.Errorf("ES256 where PS256 alone is allowed: %v, want it refused by alg", err)
	}
	o.key = newRSAKey("k1", "PS256")
	o.keys = []json.RawMessage{o.key.jwk()}
	if _, err := o.exchange(); err != nil {
		t.Errorf("PS256: %v", err)
	}
}

// OIDC-15: a token without kid is tried with each key that may have signed it.
func TestNoKid(t *testing.T) {
	for name, keys := range map[string][]*signer{
		"a single key":                  nil,
		"several keys":                  {newECKey("k2"), newECKey("k3")},
		"several keys of various kinds": {newRSAKey("k2", "RS256"), newEdKey("k3")},
	} {
		o := newOP(t, nil)
		for _, k := range keys {
			o.keys = append(o.keys, k.jwk())
		}
		slices.Reverse(o.keys)
		o.answer["id_token"] = o.key.token(map[string]any{"kid": nil}, o.idClaims())
		if _, err := o.exchange(); err != nil {
			t.Errorf("%s: Exchange = %v", name, err)
		}
		if n := len(o.called("/jwks")); n != 1 {
			t.Errorf("%s: the keys were fetched %d times, want once", name, n)
		}
	}
}

// OIDC-18: keys that cannot sign ID tokens do not, and do not stop the others.
func TestKeysThatAreNotUsed(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(key map[string]any)
	}{
		{"for encryption", func(key map[string]any) { key["use"] = "enc" }},
		{"of another algorithm", func(key map[string]any) { key["alg"] = "ES384" }},
		{"of a kind nobody knows", func(key map[string]any) { key["kty"] = "QKD" }},
		{"a point off the curve", func(key map[string]any) { key["x"] = key["y"] }},
		{"without kty", func(key map[string]any) { delete(key, "kty") }},
	} {
		o := newOP(t, nil)
		key := map[string]any{}
		if err := json.Unmarshal(o.key.jwk(), &key); err != nil {
			t.Fatal(err)
		}
		row.change(key)
		other := newECKey("other")
		o.keys = []json.RawMessage{must(json.Marshal(key)), other.jwk()}
		if _, err := o.exchange(); refusedBy(err) != "signature" {
			t.Errorf("a key %s: Exchange = %v, want it refused by signature", row.name, err)
		}
		o.set(func() { o.key = other })
		if _, err := o.exchange(); err != nil {
			t.Errorf("the key beside one %s: %v", row.name, err)
		}
	}
	for _, member := range []string{"use", "alg", "kid"} {
		o := newOP(t, nil)
		key := map[string]any{}
		if err := json.Unmarshal(o.key.jwk(), &key); err != nil {
			t.Fatal(err)
		}
		delete(key, member)
		o.keys = []json.RawMessage{must(json.Marshal(key))}
		o.answer["id_token"] = o.key.token(map[string]any{"kid": nil}, o.idClaims())
		if _, err := o.exchange(); err != nil {
			t.Errorf("a key without %s: Exchange = %v", member, err)
		}
	}
	private := must(json.Marshal(jose.JSONWebKey{Key: newECKey("").private, KeyID: "k1"}))
	symmetric := must(json.Marshal(jose.JSONWebKey{Key: []byte("0123456789abcdef0123456789abcdef"), KeyID: "k1"}))
	short := (&signer{"k1", "RS256", rsaKeys[2]()}).jwk()
	for name, keys := range map[string][]json.RawMessage{
		"no keys": {}, "a private key": {private}, "a symmetric key": {symmetric}, "an RSA key of 1536 bits": {short}, "no objects": {json.RawMessage(`"k1"`)},
	} {
		o := newOP(t, nil)
		o.keys = keys
		if err := o.rp.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "no usable signing key") {
			t.Errorf("a set of %s: Ready = %v, want an error", name, err)
		}
	}
}
