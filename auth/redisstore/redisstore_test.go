//go:build redis

package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"go.uber.org/goleak"

	"vestibule.example/auth"
	"vestibule.example/auth/redisstore"
	"vestibule.example/auth/secret"
	"vestibule.example/auth/storetest"
)

func TestMain(m *testing.M) {
	// The client library looks at a cluster's topology once more, a moment after Close.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"))
}

// open makes a store with a prefix of its own, whose lives pass as the clock is moved on.
func open(t *testing.T, server *server, clock *storetest.Clock, prefix string) *redisstore.Store {
	t.Helper()
	store := connect(t, redisstore.Config{Addresses: []string{server.address}, Prefix: prefix, Keep: auth.MaxKept, Now: clock.Now})
	clock.OnAdvance = func(d time.Duration) { server.age(t, prefix, d) }
	return store
}

func connect(t *testing.T, cfg redisstore.Config) *redisstore.Store {
	t.Helper()
	store, err := redisstore.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func TestContract(t *testing.T) {
	for _, kind := range []struct {
		name  string
		start func(testing.TB) *server
	}{
		{"a single server", func(t testing.TB) *server { return startServer(t) }},
		{"a cluster", startCluster},
	} {
		t.Run(kind.name, func(t *testing.T) {
			server := kind.start(t)
			n := 0
			storetest.Run(t, func(t *testing.T, clock *storetest.Clock) auth.Store {
				n++
				return open(t, server, clock, fmt.Sprintf("%d:", n))
			})
		})
	}
}

// Two replicas over one server, with clocks that may differ.
func TestReplicas(t *testing.T) {
	server := startServer(t)
	n := 0
	storetest.RunReplicas(t, func(t *testing.T, here, there *storetest.Clock) (auth.Store, auth.Store) {
		n++
		prefix := fmt.Sprintf("%d:", n)
		return open(t, server, here, prefix), open(t, server, there, prefix)
	})
}

// What ended leaves nothing behind, in the indexes neither.
func TestNothingIsLeftBehind(t *testing.T) {
	server, clock := startServer(t), &storetest.Clock{}
	store := open(t, server, clock, "v:")
	for i := range 50 {
		if err := store.Create(t.Context(), record(clock, fmt.Sprint(i), "sub", fmt.Sprint("sid", i))); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 40 {
		if err := store.Delete(t.Context(), fmt.Sprint(i), auth.ReasonLogout); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(server.keys(t, "v:p:*")) + len(server.keys(t, "v:s:*")); n != 20 {
		t.Errorf("%d sessions and indexes are left of ten sessions, want 20", n)
	}
	if n, err := store.End(t.Context(), auth.Selector{Subject: []string{"sub"}}, auth.ReasonBackchannel); n != 10 || err != nil {
		t.Fatalf("End = %d, %v, want 10", n, err)
	}
	clock.Advance(auth.MarkerLife)
	if left := server.keys(t, "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A session that was written and never begun, because its replica died, is nobody's and goes by itself.
func TestASessionThatNeverBegan(t *testing.T) {
	server, clock := startServer(t), &storetest.Clock{}
	store := open(t, server, clock, "v:")
	if err := store.Create(t.Context(), record(clock, "a", "sub", "")); err != nil {
		t.Fatal(err)
	}
	server.do(t, func(b rueidis.Client) rueidis.Completed { return b.B().Hdel().Key("v:s:{a}").Field("begun").Build() })
	if _, err := store.Get(t.Context(), "a"); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Get = %v, want ErrNotFound", err)
	}
	if err := store.Touch(t.Context(), "a", clock.Now().Add(time.Minute)); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Touch = %v, want ErrNotFound", err)
	}
	if err := store.Update(t.Context(), record(clock, "a", "sub", "")); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("Update = %v, want ErrNotFound", err)
	}
	if n, err := store.End(t.Context(), auth.Selector{Subject: []string{"sub"}}, auth.ReasonBackchannel); n != 0 || err != nil {
		t.Errorf("End = %d, %v, want none: nobody was signed in", n, err)
	}
	if left := server.keys(t, "v:s:*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// SES-16: while the server is away every method says so, none takes the session for ended, and all is as it was afterwards.
func TestOutage(t *testing.T) {
	server, clock := startServer(t, "--appendonly", "yes", "--appendfsync", "always"), &storetest.Clock{}
	store := open(t, server, clock, "v:")
	if err := store.Create(t.Context(), record(clock, "a", "sub", "sid")); err != nil {
		t.Fatal(err)
	}
	watch, err := store.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server.stop()
	if _, open := <-watch; open {
		t.Error("the watcher was told something, want its channel closed")
	}
	r := record(clock, "a", "sub", "sid")
	for name, call := range map[string]func(context.Context) error{
		"Create": func(ctx context.Context) error { return store.Create(ctx, record(clock, "b", "sub", "sid")) },
		"Get":    func(ctx context.Context) error { _, err := store.Get(ctx, "a"); return err },
		"Update": func(ctx context.Context) error { return store.Update(ctx, r) },
		"Touch":  func(ctx context.Context) error { return store.Touch(ctx, "a", clock.Now()) },
		"Delete": func(ctx context.Context) error { return store.Delete(ctx, "a", auth.ReasonLogout) },
		"End": func(ctx context.Context) error {
			_, err := store.End(ctx, auth.Selector{SID: []string{"sid"}}, auth.ReasonBackchannel)
			return err
		},
		"List":  func(ctx context.Context) error { _, err := store.List(ctx, []string{"sub"}); return err },
		"Lease": func(ctx context.Context) error { _, _, err := store.Lease(ctx, "l", time.Minute); return err },
		"Put":   func(ctx context.Context) error { return store.Put(ctx, "x", nil, time.Minute) },
		"Take":  func(ctx context.Context) error { _, err := store.Take(ctx, "x"); return err },
		"Watch": func(ctx context.Context) error { _, err := store.Watch(ctx); return err },
	} {
		err := call(t.Context())
		for _, named := range []error{auth.ErrNotFound, auth.ErrExists, auth.ErrConflict, auth.ErrLoggedOut, auth.ErrStoreFull} {
			if err == nil || errors.Is(err, named) {
				t.Errorf("%s while the server is away = %v, want an outage", name, err)
			}
		}
	}
	server.start(t)
	for { // The client connects again by itself.
		got, err := store.Get(t.Context(), "a")
		if err == nil && got.Subject == "sub" {
			break
		}
		if errors.Is(err, auth.ErrNotFound) || t.Context().Err() != nil {
			t.Fatalf("Get after the outage = %v, want the session", err)
		}
	}
}

// What is wrong with a server is said, and nothing else is tried.
func TestNewRefuses(t *testing.T) {
	guarded := startServer(t, "--requirepass", "right")
	dropping := startServer(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	limited := startServer(t)
	limited.cli(t, "acl", "setuser", "v", "on", ">p", "~*", "&*", "+@all", "-info")
	limited.cli(t, "acl", "setuser", "w", "on", ">p", "~*", "&*", "+@all", "-client|tracking")
	gone := startServer(t)
	gone.stop()
	for _, c := range []struct {
		name string
		cfg  redisstore.Config
		want error
		text string
	}{
		{"no address", redisstore.Config{}, nil, "an address is needed"},
		{"answers that would be kept for too long", redisstore.Config{Addresses: []string{limited.address}, Keep: auth.MaxKept + 1}, nil, "are kept for"},
		{"answers that would be kept for less than no time", redisstore.Config{Addresses: []string{limited.address}, Keep: -1}, nil, "are kept for"},
		{"no password", redisstore.Config{Addresses: []string{guarded.address}}, redisstore.ErrAuth, "NOAUTH"},
		{"a wrong password", redisstore.Config{Addresses: []string{guarded.address}, Password: secret.New("wrong")}, redisstore.ErrAuth, "WRONGPASS"},
		{"a server that drops keys", redisstore.Config{Addresses: []string{dropping.address}}, redisstore.ErrPolicy, "allkeys-lru"},
		{"a server that is a replica", redisstore.Config{Addresses: []string{startReplica(t, startServer(t)).address}}, redisstore.ErrReadOnly, "read-only"},
		{"a user who may not", redisstore.Config{Addresses: []string{limited.address}, Username: "v", Password: secret.New("p")}, redisstore.ErrAuth, "NOPERM"},
		{"a user who may not be told of changes", redisstore.Config{Addresses: []string{limited.address}, Username: "w", Password: secret.New("p"), Keep: auth.MaxKept}, redisstore.ErrTracking, "CLIENT TRACKING"},
		{"a server that is not there", redisstore.Config{Addresses: []string{gone.address}}, nil, "connect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := redisstore.New(t.Context(), c.cfg)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("New = %v, want %v with %q", err, c.want, c.text)
			}
			if strings.Contains(err.Error(), "wrong") && c.name == "a wrong password" {
				t.Error("the error shows the password")
			}
		})
	}
}

// SES-18, T-11: whoever signs in leaves a tenth of the memory to those who have, so that what a refresh brings can be stored and
// the provider's logouts are done, however many logins strangers begin.
func TestAServerOutOfMemory(t *testing.T) {
	server, clock := startServer(t, "--maxmemory", "6mb", "--maxmemory-policy", "noeviction"), &storetest.Clock{}
	store := open(t, server, clock, "v:")
	large := func(key string) *auth.Record {
		r := record(clock, key, "sub", "sid-"+key)
		r.Body = make([]byte, 32<<10)
		return r
	}
	full := func(what string, create func(key string) error) {
		t.Helper()
		for i := 0; ; i++ {
			if err := create(fmt.Sprint(i)); errors.Is(err, auth.ErrStoreFull) {
				return
			} else if err != nil || i > 1000 {
				t.Fatalf("%s number %d = %v, want ErrStoreFull in the end", what, i, err)
			}
			clock.Advance(time.Second)
		}
	}
	full("Create", func(key string) error { return store.Create(t.Context(), large(key)) })
	full("Put", func(key string) error { return store.Put(t.Context(), "state:"+key, make([]byte, 4<<10), time.Hour) })

	for i := range 5 {
		release, leased, err := store.Lease(t.Context(), "grant", time.Minute)
		if err != nil || !leased {
			t.Fatalf("Lease = %t, %v", leased, err)
		}
		held, err := store.Get(t.Context(), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		held.Body = make([]byte, 34<<10)
		if err := store.Update(t.Context(), held); err != nil {
			t.Errorf("the lease was given, and storing failed: %v", err)
		}
		release()
	}
	if err := store.Put(auth.UseReserve(t.Context()), "jti:1", nil, time.Minute); err != nil {
		t.Errorf("Put of what no stranger causes = %v", err)
	}
	end := func(ctx context.Context, sid string, want int) {
		t.Helper()
		if n, err := store.End(ctx, auth.Selector{SID: []string{sid}}, auth.ReasonFrontchannel); n != want || err != nil {
			t.Errorf("End(%s) = %d, %v, want %d", sid, n, err, want)
		}
	}
	end(t.Context(), "sid-0", 1)
	end(t.Context(), "invented", 0)
	end(auth.UseReserve(t.Context()), "signed", 0)
	for sid, want := range map[string]string{"sid-0": "1", "invented": "0", "signed": "1"} {
		if got := strings.TrimSpace(server.cli(t, "exists", "v:P:{"+sid+"}")); got != want {
			t.Errorf("%s markers of %s, want %s", got, sid, want)
		}
	}

	if err := store.Check(t.Context()); err != nil {
		t.Errorf("Check of a full store = %v: who is signed in is served", err)
	}
	if err := store.Delete(t.Context(), "1", auth.ReasonLogout); err != nil {
		t.Errorf("signing out of a full store = %v", err)
	}
	server.cli(t, "config", "set", "maxmemory", "100mb")
	if err := store.Create(t.Context(), large("later")); !errors.Is(err, auth.ErrStoreFull) {
		t.Errorf("Create before a second has passed = %v, want what was known", err)
	}
	clock.Advance(time.Second)
	server.cli(t, "acl", "setuser", "default", "-info")
	if err := store.Create(t.Context(), large("later")); !errors.Is(err, auth.ErrStoreFull) {
		t.Errorf("Create where the server does not say = %v, want what was known", err)
	}
	server.cli(t, "acl", "setuser", "default", "+info")
	clock.Advance(time.Second)
	if err := store.Create(t.Context(), large("later")); err != nil {
		t.Errorf("Create where there is room again = %v", err)
	}

	server.cli(t, "config", "set", "maxmemory", "1mb") // The reserve is used up too.
	held, err := store.Get(t.Context(), "2")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Update(t.Context(), held); !errors.Is(err, auth.ErrStoreFull) {
		t.Errorf("Update in a full store = %v, want ErrStoreFull: it is no conflict, and the session has not ended", err)
	}
	if _, _, err := store.Lease(t.Context(), "grant", time.Minute); !errors.Is(err, auth.ErrStoreFull) {
		t.Errorf("Lease where nothing can be stored = %v, want ErrStoreFull", err)
	}
	if err := store.Delete(t.Context(), "2", auth.ReasonLogout); err != nil {
		t.Errorf("signing out of a full store = %v", err)
	}
}

func record(clock *storetest.Clock, key, subject, sid string) *auth.Record {
	return &auth.Record{
		Key: key, ListID: "list-" + key, Subject: subject, SID: sid, Head: []byte("head"), Body: []byte("body"), Generation: 1,
		SignedInAt: clock.Now(), LastSeen: clock.Now(), IdleTimeout: 30 * time.Minute, Expires: clock.Now().Add(12 * time.Hour),
	}
}
