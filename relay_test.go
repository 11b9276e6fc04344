//go:build !nodemo

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"vestibule.example/demo/visitor"
)

// shipmentOf gives the id of a shipment that is still on its way.
func shipmentOf(t *testing.T, v *visitor.Visitor) string {
	t.Helper()
	answer := ask(t, v, `{ orders(first: 50) { edges { node { status shipments { id status } } } } }`, nil)
	var data struct {
		Orders struct {
			Edges []struct {
				Node struct {
					Status    string
					Shipments []struct{ ID, Status string }
				}
			}
		}
	}
	if err := json.Unmarshal(answer.Data, &data); err != nil {
		t.Fatal(err)
	}
	for _, edge := range data.Orders.Edges {
		for _, shipment := range edge.Node.Shipments {
			if shipment.Status != "DELIVERED" && shipment.Status != "RETURNED" {
				return shipment.ID
			}
		}
	}
	t.Fatalf("no shipment is on its way: %s", answer.Body)
	return ""
}

// The relay through the whole gateway: BBA-14 to BBA-17, WEB-4, WEB-7, WEB-15, CSRF-1.
func TestRelay(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	events := "/api/shipping/shipments/" + shipmentOf(t, v) + "/events"
	script := http.Header{"X-Csrf": {"1"}, "Sec-Fetch-Site": {"same-origin"}}
	load := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Mode": {"navigate"}}
	typed := http.Header{"Sec-Fetch-Site": {"none"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Mode": {"navigate"}}
	const page = "text/html; charset=utf-8"
	resetCalls(t, g)
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		status             int
		media              string
	}{
		{"a stream without a session", "GET", events, script, 401, "application/problem+json"},
		{"without the header that proves a script of ours", "GET", events, http.Header{"Sec-Fetch-Site": {"same-origin"}}, 403, "application/problem+json"},
		{"from another site", "GET", events, http.Header{"X-Csrf": {"1"}, "Sec-Fetch-Site": {"cross-site"}}, 403, "application/problem+json"},
		{"another method", "POST", events, script, 405, "application/problem+json"},
		{"a path that is not offered", "GET", "/api/shipping/shipments", script, 404, "application/problem+json"},
		{"an API that is not relayed", "GET", "/api/orders/orders", script, 404, "application/problem+json"},
		{"a path of the API beside its routes", "GET", "/api/catalog/products", script, 404, "application/problem+json"},
		{"a download by the browser itself", "GET", "/api/catalog/openapi.yaml", load, 200, "application/yaml"},
		{"a download by a script of ours", "GET", "/api/catalog/openapi.yaml", script, 200, "application/yaml"},
		{"a download by a browser that does not say for whom", "GET", "/api/catalog/openapi.yaml", http.Header{"X-Csrf": {"1"}}, 403, "application/problem+json"},
		{"a download for another site", "GET", "/api/catalog/openapi.yaml", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, "application/problem+json"},
		{"a download by a typed address", "GET", "/api/catalog/openapi.yaml", http.Header{"Sec-Fetch-Site": {"none"}}, 403, "application/problem+json"},
		{"dots in a load", "GET", "/api/catalog/x/%2e%2e/openapi.yaml", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Dest": {"image"}}, 403, "application/problem+json"},
		{"a person who types the address of a download gets a page (PROB-2)", "GET", "/api/catalog/openapi.yaml", typed, 403, page},
		{"a person who follows a link with dots gets a page", "GET", "/api/catalog/x/%2e%2e/openapi.yaml", load, 403, page},
		{"a person who types the address of a stream gets a page", "GET", events, typed, 403, page},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := do(t, c.method, g.origin+c.path, c.header, nil)
			if res.StatusCode != c.status || res.Header.Get("Content-Type") != c.media {
				t.Errorf("%s %s = %d %s, want %d %s", c.method, c.path, res.StatusCode, res.Header.Get("Content-Type"), c.status, c.media)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer"} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if res.Header.Get("Www-Authenticate") != "" || len(res.Header["Set-Cookie"]) > 0 || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("headers = %v", res.Header)
			}
			if c.status == 200 && (res.Header.Get("Content-Disposition") != "attachment" || !strings.HasPrefix(res.Header.Get("Content-Security-Policy"), "sandbox;")) {
				t.Errorf("a file is no sandboxed download: %v", res.Header)
			}
		})
	}
	if got := calls(t, g); got["shipping"] > 0 || got["orders"] > 0 || got["catalog"] != 2 {
		t.Errorf("the APIs were asked %v, want the two downloads alone", got)
	}
	if !strings.Contains(g.log.String(), "route=/api/{name}/") {
		t.Error("the access record names no route")
	}
}

// An API that gets the gateway's own token takes whoever comes by it: what of it is relayed is for people who are signed in, and
// public where that is said.
func TestRelayInTheGatewaysOwnName(t *testing.T) {
	asked := make(chan string, 10)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ey") {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer api.Close()
	var variables []string
	for name, value := range map[string]string{
		"BASE_URL": api.URL, "TOKEN": "client", "SCOPES": "shipping:read", "RELAY": "GET+POST /hers, GET /pictures browser_loads, GET /open public",
	} {
		t.Setenv("VESTIBULE_APIS_FILES_"+name, value)
		variables = append(variables, "VESTIBULE_APIS_FILES_"+name+"="+value)
	}
	g := startGateway(t, variables...)
	script := http.Header{"X-Csrf": {"1"}, "Sec-Fetch-Site": {"same-origin"}}
	load := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Dest": {"image"}}
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		want               int
	}{
		{"nobody reads", "GET", "/api/files/hers", script, 401},
		{"nobody writes", "POST", "/api/files/hers", script, 401},
		{"nobody's page shows a picture", "GET", "/api/files/pictures", load, 401},
		{"anybody reads what is public", "GET", "/api/files/open", script, 200},
	} {
		if res := do(t, c.method, g.origin+c.path, c.header, nil); res.StatusCode != c.want {
			t.Errorf("%s = %d, want %d", c.name, res.StatusCode, c.want)
		}
	}
	v := signIn(t, g, "alice")
	res, err := v.Fetch(t.Context(), "POST", "/api/files/hers", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != 200 {
		t.Errorf("alice writes = %d, want 200", res.StatusCode)
	}
	close(asked)
	var all []string
	for path := range asked {
		all = append(all, path)
	}
	if want := []string{"/open", "/hers"}; !slices.Equal(all, want) {
		t.Errorf("the API was asked for %v, want %v", all, want)
	}
}

// Paths that a router would clean, or a client library, do not get that far (BBA-15).
func TestRelayPathsAsTheyAreWritten(t *testing.T) {
	g := startGateway(t)
	host := strings.TrimPrefix(g.origin, "http://")
	resetCalls(t, g)
	for _, target := range []string{
		"/api/catalog/../openapi.yaml", "/api/catalog//openapi.yaml", "/api//catalog/openapi.yaml", "/api/catalog/./openapi.yaml", "/api/./catalog/openapi.yaml",
		"/api/catalog/%2e%2e/openapi.yaml", "/api/catalog%2Fopenapi.yaml", "/api%2Fcatalog/openapi.yaml", `/api/catalog\openapi.yaml`, "/api/catalog/openapi.yaml%00",
		"/api/catalog/openapi%2Eyaml", "/api/catalog/openapi.yaml;x", "/api/catalog/openapi.yaml/", "/api/catalog/%252e%252e/openapi.yaml", "/%61pi/catalog/openapi.yaml",
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", "127.0.0.1:"+portOf(t, g.origin))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nX-CSRF: 1\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n\r\n", target, host)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 400 {
			t.Errorf("GET %s = %d, want 400", target, res.StatusCode)
		}
		res.Body.Close()
		conn.Close()
	}
	if got := calls(t, g); got["catalog"] > 0 {
		t.Errorf("the catalogue was asked %d times", got["catalog"])
	}
}

// An event stream bears the session's token, ends with the session, and in order when the gateway stops.
func TestRelayedEvents(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	events := "/api/shipping/shipments/" + shipmentOf(t, v) + "/events"
	open := func(v *visitor.Visitor) *http.Response {
		t.Helper()
		res, err := v.Fetch(t.Context(), "GET", events, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	stream := open(v)
	if stream.StatusCode != 200 || stream.Header.Get("Content-Type") != "text/event-stream" || stream.Header.Get("Content-Disposition") != "" {
		t.Fatalf("the stream = %d %v", stream.StatusCode, stream.Header)
	}
	body := bufio.NewReader(stream.Body)
	if line, err := body.ReadString('\n'); !strings.HasPrefix(line, ": what happens to") || err != nil {
		t.Errorf("the stream begins with %q, %v", line, err)
	}
	if res := open(signIn(t, g, "bob")); res.StatusCode != 404 {
		t.Errorf("another's shipment = %d, want the API's own 404", res.StatusCode)
	}
	if _, err := v.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Errorf("at sign-out the stream was cut, not ended: %v", err)
	}
	if res := open(v); res.StatusCode != 401 {
		t.Errorf("after sign-out = %d, want 401", res.StatusCode)
	} else {
		var problem struct{ Code, LoginURL string }
		if err := json.NewDecoder(res.Body).Decode(&problem); err != nil || problem.Code != "UNAUTHENTICATED" || problem.LoginURL != "/auth/login" {
			t.Errorf("after sign-out = %+v, %v, want what to do", problem, err)
		}
	}
	again := signIn(t, g, "alice")
	stream = open(again)
	if err := g.stop(); err != nil {
		t.Errorf("stopping with an open stream: %v", err)
	}
	if _, err := io.Copy(io.Discard, stream.Body); err != nil {
		t.Errorf("at the stop the stream was cut, not ended: %v", err)
	}
}
