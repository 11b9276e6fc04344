package clients

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// socketHeaders are those of the WebSocket handshake (RFC 6455 §4), both ways.
func socketHeaders() []string {
	return []string{"Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions"}
}

// mayUpgrade tells whether a request may become a WebSocket: where the route allows it, and for pages of our own origin
// alone. A WebSocket knows no preflight; Origin is all there is (WS-2).
func (r *Relay) mayUpgrade(route *relayRoute, req *http.Request) bool {
	origins := req.Header["Origin"]
	return route.WebSocket && req.Method == http.MethodGet && req.ProtoMajor == 1 && strings.EqualFold(req.Header.Get("Upgrade"), "websocket") &&
		len(origins) == 1 && origins[0] == r.cfg.Origin
}

// socket carries a WebSocket's bytes both ways until one side, the session or the server ends it.
func (r *Relay) socket(w http.ResponseWriter, req *http.Request, res *http.Response, cancel context.CancelFunc) {
	api, ok := res.Body.(io.ReadWriteCloser)
	if !ok {
		r.refuse(w, req, &Error{Code: CodeUpstreamInvalid, err: fmt.Errorf("clients: an upgraded answer cannot be written to (%T)", res.Body)})
		return
	}
	done, err := r.endWithSession(req.Context(), cancel)
	if err != nil {
		r.refuse(w, req, &Error{Code: CodeUnavailable, Retryable: true, RetryAfter: crowdWait, err: err})
		return
	}
	defer done()
	control := http.NewResponseController(w)
	conn, buffered, err := control.Hijack()
	if err != nil {
		r.refuse(w, req, &Error{Code: CodeInternal, err: fmt.Errorf("clients: taking over the connection: %w", err)})
		return
	}
	defer conn.Close() //nolint:errcheck // It is over either way.
	// The server set a deadline for an answer; this is none.
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return
	}
	h := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}
	for _, name := range []string{"Sec-Websocket-Accept", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions"} {
		if values := res.Header[name]; len(values) > 0 {
			h[name] = values
		}
	}
	if err := switchProtocols(buffered.Writer, h); err != nil {
		return
	}
	ctx, stop := context.WithCancel(res.Request.Context())
	defer stop()
	var both sync.WaitGroup
	carry := func(to io.Writer, from io.Reader) {
		defer stop()
		io.Copy(to, from) //nolint:errcheck // Either end closing is how it ends.
	}
	both.Go(func() { carry(api, buffered.Reader) })
	both.Go(func() { carry(patient{conn}, api) })
	<-ctx.Done()
	conn.Close() //nolint:errcheck // It is over either way.
	api.Close()
	both.Wait()
}

func switchProtocols(w *bufio.Writer, h http.Header) error {
	if _, err := w.WriteString("HTTP/1.1 101 Switching Protocols\r\n"); err != nil {
		return err
	}
	if err := h.Write(w); err != nil {
		return err
	}
	if _, err := w.WriteString("\r\n"); err != nil {
		return err
	}
	return w.Flush()
}

// patient bounds each write to a browser that does not read.
type patient struct{ net.Conn }

// Write implements [io.Writer].
func (p patient) Write(b []byte) (int, error) {
	if err := p.SetWriteDeadline(time.Now().Add(relayPatience)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}
