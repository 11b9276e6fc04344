package auth

import (
	"bytes"
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"
)

func sampleBody() *body {
	jwt := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(random(300)) + "." + base64.RawURLEncoding.EncodeToString(random(256))
	at := time.Unix(1_800_000_000, 123).UTC()
	return &body{
		Issuer: "https://login.example.com/", Subject: "c-1", SID: "sid", ACR: "urn:x", Scopes: []string{"openid", "orders:read"}, AMR: []string{"pwd", "otp"}, IssuedAt: at, Nonce: "nonce", Handle: "handle",
		Claims: map[string]any{"name": "Zoë \x00 \n", "n": 1.5, "list": []any{"a"}}, Created: at.Add(time.Hour), Grant: "grant", IDToken: jwt, LogoutHint: "hint", RefreshToken: "opaque.token",
		Tokens: map[string]token{loginToken: {jwt, at, at.Add(-time.Minute)}, "a\x1fb": {"", time.Time{}, at}, "x": {"..", at, at}},
	}
}

// What is stored comes back as it was, whatever the tokens look like; JWTs take three quarters of their room.
func TestBodiesComeBackAsTheyWere(t *testing.T) {
	for _, text := range []string{"", "opaque", ".", "..", "a.b.c", "a.b", "AAAA", "AA\nAA.BB", "AAA=.BB", "AB", "AA", "-_-_", "Ünicode", strings.Repeat("A", 70_000), "a" + strings.Repeat(".", 400)} {
		b := sampleBody()
		b.RefreshToken = text
		stored, err := encodeBody(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeBody(stored)
		if err != nil {
			t.Fatalf("%.20q: %v", text, err)
		}
		for _, at := range append(got.times(), b.times()...) {
			*at = at.UTC()
		}
		for key, tok := range got.Tokens {
			tok.Expires, tok.Issued = tok.Expires.UTC(), tok.Issued.UTC()
			got.Tokens[key] = tok
		}
		if !reflect.DeepEqual(got, b) {
			t.Errorf("%.20q: decodeBody = %+v, want %+v", text, got, b)
		}
	}
	b := sampleBody()
	stored, err := encodeBody(b)
	if err != nil {
		t.Fatal(err)
	}
	if jwt := len(b.IDToken); len(stored) > 2*jwt*3/4+400 {
		t.Errorf("two JWTs of %d bytes take %d", jwt, len(stored))
	}
}

// What is cut, lengthened or of another version does not open.
func TestCutBodiesDoNotOpen(t *testing.T) {
	stored, err := encodeBody(sampleBody())
	if err != nil {
		t.Fatal(err)
	}
	for i := range stored {
		if _, err := decodeBody(stored[:i]); err == nil {
			t.Fatalf("the first %d bytes of %d open", i, len(stored))
		}
	}
	if _, err := decodeBody(append(bytes.Clone(stored), 0)); err == nil {
		t.Error("a byte too many opens")
	}
	other := bytes.Clone(stored)
	other[0]++
	if _, err := decodeBody(other); err == nil {
		t.Error("another version opens")
	}
	if _, err := encodeBody(&body{Claims: map[string]any{"x": func() {}}}); err == nil {
		t.Error("claims that are no JSON are stored")
	}
}

func FuzzDecodeBody(f *testing.F) {
	stored, err := encodeBody(sampleBody())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored)
	f.Add([]byte{bodyVersion})
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := decodeBody(text)
		if err != nil {
			return
		}
		again, err := encodeBody(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeBody(again); err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
	})
}
