package auth_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
)

// tokenGate stands before the provider's token endpoint: it counts the calls, holds them while it is told to, answers
// exchanges and client credentials by itself, which the demo's provider does not do, and passes the rest on.
type tokenGate struct {
	base http.RoundTripper

	mu      sync.Mutex // guards all of the following
	calls   map[string]int
	holds   int           // how many calls must be there before any is answered
	arrived int           // of those
	open    chan struct{} // closed when they are
	refuses func(form url.Values) bool
	extra   map[string]any // further members of an answer
}

func newTokenGate() *tokenGate { return &tokenGate{calls: map[string]int{}} }

// hold lets no call be answered until n are there.
func (g *tokenGate) hold(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holds, g.arrived, g.open, g.calls = n, 0, make(chan struct{}), map[string]int{}
}

func (g *tokenGate) counted() map[string]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.calls)
}

func (g *tokenGate) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPost || !strings.HasSuffix(req.URL.Path, "/token") {
		return g.base.RoundTrip(req)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(strings.NewReader(string(body)))
	grant := form.Get("grant_type")
	g.mu.Lock()
	g.calls[strings.TrimSpace(grant[strings.LastIndex(grant, ":")+1:]+" "+form.Get("audience"))]++
	open := g.open
	if g.holds > 0 {
		if g.arrived++; g.arrived == g.holds {
			close(g.open)
		}
	}
	holds, refused, extra := g.holds > 0, g.refuses != nil && g.refuses(form), maps.Clone(g.extra)
	g.mu.Unlock()
	if holds {
		select {
		case <-open:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	out := httptest.NewRecorder()
	out.Header().Set("Content-Type", "application/json")
	switch {
	case refused:
		out.WriteHeader(http.StatusBadRequest)
		io.WriteString(out, `{"error":"invalid_grant"}`)
	case grant == "authorization_code" || grant == "refresh_token":
		return g.base.RoundTrip(req)
	default:
		answer := map[string]any{
			"access_token": "for-" + form.Get("audience") + "-" + newKey().Secret.Reveal()[:8], "token_type": "Bearer", "expires_in": 300,
			"issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
		}
		maps.Copy(answer, extra)
		json.NewEncoder(out).Encode(answer)
	}
	return out.Result(), nil
}

// newGatedWorld has APIs of each kind of token.
func newGatedWorld(t *testing.T) (*world, *tokenGate) {
	t.Helper()
	gate := newTokenGate()
	w := newWorld(t, func(cfg *auth.Config, party *rp.Config) {
		gate.base = party.HTTPClient.Transport
		party.HTTPClient = &http.Client{Transport: gate}
		base := cfg.APIs["orders"].BaseURL
		cfg.APIs["billing"] = auth.APIToken{BaseURL: base, Kind: auth.KindExchange, Audience: "billing"}
		cfg.APIs["stock"] = auth.APIToken{BaseURL: base, Kind: auth.KindExchange, Audience: "stock"}
		cfg.APIs["stock2"] = auth.APIToken{BaseURL: base, Kind: auth.KindExchange, Audience: "stock"}
		cfg.APIs["mail"] = auth.APIToken{BaseURL: base, Kind: auth.KindClient, Audience: "mail"}
	})
	return w, gate
}

// What an operation needs is fetched at once, and each once: the provider answers none before all have been asked for.
// The calls come one after another, so each would wait for ever if only it had asked.
func TestTokensOfAnOperationAreFetchedTogether(t *testing.T) {
	w, gate := newGatedWorld(t)
	v := w.signIn(t, "alice")
	w.clock.Advance(4*time.Minute + 30*time.Second) // The login's token still lives, and is due for a refresh.
	gate.hold(4)
	const all = "orders,billing,stock,stock2,mail,public,none"
	if got := status(t, v, "GET", "/prepare/"+all); got != http.StatusOK {
		t.Fatalf("the operation = %d, token calls %v\n%s", got, gate.counted(), w.log)
	}
	want := map[string]int{"refresh_token": 1, "token-exchange billing": 1, "token-exchange stock": 1, "client_credentials mail": 1}
	if got := gate.counted(); !maps.Equal(got, want) {
		t.Errorf("token calls = %v, want %v", got, want)
	}
	gate.hold(0)
	if got := status(t, v, "GET", "/prepare/"+all); got != http.StatusOK || len(gate.counted()) != 0 {
		t.Errorf("the operation again = %d, token calls %v, want none", got, gate.counted())
	}
	tokens := w.api.seen()
	slices.Sort(tokens)
	if got := len(slices.Compact(tokens)); got != 5 { // With the empty one of the API that gets none.
		t.Errorf("%d tokens were used for four audiences", got)
	}
	w.auth.Close()
	for _, e := range w.trail(t) {
		if event, _ := e["event"].(string); strings.HasSuffix(event, "_failed") {
			t.Errorf("what gets no token was prepared in vain: %v", e)
		}
	}
}

// Preparing for nobody, or in vain, is no failure: the call says so.
func TestPreparingNeverFails(t *testing.T) {
	w, gate := newGatedWorld(t)
	nobody := w.visitor(t)
	gate.hold(0)
	if got := status(t, nobody, "GET", "/prepare/public,mail"); got != http.StatusOK {
		t.Errorf("what needs nobody = %d, want 200", got)
	}
	if got := status(t, nobody, "GET", "/prepare/public,orders,billing"); got != http.StatusBadGateway {
		t.Errorf("what needs a user, for nobody = %d, want 502 of the call", got)
	}
	if got := gate.counted(); !maps.Equal(got, map[string]int{"client_credentials mail": 1}) {
		t.Errorf("token calls for nobody = %v", got)
	}
	v := w.signIn(t, "alice")
	gate.mu.Lock()
	gate.refuses = func(url.Values) bool { return true }
	gate.mu.Unlock()
	if got := status(t, v, "GET", "/prepare/orders,billing"); got != http.StatusBadGateway || !signedIn(t, v) {
		t.Errorf("an exchange that is refused = %d, signed in %v, want 502 and in", got, signedIn(t, v))
	}
}

// An exchange that names the old login token while a refresh takes it away is tried again with the new one.
func TestAnExchangeWhoseSubjectWasJustReplaced(t *testing.T) {
	w, gate := newGatedWorld(t)
	v := w.signIn(t, "alice")
	call(t, v, "orders")
	old := w.api.seen()[0]
	gate.mu.Lock()
	gate.refuses = func(form url.Values) bool { return form.Get("subject_token") == old }
	gate.mu.Unlock()
	if got := call(t, v, "billing"); got != http.StatusBadGateway || w.refreshes() != 0 {
		t.Errorf("a fresh token that is refused = %d after %d refreshes, want 502 and none", got, w.refreshes())
	}
	w.clock.Advance(4*time.Minute + 30*time.Second)
	if got := call(t, v, "billing"); got != http.StatusOK || w.refreshes() != 1 {
		t.Errorf("an old token that is refused = %d after %d refreshes, want 200 after one", got, w.refreshes())
	}
}

// A refresh token that comes with an exchange is not the login's and does not take its place.
func TestWhatComesWithAnExchangeIsNotTheLogins(t *testing.T) {
	w, gate := newGatedWorld(t)
	v := w.signIn(t, "alice")
	gate.mu.Lock()
	gate.extra = map[string]any{"refresh_token": "of-the-exchange"}
	gate.mu.Unlock()
	if got := call(t, v, "billing"); got != http.StatusOK {
		t.Fatalf("call = %d", got)
	}
	w.clock.Advance(6 * time.Minute)
	if got := call(t, v, "orders"); got != http.StatusOK || !signedIn(t, v) {
		t.Errorf("a refresh after the exchange = %d, signed in %v, want 200 and in", got, signedIn(t, v))
	}
}

// GQL-14: a client token that an API refuses is replaced too, once a minute.
func TestAClientTokenThatIsRefused(t *testing.T) {
	w, gate := newGatedWorld(t)
	v := w.visitor(t)
	w.api.refuses(func(string) bool { return true })
	gate.hold(0)
	for range 3 {
		if got := call(t, v, "mail"); got != http.StatusUnauthorized {
			t.Errorf("call = %d, want 401", got)
		}
	}
	if got := gate.counted()["client_credentials mail"]; got != 2 {
		t.Errorf("%d token calls, want the first and one more", got)
	}
	w.api.refuses(nil)
	w.clock.Advance(10 * time.Minute)
	gate.mu.Lock()
	gate.refuses = func(url.Values) bool { return true }
	gate.mu.Unlock()
	for range 3 {
		if got := call(t, v, "mail"); got != http.StatusBadGateway {
			t.Errorf("call without a token = %d, want 502", got)
		}
	}
	if got := gate.counted()["client_credentials mail"]; got != 3 {
		t.Errorf("%d token calls, want the provider left alone after its refusal", got)
	}
}
