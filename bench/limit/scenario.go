package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"vestibule.example/bench/rig"
)

// scenario is one query under one load.
type scenario struct {
	name string
	// page is where the hand-written handlers answer it; query is how GraphQL is asked.
	page, query string
	// calls is how many calls of the APIs an answer needs, and api one of them that gets a token of every user.
	calls       int
	api         string
	latency     time.Duration
	connections int // 0: as many as asked for
	shop        bool
}

func scenarios() []scenario {
	const posts = `{ posts { id userId title user { id name email } } }`
	return []scenario{
		{name: "posts", page: "/posts", query: posts, calls: 2, api: "posts"},
		{name: "titles", page: "/titles", query: `{ posts { title } }`, calls: 1, api: "posts"},
		{name: "constant", page: "/greet", query: `{ greet }`},
		{name: "posts-20ms", page: "/posts", query: posts, calls: 2, api: "posts", latency: 20 * time.Millisecond, connections: 8},
		{name: "account", page: "/account", query: rig.AccountPage, calls: 9, api: "accounts", shop: true},
		{name: "account-100ms", page: "/account", query: rig.AccountPage, calls: 9, api: "accounts", latency: 100 * time.Millisecond, connections: 8, shop: true},
		{name: "account-100ms-64", page: "/account", query: rig.AccountPage, calls: 9, api: "accounts", latency: 100 * time.Millisecond, connections: 64, shop: true},
	}
}

// takes tells whether a target can answer: the small schema knows no shop, and the product nothing else.
func (s scenario) takes(target string) bool {
	switch strings.TrimSuffix(target, bare) {
	case "gqlgen", "plan":
		return !s.shop
	case "gateway":
		return s.shop
	}
	return true
}

// contender is a target with people signed in at it.
type contender struct {
	name    string
	process *rig.Process
	address string
	admin   string // the gateway's alone
	users   []*rig.User
	asks    []*rig.Ask
}

var (
	mark       = regexp.MustCompile(`"for [0-9a-f]{16}"`)
	errNotHers = errors.New("two users got the same user's posts")
)

// learn asks once for every user, one after the other, and keeps the answers as those that she must always get. They must
// be what the first contender answers, but for the marks of the users' tokens.
func (s scenario) learn(ctx context.Context, c, first *contender) error {
	body, err := json.Marshal(map[string]string{"query": s.query})
	if err != nil {
		return err
	}
	path := s.page
	switch strings.TrimSuffix(c.name, bare) {
	case "gqlgen", "plan", "gateway", "yoga", "mercurius":
		path = "/graphql"
	}
	c.asks = make([]*rig.Ask, len(c.users))
	seen := map[string]bool{}
	for i, u := range c.users {
		ask := u.Ask(path, body)
		if ask.Want, err = rig.Once(ctx, c.address, ask.Wire); err != nil {
			return fmt.Errorf("%s, %s: %w", s.name, c.name, err)
		}
		c.asks[i] = ask
		if c != first && !rig.EqualJSON(mark.ReplaceAll(ask.Want, []byte(`""`)), mark.ReplaceAll(first.asks[i].Want, []byte(`""`))) {
			return fmt.Errorf("%s: %s answers %.500q, %s answers %.500q", s.name, c.name, ask.Want, first.name, first.asks[i].Want)
		}
		if m := string(mark.Find(ask.Want)); m != "" {
			if seen[m] {
				return fmt.Errorf("%s, %s: %w", s.name, c.name, errNotHers)
			}
			seen[m] = true
		}
	}
	return nil
}

// figures are one contender's in one round.
type figures struct {
	rig.Figures
	cpu   float64 // per request, in microseconds
	rss   int64
	calls float64 // of all APIs, per request
}

// measure drives one contender for a while.
func (s scenario) measure(ctx context.Context, w *rig.World, c *contender, connections int, length time.Duration) (figures, error) {
	if s.connections > 0 {
		connections = s.connections
	}
	if err := w.Reset(ctx, s.latency); err != nil {
		return figures{}, err
	}
	before, err := c.process.Usage()
	if err != nil {
		return figures{}, err
	}
	got, err := rig.Load{Address: c.address, Connections: connections, For: length, Asks: c.asks}.Run(ctx)
	if err != nil {
		return figures{}, fmt.Errorf("%s, %s: %w", s.name, c.name, err)
	}
	after, err := c.process.Usage()
	if err != nil {
		return figures{}, err
	}
	counts, err := w.Counts(ctx)
	if err != nil {
		return figures{}, err
	}
	f := figures{Figures: got, rss: after.RSS}
	f.cpu = float64((after.CPU - before.CPU).Microseconds()) / float64(got.Requests)
	for _, n := range counts.Calls {
		f.calls += float64(n) / float64(got.Requests)
	}
	if most := float64(s.calls); f.calls > most {
		return f, fmt.Errorf("%s: %s made %.2f calls per request, %d are enough", s.name, c.name, f.calls, s.calls)
	}
	if asked := min(len(c.asks), got.Requests); s.api != "" && counts.Tokens[s.api] > asked {
		return f, fmt.Errorf("%s: %s showed %d tokens for %d users", s.name, c.name, counts.Tokens[s.api], asked)
	}
	return f, c.process.DropLog()
}
