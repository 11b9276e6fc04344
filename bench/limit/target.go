package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"vestibule.example/auth/memstore"
	"vestibule.example/bench/rig"
	"vestibule.example/internal/heap"
	"vestibule.example/internal/observe"
)

// roleTarget is the role of every target but the product itself.
const roleTarget = "target"

// order says which target is wanted.
type order struct {
	Kind  string // min, min+, engine, gqlgen, plan, each also -bare
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
	heap.Floor(heap.Default) // as the product has it
	log := observe.NewLogger(os.Stderr, "json", "info")
	if isBare(o.Kind) {
		mux := http.NewServeMux()
		if err := routes(mux, o, kit{o.World, log, nil}); err != nil {
			return nil, nil, err
		}
		return listen(ctx, o, mux, func() error { return nil })
	}
	store := memstore.New(memstore.Config{})
	service, err := rig.NewService(o.World, store, log, rig.TokenKind)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	stop := func() error { return errors.Join(service.Close(), store.Close()) }
	mux := http.NewServeMux()
	if err := routes(mux, o, kit{o.World, log, service}); err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	mux.Handle("GET /auth/login", service.Login())
	mux.Handle("GET /auth/callback", service.Callback())
	mux.Handle("POST /token", service.CrossSite(service.Middleware(tokens(service, o.World))))
	return listen(ctx, o, observe.Handler(observe.Config{Logger: log}, mux), stop)
}

// listen serves a target until it is told to stop.
func listen(ctx context.Context, o order, h http.Handler, stop func() error) (any, func() error, error) {
	address, end, err := rig.Listen(ctx, h)
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
func routes(mux *http.ServeMux, o order, k kit) error {
	var site *pages
	switch strings.TrimSuffix(o.Kind, bare) {
	case "min":
		site = &pages{newRaw(k, json.Unmarshal)}
	case "min+":
		site = &pages{newRaw(k, func(data []byte, v any) error { return jsonv2.Unmarshal(data, v) })}
	case "engine":
		engine, err := newEngine(k)
		if err != nil {
			return err
		}
		site = &pages{engine}
	case "gqlgen", "plan":
		endpoint, err := newEndpoint(k, strings.HasPrefix(o.Kind, "plan"))
		if err != nil {
			return err
		}
		mux.Handle("/graphql", k.guard(endpoint))
		return nil
	default:
		return fmt.Errorf("there is no target %q", o.Kind)
	}
	mux.Handle("POST /posts", k.guard(http.HandlerFunc(site.posts)))
	mux.Handle("POST /titles", k.guard(http.HandlerFunc(site.titles)))
	mux.Handle("POST /greet", k.guard(http.HandlerFunc(site.greet)))
	mux.Handle("POST /account", k.guard(http.HandlerFunc(site.account)))
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
