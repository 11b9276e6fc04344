package clients_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vestibule.example/clients"
)

func (r *relaying) get(ctx context.Context, t testing.TB, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", r.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Transport{DisableKeepAlives: true, DisableCompression: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// writes sends a part at once.
func writes(w http.ResponseWriter, part string) {
	io.WriteString(w, part)
	http.NewResponseController(w).Flush()
}

// Each part of a download arrives before the API sends the next; nothing is collected on the way.
func TestDownloadsAreStreamed(t *testing.T) {
	part := strings.Repeat("x", 64<<10)
	arrived := make(chan struct{})
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		for range 3 {
			writes(w, part)
			select {
			case <-arrived:
			case <-req.Context().Done():
			}
		}
	}, func(cfg *clients.Config) { cfg.MaxResponseBytes = 1 }, nil)
	res := r.get(t.Context(), t, "/api/orders/files/a.pdf")
	buf := make([]byte, len(part))
	for range 3 {
		if _, err := io.ReadFull(res.Body, buf); err != nil {
			t.Fatal(err)
		}
		arrived <- struct{}{}
	}
	if n, err := res.Body.Read(buf); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("behind the last part came %d bytes, %v", n, err)
	}
}

func events(release <-chan struct{}, gone chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		writes(w, "data: 1\n\n")
		select {
		case <-release:
			writes(w, "data: 2\n\n")
		case <-req.Context().Done():
			close(gone)
		}
	}
}

// Events arrive one by one, however short the server's times are.
func TestEventsAreFlushedAndOutliveTheServersTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const times, silence = time.Second, time.Minute
		relay, _ := fakeRelay(t, func(*http.Request) (*http.Response, error) {
			from, to := io.Pipe()
			go func() {
				io.WriteString(to, "data: 1\n\n")
				elapse(silence)
				io.WriteString(to, "data: 2\n\n")
				to.Close()
			}()
			res := fakeAnswer(200, http.Header{"Content-Type": {"text/event-stream"}}, "")
			res.ContentLength, res.Body = -1, from
			return res, nil
		})
		browser, accepted := net.Pipe()
		socket := make(accepting, 1)
		socket <- accepted
		server := &http.Server{Handler: relay, WriteTimeout: times, ReadTimeout: times}
		go server.Serve(socket)
		defer server.Close()
		defer browser.Close()
		began := time.Now()
		io.WriteString(browser, "GET /api/orders/things/1/events HTTP/1.1\r\nHost: shop.example.test\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(browser), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		lines := bufio.NewReader(res.Body)
		if line, err := lines.ReadString('\n'); line != "data: 1\n" || err != nil || time.Since(began) != 0 {
			t.Fatalf("the first event = %q, %v after %s, want it at once", line, err, time.Since(began))
		}
		if res.Header.Get("X-Accel-Buffering") != "no" {
			t.Error("a proxy in front may collect the events")
		}
		if rest, err := io.ReadAll(lines); string(rest) != "\ndata: 2\n\n" || err != nil || time.Since(began) != silence {
			t.Errorf("the rest = %q, %v after %s, want the second event and an end in order", rest, err, time.Since(began))
		}
	})
}

// accepting is a listener without a wire, for clocks that testing/synctest drives.
type accepting chan net.Conn

func (l accepting) Accept() (net.Conn, error) {
	if conn, ok := <-l; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (l accepting) Close() error   { close(l); return nil }
func (l accepting) Addr() net.Addr { return &net.TCPAddr{} }

// A stream ends with its session, in order, and the API learns of it; with the request too.
func TestStreamsEndWithTheSession(t *testing.T) {
	gone := make(chan struct{})
	session, end := context.WithCancel(t.Context())
	left := make(chan struct{})
	r := newRelaying(t, events(nil, gone), nil, func(cfg *clients.RelayConfig) {
		cfg.UntilEnded = func(context.Context) (context.Context, context.CancelFunc, error) {
			return session, func() { close(left) }, nil
		}
	})
	res := r.get(t.Context(), t, "/api/orders/things/1/events")
	body := bufio.NewReader(res.Body)
	body.ReadString('\n')
	end()
	if rest, err := io.ReadAll(body); string(rest) != "\n" || err != nil {
		t.Errorf("the stream went on with %q, %v, want an end in order", rest, err)
	}
	<-gone
	<-left
}

func TestAClientThatGoesCancelsTheAPIsWork(t *testing.T) {
	gone := make(chan struct{})
	r := newRelaying(t, events(nil, gone), nil, nil)
	ctx, cancel := context.WithCancel(t.Context())
	res := r.get(ctx, t, "/api/orders/things/1/events")
	bufio.NewReader(res.Body).ReadString('\n')
	cancel()
	<-gone
	gone = make(chan struct{})
	asked := make(chan struct{})
	r = newRelaying(t, func(_ http.ResponseWriter, req *http.Request) {
		close(asked)
		<-req.Context().Done()
		close(gone)
	}, nil, nil)
	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	req, _ := http.NewRequestWithContext(ctx, "GET", r.URL+"/api/orders/things", nil)
	if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
		res.Body.Close()
		t.Error("an answer came")
	}
	<-gone
	if h := r.calls.Health(); h.Failures != 0 {
		t.Errorf("Health() = %+v, want no failure of the API's", h)
	}
}

func TestTooManyStreams(t *testing.T) {
	gone := make(chan struct{})
	r := newRelaying(t, events(nil, gone), nil, func(cfg *clients.RelayConfig) {
		cfg.UntilEnded = func(context.Context) (context.Context, context.CancelFunc, error) {
			return nil, nil, errors.New("too many streams")
		}
	})
	res := r.get(t.Context(), t, "/api/orders/things/1/events")
	if res.StatusCode != 503 || res.Header.Get("Retry-After") != "1" || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a stream too many = %d %v, want 503 with Retry-After", res.StatusCode, res.Header)
	}
	<-gone
}

// Half an answer is not taken for a whole one.
func TestAnAnswerThatBreaksOffIsCut(t *testing.T) {
	r := newRelaying(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		writes(w, strings.Repeat("x", 10_000))
		panic(http.ErrAbortHandler)
	}, nil, nil)
	res := r.get(t.Context(), t, "/api/orders/files/a.pdf")
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the answer ended in order")
	}
}

// Each part of an upload arrives before the browser sends the next.
func TestUploadsAreStreamed(t *testing.T) {
	arrived := make(chan string)
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) {
		buf := make([]byte, 100)
		for {
			n, err := req.Body.Read(buf)
			if n > 0 {
				arrived <- string(buf[:n])
			}
			if err != nil {
				break
			}
		}
		says(201, jsonType, `{}`)(w, req)
	}, nil, nil)
	from, to := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", r.URL+"/api/orders/things", from)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan int, 1)
	go func() {
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			answered <- 0
			return
		}
		res.Body.Close()
		answered <- res.StatusCode
	}()
	for _, part := range []string{"one", "two", "three"} {
		io.WriteString(to, part)
		if got := <-arrived; got != part {
			t.Errorf("the API got %q, want %q", got, part)
		}
	}
	to.Close()
	if got := <-answered; got != 201 {
		t.Errorf("the upload = %d, want 201", got)
	}
}

func TestUploadsAreBounded(t *testing.T) {
	r := newRelaying(t, func(w http.ResponseWriter, req *http.Request) {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			panic(http.ErrAbortHandler)
		}
		says(201, jsonType, `{}`)(w, req)
	}, nil, nil)
	for _, c := range []struct {
		name     string
		size     int
		declared bool
		want     int
	}{
		{"as large as allowed", 1000, true, 201},
		{"as large as allowed, of unknown length", 1000, false, 201},
		{"too large", 1001, true, 413},
		{"too large, of unknown length", 1001, false, 413},
	} {
		before := len(r.api.requests())
		var body io.Reader = strings.NewReader(strings.Repeat("x", c.size))
		if !c.declared {
			body = io.MultiReader(body)
		}
		req, err := http.NewRequestWithContext(t.Context(), "POST", r.URL+"/api/orders/things", body)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, res.StatusCode, c.want)
		}
		if c.declared && c.want == 413 && len(r.api.requests()) != before {
			t.Errorf("%s: the API was asked", c.name)
		}
	}
	if h := r.calls.Health(); h.Failures != 0 || h.Breaker != "closed" {
		t.Errorf("Health() = %+v, want no failure of the API's", h)
	}
}

// The API's time is for the API: a browser that sends slowly does not use it up, and is not held against the API.
func TestASlowUploadIsNotTheAPIsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := func(req *http.Request) (*http.Response, error) {
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return nil, err
			}
			elapse(1900 * time.Millisecond)
			return status(201)(req)
		}
		relay, api := fakeRelay(t, answer)
		if got := slowPost(relay, 10*time.Second, nil); got != 201 {
			t.Errorf("a slow upload = %d, want 201", got)
		}
		if got := slowPost(relay, 10*time.Second, errors.New("the browser broke off")); got == 201 {
			t.Error("half an upload succeeded")
		}
		relay, silent := fakeRelay(t, func(req *http.Request) (*http.Response, error) {
			io.Copy(io.Discard, req.Body)
			return hanging(req)
		})
		began := time.Now()
		if got := slowPost(relay, 10*time.Second, nil); got != 504 || time.Since(began) != 12*time.Second {
			t.Errorf("an API that says nothing = %d after %v, want 504 two seconds behind the upload", got, time.Since(began))
		}
		if h, s := api.Health(), silent.Health(); h.Failures != 0 || s.Failures != 1 {
			t.Errorf("failures = %d and %d, want none for the slow browser, one for the silent API", h.Failures, s.Failures)
		}
	})
}

func fakeRelay(t *testing.T, answer func(*http.Request) (*http.Response, error)) (*clients.Relay, *clients.API) {
	t.Helper()
	api := newFake(t, answer, func(cfg *clients.Config) { cfg.Timeout = 2 * time.Second })
	relay, err := clients.NewRelay(clients.RelayConfig{Origin: relayOrigin, APIs: []clients.RelayAPI{{API: api, Routes: routes()}}})
	if err != nil {
		t.Fatal(err)
	}
	return relay, api
}

// slowPost sends half a body, waits, and sends the rest or fails.
func slowPost(relay *clients.Relay, wait time.Duration, failure error) int {
	from, to := io.Pipe()
	go func() {
		io.WriteString(to, "half")
		elapse(wait)
		if failure == nil {
			io.WriteString(to, "rest")
		}
		to.CloseWithError(failure)
	}()
	w := httptest.NewRecorder()
	relay.ServeHTTP(w, httptest.NewRequest("POST", "/api/orders/things", from))
	return w.Code
}

// An API that falls silent within a download is not waited for without end; one that streams may be silent.
func TestSilenceWithinAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for contentType, want := range map[string]time.Duration{"application/pdf": 30 * time.Second, "text/event-stream": time.Hour} {
			relay, _ := fakeRelay(t, func(req *http.Request) (*http.Response, error) {
				from, to := io.Pipe()
				go func() {
					io.WriteString(to, "part")
					<-req.Context().Done()
					to.CloseWithError(req.Context().Err())
				}()
				res := fakeAnswer(200, http.Header{"Content-Type": {contentType}}, "")
				res.ContentLength, res.Body = -1, from
				return res, nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			began := time.Now()
			aborted := make(chan bool)
			go func() {
				defer func() { aborted <- recover() != nil }()
				relay.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/api/orders/things/1/events", nil))
			}()
			if cut := <-aborted; cut != (contentType == "application/pdf") || time.Since(began) != want {
				t.Errorf("%s ended after %v, cut: %v, want %v", contentType, time.Since(began), cut, want)
			}
			cancel()
		}
	})
}
