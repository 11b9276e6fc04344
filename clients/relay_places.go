package clients

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
)

const (
	// maxOpenBodies bounds the relayed answers of one API that are still on their way: slow readers hold these places, not
	// those of calls.
	maxOpenBodies = 1024
	// maxOfSession and maxOfNetwork are how many of them one session may have, and everybody without one whose address is of
	// the same network: more than browsers load at once, and too few to keep others out. Behind an address there may be many.
	maxOfSession, maxOfNetwork = 64, 128
)

var errAllPlacesTaken = errors.New("all places for relayed answers are taken")

// places are the relayed answers of one API on their way, and whose they are.
type places struct {
	mu    sync.Mutex // guards all of the following
	taken int
	by    map[string]int
}

// take takes a place for somebody, who may have so many; the error says why there is none.
func (p *places) take(who string, most int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.by[who] >= most:
		return &greedy{most}
	case p.taken >= maxOpenBodies:
		return errAllPlacesTaken
	}
	p.taken++
	p.by[who]++
	return nil
}

func (p *places) free(who string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.by[who]--; p.by[who] == 0 {
		delete(p.by, who)
	}
}

// greedy is why somebody gets no further place, though there may be some.
type greedy struct{ most int }

func (g *greedy) Error() string {
	return fmt.Sprintf("%d relayed answers for one session or network are on their way already", g.most)
}

// place takes a place for a relayed answer, and gives what gives it back.
func (o *relayed) place(ctx context.Context) (free func(), refused *Error) {
	who, most := o.api.relayCaller(ctx)
	if err := o.places.take(who, most); err != nil {
		refused = &Error{Code: CodeUpstreamUnavailable, API: o.api.name, Retryable: true, RetryAfter: crowdWait, err: err}
		var share *greedy
		if errors.As(err, &share) {
			refused.Code = CodeRateLimited
			o.api.count.greedy.Add(1)
		} else {
			o.api.count.full.Add(1)
		}
		return nil, refused
	}
	o.api.count.relayed.Add(1)
	return func() {
		o.api.count.relayed.Add(-1)
		o.places.free(who)
	}, nil
}

// relayCaller names who asks: the session, or else the network; with it, how many answers may be on their way there.
func (a *API) relayCaller(ctx context.Context) (who string, most int) {
	if a.identity != nil {
		if key, err := a.identity(ctx); err == nil && key.owner != "" {
			return "session " + key.owner, maxOfSession
		}
	}
	addr, _ := netip.ParseAddr(inboundFrom(ctx).ClientAddr) // Who hides where she asks from shares with all who do.
	return "network " + Network(addr), maxOfNetwork
}
