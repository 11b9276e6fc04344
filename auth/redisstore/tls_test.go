//go:build redis

package redisstore_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vestibule.example/auth/redisstore"
	"vestibule.example/auth/storetest"
)

// certificate makes a certificate for a name that is its own authority, and gives its files and the authority.
func certificate(t *testing.T, name string) (certFile, keyFile string, authority *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "redis.crt"), filepath.Join(t.TempDir(), "redis.key")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	authority = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	authority.AddCert(parsed)
	return certFile, keyFile, authority
}

// Encrypted connections are to the named server alone, whose certificate a trusted authority has signed.
func TestTLS(t *testing.T) {
	certFile, keyFile, authority := certificate(t, "redis.test")
	// The plain port stays open beside, since that is how the test sees that the server has started.
	server := startServer(t)
	secure := freeAddress(t)
	server.stop()
	_, port, _ := net.SplitHostPort(secure)
	server.args = append(server.args, "--tls-port", port, "--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-auth-clients", "no")
	server.start(t)
	for _, c := range []struct {
		name string
		tls  *tls.Config
		want any
	}{
		{"its name", &tls.Config{RootCAs: authority, ServerName: "redis.test"}, nil},
		{"another name", &tls.Config{RootCAs: authority, ServerName: "other.test"}, new(x509.HostnameError)},
		{"the address, for which the certificate is not", &tls.Config{RootCAs: authority}, new(x509.HostnameError)},
		{"an authority that nobody trusts", &tls.Config{ServerName: "redis.test"}, new(x509.UnknownAuthorityError)},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, err := redisstore.New(t.Context(), redisstore.Config{Addresses: []string{secure}, TLS: c.tls, Timeout: 5 * time.Second})
			if c.want != nil {
				var untrusted *tls.CertificateVerificationError
				if !errors.As(err, c.want) || !errors.As(err, &untrusted) {
					t.Fatalf("New = %v, want %T", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			if err := store.Create(t.Context(), record(&storetest.Clock{}, "a", "sub", "sid")); err != nil {
				t.Errorf("Create = %v", err)
			}
		})
	}
}
