package auth

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth/secret"
)

func testKey(t testing.TB, use string) Key {
	t.Helper()
	bytes := make([]byte, 32)
	rand.Read(bytes)
	return Key{Use: use, Secret: secret.New(base64.StdEncoding.EncodeToString(bytes))}
}

func testService(t testing.TB, secure bool, keys ...Key) *Service {
	t.Helper()
	ring, err := newKeyring(keys)
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{keys: ring, secure: secure, cookie: "vestibule-1"}
	if secure {
		s.cookie = "__Host-Http-vestibule"
	}
	return s
}

// OPS-1
func TestKeys(t *testing.T) {
	good := testKey(t, "seal")
	raw, err := base64.StdEncoding.DecodeString(good.Secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"base64": good.Secret.Reveal(), "hex": hex.EncodeToString(raw), "base64url": base64.RawURLEncoding.EncodeToString(raw)} {
		if _, err := newKeyring([]Key{{Use: "seal", Secret: secret.New(text)}}); err != nil {
			t.Errorf("a key in %s: %v", name, err)
		}
	}
	for name, keys := range map[string][]Key{
		"none": nil, "empty": {{Use: "seal"}}, "short": {{Use: "seal", Secret: secret.New("c2hvcnQ=")}}, "a password": {{Use: "seal", Secret: secret.New("correct horse battery staple, thirty")}},
		"zeros": {{Use: "seal", Secret: secret.New(strings.Repeat("0", 64))}}, "no use": {{Secret: good.Secret}}, "another use": {{Use: "both", Secret: good.Secret}},
		"none that seals": {testKey(t, "open")}, "two that seal": {good, testKey(t, "seal")},
	} {
		_, err := newKeyring(keys)
		if err == nil {
			t.Errorf("%s: no fault", name)
		} else if strings.Contains(err.Error(), "horse") || strings.Contains(err.Error(), good.Secret.Reveal()) {
			t.Errorf("%s: the fault shows the key", name)
		}
	}
}

// request bears cookies that s gave.
func bearing(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func given(t *testing.T, s *Service, c credential) *http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	if err := s.setCookie(w, c); err != nil {
		t.Fatal(err)
	}
	return w.Result().Cookies()[0]
}

// BBA-4 to BBA-9, CK-1, CK-2, CK-7
func TestSessionCookie(t *testing.T) {
	s := testService(t, true, testKey(t, "seal"))
	w := httptest.NewRecorder()
	if err := s.setCookie(w, newCredential()); err != nil {
		t.Fatal(err)
	}
	text := w.Header().Get("Set-Cookie")
	if name, attributes, _ := strings.Cut(text, ";"); !strings.HasPrefix(name, "__Host-Http-vestibule=") || attributes != " Path=/; HttpOnly; Secure; SameSite=Strict" {
		t.Errorf("Set-Cookie = %s, want these attributes and no others", text)
	}
	gone := httptest.NewRecorder()
	s.clearCookie(gone)
	if got := gone.Header().Get("Set-Cookie"); got != "__Host-Http-vestibule=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict" {
		t.Errorf("it is taken away by %s, want the same attributes, without which a browser heeds nothing of the name", got)
	}
	if len(text) > 512 {
		t.Errorf("the cookie has %d bytes", len(text))
	}
}

// CK-9: keys rotate in two phases, and nobody is signed out.
func TestKeyRotation(t *testing.T) {
	old, next := testKey(t, "seal"), testKey(t, "open")
	c := newCredential()
	before := testService(t, true, old)
	cookie := given(t, before, c)
	prepared := testService(t, true, old, next)
	after := testService(t, true, Key{"open", old.Secret}, Key{"seal", next.Secret})
	for name, s := range map[string]*Service{"before": before, "prepared": prepared, "after": after} {
		if got := s.readCookies(bearing(cookie)); len(got) != 1 || !bytes.Equal(got[0].id, c.id) || !bytes.Equal(got[0].key, c.key) {
			t.Errorf("%s: the old cookie opens %d times", name, len(got))
		}
	}
	fresh := given(t, after, c)
	if got := prepared.readCookies(bearing(fresh)); len(got) != 1 {
		t.Error("a replica in the first phase does not open the new cookie")
	}
	if got := testService(t, true, next1(next)).readCookies(bearing(cookie)); len(got) != 0 {
		t.Error("without the old key the old cookie opens")
	}
	head, err := before.keys.sealHead("k", head{Handle: "h"})
	if err != nil {
		t.Fatal(err)
	}
	if h, err := after.keys.openHead(&Record{Key: "k", Head: head}); err != nil || h.Handle != "h" {
		t.Errorf("the old head opens as %v, %v", h, err)
	}
	if a, b := before.keys.index("sub", "i", "s"), after.keys.indexes("sub", "i", "s"); a != b[1] {
		t.Error("sessions indexed with the old key are not found")
	}
}

func next1(k Key) Key { return Key{"seal", k.Secret} }

// CK-4, CK-5, CK-10, T-3
func TestForeignCookies(t *testing.T) {
	s := testService(t, true, testKey(t, "seal"))
	one, two := given(t, s, newCredential()), given(t, s, newCredential())
	planted := &http.Cookie{Name: one.Name, Value: "planted"}
	if got := s.readCookies(bearing(planted, one, planted)); len(got) != 1 {
		t.Errorf("planted cookies beside ours: %d open, want 1", len(got))
	}
	if got := s.readCookies(bearing(one, two)); len(got) != 2 {
		t.Errorf("two of ours: %d open, want 2, so that neither counts", len(got))
	}
	other := testService(t, false, testKey(t, "seal"))
	other.keys = s.keys
	if got := other.readCookies(bearing(&http.Cookie{Name: other.cookie, Value: one.Value})); len(got) != 0 {
		t.Error("a value moved to another cookie name opens")
	}
	for i := range one.Value {
		changed := []byte(one.Value)
		changed[i] ^= 1
		if got := s.readCookies(bearing(&http.Cookie{Name: one.Name, Value: string(changed)})); len(got) == 1 && i < len(one.Value)-4 {
			t.Fatalf("a cookie changed at %d opens", i)
		}
	}
}

// SES-15, BCP-19: what the store has opens no token without the browser, nor in another record or generation.
func TestBodiesOpenWithTheirOwnCookieAlone(t *testing.T) {
	c := newCredential()
	r := &Record{Key: c.storeKey(), Generation: 1}
	if err := sealBody(r, c, &body{RefreshToken: "canary"}, 1); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(r.Body, []byte("canary")) {
		t.Fatal("the body is not sealed")
	}
	if b, err := openBody(r, c); err != nil || b.RefreshToken != "canary" {
		t.Fatalf("openBody = %v, %v", b, err)
	}
	for name, open := range map[string]func() error{
		"another key":        func() error { _, err := openBody(r, credential{c.id, random(32)}); return err },
		"another record":     func() error { _, err := openBody(&Record{Key: "other", Generation: 1, Body: r.Body}, c); return err },
		"another generation": func() error { _, err := openBody(&Record{Key: r.Key, Generation: 2, Body: r.Body}, c); return err },
		"a cut body":         func() error { _, err := openBody(&Record{Key: r.Key, Generation: 1, Body: r.Body[:9]}, c); return err },
		"no key":             func() error { _, err := openBody(r, credential{c.id, nil}); return err },
	} {
		if open() == nil {
			t.Errorf("the body opens with %s", name)
		}
	}
}

// SES-1, SES-2: names derived of one id tell nothing of each other.
func TestNamesAreUnlinked(t *testing.T) {
	c := newCredential()
	seen := map[string]bool{}
	for _, purpose := range []string{"store key", "list id", "log id", "logout link", "ref"} {
		name := c.name(purpose)
		if seen[name] || strings.Contains(name, encode(c.id)) || len(name) != 43 {
			t.Errorf("%s = %q", purpose, name)
		}
		seen[name] = true
	}
	for range 10_000 {
		id := string(newCredential().id)
		if seen[id] || len(id) != 32 {
			t.Fatal("an id came twice")
		}
		seen[id] = true
	}
}

func TestPageStyleHash(t *testing.T) {
	sum := sha256.Sum256([]byte(pageStyle))
	if want := "sha256-" + base64.StdEncoding.EncodeToString(sum[:]); pageStyleHash != want {
		t.Errorf("pageStyleHash = %s, want %s", pageStyleHash, want)
	}
}

func TestFreshTokens(t *testing.T) {
	now := fixedTime
	for _, c := range []struct {
		name         string
		life, age    int // seconds
		jitter       float64
		fresh, alive bool
	}{
		{"new", 300, 0, 0, true, true},
		{"a minute and a second before its end", 300, 239, 0, true, true},
		{"a minute before its end", 300, 240, 0, false, true},
		{"sooner by jitter", 300, 230, 0.9, false, true},
		{"a short one at three quarters", 20, 15, 0, false, true},
		{"a short one before", 20, 14, 0, true, true},
		{"over", 300, 300, 0, false, false},
	} {
		tok := token{Value: "v", Issued: now.Add(-seconds(c.age)), Expires: now.Add(seconds(c.life - c.age))}
		if got := tok.fresh(now, c.jitter); got != c.fresh {
			t.Errorf("%s: fresh = %v, want %v", c.name, got, c.fresh)
		}
		if got := tok.alive(now); got != c.alive {
			t.Errorf("%s: alive = %v, want %v", c.name, got, c.alive)
		}
	}
	if (token{}).alive(now) || (token{}).fresh(now, 0) {
		t.Error("no token is alive")
	}
}

func FuzzCookies(f *testing.F) {
	s := testService(f, true, testKey(f, "seal"))
	f.Add("x=y", "")
	f.Add("__Host-Http-vestibule=MTIz", "__Host-Http-vestibule-tx-abc=def")
	f.Fuzz(func(t *testing.T, one, two string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Cookie"] = []string{one, two}
		if got := s.readCookies(r); len(got) != 0 {
			t.Fatalf("%q %q opens a session", one, two)
		}
		if _, err := s.openTransaction(fmt.Sprint("__Host-Http-vestibule-tx-", one), two); err == nil {
			t.Fatalf("%q opens a transaction", two)
		}
	})
}

var fixedTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// The caches of what is opened are bounded, and give nothing for another key or generation.
func TestOpenedBodiesAreBounded(t *testing.T) {
	cache := newBodyCache()
	c := newCredential()
	for range maxBodies + 100 {
		other := newCredential()
		cache.put(other, other.storeKey(), cachedBody{generation: 1, check: "x", body: &body{}})
	}
	cache.put(c, c.storeKey(), cachedBody{generation: 1, check: "x", body: &body{}})
	if len(cache.bodies) != maxBodies || len(cache.names) != maxBodies {
		t.Errorf("%d bodies and %d names are kept, want %d", len(cache.bodies), len(cache.names), maxBodies)
	}
	for name, there := range map[string]bool{"x": true, "y": false} {
		if _, ok := cache.get(c.storeKey(), 1, name); ok != there {
			t.Errorf("a body for the check %s: %v, want %v", name, ok, there)
		}
	}
	if _, ok := cache.get(c.storeKey(), 2, "x"); ok {
		t.Error("a body of another generation is given")
	}
	if cache.storeKey(c) != c.storeKey() || cache.storeKey(newCredential()) == c.storeKey() {
		t.Error("a credential got another's store key")
	}
}
