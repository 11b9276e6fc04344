package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/memstore"
	"vestibule.example/auth/rp"
)

// bubble is a service in a synctest bubble, whose time stands still until everybody waits: no network, the provider is a
// function.
type bubble struct {
	*auth.Service
	store  auth.Store
	config auth.Config
	log    *lockedBuffer
}

// newBubble starts one. provider answers all requests but that of the metadata; it may be nil.
func newBubble(t *testing.T, store auth.Store, provider func(*http.Request) *http.Response) *bubble {
	t.Helper()
	const issuer = "https://login.test"
	party, err := rp.New(rp.Config{
		Issuer: issuer, ClientID: "v", ClientSecret: newKey().Secret, RedirectURI: "https://app.test/auth/callback",
		HTTPClient: &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/openid-configuration") {
				return jsonAnswer(http.StatusOK, `{"issuer":"`+issuer+`","authorization_endpoint":"`+issuer+`/a","token_endpoint":"`+issuer+`/token","jwks_uri":"`+issuer+`/k",
					"revocation_endpoint":"`+issuer+`/revoke","response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`), nil
			}
			return provider(req), nil
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &bubble{store: store, log: &lockedBuffer{}}
	b.config = auth.Config{
		Provider: party, Store: store, PublicURL: &url.URL{Scheme: "https", Host: "app.test"}, Keys: []auth.Key{newKey()}, Logger: slog.New(slog.NewJSONHandler(b.log, nil)),
		IdleTimeout: 10 * time.Minute, Lifetime: time.Hour,
	}
	if b.Service, err = auth.New(b.config); err != nil {
		t.Fatal(err)
	}
	return b
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func (b *bubble) signIn(t *testing.T) *http.Cookie {
	t.Helper()
	cookie, err := b.Admit(t.Context(), "alice", "refresh-token")
	if err != nil {
		t.Fatal(err)
	}
	return cookie
}

func with(cookie *http.Cookie, method, path string) *http.Request {
	r := httptest.NewRequest(method, "https://app.test"+path, nil)
	r.AddCookie(cookie)
	return r
}

// heard is what a stream has sent so far.
type heard struct {
	header http.Header
	status int

	mu   sync.Mutex // guards text
	text strings.Builder
}

func (h *heard) Header() http.Header    { return h.header }
func (h *heard) WriteHeader(status int) { h.status = status }
func (h *heard) Flush()                 {}
func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) events(t *testing.T) []string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for line := range strings.Lines(h.text.String()) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var event struct{ Type, Reason string }
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.TrimSpace(event.Type+" "+event.Reason))
	}
	return out
}

// listen opens a stream; ended is closed when it is over.
func (b *bubble) listen(ctx context.Context, cookie *http.Cookie) (h *heard, ended chan bool) {
	h, ended = &heard{header: http.Header{}}, make(chan bool)
	go func() {
		defer close(ended)
		b.Events().ServeHTTP(h, with(cookie, http.MethodGet, "/auth/events").WithContext(ctx))
	}()
	synctest.Wait()
	return h, ended
}

func wantEvents(t *testing.T, h *heard, want ...string) {
	t.Helper()
	if got := h.events(t); strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("the stream said %q, want %q", got, want)
	}
}

// SES-7, SES-8: a stream says when its session is about to end, that it lives on when it is used, and why it ended.
func TestAStreamTellsOfTheEndAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(memstore.Config{})
		b := newBubble(t, store, nil)
		cookie := b.signIn(t)
		h, ended := b.listen(t.Context(), cookie)
		wantEvents(t, h, "refreshed")
		<-time.After(8*time.Minute + 30*time.Second)
		synctest.Wait()
		wantEvents(t, h, "refreshed", "expiring")
		b.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(httptest.NewRecorder(), with(cookie, http.MethodGet, "/"))
		<-time.After(30 * time.Second)
		synctest.Wait()
		wantEvents(t, h, "refreshed", "expiring", "refreshed")
		<-ended
		wantEvents(t, h, "refreshed", "expiring", "refreshed", "expiring", "ended idle")
		if !strings.Contains(h.text.String(), "\n:\n") {
			t.Error("nothing kept the connection open in between")
		}

		cookie = b.signIn(t)
		h, ended = b.listen(t.Context(), cookie)
		for range 58 {
			<-time.After(time.Minute)
			b.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(httptest.NewRecorder(), with(cookie, http.MethodGet, "/"))
		}
		<-ended
		wantEvents(t, h, "refreshed", "expiring", "ended lifetime")
		closeAll(t, b.Close, store.Close)
	})
}

func closeAll(t *testing.T, closes ...func() error) {
	t.Helper()
	for _, end := range closes {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
}

// deafStore tells its watchers nothing, as if the connection were gone, until it is mended; it may also be down.
type deafStore struct {
	auth.Store
	watched atomic.Int32
	hears   atomic.Bool
	down    atomic.Bool
}

func (s *deafStore) Watch(ctx context.Context) (<-chan auth.Ended, error) {
	if n := s.watched.Add(1); n > 1 && s.down.Load() {
		return nil, errOutage
	}
	if s.hears.Load() {
		return s.Store.Watch(ctx)
	}
	gone := make(chan auth.Ended)
	close(gone)
	return gone, nil
}

func (s *deafStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	if s.down.Load() {
		return nil, errOutage
	}
	return s.Store.Get(ctx, key)
}

// T-12: a stream asks for itself every fifteen seconds, whatever is or is not told; an outage is no ending; and what is told
// after the outage is heard again.
func TestAStreamChecksForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		store := &deafStore{Store: memory}
		b := newBubble(t, store, nil)
		h, ended := b.listen(t.Context(), b.signIn(t))
		store.down.Store(true)
		<-time.After(time.Minute)
		synctest.Wait()
		wantEvents(t, h, "refreshed")
		store.down.Store(false)
		b.EndUser(t.Context(), "", "alice", "")
		before := time.Now()
		<-ended
		if took := time.Since(before); took > 15*time.Second {
			t.Errorf("the stream ended after %s, want at most 15 s", took)
		}
		wantEvents(t, h, "refreshed", "ended revoked")

		store.hears.Store(true)
		<-time.After(2 * time.Second) // The watch is taken up again every second.
		h, ended = b.listen(t.Context(), b.signIn(t))
		before = time.Now()
		b.EndUser(t.Context(), "", "alice", "")
		<-ended
		if took := time.Since(before); took != 0 {
			t.Errorf("with the watch back, the stream ended after %s, want at once", took)
		}
		wantEvents(t, h, "refreshed", "ended revoked")
		closeAll(t, b.Close, memory.Close)
	})
}

// A step-up on another replica is heard at the next look, also where nothing is left of the old session by then. It is no end
// that the browser is told of.
func TestAStreamNoticesAStepUpElsewhere(t *testing.T) {
	for name, after := range map[string]time.Duration{"while the old session reads": 10 * time.Second, "when it is gone": 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			store := memstore.New(memstore.Config{})
			b := newBubble(t, store, nil)
			other, err := auth.New(b.config)
			if err != nil {
				t.Fatal(err)
			}
			cookie := b.signIn(t)
			h, ended := b.listen(t.Context(), cookie)
			until, leave := b.until(t, cookie)
			<-time.After(after)
			if _, err := other.StepUp(t.Context(), "alice", cookie); err != nil {
				t.Fatal(err)
			}
			before := time.Now()
			<-ended
			wantEvents(t, h, "refreshed")
			<-until.Done()
			if took := time.Since(before); took > 15*time.Second || !errors.Is(context.Cause(until), auth.ErrReplaced) {
				t.Errorf("%s: the stream ended after %s with %v, want ErrReplaced within 15 s", name, took, context.Cause(until))
			}
			leave()
			closeAll(t, b.Close, other.Close, store.Close)
		})
	}
}

// endingStore ends a session right after it was first looked up.
type endingStore struct {
	auth.Store
	armed atomic.Bool
}

func (s *endingStore) Get(ctx context.Context, key string) (*auth.Record, error) {
	r, err := s.Store.Get(ctx, key)
	if s.armed.CompareAndSwap(true, false) {
		s.Delete(ctx, key, auth.ReasonLogout)
	}
	return r, err
}

// A session that ends while its stream begins is not listened to in vain.
func TestASessionThatEndsWhileItsStreamBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := memstore.New(memstore.Config{})
		store := &endingStore{Store: memory}
		b := newBubble(t, store, nil)
		cookie := b.signIn(t)
		store.armed.Store(true)
		h, ended := b.listen(t.Context(), cookie)
		select {
		case <-ended:
		default:
			t.Error("the stream of a dead session is open")
		}
		if h.status != http.StatusUnauthorized {
			t.Errorf("status = %d, want 401", h.status)
		}
		closeAll(t, b.Close, memory.Close)
	})
}

// REV-1: a refresh token is revoked with patience, at most three times, and not again where the provider says no.
func TestRevocationIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		name     string
		statuses []int
		tries    int
	}{
		{"done", []int{200}, 1},
		{"done at the second try", []int{503, 200}, 2},
		{"done at the third try", []int{503, 500, 200}, 3},
		{"never", []int{503, 503, 503, 503}, 3},
		{"refused", []int{400, 200}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := memstore.New(memstore.Config{})
				var tries atomic.Int32
				b := newBubble(t, store, func(req *http.Request) *http.Response {
					if form := formOf(req); req.URL.Path != "/revoke" || form.Get("token") != "refresh-token" || form.Get("token_type_hint") != "refresh_token" {
						t.Errorf("the provider got %s %v", req.URL.Path, form)
					}
					return jsonAnswer(c.statuses[tries.Add(1)-1], `{"error":"unsupported_token_type"}`)
				})
				cookie := b.signIn(t)
				r := with(cookie, http.MethodPost, "/auth/logout")
				r.Header.Set("X-CSRF", "1")
				out := httptest.NewRecorder()
				b.Logout().ServeHTTP(out, r)
				if out.Code != http.StatusOK {
					t.Errorf("logout = %d, want 200 whatever becomes of the revocation", out.Code)
				}
				closeAll(t, b.Close, store.Close)
				if got := int(tries.Load()); got != c.tries {
					t.Errorf("%d tries, want %d", got, c.tries)
				}
				if warned := strings.Contains(b.log.String(), "could not be revoked"); warned != (c.name == "never" || c.name == "refused") {
					t.Errorf("warned: %v", warned)
				}
			})
		})
	}
}

// Close does not wait for ever, and says so.
func TestCloseCutsWhatDoesNotEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(memstore.Config{})
		b := newBubble(t, store, func(req *http.Request) *http.Response {
			<-req.Context().Done()
			return jsonAnswer(http.StatusServiceUnavailable, "{}")
		})
		r := with(b.signIn(t), http.MethodPost, "/auth/logout")
		r.Header.Set("X-CSRF", "1")
		b.Logout().ServeHTTP(httptest.NewRecorder(), r)
		before := time.Now()
		if err := b.Close(); err == nil || time.Since(before) != 10*time.Second {
			t.Errorf("Close = %v after %s, want an error after ten seconds", err, time.Since(before))
		}
		closeAll(t, store.Close)
	})
}

// A store that cannot be watched stops the start.
func TestAStoreThatCannotBeWatchedStopsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(memstore.Config{})
		b := newBubble(t, store, nil)
		closeAll(t, b.Close, store.Close)
		if _, err := auth.New(b.config); err == nil || errors.Is(err, errOutage) {
			t.Errorf("New over a closed store = %v, want its error", err)
		}
	})
}
