//go:build !nodemo

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"vestibule.example/demo"
	"vestibule.example/demo/canary"
	"vestibule.example/demo/provider"
)

// suite is what all tests of this process issued, and what came out.
var suite = canary.New()

// watched is a transport whose answers from origin the suite watches.
func watched(origin string, base http.RoundTripper) http.RoundTripper {
	return &canary.Browser{Canary: suite, Origin: origin, Base: base}
}

// record has the demo keep what it issues from now on.
func (g *gateway) record(t testing.TB) {
	t.Helper()
	g.control(t, http.MethodPost, "/control/provider/issued", nil)
}

// watchMetrics shows the suite what the operators see, while the gateway still answers.
func (g *gateway) watchMetrics(t testing.TB) {
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(g.admin + "/metrics")
	if err != nil {
		return // It has been told to stop already.
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("GET /metrics = %d, %v", res.StatusCode, err)
	}
	suite.Saw("the metrics of "+t.Name(), text)
}

// collect tells the suite what the demo has issued, while it still answers.
func (g *gateway) collect(t testing.TB) {
	if g.demo == "" {
		return
	}
	var answer struct {
		Issued  []provider.Issued
		Dropped int
	}
	g.control(t, http.MethodGet, "/control/provider/issued", &answer)
	if answer.Dropped > 0 {
		t.Errorf("%d secrets were issued that nobody looks for", answer.Dropped)
	}
	for _, s := range answer.Issued {
		suite.Secret("the provider's "+s.Kind, s.Value)
	}
}

// control asks the demo. It outlives the test's context, as its end does.
func (g *gateway) control(t testing.TB, method, path string, answer any) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, g.demo+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		t.Errorf("%s %s = %d", method, path, res.StatusCode)
	}
	if answer == nil {
		return
	}
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
}

// watchLog shows the suite each line that the program wrote.
func (g *gateway) watchLog(t testing.TB) {
	for i, line := range strings.Split(g.log.String(), "\n") {
		suite.Saw(fmt.Sprintf("line %d of the log of %s", i+1, t.Name()), []byte(line))
	}
}

// freePort is a port that nobody listens on, from below those that the system gives to whoever asks for any: such a one may be
// somebody else's before it is used.
func freePort(t *testing.T) string {
	t.Helper()
	for {
		port := strconv.Itoa(15000 + mathrand.N(15000)) //nolint:gosec // No secret.
		if l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
}

// configured is a gateway with a configuration file, before an outside world of the test's own.
type configured struct {
	*gateway
	world *demo.World
	key   []byte // the session key
}

// startConfigured starts one; more is further configuration, in YAML.
func startConfigured(t *testing.T, more string) configured {
	t.Helper()
	port := freePort(t)
	origin := "http://localhost:" + port
	world, err := demo.Start(t.Context(), demo.Config{PublicURL: origin, Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	world.Provider.Record()
	var apis strings.Builder
	for name, base := range world.APIs {
		fmt.Fprintf(&apis, "  %s: {base_url: %q}\n", name, base)
	}
	key := make([]byte, 64)
	rand.Read(key)
	g := startGateway(t, "VESTIBULE_SERVER_ADDRESS=127.0.0.1:"+port, "VESTIBULE_DEMO_ADDRESS=", "VESTIBULE_CONFIG="+writeFile(t, "vestibule.yaml", fmt.Sprintf(`
mode: development
server: {public_url: %q, trusted_proxies: [127.0.0.1/32]}
identity:
  issuer: %q
  client_id: %q
  client_secret: %q
  scopes: [openid, profile, email, offline_access, "accounts:read", "orders:read", "shipping:read"]
session:
  keys: [{use: seal, secret: %q}]
apis:
%s%s`, origin, world.Issuer, world.ClientID, world.ClientSecret, base64.StdEncoding.EncodeToString(key), &apis, more)))
	return configured{g, world, key}
}

// LOG-2, BBA-3, GQL-5, BCP-19, T-26: a configured gateway, whose session key and client secret are known, at the debug
// level: login, queries, a refresh, faults of every API, a bad callback, logout. Looked through are its log, its metrics, and
// what its collector gets: every request is traced.
func TestNoSecretIsLoggedOrShown(t *testing.T) {
	collector := newCollector(t)
	g := startConfigured(t, fmt.Sprintf("observe: {log_level: debug, otlp: {endpoint: %q, authorization: the-collectors-own-secret, share: 100, interval: 1s}}\n", collector.URL))
	world, inBase64 := g.world, base64.StdEncoding.EncodeToString(g.key)
	watcher := canary.New()
	for _, c := range []*canary.Canary{watcher, suite} {
		c.Secret("the session key", inBase64)
		c.Secret("the session key's bytes", string(g.key))
		c.Secret("the collector's Authorization", "the-collectors-own-secret")
		c.Secret("the client secret", world.ClientSecret)
	}

	v := signIn(t, g.gateway, "alice")
	for range 2 {
		ask(t, v, accountPage, nil)
		if err := world.Provider.SetSettings(provider.Settings{Refresh: provider.RefreshServerError}); err != nil {
			t.Fatal(err)
		}
	}
	for _, rule := range []string{`{"target":"orders","status":500}`, `{"target":"shipping","status":401}`, `{"target":"accounts","cut":true}`} {
		g.demo = world.Issuer
		setFault(t, g.gateway, rule)
		ask(t, v, accountPage, nil)
		g.demo = ""
	}
	if _, err := v.Navigate(t.Context(), "/auth/callback?"+url.Values{"code": {"none"}, "state": {"none"}}.Encode()); err != nil {
		t.Fatal(err)
	}
	session, err := v.Session(t.Context())
	if err != nil || session["authenticated"] != true {
		t.Fatalf("session = %v, %v", session, err)
	}
	cookies := v.Cookies()
	if _, err := v.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	watcher.Saw("the metrics", []byte(metricsText(t, g.gateway)))
	if err := g.stop(); err != nil {
		t.Fatal(err)
	}

	issued, _ := world.Provider.Issued()
	if len(issued) < 7 {
		t.Errorf("the provider issued %d secrets, want one of each kind at least", len(issued))
	}
	for _, s := range issued {
		watcher.Secret("the provider's "+s.Kind, s.Value)
		suite.Secret("the provider's "+s.Kind, s.Value)
	}
	for _, c := range cookies {
		watcher.Secret("a cookie", c.Value)
	}
	if !strings.Contains(g.log.String(), "event=login") {
		t.Errorf("the log does not tell of the login:\n%s", g.log)
	}
	watcher.Saw("the log", []byte(g.log.String()))
	if len(collector.spans(t)) < 100 || len(collector.metrics()) == 0 {
		t.Errorf("the collector got %d spans and %d times metrics", len(collector.spans(t)), len(collector.metrics()))
	}
	for path, bodies := range collector.got() {
		for _, body := range bodies {
			watcher.Saw("what the collector gets at "+path, body)
			suite.Saw("what the collector gets at "+path, body)
		}
	}
	for _, leak := range watcher.Leaks() {
		t.Error(leak)
	}
}
