package clients_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vestibule.example/clients"
)

// connected is a server that counts its connections, those open now and those ever.
type connected struct {
	*httptest.Server
	ever atomic.Int64
	gone chan struct{} // has one for each connection that was closed
}

func newConnected(t *testing.T, name string, secure bool) *connected {
	t.Helper()
	c := &connected{gone: make(chan struct{}, 1000), Server: httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, name+" "+r.Proto)
	}))}
	c.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			c.ever.Add(1)
		case http.StateClosed:
			c.gone <- struct{}{}
		}
	}
	if secure {
		c.EnableHTTP2 = true
		c.StartTLS()
	} else {
		c.Start()
	}
	t.Cleanup(c.Close)
	return c
}

func fetch(t *testing.T, transport http.RoundTripper, address string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// clock is set by its test.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time       { return time.Unix(0, c.at.Load()) }
func (c *clock) pass(d time.Duration) { c.at.Add(int64(d)) }

// A name that moves is followed within minutes, however busy its connections are.
func TestDNSChangesAreFollowed(t *testing.T) {
	old, moved := newConnected(t, "old", false), newConnected(t, "new", false)
	var where atomic.Pointer[connected]
	where.Store(old)
	var now clock
	transport := clients.NewTransport(clients.TransportConfig{Now: now.now, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, where.Load().Listener.Addr().String())
	}})
	t.Cleanup(transport.CloseIdleConnections)
	where.Store(old)
	fetch(t, transport, "http://api.example.test/")
	where.Store(moved)
	for range 179 {
		now.pass(time.Second)
		if got := fetch(t, transport, "http://api.example.test/"); !strings.HasPrefix(got, "old") {
			t.Fatalf("a connection did not last: %s answered", got)
		}
	}
	now.pass(time.Second)
	if got := fetch(t, transport, "http://api.example.test/"); !strings.HasPrefix(got, "new") {
		t.Errorf("after 3 minutes %s answered, want new", got)
	}
	if old.ever.Load() != 1 || moved.ever.Load() != 1 {
		t.Errorf("%d and %d connections were made, want one each", old.ever.Load(), moved.ever.Load())
	}
	<-old.gone // the old connection is not left open
}

// A request under way when connections are replaced ends in peace, and its connection with it.
func TestReplacingConnectionsCutsNothing(t *testing.T) {
	release := make(chan struct{})
	closed := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			w.WriteHeader(200)
			http.NewResponseController(w).Flush()
			<-release
		}
		io.WriteString(w, "done")
	}))
	var once sync.Once
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			once.Do(func() { close(closed) })
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	var now clock
	transport := clients.NewTransport(clients.TransportConfig{Now: now.now})
	t.Cleanup(transport.CloseIdleConnections)
	req, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/slow", nil)
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	now.pass(time.Hour)
	fetch(t, transport, server.URL)
	close(release)
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "done" {
		t.Errorf("the slow answer = %q, %v", body, err)
	}
	<-closed
}

func TestConnectionsAreKeptAndWarmed(t *testing.T) {
	server := newConnected(t, "api", false)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := clients.NewTransport(clients.TransportConfig{})
	t.Cleanup(transport.CloseIdleConnections)
	if err := transport.Warm(t.Context(), base, 8); err != nil {
		t.Fatal(err)
	}
	warmed := server.ever.Load()
	if warmed < 1 || warmed > 8 {
		t.Errorf("warming made %d connections, want 1 to 8", warmed)
	}
	for range 20 {
		fetch(t, transport, server.URL)
	}
	if got := server.ever.Load(); got > 8 {
		t.Errorf("%d connections were made, want the warm ones to be used", got)
	}
	server.Close()
	if err := transport.Warm(t.Context(), base, 2); err == nil {
		t.Error("warming a server that is gone = nil, want an error for the log")
	}
}

// Many calls at once leave as many connections for the next many.
func TestThePoolFitsTheFanOut(t *testing.T) {
	const many = 60
	var active atomic.Int64
	all := make(chan struct{})
	server := newConnected(t, "api", false)
	server.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if active.Add(1)%many != 0 {
			<-all
			return
		}
		for range many - 1 {
			all <- struct{}{}
		}
	})
	transport := clients.NewTransport(clients.TransportConfig{})
	t.Cleanup(transport.CloseIdleConnections)
	for range 3 {
		var wave sync.WaitGroup
		for range many {
			wave.Go(func() { fetch(t, transport, server.URL) })
		}
		wave.Wait()
	}
	if got := server.ever.Load(); got > many {
		t.Errorf("three waves of %d calls made %d connections, want %d", many, got, many)
	}
}

func TestHTTP2AndCertificates(t *testing.T) {
	server := newConnected(t, "api", true)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	trusting := clients.NewTransport(clients.TransportConfig{TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}})
	t.Cleanup(trusting.CloseIdleConnections)
	if got := fetch(t, trusting, server.URL); got != "api HTTP/2.0" {
		t.Errorf("the API said %s, want HTTP/2", got)
	}
	suspicious := clients.NewTransport(clients.TransportConfig{})
	t.Cleanup(suspicious.CloseIdleConnections)
	req, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL, nil)
	if res, err := suspicious.RoundTrip(req); err == nil {
		res.Body.Close()
		t.Error("a certificate of an unknown authority was accepted")
	}
}

// The proxy variables are ignored: tokens would travel through what they name.
func TestNoProxyIsUsed(t *testing.T) {
	proxy := newConnected(t, "proxy", false)
	t.Setenv("HTTP_PROXY", proxy.URL)
	server := newConnected(t, "api", false)
	transport := clients.NewTransport(clients.TransportConfig{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "api.example.test:80" {
			t.Errorf("a connection goes to %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}})
	t.Cleanup(transport.CloseIdleConnections)
	if got := fetch(t, transport, "http://api.example.test/"); !strings.HasPrefix(got, "api") {
		t.Errorf("%s answered", got)
	}
}
