package demo

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"vestibule.example/demo/apis"
	"vestibule.example/demo/fault"
	"vestibule.example/demo/provider"
)

const (
	// DefaultAddress is where the provider and the control pages listen.
	DefaultAddress = "127.0.0.1:8081"
	// ClientID is the gateway's at the provider.
	ClientID = "vestibule"
	// KeyClientID is the second client's, which authenticates by private_key_jwt; see Config.ClientKey.
	KeyClientID = "vestibule-jwt"
	// ClientKeyID is the kid of that client's assertions.
	ClientKeyID = "vestibule-jwt-1"
)

// Config is what a World is made of.
type Config struct {
	// PublicURL is the gateway's origin, such as http://localhost:8080. Required; its host must be loopback. The provider
	// sends browsers back to its /auth/callback and /auth/logged-out, and logout tokens to its /auth/backchannel-logout.
	PublicURL string
	// Address is where the provider and the control pages listen; DefaultAddress when empty. It must be a loopback IP
	// address; port 0 takes a free one. The APIs always take free ports.
	Address string
	// AccessTokenTTL is the lifetime of access tokens at the start; 5 minutes when zero.
	AccessTokenTTL time.Duration
	// ClientKey is the key of the client KeyClientID, RS256; without it there is no such client.
	ClientKey *rsa.PublicKey
	// Quirks make the provider one that others run; with Quirks.OnBehalfOf the scope gateway:access is for the gateway
	// itself.
	Quirks provider.Quirks
	// StepUpOver makes the orders API ask for a second factor above so many cents (RFC 9470); 0 never asks.
	StepUpOver int64
	// TrackingEvery is how often a watched shipment moves on; the APIs' default when zero.
	TrackingEvery time.Duration
	// Logger is told what goes wrong; nil: nobody is.
	Logger *slog.Logger
	// Now is the clock of tokens and data; time.Now when nil.
	Now func() time.Time
}

// User is somebody who can sign in.
type User struct{ Name, Password, Role, Description string }

// World is a running demo. Its fields are not changed after Start; it is safe for concurrent use.
type World struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	// APIs are the base URLs by name: accounts, catalog, orders, shipping.
	APIs map[string]string
	// ControlURL is the page that leads to all others.
	ControlURL string
	Users      []User
	Faults     *fault.Control
	Provider   *provider.Provider
	// Data is the APIs, for what tests want to move: see apis.Set.
	Data *apis.Set

	publicURL string
	servers   []*http.Server
	serving   sync.WaitGroup
	keys      *http.Client // with which the APIs fetch the provider's keys
	log       *slog.Logger
}

// Start starts the demo and returns when every server answers. ctx bounds the start alone: whoever gets a World closes it.
func Start(ctx context.Context, cfg Config) (*World, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	w := &World{
		ClientID: ClientID, ClientSecret: rand.Text(), APIs: map[string]string{}, publicURL: cfg.PublicURL,
		Faults: fault.New(fault.Config{Now: cfg.Now, MaxCalls: 100_000}), keys: newClient(), log: cfg.Logger,
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if err := w.start(ctx, cfg); err != nil {
		return nil, errors.Join(err, w.Close(context.WithoutCancel(ctx)))
	}
	return w, nil
}

// start makes the servers and waits for them. If it fails, Close ends what it has begun.
func (w *World) start(ctx context.Context, cfg Config) error {
	listener, err := listen(ctx, cfg.address())
	if err != nil {
		return err
	}
	w.Issuer = "http://" + listener.Addr().String()
	w.ControlURL = w.Issuer + "/"
	if w.Provider, err = provider.New(w.providerConfig(cfg)); err != nil {
		return errors.Join(fmt.Errorf("demo: %w", err), listener.Close())
	}
	for _, user := range w.Provider.Users() {
		w.Users = append(w.Users, User{user.Name, user.Password, user.Roles[0], user.Description})
	}
	w.Data = apis.New(apis.Config{
		Issuer: w.Provider.IssuerOf("c-alice"), JWKSURL: w.Provider.JWKSURL(), HTTPClient: w.keys, Now: cfg.Now,
		StepUpOver: cfg.StepUpOver, TrackingEvery: cfg.TrackingEvery,
	})
	w.serve(listener, w.front())
	for _, name := range apis.Names() {
		listener, err := listen(ctx, "127.0.0.1:0")
		if err != nil {
			return err
		}
		w.APIs[name] = "http://" + listener.Addr().String()
		w.serve(listener, w.Faults.Wrap(name, w.Data.Handler(name)))
	}
	return w.ready(ctx)
}

func (cfg Config) address() string {
	if cfg.Address == "" {
		return DefaultAddress
	}
	return cfg.Address
}

// check returns everything wrong with the configuration. Only this machine may reach what the demo opens.
func (cfg Config) check() error {
	var errs []error
	u, err := url.Parse(cfg.PublicURL)
	if err != nil || u.Host == "" || u.Path != "" || u.Hostname() != "localhost" && !loopback(u.Hostname()) {
		errs = append(errs, fmt.Errorf("the gateway's origin %q must be loopback, such as http://localhost:8080", cfg.PublicURL))
	}
	if host, _, err := net.SplitHostPort(cfg.address()); err != nil || !loopback(host) {
		errs = append(errs, fmt.Errorf("the address %q must be loopback, such as %s", cfg.address(), DefaultAddress))
	}
	return errors.Join(errs...)
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (w *World) providerConfig(cfg Config) provider.Config {
	gateway := provider.Client{
		ID: ClientID, Secret: w.ClientSecret,
		RedirectURIs:           []string{cfg.PublicURL + "/auth/callback"},
		PostLogoutRedirectURIs: []string{cfg.PublicURL + "/auth/logged-out"},
		BackChannelLogoutURI:   cfg.PublicURL + "/auth/backchannel-logout",
		FrontChannelLogoutURI:  cfg.PublicURL + "/auth/frontchannel-logout",
	}
	clients := []provider.Client{gateway}
	if cfg.ClientKey != nil {
		gateway.ID, gateway.Secret = KeyClientID, ""
		gateway.Key = &jose.JSONWebKey{Key: cfg.ClientKey, KeyID: ClientKeyID, Algorithm: string(jose.RS256), Use: "sig"}
		clients = append(clients, gateway)
	}
	scopes := map[string]string{}
	for _, scope := range []struct{ api, name string }{
		{"accounts", "read"}, {"accounts", "write"}, {"orders", "read"}, {"orders", "write"}, {"shipping", "read"},
	} {
		scopes[scope.api+":"+scope.name] = apis.Audience(scope.api)
	}
	if cfg.Quirks.OnBehalfOf {
		scopes["gateway:access"] = ClientID
	}
	return provider.Config{
		Quirks: cfg.Quirks,
		Issuer: w.Issuer, Clients: clients, Scopes: scopes, Settings: provider.Settings{AccessTokenTTL: cfg.AccessTokenTTL},
		Logger: w.log, Now: cfg.Now,
	}
}

// Calls are those that a target (accounts, catalog, orders, shipping, provider) received since the start or the last
// reset, oldest first.
func (w *World) Calls(target string) []fault.Call { return w.Faults.Calls(target) }

// ResetCalls forgets all calls and the provider's counters.
func (w *World) ResetCalls() {
	w.Faults.ResetCalls()
	w.Provider.ResetCounters()
}

// Close ends the demo: it lets go of requests that hang; those that run may finish until ctx ends. It may be called twice.
func (w *World) Close(ctx context.Context) error {
	w.Faults.Close()
	if w.Provider != nil {
		w.Provider.Close()
	}
	if w.Data != nil {
		w.Data.Close()
	}
	errs := make([]error, len(w.servers))
	var closing sync.WaitGroup
	for i, server := range w.servers {
		closing.Go(func() {
			if errs[i] = server.Shutdown(ctx); errs[i] != nil {
				errs[i] = errors.Join(fmt.Errorf("demo: %w", errs[i]), server.Close())
			}
		})
	}
	closing.Wait()
	w.serving.Wait()
	w.keys.CloseIdleConnections()
	return errors.Join(errs...)
}

// ready asks each server for something and forgets that it did.
func (w *World) ready(ctx context.Context) error {
	client := newClient()
	defer client.CloseIdleConnections()
	targets := []string{w.Provider.JWKSURL()}
	for _, base := range slices.Sorted(maps.Values(w.APIs)) {
		targets = append(targets, base+"/openapi.yaml")
	}
	for _, target := range targets {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		res, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("demo: not ready: %w", err)
		}
		_ = res.Body.Close() // the status says it all
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("demo: not ready: %s answered %d", target, res.StatusCode)
		}
	}
	w.ResetCalls()
	return nil
}

func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second},
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
