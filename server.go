// Command vestibule is a GraphQL aggregation gateway and Back-end For Front-end: it signs the user in, keeps the tokens
// in a server-side session, and answers the SPA's GraphQL from several REST APIs with that session's access token.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/internal/heap"
	"vestibule.example/internal/observe"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if limit := memoryLimit(os.Getenv, os.DirFS("/")); limit > 0 {
		debug.SetMemoryLimit(limit)
	}
	if os.Getenv("GOGC") == "" {
		heap.Floor(heap.Default)
	}
	if err := run(ctx, os.Getenv, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitCode(err))
	}
}

// run is the program: it does what the command line asks, or tells who asks for help how it is used, and returns when that is
// done or ctx ends. It is what tests start.
func run(ctx context.Context, getenv func(string) string, args []string, stdout, stderr io.Writer) error {
	err := runCommand(ctx, getenv, args, stdout, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return usage(stdout)
	}
	return err
}

func runCommand(ctx context.Context, getenv func(string) string, args []string, stdout, stderr io.Writer) error {
	command, args := splitCommand(args)
	switch command {
	case "serve":
		load := func() (Config, error) { return loadConfig(args, getenv, os.Environ()) }
		cfg, err := load()
		if err != nil {
			return err
		}
		err = serve(ctx, cfg, load, stderr)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // It was told to stop while it still started, which is no failure.
		}
		return err
	case "check":
		return check(ctx, args, getenv, os.Environ(), stdout)
	case "schema":
		return printSchema(args, stdout)
	case "sessions":
		return sessionsCommand(ctx, args, getenv, os.Environ(), stdout)
	case "healthcheck":
		return healthcheck(ctx, args, getenv, os.Environ())
	case "version":
		return printVersion(args, stdout)
	case "help":
		return flag.ErrHelp
	}
	return usageError{fmt.Errorf("unknown command %q; `vestibule help` lists the commands", command)}
}

// splitCommand takes the command off the arguments; without one it is serve.
func splitCommand(args []string) (string, []string) {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return args[0], args[1:]
	}
	return "serve", args
}

// parts is what the routes are made of.
type parts struct {
	config      Config
	observer    observe.Config
	auth        *auth.Service
	graphql     http.Handler
	relay       *clients.Relay // nil when no API is relayed
	playground  http.Handler   // nil in production
	diagnostics http.Handler   // nil in production
	spa         http.Handler
	transports  map[string]*clients.Transport // the connections, by API
	unasked     []string                      // the APIs that nothing asks
}

// newHandler is the whole public surface, route by route.
//
// Where a session cookie opens something, the cross-site check comes first, before the session is even looked up. auth's own routes
// look it up by themselves, since asking who is signed in does not count as using the session. The remaining routes each have a rule
// of their own; docs/security.md says which.
func newHandler(p parts) http.Handler {
	own := p.auth.CrossSite

	mux := http.NewServeMux()
	mux.Handle("/graphql", own(p.auth.Reading(mayBeKept, p.graphql)))
	if p.playground != nil {
		mux.Handle("/playground", p.playground)
		mux.Handle("/playground/", p.playground)
	}
	if p.diagnostics != nil {
		mux.Handle("GET /auth/diagnostics", p.diagnostics)
	}
	mux.Handle("GET /auth/login", p.auth.Login())
	mux.Handle("GET /auth/callback", p.auth.Callback())
	mux.Handle("POST /auth/callback", p.auth.Callback())
	mux.Handle("GET /auth/session", own(p.auth.Session()))
	mux.Handle("POST /auth/logout", p.auth.Logout())
	mux.Handle("GET /auth/logout", p.auth.Logout())
	mux.Handle("GET /auth/logout/continue", p.auth.LogoutContinue())
	mux.Handle("GET /auth/logged-out", p.auth.LoggedOut())
	mux.Handle("GET /auth/sessions", own(p.auth.Sessions()))
	mux.Handle("DELETE /auth/sessions", own(p.auth.EndSession()))
	mux.Handle("DELETE /auth/sessions/{id}", own(p.auth.EndSession()))
	mux.Handle("GET /auth/events", own(p.auth.Events()))
	mux.Handle("POST /auth/backchannel-logout", p.auth.BackchannelLogout())
	mux.Handle("GET /auth/frontchannel-logout", p.auth.FrontchannelLogout())

	allowed := publicHost(p.config.publicURL())
	if p.config.Demo {
		allowed = demoHost(p.config.publicURL())
	}
	h := withFallback(mux, p.spa)
	if p.relay != nil {
		relayed := p.auth.Reading(mayBeKept, p.auth.RefuseDead(p.auth.RefuseReadOnly(inbound(p.auth, p.relay))))
		h = withRelay(p.relay, own(relayed), p.auth.BrowserLoad(relayed), h)
	}
	h = securityHeaders(p.config.publicURL().Scheme == "https", h)
	h = onlyHosts(allowed, h)
	return observe.Handler(p.observer, h)
}
