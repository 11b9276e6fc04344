package graph

import (
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"vestibule.example/auth"
	"vestibule.example/clients"
)

// Rate bounds what one client asks over time, in the units of an operation's cost, on each replica by itself. A client that
// has asked for nothing for a minute may ask for a minute's worth at once.
type Rate struct {
	// Session and Anonymous are units a minute, for a session and for a network that asks without one; 0 is no bound.
	Session, Anonymous int
	// ClientAddress gives the address that a request comes from; needed for Anonymous.
	ClientAddress func(*http.Request) netip.Addr
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// keptClients bounds the clients that are remembered. With more at once, those that were quiet longest are forgotten, and start again
// with a full minute.
const keptClients = 100_000

// meterage keeps what clients have left to spend. It is safe for concurrent use.
type meterage struct {
	Rate

	mu   sync.Mutex // guards kept, and the allowances in it
	kept halves[*allowance]
}

// allowance is what a client has left. It may be negative: an operation that costs more than a minute's worth runs when a full minute's
// worth is there, and the rest is paid off afterwards.
type allowance struct {
	left float64
	at   time.Time
}

func newMeterage(rate Rate) *meterage {
	if rate.Now == nil {
		rate.Now = time.Now
	}
	return &meterage{Rate: rate, kept: newHalves[*allowance](keptClients / 2)}
}

// client is the client that a request is charged to, and what it may spend a minute; 0 is without bound.
func (m *meterage) client(r *http.Request) (key string, perMinute int) {
	if session := auth.FromContext(r.Context()); session != nil {
		if m.Session == 0 {
			return "", 0
		}
		return "session " + session.LogID(), m.Session
	}
	if m.Anonymous == 0 {
		return "", 0
	}
	return "network " + clients.Network(m.ClientAddress(r)), m.Anonymous
}

// charge takes units from what a client has left, or gives how long it has to wait for them. paid is what the same request has been
// charged before.
func (m *meterage) charge(key string, paid, units, perMinute int) (wait time.Duration) {
	if perMinute == 0 || units <= 0 {
		return 0
	}
	now := m.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.find(key, float64(perMinute), now)
	perSecond := float64(perMinute) / 60
	if passed := now.Sub(a.at).Seconds(); passed > 0 {
		a.left, a.at = min(a.left+passed*perSecond, float64(perMinute)), now
	}
	if lacking := float64(min(paid+units, perMinute)-paid) - a.left; lacking > 0 {
		return time.Duration(math.Ceil(lacking/perSecond)) * time.Second
	}
	a.left -= float64(units)
	return 0
}

// find gives a client's allowance, a full one for a client that is not known. The caller holds mu.
func (m *meterage) find(key string, full float64, now time.Time) *allowance {
	a, _, ok := m.kept.get(key)
	if !ok {
		a = &allowance{full, now}
	}
	m.kept.put(key, a, 1)
	return a
}

// charge takes what a request costs from its client, or refuses it until the client has that much again (GQL-11).
func (h *handler) charge(r *http.Request, paid, units int) error {
	key, perMinute := h.meterage.client(r)
	wait := h.meterage.charge(key, paid, units, perMinute)
	if wait == 0 {
		return nil
	}
	h.meter.exceeded(r.Context(), "rate", true)
	return &requestError{status: http.StatusTooManyRequests, code: codeRateLimited, message: messages[codeRateLimited], retryAfter: wait}
}
