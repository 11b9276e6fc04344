package auth_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
)

// BCL-18, BCL-11: a login and a logout by the provider at once end in no session, whichever comes first at the store.
func TestALoginRacingALogoutByTheProviderEndsDead(t *testing.T) {
	for name, logoutOf := range map[string]func(sid string) (string, string){
		"by user":    func(string) (string, string) { return "c-alice", "" },
		"by session": func(sid string) (string, string) { return "", sid },
		"by both":    func(sid string) (string, string) { return "c-alice", sid },
	} {
		for _, first := range []string{"the logout", "the login"} {
			t.Run(first+" first, "+name, func(t *testing.T) {
				reached, release := make(chan bool), make(chan bool)
				w := newWorld(t, func(cfg *auth.Config, _ *rp.Config) {
					cfg.AfterLogin = func(context.Context, auth.Login) error {
						reached <- true
						<-release
						return nil
					}
				})
				v := w.visitor(t)
				page, _ := begin(t, v, "/auth/login")
				response, err := v.SubmitUntil(t.Context(), page, map[string]string{"username": "alice", "password": "alice"}, w.origin+"/auth/callback")
				if err != nil {
					t.Fatal(err)
				}
				ended := make(chan int, 1)
				go func() {
					res, err := v.Hop(context.Background(), response, http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}})
					if err != nil {
						ended <- 0
						return
					}
					res.Body.Close()
					ended <- res.StatusCode
				}()
				<-reached // The code is spent, the session not yet stored.
				logout := func() {
					sub, sid := logoutOf(w.demo.Provider.Sessions()[0].SID)
					if got, err := w.demo.Provider.BackChannelLogout(t.Context(), w.demo.ClientID, sub, sid); err != nil || got != http.StatusOK {
						t.Errorf("the logout = %d, %v", got, err)
					}
				}
				want := http.StatusOK
				if first == "the logout" {
					logout()
					want = http.StatusForbidden
				}
				close(release)
				if got := <-ended; got != want {
					t.Errorf("the login = %d, want %d", got, want)
				}
				if first == "the login" {
					logout()
				}
				if signedIn(t, v) {
					t.Error("she is signed in")
				}
			})
		}
	}
}

// T-10: two replicas that both believe they hold the lease (it was lost with the machine that kept it) end no session: the
// one whose refresh token the provider calls spent takes what the other stored.
func TestALostLeaseEndsNoSession(t *testing.T) {
	race := &refreshRace{second: make(chan bool), stored: make(chan bool)}
	w := newWorld(t, func(_ *auth.Config, party *rp.Config) {
		race.base = party.HTTPClient.Transport
		party.HTTPClient = &http.Client{Transport: race}
	})
	v := w.signIn(t, "alice")
	forgetful := w.config
	forgetful.Store = &leaselessStore{Store: w.store, stored: race.stored}
	w.serve(t, forgetful)
	first := w.routes.Load()
	w.serve(t, forgetful)
	w.routes.Store(replicas(first, w.routes.Load()))
	w.clock.Advance(6 * time.Minute)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if got := call(t, v, "orders"); got != http.StatusOK {
				t.Errorf("call = %d, want 200", got)
			}
		})
	}
	both.Wait()
	if !signedIn(t, v) || race.used != 2 {
		t.Errorf("signed in %v after %d refreshes, want her in after two", signedIn(t, v), race.used)
	}
}

// refreshRace lets two refreshes with one token in together, as two replicas without a lease make them. The first is
// answered, and the second told invalid_grant once the first one's answer is stored.
type refreshRace struct {
	base           http.RoundTripper
	second, stored chan bool

	mu   sync.Mutex // guards used
	used int
}

func (s *refreshRace) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPost || !strings.HasSuffix(req.URL.Path, "/token") || formOf(req).Get("refresh_token") == "" {
		return s.base.RoundTrip(req)
	}
	s.mu.Lock()
	s.used++
	n := s.used
	s.mu.Unlock()
	if n == 1 {
		<-s.second
		return s.base.RoundTrip(req)
	}
	close(s.second)
	<-s.stored
	return jsonAnswer(http.StatusBadRequest, `{"error":"invalid_grant"}`), nil
}

// formOf reads a request's form and leaves the request as it was.
func formOf(req *http.Request) url.Values {
	copied := req.Clone(req.Context())
	body, _ := req.GetBody()
	copied.Body = body
	copied.ParseForm()
	return maps.Clone(copied.PostForm)
}

func jsonAnswer(status int, body string) *http.Response {
	out := httptest.NewRecorder()
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(status)
	out.WriteString(body)
	return out.Result()
}

// leaselessStore gives every lease to everybody.
type leaselessStore struct {
	auth.Store
	stored chan bool // closed by the first update
}

func (*leaselessStore) Lease(context.Context, string, time.Duration) (func(), bool, error) {
	return func() {}, true, nil
}

func (s *leaselessStore) Update(ctx context.Context, r *auth.Record) error {
	err := s.Store.Update(ctx, r)
	close(s.stored)
	return err
}

// replicas sends every other request to each.
func replicas(first, second *http.ServeMux) *http.ServeMux {
	var mu sync.Mutex
	n := 0
	both := http.NewServeMux()
	both.HandleFunc("/", func(out http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		h := first
		if n%2 == 0 {
			h = second
		}
		mu.Unlock()
		h.ServeHTTP(out, r)
	})
	return both
}
