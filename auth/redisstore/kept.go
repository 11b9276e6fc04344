package redisstore

import (
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// maxAnswers bounds what is kept of each connection's answers.
const maxAnswers = 1000

// kept is the answers that this process keeps for a short while (auth.KeptAllowed), by the connection that they came over.
// The server remembers which keys a connection asked for and reports, over the same connection and after the answer, when
// one changes. So answers are dropped with their connection, and while it stalls no new answer comes. Even if the server's
// report is lost, an answer is dropped when its life is over, which is counted from when it was asked for.
//
// A write of this process drops the key at once, since the server reports it only a moment later.
type kept struct {
	life time.Duration
	now  func() time.Time

	mu          sync.Mutex // guards the following, and all that the connections hold
	connections map[*connection]bool
}

// connection implements [rueidis.CacheStore] for one of the client's connections.
type connection struct {
	of      *kept
	answers map[string]answer
	// asked are the questions under way, by command. Each has a number of its own (see Store.Get), which tells its answer from the
	// answer to a question that was asked before a write.
	asked  map[string]question
	swept  time.Time
	closed bool
}

type answer struct {
	message rueidis.RedisMessage
	asked   time.Time
}

type question struct {
	key string
	at  time.Time
}

func newKept(life time.Duration, now func() time.Time) *kept {
	return &kept{life: life, now: now, connections: map[*connection]bool{}}
}

// connect is the client's [rueidis.NewCacheStoreFn].
func (k *kept) connect(rueidis.CacheStoreOption) rueidis.CacheStore {
	return &connection{of: k, answers: map[string]answer{}, asked: map[string]question{}}
}

// drop forgets a key, and keeps no answer that was asked for before.
func (k *kept) drop(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := range k.connections {
		delete(c.answers, key)
		for command, q := range c.asked {
			if q.key == key {
				delete(c.asked, command)
			}
		}
	}
}

// Flight implements [rueidis.CacheStore]. No caller waits for another's question, since the other may give up.
func (c *connection) Flight(key, command string, _ time.Duration, _ time.Time) (rueidis.RedisMessage, rueidis.CacheEntry) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	now := c.of.now()
	if held, ok := c.answers[key]; ok && now.Sub(held.asked) < c.of.life {
		return held.message, nil
	}
	if !c.closed {
		c.of.connections[c] = true
		c.asked[command] = question{key, now}
	}
	return rueidis.RedisMessage{}, nil
}

// Update implements [rueidis.CacheStore].
func (c *connection) Update(key, command string, message rueidis.RedisMessage) int64 {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	q, ok := c.asked[command]
	if !ok {
		return 0
	}
	delete(c.asked, command)
	if now := c.of.now(); now.Sub(c.swept) >= c.of.life || len(c.answers) >= maxAnswers {
		c.swept = now
		for other, held := range c.answers {
			if now.Sub(held.asked) >= c.of.life {
				delete(c.answers, other)
			}
		}
	}
	if len(c.answers) < maxAnswers {
		c.answers[key] = answer{message, q.at}
	}
	return 0
}

// Cancel implements [rueidis.CacheStore].
func (c *connection) Cancel(_, command string, _ error) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	delete(c.asked, command)
}

// Delete implements [rueidis.CacheStore]: the server's word that keys changed, or any may have.
func (c *connection) Delete(keys []rueidis.RedisMessage) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if keys == nil {
		clear(c.answers)
		return
	}
	for i := range keys {
		if key, err := keys[i].ToString(); err == nil {
			delete(c.answers, key)
		}
	}
}

// Close implements [rueidis.CacheStore]: the connection is lost.
func (c *connection) Close(error) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	clear(c.answers)
	clear(c.asked)
	c.closed = true
	delete(c.of.connections, c)
}
