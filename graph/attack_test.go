//go:build !nodemo

package graph_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// attack is a request that means harm.
type attack struct {
	name, body string
	status     int
	code       string
	encoding   string
}

// asking is the request's body for a query.
func asking(query string) string { return asked(query, nil) }

// attacks are what people send to hurt a GraphQL server (OWASP's cheat sheet and what its tools try).
func attacks() []attack {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	zip.Write(bytes.Repeat([]byte(" "), 10<<20))
	zip.Close()
	return []attack{
		{name: "deep", body: asking("{me{" + strings.Repeat("orders{edges{node{customer{", 200) + "id" + strings.Repeat("}}}}", 200) + "}}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "deeper than a parser's stack", body: asking("{" + strings.Repeat("a{", 100_000) + "a"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "a list deeper than a parser's stack", body: asking("{products(search:" + strings.Repeat("[", 4900)), status: 200, code: "GRAPHQL_PARSE_FAILED"},
		{name: "wide", body: asking("{products{edges{node{" + words(2400, "f%d ") + "}}}}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "aliased", body: asking("{" + words(1000, "a%d:products{totalCount} ") + "}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "fragments in a circle", body: asking("{me{...a}} fragment a on Customer{...b} fragment b on Customer{...c} fragment c on Customer{...a}"), status: 200, code: "GRAPHQL_VALIDATION_FAILED"},
		{name: "a bomb of fragments", body: asking(doubled(90)), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "huge", body: asking("{" + strings.Repeat("__typename ", 1<<20) + "}"), status: 413, code: "BAD_USER_INPUT"},
		{name: "many operations", body: asking(words(2000, "query q%d{__typename}")), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "batched", body: "[" + strings.Repeat(`{"query":"{products{totalCount}}"},`, 1000) + `{"query":"{products{totalCount}}"}]`, status: 400, code: "BAD_USER_INPUT"},
		{name: "overlong names", body: asking("{" + strings.Repeat("x", 200_000) + ":products{totalCount}}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "overlong operation name", body: `{"query":"query a{products{totalCount}}","operationName":"` + strings.Repeat("x", 200_000) + `"}`, status: 200, code: "GRAPHQL_VALIDATION_FAILED"},
		{name: "introspection", body: asking("{__schema{" + strings.Repeat("types{fields{type{", 50) + "name" + strings.Repeat("}}}", 50) + "}}"), status: 200, code: "OPERATION_NOT_ALLOWED"},
		{name: "the same field again and again", body: asking("{products{edges{node{" + strings.Repeat("id ", 4000) + "}}}}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "nested fields again and again", body: asking("{" + strings.Repeat("products{edges{node{id}}} ", 500) + "}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "directives", body: asking("{products{totalCount " + strings.Repeat("@include(if:true)", 600) + "}}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "directives that are none", body: asking("{products{totalCount " + strings.Repeat("@aa", 2000) + "}}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "a compression bomb", body: packed.String(), encoding: "gzip", status: 415, code: "BAD_USER_INPUT"},
		{name: "not UTF-8", body: "{\"query\":\"{products(search:\\\"\xc3\x28\\\"){totalCount}}\"}", status: 400, code: "BAD_USER_INPUT"},
		{name: "a member twice", body: `{"query":"{__typename}","query":"{products{totalCount}}"}`, status: 400, code: "BAD_USER_INPUT"},
		{name: "nested JSON", body: `{"query":"{products{totalCount}}","variables":{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}}", status: 400, code: "BAD_USER_INPUT"},
		{name: "many errors", body: asking("{" + words(1900, "f%d ") + "}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "an enormous page", body: asking("{products(first:2147483647){totalCount}}"), status: 200, code: "QUERY_TOO_COMPLEX"},
		{name: "a number beyond numbers", body: asking("{products(first:" + strings.Repeat("9", 100_000) + "){totalCount}}"), status: 200, code: "GRAPHQL_VALIDATION_FAILED"},
	}
}

// GQL-1, GQL-6: each attack is refused, in few words, and no API hears of it.
func TestAttacks(t *testing.T) {
	e := newEndpoint(t, nil)
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			header := jsonHeader()
			if a.encoding != "" {
				header.Set("Content-Encoding", a.encoding)
			}
			r := e.send(t, "POST", "", a.body, header)
			if r.status != a.status || !strings.Contains(r.body, `"code":"`+a.code+`"`) {
				t.Errorf("answer = %d %.300s, want %d %s", r.status, r.body, a.status, a.code)
			}
			if len(r.body) > 2000 {
				t.Errorf("the answer has %d bytes, want few", len(r.body))
			}
			if n := e.asked(); n != 0 {
				t.Errorf("the APIs were asked %d times", n)
			}
		})
	}
}

// mostRefusal bounds what refusing one attack may allocate, in bytes: the body as it is read and taken apart, some sixteen times
// its most of 256 KiB.
const mostRefusal = 4 << 20

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// attackOnce sends an attack to the handler itself, without a connection.
func attackOnce(t testing.TB, h http.Handler, a attack) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = jsonHeader()
	if a.encoding != "" {
		r.Header.Set("Content-Encoding", a.encoding)
	}
	h.ServeHTTP(discard{http.Header{}}, r)
}

// mostTime bounds how long refusing one attack may take on a busy machine with the race detector: what grows as the square of
// what was sent takes longer.
const mostTime = 2 * time.Second

// costOf is what an attack took, at best of three times: what is made once for all is not the attack's, nor is a busy machine.
func costOf(attack func()) (took time.Duration, bytes uint64) {
	took, bytes = time.Hour, math.MaxUint64
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		attack()
		took = min(took, time.Since(began))
		runtime.ReadMemStats(&after)
		bytes = min(bytes, after.TotalAlloc-before.TotalAlloc)
	}
	return took, bytes
}

// GQL-1: what an attack costs has a bound, whatever is asked. `go test -v -run TestWhatAttacksCost ./graph` prints the table of
// docs/limits.md.
func TestWhatAttacksCost(t *testing.T) {
	e := newEndpoint(t, nil)
	h := e.server.Config.Handler
	table := "\n| attack | sent | answer | time | memory |\n|---|---|---|---|---|\n"
	row := func(name string, sent, status int, code string, took time.Duration, allocated uint64) {
		table += fmt.Sprintf("| %s | %s | %d `%s` | %.2f ms | %d KiB |\n", name, size(sent), status, code, float64(took.Microseconds())/1000, allocated>>10)
		if allocated > mostRefusal {
			t.Errorf("%s: %d bytes allocated, want at most %d", name, allocated, mostRefusal)
		}
	}
	for _, a := range attacks() {
		took, allocated := costOf(func() { attackOnce(t, h, a) })
		if row(a.name, len(a.body), a.status, a.code, took, allocated); took > mostTime {
			t.Errorf("%s: refused after %s, want at most %s", a.name, took, mostTime)
		}
	}
	const given = 500 * time.Millisecond
	server := httptest.NewUnstartedServer(h)
	server.Config.ReadTimeout = given
	server.Start()
	defer server.Close()
	sent := 0
	took, allocated := costOf(func() { sent = trickle(t, server) })
	if row(fmt.Sprintf("a body that trickles in, given %s", given), sent, http.StatusRequestTimeout, "BAD_USER_INPUT", took, allocated); took < given || took > given+mostTime {
		t.Errorf("a slow body is refused after %s, want %s", took, given)
	}
	if n := e.asked(); n != 0 {
		t.Errorf("the APIs were asked %d times", n)
	}
	t.Log(table)
}

func size(bytes int) string {
	if bytes < 10<<10 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}

// trickle sends a body byte by byte until it is answered, and gives how much that was.
func trickle(t *testing.T, server *httptest.Server) (sent int) {
	t.Helper()
	conn, err := net.Dial(server.Listener.Addr().Network(), server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(text), "BAD_USER_INPUT") {
			t.Errorf("a slow body = %d %s, %v, want 408", res.StatusCode, text, err)
		}
	}()
	for tick := time.NewTicker(10 * time.Millisecond); ; sent++ {
		select {
		case <-answered:
			tick.Stop()
			return sent
		case <-tick.C:
			conn.Write([]byte("{")) // Nobody may read it any more.
		}
	}
}

// The figures: what refusing each attack takes.
func BenchmarkAttacks(b *testing.B) {
	h := newEndpoint(b, nil).server.Config.Handler
	for _, a := range attacks() {
		b.Run(a.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				attackOnce(b, h, a)
			}
		})
	}
}
