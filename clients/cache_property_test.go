package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/clients"
)

var (
	propertySeed   = flag.Uint64("seed", 0, "seed of TestNobodyGetsWhatIsNotHers; 0 takes the time")
	propertyRounds = flag.Int("rounds", 400, "calls of each of its users")
)

const (
	propertyUsers = 12
	propertyPages = 6
)

// library is an API whose pages are each user's own. It answers with the user it saw and with how many changes of hers it
// had done when it looked, and says at random what caches may do with that.
type library struct {
	seed  uint64
	calls atomic.Uint64
	done  [propertyUsers + 1]atomic.Int64 // changes by user; the last is the public
}

// libraryAnswer is what a page says.
type libraryAnswer struct {
	Who      int
	Page     string
	Language string
	ID       string // the request's, on the page that varies by it
	Changes  int64
	Call     uint64
	NoStore  bool
}

// pageVary is what the pages vary by, each by its own.
var pageVary = [propertyPages]string{"", "Accept-Language", "X-Request-Id", "Authorization", "*", ""}

const (
	pageOfRequestIDs = "/2"
	pageOfNoOther    = "/4"
)

// changeKey is where a change's number is told to its caller, answered or not.
type changeKey struct{}

type userKey struct{}

func userOf(ctx context.Context) *libraryUser { u, _ := ctx.Value(userKey{}).(*libraryUser); return u }

// RoundTrip implements [http.RoundTripper].
func (l *library) RoundTrip(req *http.Request) (*http.Response, error) {
	call, who := l.calls.Add(1), userOf(req.Context()).who
	random := rand.New(rand.NewPCG(l.seed, call))
	if req.Method != http.MethodGet {
		outcome := random.IntN(10)
		if outcome == 0 {
			return l.answer(http.StatusConflict, http.Header{}, nil), nil // and nothing is changed
		}
		number, _ := req.Context().Value(changeKey{}).(*int64)
		*number = l.done[who].Add(1)
		if outcome == 1 {
			return nil, io.ErrUnexpectedEOF // changed, and nobody says so
		}
		return l.answer(http.StatusOK, http.Header{}, nil), nil
	}
	changes := l.done[who].Load()
	if err := dawdle(req.Context(), random); err != nil {
		return nil, err
	}
	switch random.IntN(12) {
	case 0:
		return nil, io.ErrUnexpectedEOF
	case 1:
		return l.answer([]int{401, 403, 404, 429, 500, 503}[random.IntN(6)], http.Header{}, nil), nil
	}
	h := http.Header{"Content-Type": {"application/json"}}
	var directives []string
	for _, d := range []string{"public", "private", "max-age=0", "max-age=1", "max-age=60", "max-age=60", "no-cache", "no-store", "must-revalidate", "stale-while-revalidate=60", "stale-if-error=60"} {
		if random.IntN(4) == 0 {
			directives = append(directives, d)
		}
	}
	if len(directives) > 0 {
		h.Set("Cache-Control", strings.Join(directives, ", "))
	}
	page := req.URL.Path
	if vary := pageVary[page[1]-'0']; vary != "" {
		h.Set("Vary", vary)
	}
	// The validator is the user's own and says which changes it knows: a 304 by another's is a crossing too.
	tag := fmt.Sprintf(`"%d%s/%d"`, who, page, changes)
	if random.IntN(2) == 0 {
		h.Set("Etag", tag)
	}
	if sent := req.Header.Get("If-None-Match"); sent != "" {
		if !strings.HasPrefix(sent, fmt.Sprintf(`"%d%s/`, who, page)) {
			return l.answer(http.StatusTeapot, http.Header{}, nil), nil
		}
		if sent == tag {
			return l.answer(http.StatusNotModified, h, nil), nil
		}
	}
	answer := libraryAnswer{Who: who, Page: page, Language: req.Header.Get("Accept-Language"), Changes: changes, Call: call, NoStore: slices.Contains(directives, "no-store")}
	if page == pageOfRequestIDs {
		answer.ID = req.Header.Get("X-Request-Id")
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	return l.answer(http.StatusOK, h, body), nil
}

func (l *library) answer(status int, h http.Header, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(string(body))), ContentLength: int64(len(body))}
}

// dawdle lets others run for a while.
func dawdle(ctx context.Context, random *rand.Rand) error {
	pause := time.NewTimer(time.Duration(random.IntN(300)) * time.Microsecond)
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-pause.C:
		return nil
	}
}

// libraryUser is one session. Its changes count only once they are answered.
type libraryUser struct {
	who     int
	session string
	public  bool
	ended   *atomic.Uint64 // the call that was the last when the session ended; 0 while it lasts
	changes *atomic.Int64  // that were answered
}

func (u *libraryUser) identity() clients.IdentityKey {
	if u.public {
		return clients.PublicIdentity()
	}
	return clients.SessionIdentity(u.session, u.session)
}

// CACHE-4, CACHE-5, CACHE-7, GQL-12, T-16: whatever APIs allow caches, whoever changes what, signs out or gives up, and
// however it all runs at once: an answer was made for the one who gets it, knows all changes of hers that were answered
// before she asked, and if she had signed out before, it was made after that.
func TestNobodyGetsWhatIsNotHers(t *testing.T) {
	seed := *propertySeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("run again with: go test ./clients -run TestNobodyGetsWhatIsNotHers -seed %d", seed)
	base, err := url.Parse("http://library.test")
	if err != nil {
		t.Fatal(err)
	}
	l := &library{seed: seed}
	var clock atomic.Int64
	api, err := clients.New(clients.Config{
		Name: "library", BaseURL: base, Transport: l, ForwardLanguage: true,
		Identity: func(ctx context.Context) (clients.IdentityKey, error) { return userOf(ctx).identity(), nil },
		Cache:    clients.CacheConfig{MaxBytes: 32 << 10, PersonalStaleIfError: true, PersonalStaleWhileRevalidate: true},
		Now:      func() time.Time { return time.Unix(1_800_000_000, clock.Add(int64(4*time.Millisecond))) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for who := range propertyUsers + 1 {
		wg.Go(func() { l.user(t, api, who) })
	}
	wg.Wait()
	api.Close()
	api.Quiet()
	stats := api.Stats()
	t.Logf("%+v", stats)
	for _, fault := range api.CacheFaults() {
		t.Error(fault)
	}
	for name, n := range map[string]int64{
		"hits": stats.Hits, "misses": stats.Misses, "revalidated": stats.Revalidated, "shared": stats.Shared, "stale": stats.Stale,
		"stored": stats.Stored, "invalidated": stats.Invalidated, "forgotten": stats.Forgotten, "evicted": stats.Evicted,
	} {
		if n == 0 {
			t.Errorf("the run had no %s: it proves nothing about them", name)
		}
	}
}

// user lives through many sessions, each with several requests at once.
func (l *library) user(t *testing.T, api *clients.API, who int) {
	random := rand.New(rand.NewPCG(l.seed, 1<<40+uint64(who)))
	u := &libraryUser{who: who, public: who == propertyUsers, changes: &atomic.Int64{}}
	u.changes.Store(l.done[who].Load())
	for round := 0; round < *propertyRounds && !t.Failed(); {
		u = &libraryUser{who: who, session: fmt.Sprintf("%d-%d", who, round), public: u.public, ended: &atomic.Uint64{}, changes: u.changes}
		var requests sync.WaitGroup
		signsOut := random.IntN(4) > 0 && !u.public
		for i := range 4 {
			calls := random.IntN(40) + 10
			round += calls
			mine := rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
			requests.Go(func() {
				for range calls {
					l.call(t, api, u, mine)
				}
				if i == 0 && signsOut { // while other requests still run
					api.Forget(u.session)
					u.ended.Store(l.calls.Load() + 1)
				}
			})
		}
		requests.Wait()
	}
}

func (l *library) call(t *testing.T, api *clients.API, u *libraryUser, random *rand.Rand) {
	in := clients.Inbound{RequestID: strconv.Itoa(random.IntN(3)), Language: []string{"de", "en"}[random.IntN(2)]}
	ctx := clients.WithInbound(context.WithValue(t.Context(), userKey{}, u), in)
	page := strconv.Itoa(random.IntN(propertyPages))
	if random.IntN(40) == 0 {
		var number int64
		ctx = context.WithValue(ctx, changeKey{}, &number)
		path := []clients.Path{clients.At("/{page}", page), clients.At("/loans"), clients.At("/loans")}[random.IntN(3)]
		clients.Do[clients.None](ctx, api, clients.Call{Method: http.MethodPut, Path: path})
		for known := u.changes.Load(); known < number && !u.changes.CompareAndSwap(known, number); known = u.changes.Load() {
		}
		return
	}
	if random.IntN(8) == 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(200))*time.Microsecond)
		defer cancel()
		ctx = limited
	}
	changes, ended, before := u.changes.Load(), u.ended.Load(), l.calls.Load()
	got, err := clients.Get[libraryAnswer](ctx, api, clients.At("/{page}", page), nil)
	var failed *clients.Error
	switch {
	case errors.As(err, &failed):
		if failed.Status == http.StatusTeapot {
			t.Errorf("user %d's call was made with another's validator", u.who)
		}
	case got.Who != u.who:
		t.Errorf("user %d got what was made for user %d", u.who, got.Who)
	case got.Page != "/"+page || got.Language != in.Language || got.ID != "" && got.ID != in.RequestID:
		t.Errorf("user %d asked for page %s in %+v and got %+v", u.who, page, in, got)
	case got.Changes < changes:
		t.Errorf("user %d got an answer that knows %d changes, after %d were answered", u.who, got.Changes, changes)
	case ended != 0 && got.Call < ended:
		t.Errorf("user %d, signed out at call %d, got call %d's answer", u.who, ended, got.Call)
	case got.Call <= before && (got.Page == pageOfNoOther || got.NoStore && u.public):
		t.Errorf("user %d got another call's answer, which serves no other: %+v", u.who, got)
	}
}
