//go:build unix && !nodemo

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vestibule.example/auth/secret"
	"vestibule.example/demo"
	"vestibule.example/demo/visitor"
)

// reloadable is a configured gateway that ends TLS itself, before a demo that the test has started.
type reloadable struct {
	*gateway
	world        *demo.World
	config       string
	cert, key    string
	address      string
	certificates *x509.CertPool
}

// write writes the configuration with these session keys, and something more.
func (r *reloadable) write(t *testing.T, keys, more string) {
	t.Helper()
	var apis strings.Builder
	for name, base := range r.world.APIs {
		fmt.Fprintf(&apis, "  %s: {base_url: %q, token: none}\n", name, base)
	}
	text := fmt.Sprintf("server: {address: %q, public_url: %q, admin_address: '127.0.0.1:0', tls_cert_file: %q, tls_key_file: %q, drain_delay: 0s}\n"+
		"identity: {issuer: %q, client_id: %q, client_secret: %q}\nsession:\n  keys: [%s]\nobserve: {log_format: text}\napis:\n%s%s",
		r.address, "https://"+strings.Replace(r.address, "127.0.0.1", "localhost", 1), r.cert, r.key, r.world.Issuer, r.world.ClientID, r.world.ClientSecret, keys, &apis, more)
	if err := os.WriteFile(r.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// certify puts a new certificate into the files.
func (r *reloadable) certify(t *testing.T, serial int64) {
	t.Helper()
	r.certifyUntil(t, serial, "localhost", time.Now().Add(time.Hour))
}

func (r *reloadable) certifyUntil(t *testing.T, serial int64, name string, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{r.cert: {Type: "CERTIFICATE", Bytes: der}, r.key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	r.certificates.AddCert(parsed)
}

// served is the serial of the certificate that a new connection is shown.
func (r *reloadable) served(t *testing.T) int64 {
	t.Helper()
	c, err := tls.Dial("tcp", r.address, &tls.Config{RootCAs: r.certificates, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// hangUp sends SIGHUP, and waits until the log says something so many times.
func (r *reloadable) hangUp(t *testing.T, says string) {
	t.Helper()
	before := strings.Count(r.log.String(), says)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for strings.Count(r.log.String(), says) == before {
		select {
		case <-r.log.grew:
		case <-time.After(30 * time.Second):
			t.Fatalf("the log does not say %q:\n%s", says, r.log)
		}
	}
}

func (r *reloadable) signIn(t *testing.T, user string) *visitor.Visitor {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: r.certificates}, ResponseHeaderTimeout: time.Minute, ForceAttemptHTTP2: true}
	v, err := visitor.New(r.origin, watched(r.origin, transport))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	if _, err := v.SignIn(t.Context(), user, user, "/", nil); err != nil {
		t.Fatal(err)
	}
	r.wantSignedIn(t, v, true)
	return v
}

func (r *reloadable) wantSignedIn(t *testing.T, v *visitor.Visitor, want bool) {
	t.Helper()
	if got, err := v.SignedIn(t.Context()); err != nil || got != want {
		t.Errorf("signed in %v, %v, want %v:\n%s", got, err, want, r.log)
	}
}

func startReloadable(t *testing.T, keys string) *reloadable {
	t.Helper()
	dir := t.TempDir()
	r := &reloadable{
		config: filepath.Join(dir, "vestibule.yaml"), cert: filepath.Join(dir, "tls.crt"), key: filepath.Join(dir, "tls.key"),
		address: "127.0.0.1:" + freePort(t), certificates: x509.NewCertPool(),
	}
	var err error
	if r.world, err = demo.Start(t.Context(), demo.Config{PublicURL: "https://" + strings.Replace(r.address, "127.0.0.1", "localhost", 1), Address: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.world.Close(context.WithoutCancel(t.Context())) })
	r.certify(t, 1)
	r.write(t, keys, "")
	r.gateway = startGateway(t, "VESTIBULE_CONFIG="+r.config, "VESTIBULE_SERVER_ADDRESS=", "VESTIBULE_SERVER_ADMIN_ADDRESS=", "VESTIBULE_DEMO_ADDRESS=")
	return r
}

func someKey() string {
	key := make([]byte, 64)
	rand.Read(key)
	return secret.New(base64.StdEncoding.EncodeToString(key)).Reveal()
}

// Keys are rotated in two phases and certificates renewed by SIGHUP, while a stream stays open and everybody signed in; a
// configuration that is wrong changes nothing and says why.
func TestReload(t *testing.T) {
	const reloaded, refused = "the configuration was reloaded", "the configuration was not reloaded"
	old, young := someKey(), someKey()
	oldSeals, youngSeals := "{use: seal, secret: "+old+"}", "{use: seal, secret: "+young+"}"
	r := startReloadable(t, oldSeals)
	alice := r.signIn(t, "alice")
	stream, err := alice.Fetch(t.Context(), http.MethodGet, "/auth/events", "", nil)
	if err != nil || stream.StatusCode != http.StatusOK || stream.ProtoMajor != 2 {
		t.Fatalf("the stream = %v, %v, want it by HTTP/2", stream, err)
	}
	defer stream.Body.Close()

	r.write(t, oldSeals+", {use: open, secret: "+young+"}", "")
	r.certify(t, 2)
	r.hangUp(t, reloaded)
	r.wantSignedIn(t, alice, true)
	if got := r.served(t); got != 2 {
		t.Errorf("a new connection is shown certificate %d, want 2", got)
	}

	r.write(t, youngSeals+", {use: open, secret: "+old+"}", "graphql: {limits: {depth: 10}}\n")
	r.hangUp(t, reloaded)
	r.wantSignedIn(t, alice, true)
	bob := r.signIn(t, "bob")
	if got := r.log.String(); !strings.Contains(got, "wait for a restart") || !strings.Contains(got, "settings=graphql.limits.depth") || strings.Contains(got, "session.keys:") {
		t.Errorf("the log does not name what waits for a start, or warns of keys rotated in two phases:\n%s", got)
	}

	for _, c := range []struct{ name, keys, more, says string }{
		{"two keys that seal", oldSeals + ", " + youngSeals, "", "session.keys"},
		{"a key that is none", "{use: seal, secret: short}", "", "session.keys[0].secret ("},
		{"a key of no setting", youngSeals, "nonsense: 1\n", "nonsense"},
	} {
		r.write(t, c.keys, c.more)
		r.hangUp(t, refused)
		lines := strings.Split(r.log.String(), "\n")
		if i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, refused) && strings.Contains(line, c.says) }); i < 0 {
			t.Errorf("%s: the log does not say %q:\n%s", c.name, c.says, r.log)
		}
	}
	cert, key := r.cert, r.key
	r.cert, r.key = "", ""
	r.write(t, youngSeals, "")
	r.hangUp(t, "decided at the start")
	r.cert, r.key = cert, key
	r.write(t, oldSeals, "") // Which would sign bob out, were the certificate not broken.
	if err := os.WriteFile(r.cert, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.hangUp(t, refused)
	r.wantSignedIn(t, alice, true)
	r.wantSignedIn(t, bob, true)
	if got := r.served(t); got != 2 {
		t.Errorf("after a certificate that is none, a new connection is shown %d, want 2", got)
	}

	r.certify(t, 3)
	r.write(t, "{use: seal, secret: "+someKey()+"}, {use: open, secret: "+old+"}", "")
	r.hangUp(t, reloaded)
	r.wantSignedIn(t, alice, true)
	r.wantSignedIn(t, bob, false)
	for _, says := range []string{"the key that seals was not there before", "a key is gone"} {
		if !strings.Contains(r.log.String(), says) {
			t.Errorf("the log does not warn that %q", says)
		}
	}
	for _, key := range []string{old, young} {
		if strings.Contains(r.log.String(), key) {
			t.Error("the log shows a key")
		}
	}

	if err := r.stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if text, err := io.ReadAll(stream.Body); err != nil || !strings.Contains(string(text), "refreshed") || strings.Contains(string(text), "ended") {
		t.Errorf("the stream, over all reloads = %q, %v, want it open until the end", text, err)
	}
}

// Where TLS ends in front of the gateway there are only keys to reload.
func TestReloadWithoutTLS(t *testing.T) {
	g := startConfigured(t, "")
	r := &reloadable{gateway: g.gateway}
	r.hangUp(t, "the configuration was reloaded")
	v := signIn(t, g.gateway, "alice")
	r.wantSignedIn(t, v, true)
}
