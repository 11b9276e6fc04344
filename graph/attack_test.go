//go:build !nodemo

package graph_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"runtime"
	"strings"
	"testing"
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

// What an attack costs in memory has a bound, whatever is asked.
func TestAttacksAllocateLittle(t *testing.T) {
	h := newEndpoint(t, nil).server.Config.Handler
	for _, a := range attacks() {
		attackOnce(t, h, a) // What is made once for all is not the attack's.
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		attackOnce(t, h, a)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > mostRefusal {
			t.Errorf("%s: %d bytes allocated, want at most %d", a.name, n, mostRefusal)
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
