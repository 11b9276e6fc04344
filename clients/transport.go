package clients

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// connectionLife is after how long an API's connections are replaced by new ones, whose address is looked up anew: a
	// connection in use would otherwise live for ever, at an address that DNS no longer names.
	connectionLife = 3 * time.Minute
	// maxWarmDrain bounds what is read of an answer whose body does not matter, in bytes.
	maxWarmDrain = 64 << 10
)

// TransportConfig says how the connections to one API are made. The zero value is valid.
type TransportConfig struct {
	// Idle bounds the idle connections that are kept; it should be the number of calls at once. Default 256.
	Idle int
	// TLS has private authorities, this client's certificate, or another server name. Default: the system's authorities.
	TLS *tls.Config
	// Dial connects. Default: a dialer that gives up after 3 s.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Transport holds the connections to one API: kept alive, with HTTP/2 if the API speaks it, and replaced every few minutes to follow DNS.
// It uses no proxy, whatever the environment says: tokens would travel through it. It is safe for concurrent use.
type Transport struct {
	cfg TransportConfig

	mu   sync.Mutex // guards all of the following
	pool *http.Transport
	born time.Time
}

// NewTransport makes a transport. It connects to nothing yet.
func NewTransport(cfg TransportConfig) *Transport {
	if cfg.Idle == 0 {
		cfg.Idle = defaultConcurrency
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	t := &Transport{cfg: cfg, born: cfg.Now()}
	t.pool = t.newPool()
	return t
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	return t.current().RoundTrip(req)
}

// CloseIdleConnections closes the connections that no request uses.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	pool := t.pool
	t.mu.Unlock()
	pool.CloseIdleConnections()
}

// current gives the pool for the next request. An old pool finishes what it has begun: its connections close as they become idle.
func (t *Transport) current() *http.Transport {
	t.mu.Lock()
	pool := t.pool
	if now := t.cfg.Now(); now.Sub(t.born) >= connectionLife {
		defer pool.CloseIdleConnections()
		pool = t.newPool()
		t.pool, t.born = pool, now
	}
	t.mu.Unlock()
	return pool
}

func (t *Transport) newPool() *http.Transport {
	return &http.Transport{
		DialContext:            t.cfg.Dial,
		TLSClientConfig:        t.cfg.TLS.Clone(),
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           t.cfg.Idle,
		MaxIdleConnsPerHost:    t.cfg.Idle,
		IdleConnTimeout:        60 * time.Second,
		TLSHandshakeTimeout:    5 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		// A dead connection is found by a ping.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}
}

// Warm opens up to n connections, so that the first requests need not wait for them: n times HEAD of the base URL at
// once, without a token, whatever the answer.
func (t *Transport) Warm(ctx context.Context, base *url.URL, n int) error {
	failures := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failures[i] = t.touch(ctx, base) })
	}
	all.Wait()
	return errors.Join(failures...)
}

func (t *Transport) touch(ctx context.Context, base *url.URL) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, base.String(), nil)
	if err != nil {
		return fmt.Errorf("clients: warming up: %w", err)
	}
	res, err := t.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("clients: warming up: %w", err)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, io.LimitReader(res.Body, maxWarmDrain)) //nolint:errcheck // Only for the connection's sake.
	return nil
}
