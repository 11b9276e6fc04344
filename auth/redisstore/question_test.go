package redisstore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// An answer that was asked for before a write of this process, and comes after it, is not kept; nor is one that nobody waits
// for any more, nor one of a connection that is lost.
func TestAnswersThatAreNotKept(t *testing.T) {
	now := time.Unix(1, 0)
	for _, c := range []struct {
		name      string
		meanwhile func(*kept, *connection)
		want      int
	}{
		{"nothing happens", func(*kept, *connection) {}, 1},
		{"the session is written", func(k *kept, _ *connection) { k.drop("a") }, 0},
		{"another session is written", func(k *kept, _ *connection) { k.drop("b") }, 1},
		{"who asked gives up", func(_ *kept, c *connection) { c.Cancel("a", "ask 1", errors.New("timeout")) }, 0},
		{"the connection is lost", func(_ *kept, c *connection) { c.Close(errors.New("lost")) }, 0},
		{"it is written after the answer", func(k *kept, c *connection) { c.Update("a", "ask 1", rueidis.RedisMessage{}); k.drop("a") }, 0},
	} {
		k := newKept(time.Second, func() time.Time { return now })
		conn, ok := k.connect(rueidis.CacheStoreOption{}).(*connection)
		if !ok {
			t.Fatal("connect gives something else")
		}
		conn.Flight("a", "ask 1", 0, now)
		c.meanwhile(k, conn)
		conn.Update("a", "ask 1", rueidis.RedisMessage{})
		if got := len(conn.answers); got != c.want {
			t.Errorf("%s: %d answers are kept, want %d", c.name, got, c.want)
		}
	}
}

// What is kept is bounded, and goes when its time is over without being asked for again. A lost connection leaves nothing.
func TestKeptIsBounded(t *testing.T) {
	now := time.Unix(1, 0)
	k := newKept(time.Second, func() time.Time { return now })
	conn, _ := k.connect(rueidis.CacheStoreOption{}).(*connection)
	for i := range maxAnswers + 1 {
		key := fmt.Sprint(i)
		conn.Flight(key, key, 0, now)
		conn.Update(key, key, rueidis.RedisMessage{})
	}
	if got := len(conn.answers); got != maxAnswers {
		t.Errorf("%d answers are kept, want %d", got, maxAnswers)
	}
	now = now.Add(time.Second)
	conn.Flight("last", "last", 0, now)
	conn.Update("last", "last", rueidis.RedisMessage{})
	if got := len(conn.answers); got != 1 {
		t.Errorf("%d answers are kept a second later, want the new one", got)
	}
	conn.Close(errors.New("lost"))
	conn.Flight("late", "late", 0, now)
	if len(k.connections) != 0 || len(conn.asked) != 0 {
		t.Errorf("a lost connection leaves %d connections and %d questions", len(k.connections), len(conn.asked))
	}
}
