package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/provider"
)

// BCL-1 to BCL-16
func TestBackchannelLogout(t *testing.T) {
	w := newWorld(t, nil)
	first, second, bob := w.signIn(t, "alice"), w.signIn(t, "alice"), w.signIn(t, "bob")
	sids := map[string]bool{}
	for _, s := range w.demo.Provider.Sessions() {
		sids[s.SID] = true
	}
	send := func(token string, contentType string) *http.Response {
		t.Helper()
		res, err := http.DefaultTransport.RoundTrip(newRequest(t, w.origin+"/auth/backchannel-logout", contentType, "logout_token="+url.QueryEscape(token)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			res.Body.Close()
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		})
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("Cache-Control = %q, want no-store (BCL-15)", res.Header.Get("Cache-Control"))
		}
		return res
	}
	const form = "application/x-www-form-urlencoded"
	mint := func(sub, sid string) string {
		t.Helper()
		token, err := w.demo.Provider.LogoutToken(w.demo.ClientID, sub, sid)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for _, f := range provider.LogoutTokenFaults() {
		if f == provider.WrongSubject {
			continue // A token for another user is a good token.
		}
		w.settings(t, provider.Settings{Tampering: provider.Tampering{LogoutToken: f}})
		if res := send(mint("c-alice", ""), form); res.StatusCode != http.StatusBadRequest {
			t.Errorf("a logout token with %s = %d, want 400", f, res.StatusCode)
		}
	}
	w.settings(t, provider.Settings{})
	for name, c := range map[string]struct {
		token string
		want  int
	}{
		"no token": {"", 400}, "no JWT": {"x.y.z", 400}, "a long text": {strings.Repeat("a", 200), 400}, "a huge token (BCL-20)": {strings.Repeat("a", 20_000), 413},
	} {
		if res := send(c.token, form); res.StatusCode != c.want {
			t.Errorf("%s = %d, want %d", name, res.StatusCode, c.want)
		}
	}
	if res := send(mint("c-alice", ""), "application/json"); res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("as JSON = %d, want 415", res.StatusCode)
	}
	if !signedIn(t, first) || !signedIn(t, second) || !signedIn(t, bob) {
		t.Fatal("a refused token signed somebody out")
	}

	if res := send(mint("c-nobody", ""), form); res.StatusCode != http.StatusOK {
		t.Errorf("an unknown user = %d, want 200 (BCL-16)", res.StatusCode)
	}
	token := mint("c-alice", "")
	if res := send(token, form); res.StatusCode != http.StatusOK || signedIn(t, first) || signedIn(t, second) || !signedIn(t, bob) {
		t.Errorf("by sub = %d: alice %v %v, bob %v, want alice out everywhere", res.StatusCode, signedIn(t, first), signedIn(t, second), signedIn(t, bob))
	}
	w.clock.Advance(2 * time.Second)
	again := w.signIn(t, "alice")
	if res := send(token, form); res.StatusCode != http.StatusBadRequest || !signedIn(t, again) {
		t.Errorf("the same token again = %d, want 400 and no effect on a new session (BCL-9)", res.StatusCode)
	}
	for _, s := range w.demo.Provider.Sessions() {
		if s.Subject == "c-bob" {
			if res := send(mint("", s.SID), form); res.StatusCode != http.StatusOK || signedIn(t, bob) {
				t.Errorf("by sid = %d, bob in: %v (BCL-11, BCL-12)", res.StatusCode, signedIn(t, bob))
			}
		}
	}
	if !signedIn(t, again) {
		t.Error("bob's logout signed alice out")
	}
}

func newRequest(t *testing.T, address, contentType, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	return req
}

// BCL-14: what could not be done is not answered as done, and the next try is no replay.
func TestABackchannelLogoutThatFailsCanBeTriedAgain(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	cfg := w.config
	outage := &brokenStore{Store: w.store}
	cfg.Store = outage
	w.serve(t, cfg)
	token, err := w.demo.Provider.LogoutToken(w.demo.ClientID, "c-alice", "")
	if err != nil {
		t.Fatal(err)
	}
	send := func() int {
		res, err := v.Post(t.Context(), "/auth/backchannel-logout", url.Values{"logout_token": {token}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	outage.end = true
	if got := send(); got != http.StatusServiceUnavailable {
		t.Errorf("during the outage = %d, want 503", got)
	}
	outage.end = false
	if got := send(); got != http.StatusOK || signedIn(t, v) {
		t.Errorf("after it = %d, want 200 and out", got)
	}
}

// brokenStore fails where it is told to.
type brokenStore struct {
	auth.Store
	get, end bool
}

var errOutage = errors.New("the store is away")

func (s *brokenStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	if s.get {
		return nil, errOutage
	}
	return s.Store.Get(ctx, key)
}

func (s *brokenStore) End(ctx context.Context, which auth.Selector, reason string) (int, error) {
	if s.end {
		return 0, errOutage
	}
	return s.Store.End(ctx, which, reason)
}

// BCL-9: a token is used once for as long as clocks may let it pass, and while keys of ours are replaced.
func TestALogoutTokenIsRemembered(t *testing.T) {
	w := newWorld(t, func(_ *auth.Config, party *rp.Config) { party.Leeway = rp.MaxLeeway })
	v := w.visitor(t)
	token, err := w.demo.Provider.LogoutToken(w.demo.ClientID, "c-alice", "")
	if err != nil {
		t.Fatal(err)
	}
	old, young := w.config.Keys[0], newKey()
	watchKeys([]auth.Key{young})
	for _, c := range []struct {
		name string
		then func()
		want int
	}{
		{"at first", func() {}, http.StatusOK},
		{"again", func() {}, http.StatusBadRequest},
		{"where another key seals", func() {
			if err := w.auth.SetKeys([]auth.Key{young, {Use: "open", Secret: old.Secret}}); err != nil {
				t.Fatal(err)
			}
		}, http.StatusBadRequest},
		// It ended two minutes after it was made.
		{"when it has ended, by a clock that is late", func() { w.clock.Advance(6 * time.Minute) }, http.StatusBadRequest},
	} {
		c.then()
		res, err := v.Post(t.Context(), "/auth/backchannel-logout", url.Values{"logout_token": {token}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s = %d, want %d", c.name, res.StatusCode, c.want)
		}
		if c.want == http.StatusBadRequest {
			w.last(t, "backchannel_refused", map[string]any{"error": "auth: the logout token was used before"})
		}
	}
}

// BCL-1: a request is one token.
func TestABackchannelLogoutIsOneToken(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	token, err := w.demo.Provider.LogoutToken(w.demo.ClientID, "c-alice", "")
	if err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]url.Values{"two": {"logout_token": {token, token}}, "none": {"token": {token}}, "an empty one": {"logout_token": {""}}} {
		res, err := v.Post(t.Context(), "/auth/backchannel-logout", form, nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest || !signedIn(t, v) {
			t.Errorf("%s = %d, want 400 and still in", name, res.StatusCode)
		}
	}
	res, err := v.Fetch(t.Context(), http.MethodPost, "/auth/backchannel-logout", "application/x-www-form-urlencoded", strings.NewReader("logout_token="+token+"&x=%zz"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusBadRequest || !signedIn(t, v) {
		t.Errorf("a form that does not parse = %d, want 400 and still in", res.StatusCode)
	}
}
