//go:build !nodemo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/clients"
)

// startCaching is a gateway over the demo world that keeps answers, within this process so that its counters are seen.
func startCaching(t *testing.T, change func(map[string]APIConfig)) (*gateway, map[string]*clients.API) {
	t.Helper()
	var handler atomic.Pointer[http.Handler]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*handler.Load()).ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	log := slog.New(slog.DiscardHandler)
	var cfg Config
	new(loader).defaults(&cfg)
	new(loader).profile(&cfg.Identity)
	cfg.Demo, cfg.Mode, cfg.DemoAddress = true, "development", "127.0.0.1:0"
	text := &logBuffer{grew: make(chan struct{}, 1)}
	stop, err := startDemo(t.Context(), &cfg, server.Listener.Addr().String(), log, text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	for name, api := range cfg.APIs {
		api.Cache.MaxBytes = 1 << 20
		cfg.APIs[name] = api
	}
	change(cfg.APIs)
	store, apis := memstore.New(memstore.Config{}), &upstream{}
	apis.ended("before there are any")
	service, err := newAuth(cfg, store, apis.ended, watching{log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		apis.close()
		if err := service.Close(); err != nil {
			t.Error(err)
		}
		store.Close()
	})
	p, err := newParts(cfg, service, apis, watching{log: log})
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler(p)
	handler.Store(&h)
	return &gateway{origin: cfg.Server.PublicURL, demo: strings.TrimSuffix(controlLine.FindStringSubmatch(text.String())[1], "/"), log: text}, apis.all()
}

// What auth cannot do now, it can do later; no API is to blame, nor any user.
func TestWhatAuthCannotDoIsNoAPIsFault(t *testing.T) {
	for err, want := range map[error]clients.Code{
		auth.ErrUnauthenticated: clients.CodeUnauthenticated, auth.ErrProviderUnavailable: clients.CodeUnavailable, auth.ErrStoreUnavailable: clients.CodeUnavailable,
	} {
		if got := classify(fmt.Errorf("auth: %w", err)); got == nil || got.Code != want || got.Retryable != (want == clients.CodeUnavailable) {
			t.Errorf("classify(%v) = %+v, want %s", err, got, want)
		}
	}
	if got := classify(errors.New("connection refused")); got != nil {
		t.Errorf("classify of another error = %+v, want nil", got)
	}
}

// CACHE-4, CACHE-5, CACHE-7, T-16, through the whole gateway: each session has its own answers, the catalogue is one for
// all, a change is seen at once, and a sign-out takes everything of its session and nothing else.
func TestCachingThroughTheGateway(t *testing.T) {
	g, apis := startCaching(t, func(apis map[string]APIConfig) {
		orders := apis["orders"]
		orders.Invalidates = []string{"shipping"}
		apis["orders"] = orders
	})
	alice, bob := signIn(t, g, "alice"), signIn(t, g, "bob")
	accountPages := func() (hers, his string) {
		hers, his = string(ask(t, alice, accountPage, nil).Data), string(ask(t, bob, accountPage, nil).Data)
		if !strings.Contains(hers, "alice@") || strings.Contains(hers, "bob@") || !strings.Contains(his, "bob@") || strings.Contains(his, "alice@") {
			t.Errorf("the account pages are\n%s\nand\n%s", hers, his)
		}
		return hers, his
	}
	hers, his := accountPages()
	resetCalls(t, g)
	if again, his2 := accountPages(); again != hers || his2 != his {
		t.Errorf("the account pages were\n%s\n%s\nand are\n%s\n%s", hers, his, again, his2)
	}
	// The catalogue is fresh for half a minute; the demo's other answers are to be revalidated each time.
	if got := calls(t, g)["catalog"]; got != 0 || apis["catalog"].Stats().Hits == 0 {
		t.Errorf("the catalogue was asked %d times: %+v", got, apis["catalog"].Stats())
	}
	for _, name := range []string{"accounts", "orders", "shipping"} {
		if got := apis[name].Stats(); got.Revalidated == 0 || got.Hits != 0 || got.Answers == 0 {
			t.Errorf("%s: %+v, want its answers kept and revalidated", name, got)
		}
	}

	before := map[string]clients.Stats{"orders": apis["orders"].Stats(), "shipping": apis["shipping"].Stats(), "accounts": apis["accounts"].Stats()}
	answer := ask(t, alice, `mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }`, map[string]any{
		"input": map[string]any{"idempotencyKey": "caching-0001", "lines": []any{map[string]any{"productId": firstProduct(t, alice), "quantity": 2}}},
	})
	if len(answer.Errors) > 0 {
		t.Fatalf("placeOrder = %s", answer.Body)
	}
	for name, want := range map[string]bool{"orders": true, "shipping": true, "accounts": false} {
		now := apis[name].Stats()
		if dropped := now.Invalidated > before[name].Invalidated; dropped != want || now.Answers == 0 {
			t.Errorf("after alice's order, %s: %+v, want answers of hers dropped: %v, and bob's kept", name, now, want)
		}
	}
	if now, _ := accountPages(); now == hers {
		t.Error("alice's page does not show her new order")
	}

	answers := apis["accounts"].Stats().Answers
	if _, err := alice.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"accounts", "orders", "shipping"} {
		if got := apis[name].Stats(); got.Forgotten == 0 || got.Answers == 0 {
			t.Errorf("after alice signed out, %s: %+v, want hers dropped and bob's kept", name, got)
		}
	}
	if got := apis["accounts"].Stats(); 2*got.Answers != answers {
		t.Errorf("%d answers of accounts were kept for two, and now %d", answers, got.Answers)
	}
	if got := apis["catalog"].Stats(); got.Forgotten != 0 || got.Answers == 0 {
		t.Errorf("the catalogue went with alice: %+v", got)
	}
	if again := string(ask(t, bob, accountPage, nil).Data); again != his {
		t.Errorf("bob's page was\n%s\nand is\n%s", his, again)
	}
}

// When the ends of some sessions may have been missed, everything kept for any goes, and what is public stays.
func TestMissedEndsTakeEverySession(t *testing.T) {
	g, apis := startCaching(t, func(map[string]APIConfig) {})
	ask(t, signIn(t, g, "alice"), accountPage, nil)
	u := &upstream{}
	u.fill(apis)
	u.ended("")
	if got := apis["accounts"].Stats(); got.Answers != 0 || got.Forgotten == 0 {
		t.Errorf("accounts: %+v, want nothing kept", got)
	}
	if got := apis["catalog"].Stats(); got.Answers == 0 {
		t.Errorf("catalog: %+v, want its answers still there", got)
	}
}
