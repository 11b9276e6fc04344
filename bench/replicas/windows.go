package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"vestibule.example/bench/rig"
)

// publicHost is an address of loopback by the name that cookies and the demo know.
func publicHost(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return net.JoinHostPort("localhost", port)
}

// underWay is longer than a refresh that goes well may take from the provider's answer to the store.
const underWay = 2 * time.Second

// gap is a session of which the provider answered more refreshes than were stored.
type gap struct {
	answered, stored int
	since            time.Time
}

// windows are the sessions, by sid, whose gap stays: the answer spent the refresh token of before, so that the next refresh
// is taken for a theft and ends the session.
func (c *cluster) windows(ctx context.Context, people []*person, book *ledger) (map[string]bool, error) {
	answered, err := c.world.Rotations(ctx)
	if err != nil {
		return nil, err
	}
	out, gaps := map[string]bool{}, map[string]gap{}
	for _, p := range people {
		p.mu.Lock()
		for _, l := range p.logins {
			now := gap{answered[l.sid], book.stored(l.list), time.Now()}
			if now.answered <= now.stored {
				continue
			}
			if before, ok := c.gaps[l.sid]; ok && before.answered == now.answered && before.stored == now.stored {
				now.since = before.since
			}
			gaps[l.sid] = now
			if time.Since(now.since) > underWay {
				out[l.sid] = true
			}
		}
		p.mu.Unlock()
	}
	c.gaps = gaps
	return out, nil
}

// closeBooks waits until what was under way has been stored, and gives the windows of the whole run.
func (c *cluster) closeBooks(ctx context.Context, people []*person, book *ledger) (map[string]bool, error) {
	for until := time.Now().Add(2 * underWay); time.Now().Before(until) && ctx.Err() == nil; pause(ctx, lookEvery) {
		if _, err := c.windows(ctx, people, book); err != nil {
			return nil, err
		}
	}
	return c.windows(ctx, people, book)
}

// settle waits until all that is under way has come to its end: every window has cost its session, and nobody waits for a
// lease any more.
func (c *cluster) settle(ctx context.Context, people []*person, book *ledger) error {
	until := time.Now().Add(settling)
	calmSince := time.Time{}
	for time.Now().Before(until) && ctx.Err() == nil {
		open, err := c.windows(ctx, people, book)
		if err != nil {
			return err
		}
		for sid := range c.result.tally.losses() {
			delete(open, sid)
		}
		switch {
		case len(open) > 0 || c.result.tally.disturbed():
			calmSince = time.Time{}
		case calmSince.IsZero():
			calmSince = time.Now()
		case time.Since(calmSince) > 2*underWay:
			return nil
		}
		pause(ctx, lookEvery)
	}
	return ctx.Err() // What has not settled shows in the next rows.
}

// logoutEverywhere opens a person's event stream at each replica, lets the provider end her session, and expects each stream
// to say so and end: the provider tells one replica alone.
func (c *cluster) logoutEverywhere(ctx context.Context, p *person) error {
	if err := p.signIn(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	var streams []*http.Response
	for _, g := range c.gateways {
		v, err := rig.NewVisitor(c.public(), g.Address)
		if err != nil {
			return err
		}
		defer v.Close()
		v.SetCookies(p.visitor.Cookies())
		res, err := v.Fetch(ctx, http.MethodGet, "/auth/events", "", nil)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("an event stream answered %s", res.Status)
		}
		streams = append(streams, res) //nolint:bodyclose // By the defer above.
	}
	if err := c.world.SignOut(ctx, p.sid()); err != nil {
		return err
	}
	var errs []error
	for i, res := range streams {
		last := ""
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data:") {
				last = lines.Text()
			}
		}
		if !strings.Contains(last, `"ended"`) || !strings.Contains(last, `"backchannel"`) {
			errs = append(errs, fmt.Errorf("replica %d: after a back-channel logout its stream ended with %q, %w", i+1, last, errors.Join(lines.Err(), errNotTold)))
		}
	}
	return errors.Join(errs...)
}

var errNotTold = errors.New("want the end of the session, and why")
