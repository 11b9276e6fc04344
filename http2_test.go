//go:build !nodemo

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"vestibule.example/demo"
	"vestibule.example/demo/visitor"
)

// protocol notes which HTTP the gateway's answers came over.
type protocol struct {
	http.RoundTripper
	origin string
	t      testing.TB
}

func (p protocol) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := p.RoundTripper.RoundTrip(req)
	if err == nil && strings.HasPrefix(req.URL.String(), p.origin) && res.ProtoMajor != 2 {
		p.t.Errorf("%s came over %s, want HTTP/2", req.URL.Path, res.Proto)
	}
	return res, err
}

// The relay over HTTP/2, as browsers use it over https: a download, a refusal, a stream that ends with its session in
// order, and one that ends in order when the gateway stops.
func TestTheRelayOverHTTP2(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	origin := "https://localhost:" + port
	a := newAuthority(t)
	a.issue(t, "localhost", 2)
	world, err := demo.Start(t.Context(), demo.Config{PublicURL: origin, Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := world.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	var apis strings.Builder
	for name, base := range world.APIs {
		relay := map[string]string{
			"catalog":  `, token: none, relay: [{methods: [GET], path: /openapi.yaml, browser_loads: true}]`,
			"shipping": `, relay: [{methods: [GET], path: "/shipments/*/events"}]`,
		}[name]
		fmt.Fprintf(&apis, "  %s: {base_url: %q%s}\n", name, base, relay)
	}
	g := startGateway(t, "VESTIBULE_SERVER_ADDRESS=127.0.0.1:"+port, "VESTIBULE_DEMO_ADDRESS=", "VESTIBULE_CONFIG="+writeFile(t, "vestibule.yaml", fmt.Sprintf(`
server: {public_url: %q, tls_cert_file: %q, tls_key_file: %q}
identity:
  issuer: %q
  client_id: %q
  client_secret: %q
  scopes: [openid, profile, email, offline_access, "accounts:read", "orders:read", "shipping:read"]
session:
  keys: [{use: seal, secret: %q}]
observe: {log_format: text}
apis:
%s`, origin, a.file("localhost.crt"), a.file("localhost.key"), world.Issuer, world.ClientID, world.ClientSecret, goodKey, &apis)))
	text, err := os.ReadFile(a.file("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	open := func() *visitor.Visitor {
		base := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
		v, err := visitor.New(g.origin, watched(g.origin, protocol{base, g.origin, t}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(base.CloseIdleConnections)
		if _, err := v.SignIn(t.Context(), "alice", "alice", "/", nil); err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := open()
	events := "/api/shipping/shipments/" + shipmentOf(t, v) + "/events"
	stream := func(v *visitor.Visitor) io.ReadCloser {
		t.Helper()
		res, err := v.Fetch(t.Context(), "GET", events, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("the stream = %d %v", res.StatusCode, res.Header)
		}
		return res.Body
	}
	for path, want := range map[string]int{"/api/catalog/openapi.yaml": 200, "/api/catalog/products": 404, "/api/shipping/shipments/none/events": 404} {
		res, err := v.FetchWith(t.Context(), "GET", path, http.Header{"Sec-Fetch-Site": {"same-origin"}})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != want || err != nil || want == 200 && !strings.Contains(string(body), "openapi:") {
			t.Errorf("%s = %d, %v, want %d", path, res.StatusCode, err, want)
		}
	}
	first := stream(v)
	if _, err := v.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, first); err != nil {
		t.Errorf("at sign-out the stream was cut, not ended: %v", err)
	}
	second := stream(open())
	if err := g.stop(); err != nil {
		t.Errorf("stopping with an open stream: %v", err)
	}
	if _, err := io.Copy(io.Discard, second); err != nil {
		t.Errorf("at the stop the stream was cut, not ended: %v", err)
	}
}
