package auth_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/visitor"
)

// SES-16: each single write that fails is seen: the answer says so, and nothing is half done that matters.
func TestEachFailureOfTheStoreIsSeen(t *testing.T) {
	click := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}
	for _, c := range []struct {
		name, breaks string
		do           func(*testing.T, *world, *visitor.Visitor) int
		want         int
		in           bool
	}{
		{"logout by fetch: the session stays", "Delete", func(t *testing.T, _ *world, v *visitor.Visitor) int { return status(t, v, "POST", "/auth/logout") }, 503, true},
		{"logout by link: the session stays", "Delete", func(t *testing.T, w *world, v *visitor.Visitor) int {
			res, err := v.Hop(t.Context(), strings.TrimPrefix(logoutURL(t, v), w.origin), click)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			return res.StatusCode
		}, 503, true},
		{"logout whose ticket cannot be kept: she is out all the same", "Put", func(t *testing.T, _ *world, v *visitor.Visitor) int {
			if next := logout(t, v); next != "/" {
				t.Errorf("logout leads to %s, want /", next)
			}
			return 200
		}, 200, false},
		{"ending all", "Delete", func(t *testing.T, _ *world, v *visitor.Visitor) int {
			return status(t, v, "DELETE", "/auth/sessions?scope=all")
		}, 503, true},
		{"ending one", "List", func(t *testing.T, _ *world, v *visitor.Visitor) int {
			return status(t, v, "DELETE", "/auth/sessions/x")
		}, 503, true},
		{"listing", "List", func(t *testing.T, _ *world, v *visitor.Visitor) int { return status(t, v, "GET", "/auth/sessions") }, 503, true},
		{"a callback whose state cannot be consumed", "Put", func(t *testing.T, w *world, v *visitor.Visitor) int {
			page, err := v.SignIn(t.Context(), "alice", "alice", "/", url.Values{"prompt": {"login"}})
			if err != nil {
				t.Fatal(err)
			}
			if got := w.demo.Provider.Counters().Token["authorization_code ok"]; got != 1 {
				t.Errorf("%d codes were exchanged, want that of the first login alone", got)
			}
			return page.Status
		}, 503, true},
		{"a login whose session before cannot be ended", "Delete", func(t *testing.T, _ *world, v *visitor.Visitor) int {
			page, err := v.SignIn(t.Context(), "alice", "alice", "/", url.Values{"prompt": {"login"}})
			if err != nil {
				t.Fatal(err)
			}
			return page.Status
		}, 503, true},
		{"a login whose session before cannot be marked", "Lease", func(t *testing.T, _ *world, v *visitor.Visitor) int {
			page, err := v.SignIn(t.Context(), "alice", "alice", "/", url.Values{"prompt": {"login"}})
			if err != nil {
				t.Fatal(err)
			}
			return page.Status
		}, 503, true},
		{"a back-channel logout whose replay cannot be noted", "Put", func(t *testing.T, w *world, _ *visitor.Visitor) int {
			got, err := w.demo.Provider.BackChannelLogout(t.Context(), w.demo.ClientID, "c-alice", "")
			if err != nil {
				t.Fatal(err)
			}
			return got
		}, 503, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, store := newFragileWorld(t)
			v := w.signIn(t, "alice")
			store.breaks(c.breaks)
			if got := c.do(t, w, v); got != c.want {
				t.Errorf("status = %d, want %d", got, c.want)
			}
			store.breaks("")
			if got := signedIn(t, v); got != c.in {
				t.Errorf("signed in %v, want %v", got, c.in)
			}
		})
	}
}

// What a step-up left of the session before is ended first: a failure leaves both as they were.
func TestALogoutThatCannotEndWhatAStepUpLeft(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	old := w.stepUp(t, v)
	failing := w.config
	store := &failingFor{Store: w.store, err: errOutage}
	failing.Store = store
	w.serve(t, failing)
	for method, path := range map[string]string{"POST": "/auth/logout", "DELETE": "/auth/sessions?scope=all"} {
		store.deletes.Store(1)
		if got := status(t, v, method, path); got != http.StatusServiceUnavailable {
			t.Errorf("%s %s = %d, want 503", method, path, got)
		}
		store.deletes.Store(0)
		if !signedIn(t, v) || !signedIn(t, old) {
			t.Fatalf("%s %s: half of it was done", method, path)
		}
	}
}

// A store that is lost between the halves of a login ends nothing: the browser keeps what it had.
func TestALoginWhoseSessionBeforeCannotBeLookedUp(t *testing.T) {
	w, store := newFragileWorld(t)
	v := w.signIn(t, "alice")
	page, _ := begin(t, v, "/auth/login?acr_values=urn:demo:mfa")
	response, err := v.SubmitUntil(t.Context(), page, map[string]string{"code": "123456"}, w.origin+"/auth/callback")
	if err != nil {
		t.Fatal(err)
	}
	store.breaks("Get")
	if res := get(t, v, response); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the callback = %d, want 503", res.StatusCode)
	}
	store.breaks("")
	if got := sessionsOf(t, v); len(got) != 1 || acrOf(t, v) != "urn:demo:pwd" {
		t.Errorf("%d sessions, acr %v, want the one of before", len(got), acrOf(t, v))
	}
}

// SES-7, SES-8: a store that forgets to end sessions keeps none alive.
func TestWeEndSessionsToo(t *testing.T) {
	var forgetful auth.Store
	w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
		forgetful = memstore.New(memstore.Config{}) // Its time does not move on.
		cfg.Store = forgetful
	})
	t.Cleanup(func() { forgetful.Close() })
	v := w.signIn(t, "alice")
	w.clock.Advance(31 * time.Minute)
	if signedIn(t, v) {
		t.Error("a session that was not used for half an hour is alive")
	}
}

// A page of a session that ended asks for a stream, a hop of another site for a ticket, a fetch for a login.
func TestWhoMayNotAsk(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	if got := status(t, w.visitor(t), "GET", "/auth/events"); got != http.StatusUnauthorized {
		t.Errorf("a stream for nobody = %d, want 401", got)
	}
	for name, header := range map[string]http.Header{
		"a fetch":  {"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}},
		"an image": {"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}},
		"a frame":  {"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}},
		"a look ahead": {
			"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Purpose": {"prefetch"},
		},
	} {
		res, err := v.FetchWith(t.Context(), "GET", "/auth/login", header)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("a login by %s = %d, want 400 and no cookie", name, res.StatusCode)
		}
	}
	next := logout(t, v)
	for _, site := range []string{"cross-site", "same-site"} {
		res, err := v.Hop(t.Context(), next, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {site}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("a ticket redeemed from %s = %d, want 403", site, res.StatusCode)
		}
	}
	if res := get(t, v, next); !strings.HasPrefix(res.Header.Get("Location"), w.demo.Issuer) {
		t.Error("the ticket was used up by what was refused")
	}
}

// Bounds of what a browser sends: each is refused before anything is done.
func TestBoundsOfForms(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	proof := logoutURL(t, v)
	proof = proof[strings.Index(proof, "=")+1:]
	res, err := v.Post(t.Context(), "/auth/logout", url.Values{"t": {proof}, "more": {strings.Repeat("x", 5000)}}, http.Header{"Origin": {w.origin}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusBadRequest || !signedIn(t, v) {
		t.Errorf("a huge logout form = %d, want 400 and still in", res.StatusCode)
	}
	long := "/auth/login?return_to=/" + strings.Repeat("a", 390) + "&acr_values=" + strings.Repeat("b", 250)
	if res := get(t, v, long); res.StatusCode != http.StatusBadRequest || res.Header.Get("Set-Cookie") != "" {
		t.Errorf("a login too long for its cookie = %d, want 400 and none", res.StatusCode)
	}
}

// SFS-2: with form_post the response is a form, and nothing else.
func TestFormPostIsAForm(t *testing.T) {
	w := newWorld(t, func(_ *auth.Config, party *rp.Config) { party.ResponseMode = "form_post" })
	v := w.visitor(t)
	_, query := begin(t, v, "/auth/login")
	state := query.Get("state")
	for _, c := range []struct {
		name, media, body string
		want              int
	}{
		{"JSON", "application/json", `{"state":"` + state + `"}`, http.StatusUnsupportedMediaType},
		{"no type", "", "state=" + state, http.StatusUnsupportedMediaType},
		{"a form that does not parse", "application/x-www-form-urlencoded", "state=" + state + "&x=%zz", http.StatusBadRequest},
		{"a huge form", "application/x-www-form-urlencoded", "state=" + state + "&x=" + strings.Repeat("a", 70_000), http.StatusBadRequest},
	} {
		res, err := v.Fetch(t.Context(), http.MethodPost, "/auth/callback", c.media, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s = %d, Set-Cookie %q, want %d and the login still under way", c.name, res.StatusCode, res.Header.Get("Set-Cookie"), c.want)
		}
	}
}

// Every fault of the configuration stops the start.
func TestFaultsOfTheConfiguration(t *testing.T) {
	w := newWorld(t, nil)
	for name, spoil := range map[string]func(*auth.Config){
		"no provider":                   func(c *auth.Config) { c.Provider = nil },
		"no store":                      func(c *auth.Config) { c.Store = nil },
		"no public URL":                 func(c *auth.Config) { c.PublicURL = nil },
		"no key":                        func(c *auth.Config) { c.Keys = nil },
		"idle for longer than it lives": func(c *auth.Config) { c.IdleTimeout, c.Lifetime = 2*time.Hour, time.Hour },
		"no time at all":                func(c *auth.Config) { c.IdleTimeout = -time.Second },
		"a token that goes anywhere":    func(c *auth.Config) { c.APIs = map[string]auth.APIToken{"x": {Kind: auth.KindUser}} },
		"a kind that is none":           func(c *auth.Config) { c.APIs = map[string]auth.APIToken{"x": {Kind: "magic"}} },
	} {
		cfg := w.config
		spoil(&cfg)
		if service, err := auth.New(cfg); err == nil {
			service.Close()
			t.Errorf("%s: no fault", name)
		}
	}
}

// A provider that cannot be asked for its addresses begins no login, and says when to try again.
func TestALoginThatCannotBegin(t *testing.T) {
	w := newWorld(t, nil)
	cfg := w.config
	var err error
	cfg.Provider, err = rp.New(rp.Config{
		Issuer: "http://127.0.0.1:1", ClientID: "v", ClientSecret: newKey().Secret, RedirectURI: w.origin + "/auth/callback",
		HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, cfg)
	if res := get(t, w.visitor(t), "/auth/login"); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || res.Header.Get("Set-Cookie") != "" {
		t.Errorf("login = %d, Retry-After %q, want 503, a time and no cookie", res.StatusCode, res.Header.Get("Retry-After"))
	}
}

func (hoggedStore) Lease(context.Context, string, time.Duration) (func(), bool, error) {
	return nil, false, nil
}

func (stubborn) SetWriteDeadline(time.Time) error { return errOutage }
