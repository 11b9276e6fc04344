//go:build !nodemo

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"syscall"

	"vestibule.example/auth/secret"
	"vestibule.example/clients"
	"vestibule.example/demo"
	"vestibule.example/graph"
)

// stepUpOver is the total in cents above which the demo's orders API wants a second factor.
const stepUpOver = 500_00

// startDemo starts the demo's provider and APIs, points the configuration at them, and prints what a newcomer needs to know.
// address is where the gateway listens. What it returns stops the demo.
func startDemo(ctx context.Context, cfg *Config, address string, log *slog.Logger, out io.Writer) (func(context.Context) error, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	cfg.Server.PublicURL = "http://" + net.JoinHostPort("localhost", port)
	world, err := demo.Start(ctx, demo.Config{PublicURL: cfg.Server.PublicURL, Address: cfg.DemoAddress, StepUpOver: stepUpOver, Logger: log})
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w; choose another address with VESTIBULE_DEMO_ADDRESS", err)
	case err != nil:
		return nil, err
	}
	added := configureDemo(cfg, world)
	welcome(out, cfg, world, added)
	return world.Close, nil
}

// configureDemo points the configuration at the demo's provider and APIs. It returns the names of the APIs that were added to the schema
// and that the demo has not: see [addedAPIs].
func configureDemo(cfg *Config, world *demo.World) (added []string) {
	cfg.Identity.Issuer, cfg.Identity.ClientID, cfg.Identity.ClientSecret = world.Issuer, world.ClientID, secret.New(world.ClientSecret)
	cfg.Identity.Scopes = []string{"openid", "profile", "email", "offline_access", "accounts:read", "accounts:write", "orders:read", "orders:write", "shipping:read"}
	cfg.Identity.PostLogoutPath = "/signed-out"
	cfg.Session.Claims = append(slices.Clone(cfg.Session.Claims), "roles") // For policies that newcomers write, see docs/authorization.md.
	key := make([]byte, 64)
	rand.Read(key)
	cfg.Session.Keys = []KeyConfig{{Use: "seal", Secret: secret.New(base64.StdEncoding.EncodeToString(key))}}
	added = addedAPIs(cfg, world.APIs)
	for name, base := range world.APIs {
		api, set := cfg.APIs[name]
		if !set {
			new(loader).defaults(&api)
		}
		api.BaseURL, api.ForwardLanguage = base, true
		api.CheckPath = map[string]string{"accounts": "/me", "catalog": "/products", "orders": "/orders", "shipping": "/shipments"}[name]
		switch name {
		case "catalog":
			api.Token = "none"
			api.Relay = []RelayConfig{{Methods: []string{"GET"}, Path: "/openapi.yaml", BrowserLoads: true}}
		case "shipping":
			api.Relay = []RelayConfig{{Methods: []string{"GET"}, Path: "/shipments/*/events"}}
		}
		cfg.APIs[name] = api
	}
	return added
}

// welcome prints what a newcomer needs to know.
func welcome(out io.Writer, cfg *Config, world *demo.World, added []string) {
	fmt.Fprintf(out, `
  Vestibule's demo is running.

    The shop          %s
    GraphQL           %s/playground
    Make APIs fail    %s

  Sign in as
`, cfg.Server.PublicURL, cfg.Server.PublicURL, world.ControlURL)
	for _, user := range world.Users {
		fmt.Fprintf(out, "    %-8s password %-8s %s\n", user.Name, user.Password, user.Description)
	}
	if app := cfg.SPA.DevServer + cfg.SPA.Dir; app != "" { // At most one is set: the check refuses both.
		fmt.Fprintf(out, "\n  The app comes from %s.\n", app)
	}
	for _, name := range added {
		fmt.Fprintf(out, "\n  %s is not part of the demo: its fields say that it cannot be reached until VESTIBULE_APIS_%s_BASE_URL says where it is.\n", name, variableName(name))
	}
	fmt.Fprintf(out, `
  What to try is on the page where APIs fail. Then: docs/adding-an-api.md adds an API, make dev follows what you change.
  Nothing here is for production: docs/production.md says what is.

`)
}

// addedAPIs configures, at an address where nothing listens, the APIs that resolvers need and that neither the demo nor the
// configuration has an address for. It returns their names.
func addedAPIs(cfg *Config, brought map[string]string) (away []string) {
	if cfg.APIs == nil {
		cfg.APIs = map[string]APIConfig{}
	}
	graph.NewResolver(func(name string) *clients.API {
		if _, named := cfg.APIs[name]; brought[name] == "" && !named {
			var api APIConfig
			new(loader).defaults(&api)
			api.BaseURL = nowhere
			cfg.APIs[name] = api
			away = append(away, name)
		}
		return nil
	}, nil)
	return away
}

func variableName(api string) string { return strings.ToUpper(strings.ReplaceAll(api, "-", "_")) }

// demoThere is nil, since the demo is part of this build; demo_off.go is for builds without it.
func demoThere() error { return nil }
