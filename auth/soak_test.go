package auth_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/demo/visitor"
)

// go test -race ./auth -run TestSoak -soak 10m -soakseed 7
var (
	soakFor  = flag.Duration("soak", 0, "how long TestSoak runs; 0: twelve rounds")
	soakSeed = flag.Uint64("soakseed", 0, "TestSoak's seed; 0: of the time")
)

// browser is one browser as the model knows it.
type browser struct {
	name, user string
	visitor    *visitor.Visitor
	alive      bool
	family     int            // of the refresh tokens of its login
	logins     int            // so that a token belongs to one login
	dead       []*http.Cookie // of the last session that ended
}

// soak is the model and what it is checked against.
type soak struct {
	*world
	random   *rand.Rand
	faults   *faultyProvider
	browsers []*browser
	apis     []string
	services [2]*auth.Service
	routes   [2]*http.ServeMux

	mu   sync.Mutex        // guards uses
	uses map[string]string // token → whose it is and what for
}

// T-10, T-11, T-16, SES-10, SES-17, BCL-18: whatever the provider, the APIs, the users and the operators do, no session is
// lost that should live, none lives that should be dead, and no token is used for another user, login or API. Several
// users with several browsers, two replicas over one store; each round does its worst at once and is then checked.
func TestSoak(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	s := newSoak(t, seed)
	end := time.Now().Add(*soakFor)
	for round := 0; round < 12 || time.Now().Before(end); round++ {
		s.signInAll(t)
		s.round(t, round)
		s.check(t, round)
		if t.Failed() {
			t.Fatalf("seed %d, round %d", seed, round)
		}
	}
}

func newSoak(t *testing.T, seed uint64) *soak {
	t.Helper()
	gate := newTokenGate()
	faults := &faultyProvider{next: gate, family: map[string]int{}, ended: map[int]bool{}}
	w := newWorld(t, func(cfg *auth.Config, party *rp.Config) {
		gate.base = party.HTTPClient.Transport
		party.HTTPClient = &http.Client{Transport: faults}
		base := cfg.APIs["orders"].BaseURL
		cfg.APIs["billing"] = auth.APIToken{BaseURL: base, Kind: auth.KindExchange, Audience: "billing"}
		cfg.APIs["stock"] = auth.APIToken{BaseURL: base, Kind: auth.KindExchange, Audience: "stock"}
		cfg.APIs["mail"] = auth.APIToken{BaseURL: base, Kind: auth.KindClient, Audience: "mail"}
	})
	s := &soak{
		world: w, random: rand.New(rand.NewPCG(seed, 1)), faults: faults, uses: map[string]string{},
		apis: []string{"orders", "narrow", "narrower", "billing", "stock", "mail"},
	}
	for i := range s.services {
		s.restart(t, i)
	}
	for i := range 6 {
		user := []string{"alice", "bob", "agent"}[i%3]
		s.browsers = append(s.browsers, &browser{name: fmt.Sprint("browser ", i), user: user, visitor: w.visitor(t)})
	}
	return s
}

// restart puts a new process in the place of one replica, sometimes with a new sealing key.
func (s *soak) restart(t *testing.T, i int) {
	t.Helper()
	old := s.services[i]
	if old != nil && s.random.IntN(3) == 0 {
		// Both phases at once, so the other replica must know the key first.
		key := newKey()
		s.config.Keys = append([]auth.Key{{Use: "open", Secret: key.Secret}}, s.config.Keys...)
		other := s.services[1-i]
		s.start(t, 1-i)
		s.closeOld(t, other)
		for k := range s.config.Keys {
			s.config.Keys[k].Use = map[bool]string{true: "seal", false: "open"}[k == 0]
		}
	}
	s.start(t, i)
	s.closeOld(t, old)
}

func (s *soak) start(t *testing.T, i int) {
	t.Helper()
	s.services[i] = s.serve(t, s.config)
	s.routes[i] = s.world.routes.Load()
	if s.routes[1-i] != nil {
		s.world.routes.Store(replicas(s.routes[0], s.routes[1]))
	}
}

func (s *soak) closeOld(t *testing.T, old *auth.Service) {
	t.Helper()
	if old == nil {
		return
	}
	old.Drain()
	if err := old.Close(); err != nil {
		t.Error(err)
	}
}

// signInAll signs in whoever is not, one after another, so that each login's refresh token is known.
func (s *soak) signInAll(t *testing.T) {
	t.Helper()
	s.clock.Advance(3 * time.Second) // A sign-in of after the last logout, to the second.
	for _, b := range s.browsers {
		if b.alive {
			continue
		}
		if _, err := b.visitor.SignIn(t.Context(), b.user, b.user, "/", nil); err != nil {
			t.Fatal(err)
		}
		b.alive, b.family = signedIn(t, b.visitor), s.faults.newest()
		b.logins++
		if !b.alive {
			t.Fatalf("%s could not sign in\n%s", b.name, s.log)
		}
	}
}

// round lets everybody work at once while things go wrong.
func (s *soak) round(t *testing.T, round int) {
	t.Helper()
	if s.random.IntN(12) == 0 {
		s.clock.Advance(31 * time.Minute) // Everybody was away.
		for _, b := range s.browsers {
			b.bury()
		}
		return
	}
	s.clock.Advance(time.Duration(30+s.random.IntN(300)) * time.Second)
	s.faults.begin(s.random.Uint64(), s.random.IntN(4))
	if s.random.IntN(3) == 0 {
		share := uint64(s.random.IntN(3))
		s.api.refuses(func(token string) bool { return uint64(len(token)+int(token[len(token)-1]))%3 == share })
	}
	if s.random.IntN(4) == 0 {
		if _, err := s.demo.Provider.RotateKeys(); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for _, b := range s.browsers {
		for range 4 {
			api := s.apis[s.random.IntN(len(s.apis))]
			all.Go(func() { s.use(t, b, api) })
		}
	}
	for range s.random.IntN(3) {
		s.end(t, &all)
	}
	if round%3 == 2 {
		s.restart(t, s.random.IntN(2))
	}
	all.Wait()
	s.faults.begin(0, 0)
	s.api.refuses(nil)
	for _, b := range s.browsers {
		if b.alive && s.faults.hasEnded(b.family) {
			b.bury()
		}
	}
	s.clock.Advance(time.Minute) // Longer than any pause after a failure.
}

// end ends somebody's sessions in one of the ways there are, while the round runs.
func (s *soak) end(t *testing.T, all *sync.WaitGroup) {
	t.Helper()
	b := s.browsers[s.random.IntN(len(s.browsers))]
	if !b.alive {
		return
	}
	mine := func(each func(*browser)) {
		for _, other := range s.browsers {
			if other.user == b.user && other.alive {
				each(other)
			}
		}
	}
	switch s.random.IntN(5) {
	case 0:
		all.Go(func() { s.expect(t, b.visitor, http.MethodPost, "/auth/logout") })
		b.bury()
	case 1:
		mine((*browser).bury)
		all.Go(func() { s.demo.Provider.SignOut(context.Background(), "", "c-"+b.user) })
	case 2:
		if s.expect(t, b.visitor, http.MethodDelete, "/auth/sessions?scope=others") != http.StatusNoContent {
			return // Her own session has just been ended by the provider.
		}
		mine(func(other *browser) {
			if other != b {
				other.bury()
			}
		})
	case 3:
		mine((*browser).bury)
		service := s.services[0]
		all.Go(func() {
			if _, err := service.EndUser(context.Background(), "", "c-"+b.user, ""); err != nil {
				t.Error(err)
			}
		})
	case 4:
		s.stepUpIn(t, b)
	}
}

// stepUpIn gives a browser a new id while its other tabs work; the old one is dead soon.
func (s *soak) stepUpIn(t *testing.T, b *browser) {
	t.Helper()
	before := b.visitor.Cookies()
	s.faults.begin(0, 0) // The login itself goes well.
	page, err := b.visitor.SignIn(t.Context(), b.user, b.user, "/", map[string][]string{"max_age": {"0"}})
	if err != nil {
		t.Fatal(err)
	}
	if page.Status != http.StatusOK {
		t.Errorf("%s: the step-up ended with %d", b.name, page.Status)
	}
	b.family, b.dead = s.faults.newest(), before
	b.logins++
}

func (s *soak) expect(t *testing.T, v *visitor.Visitor, method, path string) int {
	res, err := v.Fetch(context.Background(), method, path, "", nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	res.Body.Close()
	if res.StatusCode >= 500 {
		t.Errorf("%s %s = %d", method, path, res.StatusCode)
	}
	return res.StatusCode
}

// bury notes that a browser's session must be dead from now on.
func (b *browser) bury() { b.alive, b.dead = false, b.visitor.Cookies() }

// use calls an API, and notes whose token it was.
func (s *soak) use(t *testing.T, b *browser, api string) int {
	res, err := b.visitor.Fetch(context.Background(), http.MethodGet, "/call/"+api, "", nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer res.Body.Close()
	io.Copy(io.Discard, res.Body)
	token := res.Header.Get("Token-Hash")
	if token == "" {
		return res.StatusCode
	}
	whose := b.name + " " + b.user + " " + api
	if api == "mail" {
		whose = "the gateway's for mail"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, used := s.uses[token]; used && before != whose {
		t.Errorf("%s got the token of %s", whose, before)
	}
	s.uses[token] = whose
	return res.StatusCode
}

// check compares the world with the model, when all is quiet.
func (s *soak) check(t *testing.T, round int) {
	t.Helper()
	for _, b := range s.browsers {
		if got := signedIn(t, b.visitor); got != b.alive {
			t.Errorf("round %d: %s of %s is signed in: %v, want %v", round, b.name, b.user, got, b.alive)
		}
		if b.alive {
			for _, api := range s.apis {
				if got := s.use(t, b, api); got != http.StatusOK {
					t.Errorf("round %d: %s calls %s: %d, want 200", round, b.name, api, got)
				}
			}
		}
		if len(b.dead) > 0 {
			ghost := s.visitor(t)
			ghost.SetCookies(b.dead)
			if signedIn(t, ghost) || call(t, ghost, "orders") == http.StatusOK {
				t.Errorf("round %d: an old cookie of %s opens a session", round, b.name)
			}
			ghost.Close()
		}
	}
	if t.Failed() {
		t.Logf("%s", s.log)
	}
}
