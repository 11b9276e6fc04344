//go:build !nodemo

package graph_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"vestibule.example/graph"
)

func newLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

const responseJSON = "application/graphql-response+json"

// GOH-1 to GOH-27, GQL-5, GQL-6, CSRF-1, T-15
func TestGraphQLOverHTTP(t *testing.T) {
	e := newEndpoint(t, nil)
	const ok = `{"query":"{__typename}"}`
	accept := func(values ...string) http.Header {
		return http.Header{"Content-Type": {"application/json"}, "Accept": values}
	}
	content := func(value string) http.Header { return http.Header{"Content-Type": {value}} }
	q := func(query string) string { return "?query=" + url.QueryEscape(query) }
	for _, c := range []struct {
		name, method, query, body string
		header                    http.Header
		status                    int
		media                     string
	}{
		{"POST of JSON", "POST", "", ok, jsonHeader(), 200, "application/json"},
		{"with a charset", "POST", "", ok, content("application/json; charset=utf-8"), 200, "application/json"},
		{"with another charset", "POST", "", ok, content("application/json; charset=latin1"), 415, ""},
		{"without content type", "POST", "", ok, nil, 415, ""},
		{"plain text", "POST", "", ok, content("text/plain"), 415, ""},
		{"a form", "POST", "", "query={__typename}", content("application/x-www-form-urlencoded"), 415, ""},
		{"multipart", "POST", "", ok, content("multipart/form-data; boundary=x"), 415, ""},
		{"GraphQL as such", "POST", "", "{__typename}", content("application/graphql"), 415, ""},
		{"compressed", "POST", "", ok, http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, 415, ""},
		{"GET", "GET", q("{__typename}"), "", nil, 200, "application/json"},
		{"GET with variables", "GET", q("query($a: ID!){product(id:$a){id}}") + "&variables=" + url.QueryEscape(`{"a":"p-none"}`), "", nil, 200, "application/json"},
		{"GET with empty parameters", "GET", q("{__typename}") + "&variables=&operationName=&extensions=", "", nil, 200, "application/json"},
		{"GET with variables that are no JSON", "GET", q("{__typename}") + "&variables=x", "", nil, 400, ""},
		{"GET with two queries", "GET", q("{__typename}") + "&query=x", "", nil, 400, ""},
		{"GET without query", "GET", "", "", nil, 400, ""},
		{"GET of a mutation", "GET", q("mutation{endOtherSessions{__typename}}"), "", nil, 405, ""},
		{"GET of a mutation beside a query", "GET", q("query a{__typename} mutation b{endOtherSessions{__typename}}") + "&operationName=b", "", nil, 405, ""},
		{"PUT", "PUT", "", ok, jsonHeader(), 405, ""},
		{"DELETE", "DELETE", "", "", nil, 405, ""},
		{"PATCH", "PATCH", "", ok, jsonHeader(), 405, ""},
		{"OPTIONS", "OPTIONS", "", "", nil, 204, ""},
		{"both types, JSON first", "POST", "", ok, accept("application/json, " + responseJSON), 200, "application/json"},
		{"the newer type", "POST", "", ok, accept(responseJSON), 200, responseJSON},
		{"the newer type preferred", "POST", "", ok, accept("application/json;q=0.1, " + responseJSON), 200, responseJSON},
		{"the newer type refused", "POST", "", ok, accept(responseJSON + ";q=0, application/json"), 200, "application/json"},
		{"anything", "POST", "", ok, accept("*/*"), 200, "application/json"},
		{"anything of application, JSON refused", "POST", "", ok, accept("application/json;q=0, application/*"), 200, responseJSON},
		{"Accept on two lines", "POST", "", ok, accept("image/png", responseJSON), 200, responseJSON},
		{"nothing of ours", "POST", "", ok, accept("image/png"), 406, ""},
		{"another charset", "POST", "", ok, accept("application/json; charset=latin1"), 406, ""},
		{"all refused", "POST", "", ok, accept("*/*;q=0"), 406, ""},
		{"a quality that is none", "POST", "", ok, accept("application/json;q=2"), 406, ""},
		{"a charset of ours", "POST", "", ok, accept("application/json;charset=UTF-8"), 200, "application/json"},
		{"GET with a query string that cannot be read to its end", "GET", q("{__typename}") + "&operationName=%zz", "", nil, 400, ""},
		{"GET with a query that is not UTF-8", "GET", "?query=%ff", "", nil, 400, ""},
		{"GET with a member twice", "GET", q("{__typename}") + "&variables=" + url.QueryEscape(`{"a":{"b":1,"b":2}}`), "", nil, 400, ""},
		{"GET with a list for variables", "GET", q("{__typename}") + "&variables=[]", "", nil, 400, ""},
		{"GET with too long a query string", "GET", "?query=" + strings.Repeat("%20", 100<<10), "", nil, 414, ""},
		{"a member twice, deep inside", "POST", "", `{"query":"{__typename}","variables":{"a":[{"b":1,"b":2}]}}`, jsonHeader(), 400, ""},
		{"a lone surrogate", "POST", "", `{"query":"{__typename}","variables":{"a":"\ud800"}}`, jsonHeader(), 400, ""},
		{"no JSON", "POST", "", `{"query":"canary`, jsonHeader(), 400, ""},
		{"no body", "POST", "", "", jsonHeader(), 400, ""},
		{"a string", "POST", "", `"canary"`, jsonHeader(), 400, ""},
		{"a batch", "POST", "", `[{"query":"{__typename}"},{"query":"{__typename}"}]`, jsonHeader(), 400, ""},
		{"garbage behind", "POST", "", ok + `{"canary":1}`, jsonHeader(), 400, ""},
		{"a member twice", "POST", "", `{"query":"{__typename}","query":"canary"}`, jsonHeader(), 400, ""},
		{"no UTF-8", "POST", "", "{\"query\":\"\xff\"}", jsonHeader(), 400, ""},
		{"a null query", "POST", "", `{"query":null}`, jsonHeader(), 400, ""},
		{"a number for query", "POST", "", `{"query":1}`, jsonHeader(), 400, ""},
		{"a list for variables", "POST", "", `{"query":"{__typename}","variables":[1]}`, jsonHeader(), 400, ""},
		{"a text for extensions", "POST", "", `{"query":"{__typename}","extensions":"x"}`, jsonHeader(), 400, ""},
		{"a number for operationName", "POST", "", `{"query":"{__typename}","operationName":1}`, jsonHeader(), 400, ""},
		{"null members are absent", "POST", "", `{"query":"{__typename}","variables":null,"operationName":null,"extensions":null}`, jsonHeader(), 200, ""},
		{"unknown members are passed over", "POST", "", `{"query":"{__typename}","foo":1}`, jsonHeader(), 200, ""},
		{"a body that is too large", "POST", "", `{"query":"` + strings.Repeat(" ", 300<<10) + `{__typename}"}`, jsonHeader(), 413, ""},
		{"a document that does not parse, JSON", "POST", "", `{"query":"{canary"}`, jsonHeader(), 200, "application/json"},
		{"a document that does not parse, newer type", "POST", "", `{"query":"{canary"}`, accept(responseJSON), 400, responseJSON},
		{"a document that is not valid, newer type", "POST", "", `{"query":"{nothing}"}`, accept(responseJSON), 400, responseJSON},
		{"a variable that does not fit, newer type", "POST", "", `{"query":"query($n:Int!){products(first:$n){totalCount}}","variables":{"n":"x"}}`, accept(responseJSON), 400, responseJSON},
		{"an ambiguous operation, newer type", "POST", "", `{"query":"query a{__typename} query b{__typename}"}`, accept(responseJSON), 400, responseJSON},
		{"a subscription", "POST", "", `{"query":"subscription{x}"}`, accept(responseJSON), 400, responseJSON},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := e.send(t, c.method, c.query, c.body, c.header)
			if r.status != c.status {
				t.Errorf("status = %d, want %d: %s", r.status, c.status, r.body)
			}
			if c.media != "" && !strings.HasPrefix(r.header.Get("Content-Type"), c.media+";") {
				t.Errorf("Content-Type = %q, want %q", r.header.Get("Content-Type"), c.media)
			}
			if r.header.Get("Cache-Control") != "no-store" || !strings.Contains(r.header.Get("Vary"), "Accept") {
				t.Errorf("headers = %v, want no-store, varying by Accept (CACHE-1, CACHE-3)", r.header)
			}
			if r.status == 405 && r.header.Get("Allow") == "" {
				t.Error("405 without Allow (GOH-4)")
			}
			if strings.Contains(r.body, "canary") {
				t.Errorf("what was sent is repeated: %s (GQL-5)", r.body)
			}
			if c.status == 204 {
				return
			}
			var members map[string]json.RawMessage
			if err := json.Unmarshal([]byte(r.body), &members); err != nil {
				t.Fatalf("body = %q: %v", r.body, err)
			}
			_, hasData := members["data"]
			_, hasErrors := members["errors"]
			if hasErrors == hasData {
				t.Errorf("body = %s, want data, or errors without data (GOH-15)", r.body)
			}
			for name := range members {
				if name != "data" && name != "errors" && name != "extensions" {
					t.Errorf("member %q (GOH-24)", name)
				}
			}
		})
	}
	r := e.send(t, "OPTIONS", "", "", nil)
	if r.header.Get("Allow") != "GET, HEAD, OPTIONS, POST" {
		t.Errorf("OPTIONS allows %q (GOH-25)", r.header.Get("Allow"))
	}
	r = e.send(t, "HEAD", "?query={__typename}", "", nil)
	if r.status != 200 || r.body != "" || r.header.Get("Content-Type") == "" {
		t.Errorf("HEAD = %+v, want 200 without body (GOH-25)", r)
	}
	r = e.send(t, "HEAD", q(`subscription{orderUpdated(id:"1"){id}}`), "", nil)
	if r.status != 200 || r.header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Errorf("HEAD of a subscription without Accept = %+v, want a stream's head", r)
	}
}

// GQL-2, GQL-4, GOH-18
func TestProductionTellsNothingOfTheSchema(t *testing.T) {
	e := newEndpoint(t, nil)
	for _, query := range []string{"{__schema{types{name}}}", `{__type(name:"Order"){name}}`, "query a{__typename} query b{...s} fragment s on Query{...{x:__schema{types{name}}}}"} {
		r, data, errors := e.ask(t, query, nil)
		if len(errors) != 1 || errors[0].code() != "OPERATION_NOT_ALLOWED" || len(errors[0].Locations) != 1 || data != nil {
			t.Errorf("%s = %s, want OPERATION_NOT_ALLOWED and where", query, r.body)
		}
	}
	for query, secret := range map[string]string{
		"{produkts{totalCount}}": "products", "{products(frist:1){totalCount}}": "first", "{orders(status:PLACD){totalCount}}": "PLACED", "{products{totalCount{x}}}": "Int",
		"fragment a on Prodct{id} {products{edges{node{...a}}}}": "Product",
	} {
		if r, _, errors := e.ask(t, query, nil); strings.Contains(r.body, secret) || len(errors) == 0 || errors[0].Locations == nil {
			t.Errorf("%s is answered with a name of the schema, or not told where it is wrong: %s", query, r.body)
		}
	}
	if _, data, _ := e.ask(t, "{__typename}", nil); data["__typename"] != "Query" {
		t.Errorf("__typename = %v", data)
	}
	shown := newEndpoint(t, func(c *graph.Config) { c.Introspection = true })
	if _, data, errors := shown.ask(t, "{__schema{queryType{name}}}", nil); data["__schema"] == nil {
		t.Errorf("where introspection is on the schema is hidden: %+v", errors)
	}
	open := newEndpoint(t, func(c *graph.Config) { c.Development = true })
	if r, _, _ := open.ask(t, "{produkts{totalCount}}", nil); !strings.Contains(r.body, "products") {
		t.Errorf("in development a misspelt field is not helped: %s", r.body)
	}
	if _, data, errors := open.ask(t, "{__schema{queryType{name}}}", nil); data["__schema"] == nil {
		t.Errorf("in development the schema is hidden: %+v", errors)
	}
}

// T-21, WEB-15: turned away at the door, in GraphQL's words.
func TestRequireSession(t *testing.T) {
	e := newEndpoint(t, func(c *graph.Config) { c.RequireSession = true })
	r, data, errors := e.ask(t, "{__typename}", nil)
	if r.status != http.StatusUnauthorized || data != nil || len(errors) != 1 || errors[0].code() != "UNAUTHENTICATED" || errors[0].Extensions["loginUrl"] != "/auth/login" {
		t.Errorf("%d %s, want 401 UNAUTHENTICATED with its loginUrl", r.status, r.body)
	}
}

// Fields that need a user say so, and no API is asked for nobody.
func TestNobodyIsUnauthenticated(t *testing.T) {
	e := newEndpoint(t, nil)
	for _, query := range []string{
		"{me{id}}", "{orders{totalCount}}", `{order(id:"o-1"){id}}`, `mutation{cancelOrder(input:{orderId:"o-1"}){order{id}}}`,
		`mutation{placeOrder(input:{idempotencyKey:"12345678",lines:[{productId:"p",quantity:1}]}){order{id}}}`,
		`mutation{addAddress(input:{label:"a",recipient:"a",street:"a",postalCode:"a",city:"a",country:"DE"}){address{id}}}`,
	} {
		if _, _, errors := e.ask(t, query, nil); len(errors) != 1 || errors[0].code() != "UNAUTHENTICATED" || errors[0].Extensions["loginUrl"] != "/auth/login" {
			t.Errorf("%s = %+v, want UNAUTHENTICATED", query, errors)
		}
	}
	if n := e.asked(); n != 0 {
		t.Errorf("the APIs were asked %d times", n)
	}
}

// GQL-9
func TestArgumentsCannotLeaveTheirPlace(t *testing.T) {
	e := newEndpoint(t, nil)
	for _, id := range []string{"../categories", "x/../../categories", "%2e%2e/categories", "p?x=y", "p#z", "//evil.test", "..", ".", "p\r\nX: y", "p\x00", strings.Repeat("p", 5000)} {
		_, data, errors := e.ask(t, "query($id: ID!){product(id:$id){id name}}", map[string]any{"id": id})
		if data["product"] != nil {
			t.Errorf("product(%.20q) = %v", id, data)
		}
		for _, p := range errors {
			if p.code() == "INTERNAL" {
				t.Errorf("product(%.20q) = %+v, want a null or a refusal", id, p)
			}
		}
	}
	for _, call := range e.faults.Calls("catalog") {
		if !strings.HasPrefix(call.Path, "/products/") {
			t.Errorf("the catalogue was asked for %s", call.Path)
		}
	}
}

// Pages go on behind any cursor, and a bad one is the client's fault.
func TestProductPages(t *testing.T) {
	e := newEndpoint(t, nil)
	const query = "query($n: Int!, $after: String){products(first:$n, after:$after){totalCount pageInfo{hasNextPage endCursor} edges{cursor node{id}}}}"
	type connection struct {
		TotalCount int
		PageInfo   struct {
			HasNextPage bool
			EndCursor   string
		}
		Edges []struct {
			Cursor string
			Node   struct{ ID string }
		}
	}
	page := func(n int, after any) (c connection) {
		_, data, errors := e.ask(t, query, map[string]any{"n": n, "after": after})
		raw, err := json.Marshal(data["products"])
		if err != nil || len(errors) > 0 {
			t.Fatalf("products: %v %+v", err, errors)
		}
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	whole := page(50, nil)
	if len(whole.Edges) != whole.TotalCount || whole.TotalCount < 20 || whole.PageInfo.HasNextPage {
		t.Fatalf("all products: %d of %d", len(whole.Edges), whole.TotalCount)
	}
	for _, size := range []int{1, 4, 7} {
		var after any
		for i := 0; ; {
			c := page(size, after)
			for _, edge := range c.Edges {
				if edge.Node.ID != whole.Edges[i].Node.ID {
					t.Fatalf("pages of %d: the %dth is %s, want %s", size, i, edge.Node.ID, whole.Edges[i].Node.ID)
				}
				i++
			}
			if !c.PageInfo.HasNextPage {
				if i != whole.TotalCount {
					t.Errorf("pages of %d end after %d of %d", size, i, whole.TotalCount)
				}
				break
			}
			after = c.PageInfo.EndCursor
		}
	}
	for i, edge := range whole.Edges[:whole.TotalCount-1] {
		if got := page(3, edge.Cursor).Edges[0].Node.ID; got != whole.Edges[i+1].Node.ID {
			t.Errorf("behind edge %d comes %s, want %s", i, got, whole.Edges[i+1].Node.ID)
		}
	}
	for _, bad := range []map[string]any{{"n": 0}, {"n": 51}, {"n": -1}, {"n": 5, "after": "x"}, {"n": 5, "after": "b3JkZXIKMA"}, {"n": 5, "after": "cHJvZHVjdAotMQ"}} {
		if _, _, errors := e.ask(t, query, bad); len(errors) != 1 || errors[0].code() != "BAD_USER_INPUT" || errors[0].Extensions["fields"] == nil {
			t.Errorf("products(%v) = %+v, want BAD_USER_INPUT with fields", bad, errors)
		}
	}
}
