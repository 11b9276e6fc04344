//go:build redis

package redisstore_test

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// proxy stands between a store and its server. It can hold back what the server says, on all connections or on those of
// subscribers alone, and cut connections.
type proxy struct {
	address string
	server  string

	mu          sync.Mutex // guards all of the following
	changed     *sync.Cond
	connections map[*proxied]bool
	held        string // "", "all" or "subscribers"
	before      func(request []byte)
	closed      bool
}

type proxied struct {
	client, server net.Conn
	subscriber     bool
}

func startProxy(t *testing.T, server *server) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{address: l.Addr().String(), server: server.address, connections: map[*proxied]bool{}}
	p.changed = sync.NewCond(&p.mu)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", p.server)
			if err != nil {
				client.Close()
				continue
			}
			c := &proxied{client: client, server: server}
			p.mu.Lock()
			p.connections[c] = true
			p.mu.Unlock()
			all.Go(func() { p.pass(c, client, server, false) })
			all.Go(func() { p.pass(c, server, client, true) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.hold("")
		p.cut()
		all.Wait()
	})
	return p
}

// hold holds answers back from now on; "" lets go what was held.
func (p *proxy) hold(whose string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = whose
	p.changed.Broadcast()
}

// tell calls before with what a store asks, before the server gets it.
func (p *proxy) tell(before func(request []byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before = before
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		c.client.Close()
		c.server.Close()
	}
	clear(p.connections)
}

func (p *proxy) pass(c *proxied, from, to net.Conn, answers bool) {
	defer c.client.Close()
	defer c.server.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		if before := p.before; !answers && before != nil {
			p.mu.Unlock()
			before(buffer[:n])
			p.mu.Lock()
		}
		if !answers && bytes.Contains(buffer[:n], []byte("SUBSCRIBE")) {
			c.subscriber = true
		}
		for answers && !p.closed && (p.held == "all" || p.held == "subscribers" && c.subscriber) {
			p.changed.Wait()
		}
		p.mu.Unlock()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
