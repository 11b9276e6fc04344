//go:build !nodemo

package graph_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vestibule.example/demo/fault"
	"vestibule.example/graph"
)

// GOH-11 to GOH-17: both profiles, for both media types.
func TestStatusProfiles(t *testing.T) {
	audits := newEndpoint(t, nil)
	draft := newEndpoint(t, func(c *graph.Config) { c.StatusProfile = graph.ProfileDraft })
	for _, e := range []*endpoint{audits, draft} {
		if _, err := e.faults.Add(fault.Rule{Target: "catalog", Status: 500}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, body                       string
		json, response, draftJSON, draft int
	}{
		{"an answer", `{"query":"{__typename}"}`, 200, 200, 200, 200},
		{"data and errors", `{"query":"{__typename products{totalCount}}"}`, 200, 200, 294, 294},
		{"no JSON", `{`, 400, 400, 400, 400},
		{"a request that is not well-formed", `{"query":1}`, 400, 400, 422, 422},
		{"a request without query", `{}`, 400, 400, 422, 422},
		{"a document that does not parse", `{"query":"{"}`, 200, 400, 400, 400},
		{"a document that is not valid", `{"query":"{nothing}"}`, 200, 400, 422, 422},
		{"a document without operation", `{"query":"fragment a on Query{__typename}"}`, 200, 400, 422, 422},
		{"variables that do not fit", `{"query":"query($a:Int!){products(first:$a){totalCount}}","variables":{"a":"x"}}`, 200, 400, 422, 422},
		{"an ambiguous operation", `{"query":"query a{__typename} query b{__typename}"}`, 200, 400, 422, 422},
		{"an operation that is not there", `{"query":"query a{__typename}","operationName":"b"}`, 200, 400, 422, 422},
		{"too much", `{"query":"{` + strings.Repeat("viewer{authenticated} ", 21) + `}"}`, 200, 400, 422, 422},
		{"introspection", `{"query":"{__schema{queryType{name}}}"}`, 200, 400, 422, 422},
	} {
		for _, profile := range []struct {
			name           string
			e              *endpoint
			json, response int
		}{{"audits", audits, c.json, c.response}, {"draft", draft, c.draftJSON, c.draft}} {
			for accept, want := range map[string]int{"application/json": profile.json, responseJSON: profile.response} {
				r := profile.e.send(t, "POST", "", c.body, http.Header{"Content-Type": {"application/json"}, "Accept": {accept}})
				if r.status != want {
					t.Errorf("%s, profile %s, %s: status = %d, want %d: %s", c.name, profile.name, accept, r.status, want, r.body)
				}
				if strings.Contains(r.body, `"data":`) && r.status >= 400 {
					t.Errorf("%s, profile %s: body = %s, want no data with a request's error (GOH-15)", c.name, profile.name, r.body)
				}
			}
		}
	}
}

// The first member that is wrong is the one told, in the order of the specification, whatever the order of the body (GOH-23).
func TestTheFirstFaultOfARequestIsTold(t *testing.T) {
	e := newEndpoint(t, nil)
	for _, c := range []struct{ body, want string }{
		{`{"extensions":1,"variables":1,"operationName":1,"query":1}`, "The member query has the wrong type."},
		{`{"extensions":1,"variables":1,"operationName":1,"query":"{a}"}`, "The member operationName has the wrong type."},
		{`{"extensions":1,"variables":1,"query":"{a}"}`, "The member variables has the wrong type."},
		{`{"extensions":1,"query":"{a}"}`, "The member extensions has the wrong type."},
		{`{"extensions":1}`, "The member extensions has the wrong type."},
		{`{"query":""}`, "The request has no query."},
		{`[{"query":`, "Batches of operations are not offered; send one request each."},
		{"{\"query\":\"{a}\",\"variables\":{\"a\":\"\xff\"}}", "The request body is not UTF-8."},
		{`{"query":"{a}","variables":{"a":[{"b":1,"b":2}]}}`, "The request body has a member twice."},
		{`{"query":"{a}","query":"{b}"}`, "The request body has a member twice."},
	} {
		if r := e.send(t, "POST", "", c.body, jsonHeader()); !strings.Contains(r.body, c.want) {
			t.Errorf("%s = %s, want %s", c.body, r.body, c.want)
		}
	}
}

// What is told of a document is bounded, however much is wrong with it and however long its words are.
func TestErrorsOfADocumentAreFewAndShort(t *testing.T) {
	for name, change := range map[string]func(*graph.Config){"production": nil, "development": func(c *graph.Config) { c.Development = true }} {
		e := newEndpoint(t, change)
		r, _, errors := e.ask(t, "{"+words(15, "canary%d ")+`products(search:["`+strings.Repeat("canary", 500)+`"]){totalCount}}`, nil)
		if len(errors) != 10 || len(r.body) > 10_000 {
			t.Errorf("%s: %d errors in %d bytes, want 10, in few", name, len(errors), len(r.body))
		}
		if told := strings.Contains(r.body, "canary"); told != (change != nil) {
			t.Errorf("%s: what was sent is repeated: %t (GQL-5)", name, told)
		}
		long, _, _ := e.ask(t, `{products(first:"`+strings.Repeat("canary", 1000)+`"){totalCount}}`, nil)
		if len(long.body) > 1500 {
			t.Errorf("%s: a long value is answered with %d bytes", name, len(long.body))
		}
	}
}

// GOH-19: a body that does not come in time.
func TestASlowBodyTimesOut(t *testing.T) {
	e := newEndpoint(t, nil)
	slow := httptest.NewUnstartedServer(e.server.Config.Handler)
	slow.Config.ReadTimeout = 50 * time.Millisecond
	slow.Start()
	defer slow.Close()
	if answer := raw(t, slow, "Content-Length: 100\r\n\r\n{\"query\""); !strings.HasPrefix(answer, "HTTP/1.1 408 ") {
		t.Errorf("answer = %.200s, want 408", answer)
	}
}

// What came of a body that breaks off is not taken for the whole of it.
func TestABodyThatBreaksOffIsRefused(t *testing.T) {
	e := newEndpoint(t, nil)
	answer := raw(t, e.server, "Transfer-Encoding: chunked\r\n\r\n16\r\n{\"query\":\"{__typename}\"}\r\nno length\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 400 ") || !strings.Contains(answer, "The request body could not be read.") {
		t.Errorf("answer = %s, want 400, and that the body could not be read", answer)
	}
}

// raw sends a POST as these bytes from its last header on, and gives what is answered until the server hangs up.
func raw(t *testing.T, server *httptest.Server, rest string) string {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+rest); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("answer = %.200s, %v", answer, err)
	}
	return string(answer)
}
