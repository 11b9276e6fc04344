//go:build !nodemo

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vestibule.example/clients"
)

// authority issues certificates and writes them to files.
type authority struct {
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	var der []byte
	a.key, der = sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil)
	var err error
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

func sign(t *testing.T, template *x509.Certificate, by *authority) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, parentKey := template, key
	if by != nil {
		parent, parentKey = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}

// issue writes NAME.crt and NAME.key.
func (a *authority) issue(t *testing.T, name string, serial int64) {
	t.Helper()
	key, der := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".crt", "CERTIFICATE", der)
	a.write(t, name+".key", "PRIVATE KEY", private)
}

func (a *authority) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

// An API behind a private authority, which wants a certificate of its callers.
func TestPrivateAuthoritiesAndMutualTLS(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "orders.internal", 2)
	a.issue(t, "gateway", 3)
	pair, err := tls.LoadX509KeyPair(a.file("orders.internal.crt"), a.file("orders.internal.key"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.TLS.PeerCertificates[0].SerialNumber.String())
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)

	whole := ClientTLSConfig{CAFile: a.file("ca.pem"), CertFile: a.file("gateway.crt"), KeyFile: a.file("gateway.key"), ServerName: "orders.internal"}
	ask := func(cfg ClientTLSConfig) (string, error) {
		transport, err := newAPITransport("orders", APIConfig{TLS: cfg, Concurrency: 1})
		if err != nil {
			return "", err
		}
		defer transport.CloseIdleConnections()
		return askOver(t, transport, server.URL)
	}
	if got, err := ask(whole); err != nil || got != "3" {
		t.Errorf("with all of it: %q, %v, want certificate 3 seen", got, err)
	}
	if _, err := newClientTLS("apis.orders.tls.", ClientTLSConfig{CAFile: a.file("gateway.key")}); err == nil || !strings.HasPrefix(err.Error(), "apis.orders.tls.ca_file: no certificate") {
		t.Errorf("an authority's file without a certificate: %v, want that it has none", err)
	}
	for name, change := range map[string]func(*ClientTLSConfig){
		"without the authority":   func(c *ClientTLSConfig) { c.CAFile = "" },
		"without a certificate":   func(c *ClientTLSConfig) { c.CertFile, c.KeyFile = "", "" },
		"without the name":        func(c *ClientTLSConfig) { c.ServerName = "" },
		"with another name":       func(c *ClientTLSConfig) { c.ServerName = "evil.test" },
		"with a file of nothing":  func(c *ClientTLSConfig) { c.CAFile = a.file("gateway.key") },
		"with no authority there": func(c *ClientTLSConfig) { c.CAFile = a.file("none") },
		"with no key there":       func(c *ClientTLSConfig) { c.KeyFile = a.file("none") },
	} {
		cfg := whole
		change(&cfg)
		if got, err := ask(cfg); err == nil {
			t.Errorf("%s: %q, want a failure", name, got)
		}
	}
	if _, err := newTelemetry(OTLPConfig{Endpoint: "https://collector.test", TLS: ClientTLSConfig{CAFile: a.file("none")}}, slog.Default()); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "observe.otlp.tls.ca_file: ") {
		t.Errorf("a collector's authority that is not there: %v, want its key and that", err)
	}

	// A certificate renewed in place is used for the next connection.
	transport, err := newAPITransport("orders", APIConfig{TLS: whole, Concurrency: 1})
	if err != nil {
		t.Fatal(err)
	}
	a.issue(t, "gateway", 4)
	defer transport.CloseIdleConnections()
	if got, err := askOver(t, transport, server.URL); err != nil || got != "4" {
		t.Errorf("after the renewal: %q, %v, want certificate 4 seen", got, err)
	}
}

func askOver(t *testing.T, transport *clients.Transport, address string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

// Connections are there before the first request; an API that is away delays nothing and stops nothing.
func TestWarmUp(t *testing.T) {
	var seen []string
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.Header.Get("Authorization"))
	}))
	t.Cleanup(api.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cfg := Config{APIs: map[string]APIConfig{"here": {BaseURL: api.URL, WarmUp: 1}, "gone": {BaseURL: gone.URL, WarmUp: 1}, "cold": {BaseURL: gone.URL}}}
	transports := map[string]*clients.Transport{}
	for name, api := range cfg.APIs {
		transport, err := newAPITransport("orders", api)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(transport.CloseIdleConnections)
		transports[name] = transport
	}
	var text bytes.Buffer
	warmUp(t.Context(), cfg, transports, slog.New(slog.NewTextHandler(&text, nil)))
	if len(seen) != 1 || seen[0] != "HEAD " {
		t.Errorf("the API saw %v, want one HEAD without a token", seen)
	}
	if got := text.String(); !strings.Contains(got, "api=gone") || strings.Contains(got, "api=cold") {
		t.Errorf("log = %s, want a word about the API that is gone alone", got)
	}
}

func TestAnUnusableAPIStopsTheStart(t *testing.T) {
	for name, c := range map[string]struct{ yaml, says string }{
		"an authority that is not there": {"tls: {ca_file: /nowhere/ca.pem}", "apis.orders.tls.ca_file"},
		"a certificate that is none":     {"tls: {cert_file: /nowhere/a, key_file: /nowhere/b}", "apis.orders.tls.cert_file"},
		"a header that is not its own":   {"headers: {Authorization: Bearer x}", "Authorization"},
	} {
		yaml := minimal + "apis: {orders: {base_url: 'https://x.test', " + c.yaml + "}}\n"
		err := run(t.Context(), func(string) string { return "" }, []string{"-config", writeFile(t, "vestibule.yaml", yaml), "-address", "127.0.0.1:0"}, io.Discard, os.Stderr)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: run = %v, want a fault of %s", name, err, c.says)
		}
	}
}

// BBA-17, BBA-23: an API learns of the browser's request what it may, and no more; the trace that anybody may name is nothing of it.
func TestWhatAPIsAreToldOfTheRequest(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	resetCalls(t, g)
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	res, err := v.FetchWith(t.Context(), "GET", "/graphql?query={me{id}}", http.Header{
		"Accept-Language": {"de"}, "Traceparent": {trace}, "Baggage": {"a=b"}, "Authorization": {"Bearer mine"}, "X-Mine": {"1"}, "X-Request-Id": {"mine"},
	})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	var answer struct {
		Calls []struct {
			Header      map[string]string
			HeaderNames []string
			TokenHash   string
		}
	}
	if err := json.NewDecoder(do(t, "GET", g.demo+"/control/calls?target=accounts", nil, nil).Body).Decode(&answer); err != nil || len(answer.Calls) != 1 {
		t.Fatalf("calls = %+v, %v", answer, err)
	}
	names := answer.Calls[0].HeaderNames
	if want := []string{"Accept", "Accept-Encoding", "Accept-Language", "Authorization", "User-Agent", "X-Request-Id"}; !slices.Equal(names, want) {
		t.Errorf("the API got the headers %v, want %v", names, want)
	}
	if answer.Calls[0].TokenHash == fmt.Sprintf("%x", sha256.Sum256([]byte("mine")))[:12] {
		t.Error("the API got the browser's own Authorization")
	}
}
