package rig

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// probeEvery is how often the balancer asks a gateway whether it is ready.
const probeEvery = 200 * time.Millisecond

// Balancer is a TCP load balancer without stickiness: each connection goes to the next gateway that is ready. Where none is,
// each is tried: what it says is more than a closed door.
type Balancer struct {
	Address string

	listener net.Listener
	all      sync.WaitGroup

	mu          sync.Mutex // guards all of the following
	gateways    []*Gateway
	ready       map[*Gateway]bool
	next        int
	connections map[net.Conn]bool
	closed      bool
}

// StartBalancer listens on a free port of loopback.
func StartBalancer(ctx context.Context) (*Balancer, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &Balancer{Address: l.Addr().String(), listener: l, ready: map[*Gateway]bool{}, connections: map[net.Conn]bool{}}
	b.all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			b.all.Go(func() { b.carry(client) })
		}
	})
	return b, nil
}

// Add takes a gateway in, and asks from then on whether it is ready until it ends or is removed.
func (b *Balancer) Add(ctx context.Context, g *Gateway) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gateways = append(b.gateways, g)
	b.ready[g] = true
	b.all.Go(func() {
		probe := time.NewTicker(probeEvery)
		defer probe.Stop()
		for range probe.C {
			ready := g.Readiness(ctx) == nil
			b.mu.Lock()
			over := b.closed || !slices.Contains(b.gateways, g)
			if !over {
				b.ready[g] = ready
			}
			b.mu.Unlock()
			if over || ctx.Err() != nil {
				return
			}
		}
	})
}

// Remove takes a gateway out. Its connections live on.
func (b *Balancer) Remove(g *Gateway) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gateways = slices.DeleteFunc(b.gateways, func(other *Gateway) bool { return other == g })
	delete(b.ready, g)
}

// Close ends the balancer and all connections.
func (b *Balancer) Close() error {
	err := b.listener.Close()
	b.mu.Lock()
	b.closed = true
	for c := range b.connections {
		c.Close() //nolint:errcheck // Whoever uses it is told.
	}
	b.mu.Unlock()
	b.all.Wait()
	return err
}

// turn gives all gateways, beginning with the one whose turn it is; those that are not ready come last.
func (b *Balancer) turn() []*Gateway {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.gateways) == 0 {
		return nil
	}
	b.next = (b.next + 1) % len(b.gateways)
	var ready, others []*Gateway
	for _, g := range append(slices.Clone(b.gateways[b.next:]), b.gateways[:b.next]...) {
		if b.ready[g] {
			ready = append(ready, g)
		} else {
			others = append(others, g)
		}
	}
	return append(ready, others...)
}

// hold notes a connection, or closes it if the balancer has ended.
func (b *Balancer) hold(c net.Conn) (release func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		c.Close() //nolint:errcheck // Whoever uses it is told.
	}
	b.connections[c] = true
	return func() {
		c.Close() //nolint:errcheck // Everything has been said.
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.connections, c)
	}
}

// carry connects a client to a gateway, and is done when either side is.
func (b *Balancer) carry(client net.Conn) {
	defer b.hold(client)()
	for _, g := range b.turn() {
		server, err := net.DialTimeout("tcp", g.Address, time.Second)
		if err != nil {
			continue
		}
		defer b.hold(server)()
		var both sync.WaitGroup
		both.Go(func() { pipe(server, client) })
		pipe(client, server)
		both.Wait()
		return
	}
}

// pipe copies until the source ends, and tells the other side that it has.
func pipe(to, from net.Conn) {
	io.Copy(to, from) //nolint:errcheck // However it ends, it has ended.
	if c, ok := to.(*net.TCPConn); ok {
		c.CloseWrite() //nolint:errcheck // It is closed already, then.
	}
}

// Readiness asks the gateway's own word: nothing if it is ready, else why not.
func (g *Gateway) Readiness(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+g.Admin+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("rig: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxLogTail))
	if err != nil {
		return fmt.Errorf("rig: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("rig: %s: %s", res.Status, strings.TrimSpace(string(text)))
	}
	return nil
}
