package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"vestibule.example/internal/observe"
)

// watched serves next, observed, and gives what was logged once the server has answered everything.
func watched(t *testing.T, cfg observe.Config, next http.Handler) (server *httptest.Server, records func() []map[string]any) {
	t.Helper()
	var log bytes.Buffer
	cfg.Logger = observe.NewLogger(&log, "json", "debug")
	server = httptest.NewUnstartedServer(observe.Handler(cfg, next))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	return server, func() []map[string]any {
		t.Helper()
		server.Close() // Waits for the handlers, which write their records last.
		var all []map[string]any
		for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatalf("a line of the log is no JSON: %q", line)
			}
			all = append(all, record)
		}
		return all
	}
}

func send(t *testing.T, server *httptest.Server, method, target string, header http.Header) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// An id given with a request is believed from a trusted proxy alone, and only if it is one (BCP-16, LOG-3).
func TestRequestID(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, row := range []struct {
		name, given string
		trusted     []netip.Prefix
		believed    bool
	}{
		{"none given", "", loopback, false},
		{"from a trusted proxy", "req-1_A.b", loopback, true},
		{"of the greatest length", strings.Repeat("a", 64), loopback, true},
		{"too long", strings.Repeat("a", 65), loopback, false},
		{"with a space", "a b", loopback, false},
		{"with a quotation mark", `a"b`, loopback, false},
		{"with a line's end, encoded", "a%0Ab", loopback, false},
		{"with letters of other languages", "é", loopback, false},
		{"from a stranger", "req-1", nil, false},
		{"from a network that is not trusted", "req-1", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, false},
	} {
		var inside string
		server, records := watched(t, observe.Config{TrustedProxies: row.trusted}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			inside = observe.RequestID(r.Context())
		}))
		header := http.Header{}
		if row.given != "" {
			header["X-Request-Id"] = []string{row.given}
		}
		answer, _ := send(t, server, "GET", "/", header)
		record := records()[0]
		got := answer.Header.Get("X-Request-Id")
		if got == "" || inside != got || record["request_id"] != got {
			t.Errorf("%s: id %q in the answer, %q inside, %q in the record", row.name, got, inside, record["request_id"])
		}
		if (got == row.given) != row.believed {
			t.Errorf("%s: id = %q of %q, believed should be %v", row.name, got, row.given, row.believed)
		}
		if !row.believed && len(got) != 20 {
			t.Errorf("%s: id = %q, want 20 characters of our own", row.name, got)
		}
	}
}

// A peer's address is judged as the address it is: an IPv4 address within IPv6 too; what is no address is nobody.
func TestTrustedPeers(t *testing.T) {
	for _, row := range []struct {
		remote   string
		believed bool
	}{
		{"10.1.2.3:4711", true},
		{"[::ffff:10.1.2.3]:4711", true},
		{"11.1.2.3:4711", false},
		{"10.1.2.3", false},
		{"@", false},
		{"", false},
	} {
		h := observe.Handler(observe.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, http.NotFoundHandler())
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = row.remote
		r.Header.Set("X-Request-Id", "given")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("X-Request-Id") == "given"; got != row.believed {
			t.Errorf("from %q: believed = %v, want %v", row.remote, got, row.believed)
		}
	}
}

// One request is one record of what was asked and answered, and of nothing secret: no query string, no header, no path
// that a client made up (LOG-2).
func TestOneRecordPerRequest(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, "four")
	})
	mux.HandleFunc("POST /silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /copied", func(w http.ResponseWriter, _ *http.Request) {
		io.Copy(w, io.LimitReader(strings.NewReader("seven sins"), 7))
	})
	mux.HandleFunc("GET /broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	clock := time.Unix(1000, 0)
	server, records := watched(t, observe.Config{Now: func() time.Time {
		clock = clock.Add(5 * time.Millisecond)
		return clock
	}}, mux)
	canary := http.Header{"Cookie": {"session=canary"}, "Authorization": {"Bearer canary"}, "User-Agent": {"canary"}, "Referer": {"http://canary.test"}}
	send(t, server, "GET", "/orders/canary?code=canary&state=canary", canary)
	send(t, server, "POST", "/silent", canary)
	send(t, server, "GET", "/copied", canary)
	send(t, server, "GET", "/broken", canary)
	send(t, server, "GET", "/canary%0ALevel=ERROR", canary)
	want := []struct {
		method, route, level string
		status, bytes        float64
	}{
		{"GET", "GET /orders/{id}", "INFO", 201, 4},
		{"POST", "POST /silent", "INFO", 200, 0},
		{"GET", "GET /copied", "INFO", 200, 7},
		{"GET", "GET /broken", "ERROR", 502, 0},
		{"GET", "other", "INFO", 404, 19},
	}
	got := records()
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i, w := range want {
		r := got[i]
		if r["msg"] != "request" || r["method"] != w.method || r["route"] != w.route || r["level"] != w.level || r["status"] != w.status ||
			r["bytes"] != w.bytes || r["error"] != nil || r["duration"] != float64(5*time.Millisecond) {
			t.Errorf("record = %v, want %+v", r, w)
		}
		if text, _ := json.Marshal(r); bytes.Contains(text, []byte("canary")) {
			t.Errorf("the record shows what the request carried: %s", text)
		}
	}
}

// What a client or an API wrote makes no second line in either format (LOG-3).
func TestLogInjection(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		var log bytes.Buffer
		h := observe.Handler(observe.Config{Logger: observe.NewLogger(&log, format, "info")}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			panic("no\r\ntime=2026 level=ERROR msg=forged\x1b[31m\u2028")
		}))
		r := httptest.NewRequest("GET", "/", nil)
		r.Method = "GET\nlevel=ERROR"
		h.ServeHTTP(httptest.NewRecorder(), r)
		for line := range strings.Lines(log.String()) { // That of the panic, with its stack, and the request's.
			if strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\n\r\x1b\u2028") || strings.HasPrefix(line, "time=2026 ") {
				t.Errorf("%s: the log has %q", format, line)
			}
		}
		if got := strings.Count(log.String(), "\n"); got != 2 {
			t.Errorf("%s: %d lines in the log, want 2", format, got)
		}
	}
}

// A panic is a plain 500 and one record with its cause; what was begun is left as it is; the server lives.
func TestPanics(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /error", func(http.ResponseWriter, *http.Request) { panic(errors.New("canary")) })
	mux.HandleFunc("GET /text", func(http.ResponseWriter, *http.Request) { panic("canary") })
	mux.HandleFunc("GET /begun", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, "half")
		panic("canary")
	})
	server, records := watched(t, observe.Config{}, mux)
	for _, target := range []string{"/error", "/text"} {
		answer, body := send(t, server, "GET", target, nil)
		h := answer.Header
		if answer.StatusCode != 500 || h.Get("Content-Type") != "application/problem+json" || h.Get("Cache-Control") != "no-store" || strings.Contains(body, "canary") {
			t.Errorf("GET %s = %d %v %s", target, answer.StatusCode, h, body)
		}
		if !json.Valid([]byte(body)) {
			t.Errorf("GET %s: no JSON: %s", target, body)
		}
	}
	if answer, body := send(t, server, "GET", "/begun", nil); answer.StatusCode != 202 || body != "half" {
		t.Errorf("GET /begun = %d %q, want what was begun", answer.StatusCode, body)
	}
	var panics, requests int
	for _, r := range records() {
		switch r["msg"] {
		case "panic":
			panics++
			if stack, _ := r["stack"].(string); r["error"] != "canary" || !strings.Contains(stack, "observe_test") || r["request_id"] == "" {
				t.Errorf("record = %v", r)
			}
		case "request":
			requests++
			if r["error"] != "canary" {
				t.Errorf("record = %v, want its cause", r)
			}
		}
	}
	if panics != 3 || requests != 3 {
		t.Errorf("%d panics and %d requests recorded, want 3 of each", panics, requests)
	}
}

// A handler that aborts has its connection cut, is recorded, and is no fault of ours.
func TestAbort(t *testing.T) {
	server, records := watched(t, observe.Config{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		panic(http.ErrAbortHandler)
	}))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := server.Client().Do(r); err == nil {
		_, err = io.ReadAll(answer.Body)
		answer.Body.Close()
		if err == nil {
			t.Error("an aborted answer looks whole")
		}
	}
	all := records()
	if len(all) != 1 || all[0]["msg"] != "request" || all[0]["error"] != nil {
		t.Errorf("records = %v, want the request's alone", all)
	}
}

// A client that goes away before the answer is recorded as that.
func TestClientGone(t *testing.T) {
	asked := make(chan bool)
	server, records := watched(t, observe.Config{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := server.Client().Do(r); err == nil {
		answer.Body.Close()
		t.Fatal("an answer came")
	}
	if all := records(); len(all) != 1 || all[0]["status"] != float64(499) || all[0]["level"] != "INFO" {
		t.Errorf("records = %v, want one of 499", all)
	}
}

// What others say of a trace does not travel on to the APIs.
func TestBaggageIsDropped(t *testing.T) {
	var baggage []string
	server, _ := watched(t, observe.Config{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { baggage = r.Header["Baggage"] }))
	send(t, server, "GET", "/", http.Header{"Baggage": {"user=admin"}})
	if baggage != nil {
		t.Errorf("Baggage = %v, want none", baggage)
	}
}

// Streams are flushed and deadlines set through the recorder.
func TestResponseController(t *testing.T) {
	server, _ := watched(t, observe.Config{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		if err := control.SetWriteDeadline(time.Time{}); err != nil {
			t.Errorf("SetWriteDeadline: %v", err)
		}
		io.WriteString(w, "a")
		if err := control.Flush(); err != nil {
			t.Errorf("Flush: %v", err)
		}
		conn, _, err := control.Hijack()
		if err != nil {
			t.Errorf("Hijack: %v", err)
			return
		}
		conn.Close()
	}))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
}

// Whatever is logged on a request's behalf has its id, once, however the logger came about (LOG-3).
func TestEachRecordOfARequestHasItsID(t *testing.T) {
	var log bytes.Buffer
	logger := observe.NewLogger(&log, "json", "info")
	h := observe.Handler(observe.Config{Logger: logger}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		logger.ErrorContext(r.Context(), "plain")
		logger.With("api", "orders").WarnContext(context.WithoutCancel(r.Context()), "behind its back")
		logger.InfoContext(r.Context(), "named", "request_id", observe.RequestID(r.Context()))
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	logger.Info("nobody's")
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	for i, line := range lines {
		want := 1
		if i == len(lines)-1 {
			want = 0
		}
		if got := strings.Count(line, `"request_id":"`+w.Header().Get("X-Request-Id")+`"`); got != want || strings.Count(line, "request_id") != want {
			t.Errorf("the id is in it %d times, want %d: %s", got, want, line)
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d records, want 5:\n%s", len(lines), &log)
	}
}

// Outside a request there is no id.
func TestOutsideARequest(t *testing.T) {
	if got := observe.RequestID(context.Background()); got != "" {
		t.Errorf("RequestID = %q, want none", got)
	}
}

// A level that is none is info; text is for people.
func TestNewLogger(t *testing.T) {
	for _, row := range []struct {
		format, level string
		debug, json   bool
	}{
		{"json", "debug", true, true},
		{"json", "info", false, true},
		{"text", "debug", true, false},
		{"json", "loud", false, true},
	} {
		var out bytes.Buffer
		log := observe.NewLogger(&out, row.format, row.level)
		log.Debug("quiet")
		log.Info("x")
		if got := strings.Contains(out.String(), "quiet"); got != row.debug {
			t.Errorf("NewLogger(%s, %s): debug shown = %v, want %v", row.format, row.level, got, row.debug)
		}
		if got := strings.HasPrefix(out.String(), "{"); got != row.json {
			t.Errorf("NewLogger(%s, %s): JSON = %v, want %v", row.format, row.level, got, row.json)
		}
	}
}
