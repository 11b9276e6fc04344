package clients

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"
)

// lookup gives what there is for a request: an answer that may be given now, or a call to wait for, which it has joined or begun. It gives
// neither if the caller must make the call alone, because its session has ended.
func (a *API) lookup(ctx context.Context, who IdentityKey, x *exchange) (kept *answer, call *flight[landing], joined bool) {
	target := x.url.String()
	key, now, c := keyOf(x, target), a.now(), a.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.slot(who, key, target)
	if s == nil {
		return nil, nil, false
	}
	if k := s.kept; k != nil && k.serves(x) {
		switch {
		case now.Before(k.fresh):
			c.counts.hits.Add(1)
			x.via(ViaCached)
			kept = k.answer
		case now.Before(k.whileRevalidate):
			c.counts.stale.Add(1)
			x.via(ViaStale)
			a.renewBehind(ctx, s, x)
			kept = k.answer
		}
		if kept != nil {
			s.used = now
			c.recent.MoveToFront(s.place)
			return kept, nil, false
		}
	}
	if s.call != nil && s.call.board() {
		return nil, s.call, true
	}
	return nil, a.begin(ctx, s, x), false
}

// begin starts a slot's next call. The caller holds the cache's mu.
func (a *API) begin(ctx context.Context, s *slot, x *exchange) *flight[landing] {
	s.turn++
	turn, kept := s.turn, s.kept
	if kept != nil && !kept.serves(x) {
		kept = nil
	}
	s.call = takeOff(ctx, func(ctx context.Context) (landing, error) {
		ans, err := a.fetch(ctx, s, turn, kept, x)
		return landing{ans, x}, err
	})
	return s.call
}

// renewBehind renews a stale answer in the background, unless that is under way already or too many are renewed.
// The caller holds the cache's mu.
func (a *API) renewBehind(ctx context.Context, s *slot, x *exchange) {
	c := a.cache
	if s.call != nil || c.behinds[s] != nil || c.closed || len(c.behinds) >= maxBehind {
		return
	}
	quiet := *x
	quiet.note, quiet.span = nil, nil // Nobody waits for this call, and whoever asked may be gone.
	f := a.begin(ctx, s, &quiet)
	waiting, stop := context.WithCancel(context.Background())
	c.behinds[s] = stop
	c.behind.Go(func() {
		defer stop()
		_, _ = f.wait(waiting) // What it comes to lies in the slot, or nowhere.
		<-f.done
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.behinds, s)
	})
}

// fetch makes a slot's call, by revalidation if something is kept, and leaves in the slot what may be kept of it.
func (a *API) fetch(ctx context.Context, s *slot, turn int, kept *keptAnswer, x *exchange) (*answer, error) {
	keep, renew := (*keptAnswer)(nil), false
	defer func() { a.cache.land(s, turn, keep, renew, a.now()) }() // also after a panic, or the slot would stay taken

	asked := a.now()
	request := x
	if kept != nil {
		request = kept.condition(x)
	}
	ans, err := a.perform(ctx, request)
	if err == nil && ans.status == http.StatusNotModified && request != x {
		if kept.meant(ans) {
			a.cache.counts.revalidated.Add(1)
			x.via(ViaRevalidated)
			ans = kept.updated(ans)
			keep, renew = a.cache.toKeep(s.who, x, ans, asked, a.now()), true
			return ans, nil
		}
		asked = a.now()
		ans, err = a.perform(ctx, x)
	}
	if kept != nil && ctx.Err() == nil && a.broken(x, ans, err) && a.cache.mayOutlive(s, kept, a.now()) {
		a.cache.counts.stale.Add(1)
		x.via(ViaStale)
		return kept.answer, nil
	}
	a.cache.counts.misses.Add(1)
	if err == nil {
		// A failure of the API says nothing about what is kept. Anything else, above all a 403 or 404, replaces it.
		keep, renew = a.cache.toKeep(s.who, x, ans, asked, a.now()), ans.status < 500
	}
	return ans, err
}

// broken tells the failures after which a stale answer is better than none (RFC 5861 §4): the API or the network is out of
// order, or this process has no files left. What the API says of the one who asks (401, 403, 404), and what is not the API's fault, is told as it is.
func (a *API) broken(x *exchange, ans *answer, err error) bool {
	if err != nil {
		code := a.failure(x, err).Code
		return code == CodeUpstreamUnavailable || code == CodeUpstreamTimeout || errors.Is(err, errExhausted)
	}
	switch ans.status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// mayOutlive tells whether a stale answer may be given after a failure: not if its slot was taken out meanwhile, by a
// change or the end of its session.
func (c *cache) mayOutlive(s *slot, k *keptAnswer, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !s.gone && now.Before(k.ifError)
}

// land ends a slot's call. If renew is set, keep replaces what was kept, and nil drops it.
func (c *cache) land(s *slot, turn int, keep *keptAnswer, renew bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.gone || s.turn != turn {
		return
	}
	s.call = nil
	switch {
	case keep != nil:
		c.keep(s, keep, now)
	case renew:
		c.unkeep(s)
	}
	if s.kept == nil {
		c.remove(s)
	}
}

// counts are what Stats shows.
type counts struct {
	hits, misses, revalidated, shared, stale, stored, evicted, invalidated, forgotten atomic.Int64
}

// Stats is how often calls were spared, since the start, and what is kept now.
type Stats struct {
	Hits        int64 // given from what is kept and fresh
	Misses      int64 // asked of the API and answered in full
	Revalidated int64 // asked of the API, which said that what is kept is still right
	Shared      int64 // given to another call beside the one that asked
	Stale       int64 // given though stale: while it was renewed, or after a failure
	Stored      int64 // kept, anew or renewed
	Evicted     int64 // dropped for want of room, or because nobody asked for long
	Invalidated int64 // dropped because something changed
	Forgotten   int64 // dropped because its session ended
	Answers     int   // kept now
	Bytes       int64 // that those take
}

// Stats is a snapshot of the API's counters.
func (a *API) Stats() Stats {
	c := a.cache
	c.mu.Lock()
	answers, bytes := c.recent.Len(), c.bytes
	c.mu.Unlock()
	n := &c.counts
	return Stats{
		Hits: n.hits.Load(), Misses: n.misses.Load(), Revalidated: n.revalidated.Load(), Shared: n.shared.Load(), Stale: n.stale.Load(),
		Stored: n.stored.Load(), Evicted: n.evicted.Load(), Invalidated: n.invalidated.Load(), Forgotten: n.forgotten.Load(),
		Answers: answers, Bytes: bytes,
	}
}
