package clients_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"vestibule.example/clients"
)

// socketAPI is an API's WebSocket, as far as the relay sees it: bytes.
func socketAPI(w http.ResponseWriter, req *http.Request) {
	if req.Header.Get("Upgrade") != "websocket" || req.Header.Get("Sec-Websocket-Key") != "key" || req.Header.Get("Cookie") != "" {
		w.WriteHeader(400)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(buffered, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ok\r\nSet-Cookie: a=b\r\n\r\nhello\n")
	buffered.Flush()
	for {
		line, err := buffered.ReadString('\n')
		if err != nil {
			return
		}
		buffered.WriteString("echo " + line)
		buffered.Flush()
	}
}

func (r *relaying) dial(t *testing.T, path string, header http.Header) (net.Conn, *bufio.Reader, *http.Response) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: shop.example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: a=b\r\nSec-WebSocket-Key: key\r\n", path)
	header.Write(conn)
	io.WriteString(conn, "\r\n")
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	return conn, reader, res
}

// WS-2
func TestWebSockets(t *testing.T) {
	session, end := context.WithCancel(t.Context())
	r := newRelaying(t, socketAPI, nil, func(cfg *clients.RelayConfig) {
		cfg.UntilEnded = func(context.Context) (context.Context, context.CancelFunc, error) { return session, func() {}, nil }
	})
	for _, c := range []struct {
		name, path string
		header     http.Header
	}{
		{"another origin", "/api/orders/socket", http.Header{"Origin": {"https://evil.test"}}},
		{"no origin", "/api/orders/socket", nil},
		{"a null origin", "/api/orders/socket", http.Header{"Origin": {"null"}}},
		{"two origins", "/api/orders/socket", http.Header{"Origin": {relayOrigin, "https://evil.test"}}},
		{"a route that is none", "/api/orders/things", http.Header{"Origin": {relayOrigin}}},
	} {
		if _, _, res := r.dial(t, c.path, c.header); res.StatusCode != 400 || len(r.api.requests()) > 0 {
			t.Errorf("%s: %d with %d requests of the API, want 400 and none", c.name, res.StatusCode, len(r.api.requests()))
		}
	}
	ours := http.Header{"Origin": {relayOrigin}}
	conn, reader, res := r.dial(t, "/api/orders/socket", ours)
	if res.StatusCode != 101 || res.Header.Get("Sec-Websocket-Accept") != "ok" || res.Header.Get("Set-Cookie") != "" {
		t.Fatalf("upgrade = %d %v", res.StatusCode, res.Header)
	}
	io.WriteString(conn, "one\n")
	for _, want := range []string{"hello\n", "echo one\n"} {
		if got, err := reader.ReadString('\n'); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	end()
	if rest, err := io.ReadAll(reader); len(rest) > 0 || err != nil {
		t.Errorf("after the session's end: %q, %v, want the end", rest, err)
	}
}

func TestAWebSocketEndsWithEitherSide(t *testing.T) {
	apiGone := make(chan struct{})
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) {
		socketAPI(w, req)
		close(apiGone)
	}, nil, nil)
	conn, reader, _ := r.dial(t, "/api/orders/socket", http.Header{"Origin": {relayOrigin}})
	reader.ReadString('\n')
	conn.Close()
	<-apiGone

	r = newRelaying(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		fmt.Fprint(buffered, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nbye\n")
		buffered.Flush()
		conn.Close()
	}, nil, nil)
	_, reader, _ = r.dial(t, "/api/orders/socket", http.Header{"Origin": {relayOrigin}})
	if rest, err := io.ReadAll(reader); string(rest) != "bye\n" || err != nil {
		t.Errorf("the API's last words = %q, %v", rest, err)
	}
}

func TestAnUpgradeThatTheAPIRefuses(t *testing.T) {
	r := newRelaying(t, says(403, problemType, `{}`), nil, nil)
	if _, _, res := r.dial(t, "/api/orders/socket", http.Header{"Origin": {relayOrigin}}); res.StatusCode != 403 {
		t.Errorf("a refused upgrade = %d, want the API's own 403", res.StatusCode)
	}
	r = newRelaying(t, socketAPI, nil, func(cfg *clients.RelayConfig) {
		cfg.UntilEnded = func(context.Context) (context.Context, context.CancelFunc, error) {
			return nil, nil, errors.New("too many streams")
		}
	})
	if _, _, res := r.dial(t, "/api/orders/socket", http.Header{"Origin": {relayOrigin}}); res.StatusCode != 503 {
		t.Errorf("a socket too many = %d, want 503", res.StatusCode)
	}
}

// A stream that begins in silence has begun all the same.
func TestASilentStreamBegins(t *testing.T) {
	gone := make(chan struct{})
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		writes(w, "")
		<-req.Context().Done()
		close(gone)
	}, nil, nil)
	ctx, cancel := context.WithCancel(t.Context())
	if res := r.get(ctx, t, "/api/orders/things/1/events"); res.StatusCode != 200 {
		t.Errorf("the stream = %d, want 200", res.StatusCode)
	}
	cancel()
	<-gone
}

// brokenWriter is a browser's connection that is broken.
type brokenWriter struct{ header http.Header }

func (b *brokenWriter) Header() http.Header         { return b.header }
func (b *brokenWriter) WriteHeader(int)             {}
func (b *brokenWriter) Write(p []byte) (int, error) { return 0, errNoRoute }

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error)  { return len(p), nil }
func (endless) Write(p []byte) (int, error) { return len(p), nil }
func (endless) Close() error                { return nil }

func TestNothingIsReadForABrowserThatIsGone(t *testing.T) {
	relay, _ := fakeRelay(t, func(*http.Request) (*http.Response, error) {
		res := fakeAnswer(200, http.Header{"Content-Type": {"application/pdf"}}, "")
		res.ContentLength, res.Body = -1, endless{}
		return res, nil
	})
	defer func() {
		if recover() == nil {
			t.Error("the answer ended in order")
		}
	}()
	relay.ServeHTTP(&brokenWriter{http.Header{}}, httptest.NewRequestWithContext(t.Context(), "GET", "/api/orders/things", nil))
}

func TestAnUpgradeThatCannotBe(t *testing.T) {
	upgrade := func(body io.ReadCloser) int {
		relay, _ := fakeRelay(t, func(req *http.Request) (*http.Response, error) {
			res := fakeAnswer(101, http.Header{}, "")
			res.Body, res.Request = body, req
			return res, nil
		})
		req := httptest.NewRequestWithContext(t.Context(), "GET", "/api/orders/socket", nil)
		req.Header = http.Header{"Upgrade": {"websocket"}, "Origin": {relayOrigin}}
		w := httptest.NewRecorder()
		relay.ServeHTTP(w, req)
		return w.Code
	}
	if got := upgrade(io.NopCloser(strings.NewReader(""))); got != 502 {
		t.Errorf("an API's connection that cannot be written to = %d, want 502", got)
	}
	if got := upgrade(endless{}); got != 500 {
		t.Errorf("a browser's connection that cannot be taken over = %d, want 500", got)
	}
}
