package demo

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"time"

	"vestibule.example/demo/apis"
)

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// writeTimeout bounds an answer, streams included. It is longer than the longest latency of package fault. There is
	// no ReadTimeout: net/http would cancel the context of a stream when it is over.
	writeTimeout = 15 * time.Minute
	maxHeader    = 64 << 10
)

func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return listener, nil
}

// serve starts a server that Close stops.
func (w *World) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler:           onlyHost(listener.Addr().String(), handler),
		ReadHeaderTimeout: headerTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(w.log.Handler(), slog.LevelDebug),
	}
	w.servers = append(w.servers, server)
	w.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			w.log.Error("a demo server ended", "address", listener.Addr().String(), "error", err)
		}
	})
}

// onlyHost answers under one name alone: under any other (DNS rebinding) a web page could drive the demo.
func onlyHost(host string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != host {
			http.Error(w, "The demo answers at http://"+host, http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// front routes what the demo's own address has.
func (w *World) front() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", w.home)
	mux.Handle("/control/", w.Faults.Handler())
	mux.Handle("/control/provider/", w.Provider.Control())
	own := w.Provider.Handler()
	mux.Handle("/", w.Faults.Wrap("provider", own))
	// The control pages keep their looks when the provider is down.
	mux.Handle("GET /provider.css", own)
	mux.Handle("GET /provider.svg", own)
	return mux
}

//go:embed home.html
var homeSource string

const homePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// home answers GET /, the page that leads to all others.
func (w *World) home(out http.ResponseWriter, r *http.Request) {
	type api struct {
		Name, URL string
		Calls     int
	}
	data := struct {
		World   *World
		Gateway string
		APIs    []api
		Faults  int
	}{World: w, Gateway: w.publicURL, Faults: len(w.Faults.Rules())}
	for _, name := range apis.Names() {
		data.APIs = append(data.APIs, api{name, w.APIs[name], len(w.Calls(name))})
	}
	var body bytes.Buffer
	page, err := template.New("home").Parse(homeSource)
	if err == nil {
		err = page.Execute(&body, data)
	}
	if err != nil {
		w.log.ErrorContext(r.Context(), "demo page", "error", err)
		http.Error(out, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	header := out.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", homePolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "strict-origin")
	header.Set("Cache-Control", "no-store")
	_, _ = body.WriteTo(out) // the browser has gone
}
