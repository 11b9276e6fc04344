package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/bench/rig"
	"vestibule.example/internal/observe"
)

// roleTarget is the role of every target but the product itself.
const roleTarget = "target"

// order says which target is wanted.
type order struct {
	Kind  string // min, min+, engine, gqlgen, plan
	World *rig.World
	// Profile names the file of a CPU profile of the whole run; none is written when empty.
	Profile string
}

// target is what a target's process reports.
type target struct{ Address string }

// playTarget is a target's [rig.Role]. Whatever its kind, a request takes the way it takes in the product: record, check
// of its origin, session; and each call gets its token from auth's transport. The kinds differ in what is between.
func playTarget(ctx context.Context, text json.RawMessage) (any, func() error, error) {
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, nil, err
	}
	log := observe.NewLogger(os.Stderr, "json", "info")
	store := memstore.New(memstore.Config{})
	service, err := rig.NewService(o.World, store, log, rig.TokenKind)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	stop := func() error { return errors.Join(service.Close(), store.Close()) }
	mux := http.NewServeMux()
	if err := routes(mux, o, service, log); err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	mux.Handle("GET /auth/login", service.Login())
	mux.Handle("GET /auth/callback", service.Callback())
	address, end, err := rig.Listen(ctx, observe.Handler(observe.Config{Logger: log}, mux))
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	finish, err := profile(o.Profile)
	if err != nil {
		return nil, nil, errors.Join(err, end(), stop())
	}
	return target{address}, func() error { return errors.Join(finish(), end(), stop()) }, nil
}

// routes are the pages of the target's kind, behind what guards them.
func routes(mux *http.ServeMux, o order, service *auth.Service, log *slog.Logger) error {
	guarded := func(h http.Handler) http.Handler { return service.CrossSite(service.Middleware(h)) }
	var site *pages
	switch o.Kind {
	case "min":
		site = &pages{newRaw(o.World, service, json.Unmarshal)}
	case "min+":
		site = &pages{newRaw(o.World, service, func(data []byte, v any) error { return jsonv2.Unmarshal(data, v) })}
	case "engine":
		engine, err := newEngine(o.World, service, log)
		if err != nil {
			return err
		}
		site = &pages{engine}
	case "gqlgen", "plan":
		endpoint, err := newEndpoint(o, service, log)
		if err != nil {
			return err
		}
		mux.Handle("/graphql", guarded(endpoint))
		return nil
	default:
		return fmt.Errorf("there is no target %q", o.Kind)
	}
	mux.Handle("POST /posts", guarded(http.HandlerFunc(site.posts)))
	mux.Handle("POST /titles", guarded(http.HandlerFunc(site.titles)))
	mux.Handle("POST /greet", guarded(http.HandlerFunc(site.greet)))
	mux.Handle("POST /account", guarded(http.HandlerFunc(site.account)))
	mux.Handle("POST /token", guarded(tokens(service, o.World)))
	return nil
}

// newTransport is what carries the limit's calls: net/http's own, with room for every connection.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConns:        512,
		MaxIdleConnsPerHost: 128,
		IdleConnTimeout:     60 * time.Second,
	}
}

// profile begins a CPU profile; the function it gives ends it.
func profile(name string) (func() error, error) {
	if name == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
