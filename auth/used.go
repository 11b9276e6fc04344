package auth

import (
	"sync"
	"time"
)

// used remembers which sessions were used lately, in two generations: in time the younger becomes the older one. A session's use
// is noted once in a twentieth of the idle timeout, by one replica, so that the sum over replicas is about right. It is safe for
// concurrent use.
type used struct {
	every time.Duration

	mu          sync.Mutex // guards all of the following
	now, before map[string]bool
	since       time.Time
}

// maxUsed bounds what is remembered of each generation.
const maxUsed = 500_000

func (u *used) note(key string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.turn(now)
	if len(u.now) < maxUsed {
		u.now[key] = true
	}
}

func (u *used) drop(key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.now, key)
	delete(u.before, key)
}

func (u *used) count(now time.Time) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.turn(now)
	n := len(u.now)
	for key := range u.before {
		if !u.now[key] {
			n++
		}
	}
	return n
}

// turn makes the younger generation the older one when it is old enough. The caller holds mu.
func (u *used) turn(now time.Time) {
	switch passed := now.Sub(u.since); {
	case u.now == nil || passed >= 2*u.every:
		u.now, u.before, u.since = map[string]bool{}, nil, now
	case passed >= u.every:
		u.now, u.before, u.since = map[string]bool{}, u.now, now
	}
}
