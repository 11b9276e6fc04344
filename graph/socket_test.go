//go:build !nodemo

package graph_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"vestibule.example/auth"
	"vestibule.example/graph"
)

// pipes is a listener whose connections stay in the process: time stands still in a bubble until everybody waits, and ten
// minutes of fuzzing open more than the system has ports.
type pipes struct {
	opened chan net.Conn
	over   context.Context //nolint:containedctx // The listener's life.
	close  context.CancelFunc
}

// Accept implements [net.Listener].
func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.opened:
		return c, nil
	case <-p.over.Done():
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (p pipes) Close() error { p.close(); return nil }

// Addr implements [net.Listener].
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

// sockets is /graphql as a session has it, over pipes.
type sockets struct {
	client *http.Client
	// last is the client's side of the connection opened last.
	last atomic.Pointer[net.Conn]
}

// sessionOfAlice is a session that somebody signed in for.
func sessionOfAlice(t testing.TB) *auth.Session {
	t.Helper()
	g := newGate(t, "plan", nil)
	res, err := g.signIn(t).Fetch(t.Context(), http.MethodGet, "/who", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return g.last.Load()
}

func newSockets(t testing.TB, session *auth.Session, h http.Handler, logged io.Writer) *sockets {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(auth.NewContext(r.Context(), session)))
	}))
	over, closed := context.WithCancel(context.WithoutCancel(t.Context()))
	listener := pipes{make(chan net.Conn), over, closed}
	server.Listener.Close()
	server.Listener = listener
	server.Config.ErrorLog = log.New(logged, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	s := &sockets{}
	s.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case listener.opened <- theirs:
			s.last.Store(&ours)
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}}
	return s
}

// dial shakes hands; without a connection the answer tells why.
func (s *sockets) dial(t *testing.T) (*websocket.Conn, *http.Response) {
	t.Helper()
	conn, res, err := websocket.Dial(t.Context(), "http://gateway.test/graphql", &websocket.DialOptions{HTTPClient: s.client, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil && res == nil {
		t.Fatal(err)
	}
	return conn, res
}

// begin gives a socket that is initialised.
func (s *sockets) begin(t *testing.T) *websocket.Conn {
	t.Helper()
	conn, res := s.dial(t)
	if conn == nil {
		t.Fatalf("the handshake = %d", res.StatusCode)
	}
	say(t, conn, `{"type":"connection_init"}`)
	if got := heard(t, conn); got != `{"type":"connection_ack"}` {
		t.Fatalf("heard %s", got)
	}
	return conn
}

func say(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func heard(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, text, err := conn.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ends reads a socket to its end, and tells how that was.
func ends(t *testing.T, conn *websocket.Conn) (code websocket.StatusCode, reason string) {
	t.Helper()
	for {
		if _, _, err := conn.Read(t.Context()); err != nil {
			var closed websocket.CloseError
			if !errors.As(err, &closed) {
				return -1, err.Error()
			}
			return closed.Code, closed.Reason
		}
	}
}

const watchNote = `{"type":"subscribe","id":"1","payload":{"query":"subscription { orderUpdated(id: \"o-1\") { note } }"}}`

// WS-10, WS-13: a socket lives while somebody is there, however silent. Who answers no ping, or reads nothing, is left within half
// a minute, and the API is asked for her no more.
func TestASocketThatNobodyReads(t *testing.T) {
	session := sessionOfAlice(t)
	for _, c := range []struct {
		name, says string
		reads      bool
	}{{"silent, but there", "", true}, {"gone, and silent", "", false}, {"gone, and subscribed", watchNote, false}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int64
				s := newSockets(t, session, newStreams(t, ticking(&calls), nil), io.Discard)
				conn := s.begin(t)
				if c.says != "" {
					say(t, conn, c.says)
				}
				over := make(chan struct{})
				if c.reads {
					go func() {
						defer close(over)
						ends(t, conn)
					}()
				}
				<-time.After(30 * time.Second)
				before := calls.Load()
				<-time.After(10 * time.Minute)
				if calls.Load() != before {
					t.Error("the API is asked for nobody")
				}
				if c.reads {
					say(t, conn, `{"type":"ping"}`)
					conn.CloseNow()
					<-over
					return
				}
				if _, err := (*s.last.Load()).Write([]byte{0}); !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("writing = %v, want the connection closed", err)
				}
				conn.CloseNow()
			})
		})
	}
}

// What is the matter with the session is told in the handshake, and no socket opened (WS-3); the header says when to come back.
func TestSessionsThatOpenNoSocket(t *testing.T) {
	session := sessionOfAlice(t)
	for _, c := range []struct {
		name   string
		change func(*graph.Config)
		status int
		code   string
	}{
		{"it has just ended", until(auth.ErrNotFound), 401, "UNAUTHENTICATED"},
		{"it has too many streams", until(auth.ErrTooManyStreams), 503, "UNAVAILABLE"},
		{"the store is away", until(errors.New("connection refused")), 503, "UNAVAILABLE"},
		{"its minute is spent", func(c *graph.Config) { c.Rate.Session = 1 }, 429, "RATE_LIMITED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSockets(t, session, newStreams(t, ticking(new(atomic.Int64)), c.change), io.Discard)
			if c.status == 429 {
				spending := s.begin(t)
				say(t, spending, `{"type":"subscribe","id":"1","payload":{"query":"{ viewer { authenticated } }"}}`)
				heard(t, spending)
				spending.CloseNow()
			}
			conn, res := s.dial(t)
			if conn != nil {
				t.Fatal("the socket is open")
			}
			text, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != c.status || !strings.Contains(string(text), `"code":"`+c.code+`"`) || (res.Header.Get("Retry-After") != "") != (c.status != 401) {
				t.Errorf("the handshake = %d %s %v, %v, want %d %s", res.StatusCode, text, res.Header, err, c.status, c.code)
			}
		})
	}
}

// until has streams refused with an error.
func until(err error) func(*graph.Config) {
	return func(c *graph.Config) {
		c.UntilEnded = func(context.Context) (context.Context, context.CancelFunc, error) { return nil, nil, err }
	}
}

// WS-6, WS-12: what has become of the session closes the socket when it is looked up, at the beginning and for each operation and
// event.
func TestASessionThatEndsBehindASocket(t *testing.T) {
	session := sessionOfAlice(t)
	query := `{"type":"subscribe","id":"1","payload":{"query":"{ viewer { authenticated } }"}}`
	for _, c := range []struct {
		name   string
		why    error
		at     int64 // which look-up finds it so
		says   string
		code   websocket.StatusCode
		reason string
	}{
		{"ended before it began", auth.ErrSessionEnded, 1, "", 4403, "UNAUTHENTICATED"},
		{"replaced before it began", auth.ErrReplaced, 1, "", 4403, "SESSION_CHANGED"},
		{"ended at an operation", auth.ErrSessionEnded, 2, query, 4401, "UNAUTHENTICATED"},
		{"replaced at an operation", auth.ErrReplaced, 2, query, 4401, "SESSION_CHANGED"},
		{"ended at an event", auth.ErrSessionEnded, 4, watchNote, 4401, "UNAUTHENTICATED"},
		{"replaced at an event", auth.ErrReplaced, 4, watchNote, 4401, "SESSION_CHANGED"},
		{"not to be found out before it began", errGone, 1, "", 1013, "UNAVAILABLE"},
		{"not to be found out at an operation", errGone, 2, query, 1013, "UNAVAILABLE"},
		{"not to be found out at an event", errGone, 4, watchNote, 1013, "UNAVAILABLE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var looked atomic.Int64
				logged := &logBuffer{}
				s := newSockets(t, session, newStreams(t, ticking(new(atomic.Int64)), func(cfg *graph.Config) {
					cfg.Logger = newLogger(logged)
					cfg.Renew = func(ctx context.Context) (context.Context, error) {
						if looked.Add(1) == c.at {
							return ctx, c.why
						}
						return ctx, nil
					}
				}), logged)
				conn, _ := s.dial(t)
				say(t, conn, `{"type":"connection_init"}`)
				if c.says != "" {
					heard(t, conn)
					say(t, conn, c.says)
				}
				if code, reason := ends(t, conn); code != c.code || reason != c.reason {
					t.Errorf("closed with %d %s, want %d %s", code, reason, c.code, c.reason)
				}
				if got, want := strings.Count(logged.String(), "level=ERROR"), strings.Count(fmt.Sprint(c.why), errGone.Error()); got != want || strings.Contains(logged.String(), "panic") {
					t.Errorf("%d errors are logged, want %d:\n%s", got, want, logged)
				}
			})
		})
	}
}

// An operation that panics fails, and the socket and its other operations live.
func TestAnOperationOfASocketPanics(t *testing.T) {
	logged := &logBuffer{}
	s := newSockets(t, sessionOfAlice(t), newStreams(t, ticking(new(atomic.Int64)), func(c *graph.Config) {
		c.Logger = newLogger(logged)
		c.Prepare = func(_ context.Context, apis []string) {
			if len(apis) > 0 {
				panic("ouch")
			}
		}
	}), logged)
	conn := s.begin(t)
	say(t, conn, `{"type":"subscribe","id":"1","payload":{"query":"{ products { totalCount } }"}}`)
	if got := heard(t, conn); !strings.HasPrefix(got, `{"type":"error","id":"1","payload":[{`) || !strings.Contains(got, `"INTERNAL"`) || strings.Contains(got, "ouch") {
		t.Errorf("heard %s, want INTERNAL", got)
	}
	say(t, conn, `{"type":"subscribe","id":"1","payload":{"query":"{ viewer { authenticated } }"}}`)
	if got := heard(t, conn); got != `{"type":"next","id":"1","payload":{"data":{"viewer":{"authenticated":true}}}}` {
		t.Errorf("heard %s", got)
	}
	conn.CloseNow()
	if text := logged.String(); !strings.Contains(text, "an operation of a WebSocket panicked") || !strings.Contains(text, "ouch") {
		t.Errorf("the log = %s", text)
	}
}

// An id is told in the reason of a close, which has room for so much, and is UTF-8 even where it is cut (RFC 6455 §5.5.1).
func TestALongIDIsCutBetweenLetters(t *testing.T) {
	conn := newSockets(t, sessionOfAlice(t), newStreams(t, ticking(new(atomic.Int64)), nil), io.Discard).begin(t)
	id := "x" + strings.Repeat("ü", 40)
	for range 2 {
		say(t, conn, strings.Replace(watchNote, `"id":"1"`, `"id":"`+id+`"`, 1))
	}
	if code, reason := ends(t, conn); code != 4409 || reason != "Subscriber for "+id[:63]+" already exists" {
		t.Errorf("closed with %d %q", code, reason)
	}
}
