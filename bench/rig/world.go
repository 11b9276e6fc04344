package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"vestibule.example/demo"
	"vestibule.example/demo/apis"
)

// PublicURL is the origin of every target. Nothing listens there: [Rig.SignIn] and the load generator dial the target
// itself, so that all targets of a run share one registration at the provider.
const PublicURL = "http://localhost:9"

// RoleWorld is the role of the outside world's process.
const RoleWorld = "world"

// WorldOrder says what world is wanted.
type WorldOrder struct {
	// TokenLife is the lifetime of access tokens.
	TokenLife time.Duration
	// Faults puts the demo's faults before the APIs, and its record of calls.
	Faults bool
	// PublicURL is the gateway's origin; PublicURL of this package when empty.
	PublicURL string
}

// World is the outside world as its process reports it.
type World struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	Control      string            // the rig's own
	Demo         string            // the demo's control page
	APIs         map[string]string // base URLs by name; posts among them
	Users        []demo.User
}

// Counts is what the APIs got since the last reset.
type Counts struct {
	Calls  map[string]int64 // by API
	Tokens map[string]int   // different Bearer tokens, by API
}

// StartWorld starts the outside world in a process of its own.
func (r *Rig) StartWorld(ctx context.Context, order WorldOrder) (*World, *Process, error) {
	var w World
	p, err := r.Self(ctx, RoleWorld, RoleWorld, order, &w)
	return &w, p, err
}

// Reset forgets all calls, and sets what each call of an API takes beside its own work.
func (w *World) Reset(ctx context.Context, latency time.Duration) error {
	return w.control(ctx, http.MethodPost, "/reset?latency="+url.QueryEscape(latency.String()), nil)
}

// Counts asks what the APIs got.
func (w *World) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	return c, w.control(ctx, http.MethodGet, "/counts", &c)
}

// Rotations asks the provider how many refresh tokens it has given for another, by the sid of the login.
func (w *World) Rotations(ctx context.Context) (map[string]int, error) {
	var n map[string]int
	return n, w.control(ctx, http.MethodGet, "/rotations", &n)
}

// SignOut lets the provider end the session with this sid and tell the gateway by the back channel.
func (w *World) SignOut(ctx context.Context, sid string) error {
	return w.control(ctx, http.MethodPost, "/signout?sid="+url.QueryEscape(sid), nil)
}

// Skew sets the clocks of the provider and the APIs ahead of the gateways'.
func (w *World) Skew(ctx context.Context, by time.Duration) error {
	return w.control(ctx, http.MethodPost, "/skew?by="+url.QueryEscape(by.String()), nil)
}

// RotateKeys lets the provider sign with a new key from now on.
func (w *World) RotateKeys(ctx context.Context) error {
	return w.send(ctx, http.MethodPost, w.Demo+"control/provider/keys", nil, nil)
}

// Fault sets one of the demo's faults, as its control page takes it in JSON.
func (w *World) Fault(ctx context.Context, rule string) error {
	return w.send(ctx, http.MethodPost, w.Demo+"control/faults", strings.NewReader(rule), nil)
}

// ClearFaults removes all faults.
func (w *World) ClearFaults(ctx context.Context) error {
	return w.send(ctx, http.MethodDelete, w.Demo+"control/faults", nil, nil)
}

func (w *World) control(ctx context.Context, method, path string, answer any) error {
	return w.send(ctx, method, w.Control+path, nil, answer)
}

func (w *World) send(ctx context.Context, method, target string, body io.Reader, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("rig: %s %s: %s", method, req.URL.Path, res.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(answer)
}

// PlayWorld is the outside world's [Role]: the demo's provider and its four APIs, and the posts API, each of them counted.
// None of them allows its answers to be kept.
func PlayWorld(ctx context.Context, order json.RawMessage) (any, func() error, error) {
	var cfg WorldOrder
	if err := json.Unmarshal(order, &cfg); err != nil {
		return nil, nil, err
	}
	if cfg.PublicURL == "" {
		cfg.PublicURL = PublicURL
	}
	clock := &clock{}
	d, err := demo.Start(ctx, demo.Config{PublicURL: cfg.PublicURL, Address: "127.0.0.1:0", AccessTokenTTL: cfg.TokenLife, Now: clock.now})
	if err != nil {
		return nil, nil, err
	}
	stops := []func() error{func() error { return d.Close(ctx) }}
	stop := func() error {
		var errs []error
		for _, s := range stops {
			errs = append(errs, s())
		}
		return errors.Join(errs...)
	}
	w := World{Issuer: d.Issuer, ClientID: d.ClientID, ClientSecret: d.ClientSecret, Demo: d.ControlURL, APIs: map[string]string{}, Users: d.Users}
	c := &counter{handlers: map[string]http.Handler{"posts": newPosts()}, counts: map[string]*count{}}
	for _, name := range apis.Names() {
		c.handlers[name] = d.Data.Handler(name)
		if cfg.Faults {
			c.handlers[name] = d.Faults.Wrap(name, c.handlers[name])
		}
	}
	for name, h := range c.handlers {
		c.counts[name] = &count{}
		address, end, err := Listen(ctx, c.wrap(name, h))
		if err != nil {
			return nil, nil, errors.Join(err, stop())
		}
		stops = append(stops, end)
		w.APIs[name] = "http://" + address
	}
	routes := c.routes()
	routes.HandleFunc("GET /rotations", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(d.Provider.Rotations()) //nolint:errcheck // The reader is gone; there is nobody to tell.
	})
	routes.HandleFunc("POST /skew", func(w http.ResponseWriter, r *http.Request) {
		by, err := time.ParseDuration(r.FormValue("by"))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		clock.ahead.Store(int64(by))
	})
	routes.HandleFunc("POST /signout", func(_ http.ResponseWriter, r *http.Request) {
		d.Provider.SignOut(r.Context(), r.FormValue("sid"), "")
	})
	address, end, err := Listen(ctx, routes)
	if err != nil {
		return nil, nil, errors.Join(err, stop())
	}
	stops = append(stops, end)
	if cfg.Faults {
		// The demo remembers 100,000 calls and grows slow when there are more.
		forget := time.NewTicker(time.Second)
		done := make(chan struct{})
		go func() {
			for {
				select {
				case <-forget.C:
					d.ResetCalls()
				case <-done:
					return
				}
			}
		}()
		stops = append(stops, func() error { forget.Stop(); close(done); return nil })
	}
	w.Control = "http://" + address
	return w, stop, nil
}

// clock is the world's own.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// counter counts the calls of each API, and the tokens they bear.
type counter struct {
	handlers map[string]http.Handler
	latency  atomic.Int64
	counts   map[string]*count
}

type count struct {
	calls  atomic.Int64
	tokens sync.Map
}

func (c *counter) wrap(name string, next http.Handler) http.Handler {
	counted := c.counts[name]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted.calls.Add(1)
		if token := r.Header.Get("Authorization"); token != "" {
			if _, known := counted.tokens.Load(token); !known {
				counted.tokens.Store(token, true)
			}
		}
		if latency := time.Duration(c.latency.Load()); latency > 0 {
			timer := time.NewTimer(latency)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(&uncached{ResponseWriter: w}, r)
	})
}

// uncached leaves out what allows an answer to be kept, so that every request makes every call.
type uncached struct {
	http.ResponseWriter
	begun bool
}

func (u *uncached) WriteHeader(status int) {
	if !u.begun {
		u.begun = true
		u.Header().Del("Cache-Control")
		u.Header().Del("Etag")
	}
	u.ResponseWriter.WriteHeader(status)
}

func (u *uncached) Write(b []byte) (int, error) {
	if !u.begun {
		u.WriteHeader(http.StatusOK)
	}
	return u.ResponseWriter.Write(b)
}

// Unwrap serves [http.ResponseController], with which the demo's faults drop connections.
func (u *uncached) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func (c *counter) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, r *http.Request) {
		latency, err := time.ParseDuration(r.FormValue("latency"))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.latency.Store(int64(latency))
		for _, counted := range c.counts {
			counted.calls.Store(0)
			counted.tokens.Clear()
		}
	})
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) {
		out := Counts{Calls: map[string]int64{}, Tokens: map[string]int{}}
		for name, counted := range c.counts {
			out.Calls[name] = counted.calls.Load()
			counted.tokens.Range(func(any, any) bool { out.Tokens[name]++; return true })
		}
		json.NewEncoder(w).Encode(out) //nolint:errcheck // The reader is gone; there is nobody to tell.
	})
	return mux
}
