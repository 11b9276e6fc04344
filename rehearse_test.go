package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// shopAPIs are the places of the APIs that the shop's resolvers ask; without the shop nobody asks them.
const shopAPIs = "apis: {accounts: {base_url: 'https://x.test'}, catalog: {base_url: 'https://x.test'}, orders: {base_url: 'https://x.test'}, shipping: {base_url: 'https://x.test'}}\n"

// What files and parts would stop a start for is told by check as by the start, all at once, each with its key; nothing has listened.
func TestARehearsalFindsWhatWouldStopAStart(t *testing.T) {
	broken := writeFile(t, "broken.pem", "no certificate")
	yaml := strings.NewReplacer(
		"public_url", "tls_cert_file: /nowhere/tls.crt\n  tls_key_file: /nowhere/tls.key\n  public_url",
		"keys: [", "store: redis\n  redis: {addresses: ['redis.test:6379'], tls: true, tls_ca_file: '"+broken+"'}\n  keys: [",
	).Replace(minimal) +
		"observe: {otlp: {endpoint: 'https://collector.test', tls: {ca_file: /nowhere/otlp.pem}}}\n" +
		"spa: {dir: /nowhere/bundle}\ngraphql: {documents: [/nowhere/documents.json]}\n" +
		strings.Replace(shopAPIs, "orders: {", "orders: {tls: {ca_file: /nowhere/orders.pem}, ", 1)
	file := writeFile(t, "vestibule.yaml", yaml)
	for _, command := range []string{"check", "serve"} {
		err := run(t.Context(), func(string) string { return "" }, []string{command, "-config", file}, io.Discard, os.Stderr)
		var faults *configError
		if !errors.As(err, &faults) {
			t.Fatalf("%s: %v, want faults", command, err)
		}
		for _, key := range []string{"server.tls_cert_file, server.tls_key_file", "session.redis.tls_ca_file", "observe.otlp.tls.ca_file", "spa.dir", "graphql.documents", "apis.orders.tls.ca_file"} {
			if !slices.ContainsFunc(faults.faults, func(f fault) bool { return f.key == key }) {
				t.Errorf("%s: no fault of %s in:\n%v", command, key, err)
			}
		}
	}
}

// BBA-24: the private key is one of the files, and one that is too short is told by its key too.
func TestARehearsalReadsThePrivateKey(t *testing.T) {
	pkcs8 := func(key any, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	for name, c := range map[string]struct{ text, says string }{
		"a key that is too short":  {pkcs8(rsa.GenerateKey(rand.Reader, 1024)), "2048"},
		"a key that signs nothing": {pkcs8(ecdh.X25519().GenerateKey(rand.Reader)), "PKCS #8"},
		"a file that is too large": {strings.Repeat("x", maxKeyFile+1), "larger than"},
		"no key":                   {"nothing", "PKCS #8"},
		"a key of another form":    {"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "openssl pkcs8"},
	} {
		yaml := strings.Replace(minimal, "client_secret: canary-client-secret", "auth_method: private_key_jwt\n  private_key_id: one\n  private_key_file: "+writeFile(t, "client.pem", c.text), 1)
		for _, command := range [][]string{{"check"}, {"check", "-live"}} {
			err := run(t.Context(), func(string) string { return "" }, append(command, "-config", writeFile(t, "vestibule.yaml", yaml+shopAPIs)), io.Discard, os.Stderr)
			if err == nil || !strings.Contains(err.Error(), "identity.private_key_file: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, %v: %v, want a fault of identity.private_key_file", name, command, err)
			}
		}
	}
}
