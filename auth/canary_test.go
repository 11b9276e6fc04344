package auth_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vestibule.example/auth"
	"vestibule.example/demo/canary"
)

// suite is what all tests of this process issued, and what came out.
var suite = canary.New()

// No test leaves a goroutine behind, and no secret that any of them issued is in a log line or in what a browser saw
// (LOG-2, BBA-3).
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		for _, leak := range suite.Leaks() {
			fmt.Fprintln(os.Stderr, "LEAK:", leak)
			code = 1
		}
		os.Exit(code)
	}))
}

// watch has the suite look for the world's secrets in the world's log, once the test is over.
func (w *world) watch(t testing.TB) {
	w.demo.Provider.Record()
	t.Cleanup(func() {
		w.collect(t)
		for i, line := range strings.Split(w.log.String(), "\n") {
			suite.Saw(fmt.Sprintf("line %d of the log of %s", i+1, t.Name()), []byte(line))
		}
	})
}

// collect tells the suite what the provider has issued so far.
func (w *world) collect(t testing.TB) {
	t.Helper()
	suite.Secret("the client secret", w.demo.ClientSecret)
	issued, dropped := w.demo.Provider.Issued()
	if dropped > 0 {
		t.Errorf("%d secrets were issued that nobody looks for", dropped)
	}
	for _, s := range issued {
		suite.Secret("the provider's "+s.Kind, s.Value)
	}
}

// watchKeys has the suite look for session keys, as they are written and as they are.
func watchKeys(keys []auth.Key) {
	for _, key := range keys {
		suite.Secret("a session key", key.Secret.Reveal())
		if plain, err := auth.KeyBytes(key); err == nil {
			suite.Secret("a session key's bytes", string(plain))
		}
	}
}

// browser is a visitor's transport that the suite watches.
func (w *world) browser() http.RoundTripper {
	return &canary.Browser{
		Canary: suite, Origin: w.origin, Base: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: time.Minute},
		Parts: func(c *http.Cookie) map[string]string { return w.auth.CookieContent(c) },
	}
}

// LOG-2, BBA-3: that nothing was found means something only if everything was there to be found.
func TestTheCanaryKnowsEverySecret(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	w.clock.Advance(6 * time.Minute)
	call(t, v, "orders")
	known := map[string]string{"the client secret": w.demo.ClientSecret, "the session key": w.config.Keys[0].Secret.Reveal()}
	_, known["the proof for logging out"], _ = strings.Cut(logoutURL(t, v), "t=")
	for _, c := range v.Cookies() {
		known["a cookie"] = c.Value
		maps.Copy(known, w.auth.CookieContent(c))
	}
	res, err := v.Fetch(t.Context(), http.MethodPost, "/auth/logout", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Continue string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	_, known["the ticket"], _ = strings.Cut(answer.Continue, "t=")
	end, err := url.Parse(get(t, v, answer.Continue).Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	known["the state of the logout"] = end.Query().Get("state")

	w.collect(t)
	issued, _ := w.demo.Provider.Issued()
	kinds := map[string]int{}
	for _, s := range issued {
		kinds[s.Kind]++
		known[s.Kind] = s.Value
	}
	for kind, want := range map[string]int{"access token": 2, "refresh token": 2, "ID token": 2, "code": 1, "state": 1, "nonce": 1, "verifier": 1, "client secret": 1} {
		if kinds[kind] != want {
			t.Errorf("the provider recorded %d of kind %s, want %d", kinds[kind], kind, want)
		}
	}
	if len(known) != 8+8 {
		t.Errorf("%d kinds of secrets were met, want 16: %v", len(known), slices.Sorted(maps.Keys(known)))
	}
	for kind, value := range known {
		if !suite.Knows(value) {
			t.Errorf("the suite's canary does not know %s", kind)
		}
	}
}
