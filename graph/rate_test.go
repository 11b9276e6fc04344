//go:build !nodemo

package graph_test

import (
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/demo/fault"
	"vestibule.example/graph"
)

// GQL-11: who has spent her minute's worth waits, and is told how long; nobody else does.
func TestRateIsCountedInCost(t *testing.T) {
	var clock atomic.Int64
	addr := func(r *http.Request) netip.Addr {
		a, _ := netip.ParseAddr(r.Header.Get("X-From"))
		return a
	}
	e := newEndpoint(t, func(c *graph.Config) {
		c.Rate = graph.Rate{Anonymous: 60, ClientAddress: addr, Now: func() time.Time { return time.Unix(clock.Load(), 0) }}
	})
	ask := func(from, query string) reply {
		header := jsonHeader()
		header.Set("X-From", from)
		return e.send(t, "POST", "", asking(query), header)
	}
	const twenty, hundred = "{viewer{authenticated} products(first:5){edges{node{id}}}}", "{products(first:50){edges{node{id}}}}" // 20 and 153
	for _, c := range []struct {
		name, from, query string
		at                int64
		wait              string // empty: answered
	}{
		{"the first of a minute's worth", "192.0.2.1", twenty, 0, ""},
		{"the second", "192.0.2.1", twenty, 0, ""},
		{"the third", "192.0.2.1", twenty, 0, ""},
		{"nothing is left", "192.0.2.1", twenty, 0, "1"},
		{"not even for a document that is none", "192.0.2.1", "{", 0, "1"},
		{"another has hers", "192.0.2.2", twenty, 0, ""},
		{"so has one of version 6", "2001:db8::1", twenty, 0, ""},
		{"whose network is one", "2001:db8::2", twenty, 0, ""},
		{"and one", "2001:db8::3:0:0:1", twenty, 0, ""},
		{"and spent", "2001:db8::4", twenty, 0, "1"},
		{"the next network is another", "2001:db8:0:1::1", twenty, 0, ""},
		{"one unit is back, and taken for looking", "192.0.2.1", twenty, 1, "19"},
		{"after the wait it runs", "192.0.2.1", twenty, 21, ""},
		{"more than a minute's worth needs the whole minute", "192.0.2.1", hundred, 30, "51"},
		{"and runs when that is there", "192.0.2.3", hundred, 30, ""},
		{"and is paid off", "192.0.2.3", twenty, 40, "84"},
		{"who hides shares", "", twenty, 30, ""},
	} {
		clock.Store(c.at)
		r := ask(c.from, c.query)
		if c.wait == "" && r.status != 200 || c.wait != "" && (r.status != 429 || r.header.Get("Retry-After") != c.wait || !strings.Contains(r.body, `"code":"RATE_LIMITED","retryAfter":`+c.wait)) {
			t.Errorf("%s = %d, Retry-After %q, %s; want to wait %q", c.name, r.status, r.header.Get("Retry-After"), r.body, c.wait)
		}
	}
}

// A rate by network that cannot know networks is no rate.
func TestARateNeedsAddresses(t *testing.T) {
	_, err := graph.NewHandler(graph.Config{Resolver: (&endpoint{faults: fault.New(fault.Config{})}).resolver(t), Rate: graph.Rate{Anonymous: 1}})
	if err == nil || !strings.Contains(err.Error(), "addresses") {
		t.Errorf("error = %v, want one about addresses", err)
	}
}
