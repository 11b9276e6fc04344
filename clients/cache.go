package clients

import (
	"container/list"
	"context"
	"sync"
	"time"
)

const (
	// slotBytes is about what one kept answer costs in maps and lists.
	slotBytes = 1 << 10
	// maxShare is the part of the room that one answer may take at most, as a divisor: one page must not push out all the others.
	maxShare = 4
	// maxIdle is how long an answer is kept that nobody asks for: its session may have expired, which nothing reports.
	maxIdle = time.Hour
	// maxBehind bounds the revalidations in the background, per API.
	maxBehind = 16
	// endedLife is how long the end of a session is remembered at least: longer than any request runs.
	endedLife = 15 * time.Minute
	// maxEnded bounds how many ended sessions are remembered. Forgetting one too early keeps answers that nobody can ask
	// for, until their room is needed.
	maxEnded = 50_000
)

// CacheConfig says how an API's answers are kept: in memory, in a private cache for each identity (RFC 9111), and those of the public
// identity in one for all. The zero value keeps nothing; calls under way are shared anyway.
type CacheConfig struct {
	// MaxBytes bounds what is kept: bodies, headers, keys and what it takes to find them. 0 keeps nothing.
	MaxBytes int64
	// PersonalStaleIfError allows stale answers of a session after 500, 502, 503, 504 or a network failure, and
	// PersonalStaleWhileRevalidate while they are renewed, for as long as the API says (RFC 5861). For public answers both are always on.
	PersonalStaleIfError, PersonalStaleWhileRevalidate bool
}

// cache holds the answers that are kept and the calls under way. There is no epoch to compare: when an identity's answers become unusable,
// their slots are taken out, and no later call finds what then lands in such a slot.
type cache struct {
	cfg    CacheConfig
	counts counts
	behind sync.WaitGroup // revalidations behind callers' backs

	mu      sync.Mutex // guards all of the following, and slots' fields but who, key and url
	slots   map[IdentityKey]map[requestKey]*slot
	owners  map[string]map[IdentityKey]bool // whose identities have slots
	urls    map[string]map[*slot]bool
	recent  *list.List // of the slots in which something is kept, the last used first
	bytes   int64
	behinds map[*slot]context.CancelFunc
	closed  bool

	// Two generations of ended sessions: the younger one becomes the older one when it is old or full.
	ended, endedBefore map[string]bool
	endedSince         time.Time
}

// slot is one request of one identity: a kept answer, a call under way, or both. A slot with neither is removed.
type slot struct {
	who IdentityKey
	key requestKey
	url string

	kept  *keptAnswer
	bytes int64
	used  time.Time
	place *list.Element // in recent, while something is kept
	call  *flight[landing]
	turn  int // counts its calls, so that one that was given up does not land in the place of the next
	gone  bool
}

func newCache(cfg CacheConfig) *cache {
	return &cache{
		cfg: cfg, slots: map[IdentityKey]map[requestKey]*slot{}, owners: map[string]map[IdentityKey]bool{}, urls: map[string]map[*slot]bool{},
		recent: list.New(), behinds: map[*slot]context.CancelFunc{}, ended: map[string]bool{},
	}
}

// slot finds or makes the slot of a request; nil if its session has ended. The caller holds mu.
func (c *cache) slot(who IdentityKey, key requestKey, url string) *slot {
	if who.owner != "" && (c.ended[who.owner] || c.endedBefore[who.owner]) {
		return nil
	}
	if s := c.slots[who][key]; s != nil {
		return s
	}
	s := &slot{who: who, key: key, url: url}
	put(c.slots, who, key, s)
	put(c.urls, url, s, true)
	if who.owner != "" {
		put(c.owners, who.owner, who, true)
	}
	return s
}

// remove takes a slot out. The caller holds mu.
func (c *cache) remove(s *slot) {
	s.gone = true
	c.unkeep(s)
	if stop := c.behinds[s]; stop != nil {
		stop()
	}
	take(c.urls, s.url, s)
	if take(c.slots, s.who, s.key) && s.who.owner != "" {
		take(c.owners, s.who.owner, s.who)
	}
}

// put and take add to and remove from a map of maps; take removes inner maps that become empty, and tells whether it did.
func put[A, B comparable, V any](m map[A]map[B]V, a A, b B, v V) {
	if m[a] == nil {
		m[a] = map[B]V{}
	}
	m[a][b] = v
}

func take[A, B comparable, V any](m map[A]map[B]V, a A, b B) (last bool) {
	delete(m[a], b)
	if len(m[a]) == 0 {
		delete(m, a)
		return true
	}
	return false
}

// keep puts an answer into a slot and makes room for it. The caller holds mu.
func (c *cache) keep(s *slot, k *keptAnswer, now time.Time) {
	c.unkeep(s)
	bytes := k.size() + int64(len(s.key)) + slotBytes
	if bytes > c.cfg.MaxBytes/maxShare {
		return
	}
	s.kept, s.bytes, s.used, s.place = k, bytes, now, c.recent.PushFront(s)
	c.bytes += bytes
	c.counts.stored.Add(1)
	for oldest := c.recent.Back(); oldest != nil; oldest = c.recent.Back() {
		victim, _ := oldest.Value.(*slot)
		if c.bytes <= c.cfg.MaxBytes && now.Sub(victim.used) <= maxIdle {
			return
		}
		c.counts.evicted.Add(1)
		if c.unkeep(victim); victim.call == nil && victim != s {
			c.remove(victim)
		}
	}
}

// unkeep drops the answer kept in a slot. The caller holds mu.
func (c *cache) unkeep(s *slot) {
	if s.kept != nil {
		c.recent.Remove(s.place)
		c.bytes -= s.bytes
		s.kept, s.place, s.bytes = nil, nil, 0
	}
}

// invalidate makes everything of an identity, and what anybody has under the URLs, unusable for later calls.
func (c *cache) invalidate(who IdentityKey, urls []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.slots[who] {
		c.dropInvalid(s)
	}
	for _, url := range urls {
		for s := range c.urls[url] {
			c.dropInvalid(s)
		}
	}
}

func (c *cache) dropInvalid(s *slot) {
	if s.kept != nil {
		c.counts.invalidated.Add(1)
	}
	c.remove(s)
}

// forget drops everything of a session and remembers that it ended.
func (c *cache) forget(owner string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ended) >= maxEnded || now.Sub(c.endedSince) > endedLife {
		c.ended, c.endedBefore, c.endedSince = map[string]bool{}, c.ended, now
	}
	c.ended[owner] = true
	for who := range c.owners[owner] {
		c.forgetIdentity(who)
	}
}

func (c *cache) forgetSessions() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for who := range c.slots {
		if who.class == session {
			c.forgetIdentity(who)
		}
	}
}

func (c *cache) forgetIdentity(who IdentityKey) {
	for _, s := range c.slots[who] {
		if s.kept != nil {
			c.counts.forgotten.Add(1)
		}
		c.remove(s)
	}
}

func (c *cache) close() {
	c.mu.Lock()
	c.closed = true
	for _, stop := range c.behinds {
		stop()
	}
	c.mu.Unlock()
	c.behind.Wait()
}
