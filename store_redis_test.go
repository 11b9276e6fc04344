//go:build redis

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
)

// startRedis starts a real redis-server on a port of this machine, and waits until it listens. The tests are built with
// -tags redis.
func startRedis(t *testing.T, args ...string) (address string) {
	t.Helper()
	address = "127.0.0.1:" + freePort(t)
	_, port, _ := net.SplitHostPort(address)
	if !strings.Contains(strings.Join(args, " "), "--tls-port") {
		args = append([]string{"--port", port}, args...)
	} else {
		args = append([]string{"--port", "0"}, strings.Split(strings.ReplaceAll(strings.Join(args, "\x00"), "PORT", port), "\x00")...)
	}
	server := exec.Command("redis-server", append([]string{"--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--daemonize", "no"}, args...)...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() {
		server.Process.Kill()
		<-ended
	})
	for {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("redis-server at %s ended at its start: %v", address, err)
		default:
		}
	}
}

// Issue "bad input", with real servers: what is wrong with the Redis is said at the start, by the key that mends it.
func TestARedisThatWillNotDoIsNamed(t *testing.T) {
	cert, key := redisCertificate(t, "redis.test")
	guarded, open := startRedis(t, "--requirepass", "right"), startRedis(t)
	_, port, _ := net.SplitHostPort(open)
	replica := startRedis(t, "--replicaof", "127.0.0.1 "+port)
	encrypted := startRedis(t, "--tls-port", "PORT", "--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no")
	dropping := startRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	for name, c := range map[string]struct{ settings, key, says string }{
		"a wrong password":        {"{addresses: ['" + guarded + "'], password: canary-wrong}", "session.redis.password", "WRONGPASS"},
		"no password":             {"{addresses: ['" + guarded + "']}", "session.redis.password", "NOAUTH"},
		"a replica":               {"{addresses: ['" + replica + "']}", "session.redis.addresses", "read-only replica"},
		"a wrong TLS name":        {"{addresses: ['" + encrypted + "'], tls: true, tls_ca_file: '" + cert + "', tls_server_name: other.test}", "session.redis.tls_server_name", "other.test"},
		"an unknown authority":    {"{addresses: ['" + encrypted + "'], tls: true, tls_server_name: redis.test}", "session.redis.tls_ca_file", "unknown authority"},
		"one that drops":          {"{addresses: ['" + dropping + "']}", "session.redis.addresses", "noeviction"},
		"nobody there":            {"{addresses: ['127.0.0.1:" + freePort(t) + "']}", "session.redis.addresses", "refused"},
		"TLS where there is none": {"{addresses: ['" + open + "'], tls: true, timeout: 500ms}", "session.redis", ""},
	} {
		text := strings.Replace(withRedis(c.settings), "public_url", "address: 127.0.0.1:0\n  admin_address: 127.0.0.1:0\n  public_url", 1) + shopAPIs
		file := writeFile(t, "vestibule.yaml", text)
		err := run(t.Context(), func(string) string { return "" }, []string{"-config", file}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.key) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the start says %v, want %s and %q", name, err, c.key, c.says)
		}
		var report bytes.Buffer
		if err := check(t.Context(), []string{"-live", "-config", file}, func(string) string { return "" }, nil, &report); err == nil || !strings.Contains(report.String(), "FAULT  session.store: ") || !strings.Contains(report.String(), c.key) {
			t.Errorf("%s: check -live says %v:\n%s", name, err, &report)
		}
	}
}

// A Redis without a bound of its memory is told of, by the start and by check -live, with what to do; one that has a bound is not. Both do.
func TestARedisWithoutABoundIsTold(t *testing.T) {
	for _, c := range []struct {
		address string
		told    int
	}{{startRedis(t), 1}, {startRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "noeviction"), 0}} {
		text := strings.Replace(withRedis("{addresses: ['"+c.address+"']}"), "public_url", "drain_delay: 0s\n  public_url", 1) + shopAPIs + "observe: {log_format: text}\n"
		file := writeFile(t, "vestibule.yaml", text)
		g := startGateway(t, "VESTIBULE_CONFIG="+file, "VESTIBULE_DEMO_ADDRESS=")
		if got := strings.Count(g.log.String(), "has no maxmemory"); got != c.told || got > 0 && !strings.Contains(g.log.String(), c.address) {
			t.Errorf("the start tells of it %d times, want %d, with the address:\n%s", got, c.told, g.log)
		}
		var report bytes.Buffer
		_ = check(t.Context(), []string{"-live", "-config", file}, func(string) string { return "" }, nil, &report)
		if got := strings.Count(report.String(), "note   session.redis.addresses: no maxmemory is set at "+c.address); got != c.told || !strings.Contains(report.String(), "session.store: redis does its work") {
			t.Errorf("check -live tells of it %d times, want %d:\n%s", got, c.told, &report)
		}
	}
}

// A Redis out of memory keeps what it has, takes no more, and the error names what to do.
func TestARedisOutOfMemoryIsNamed(t *testing.T) {
	cfg, err := load(t, withRedis("{addresses: ['"+startRedis(t, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")+"']}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	store, err := newStore(t.Context(), cfg.Session, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	now := time.Now()
	for i := range 200 {
		err = store.Create(t.Context(), &auth.Record{
			Key: fmt.Sprint("record-", i), ListID: fmt.Sprint(i), Body: bytes.Repeat([]byte("x"), 64<<10), SignedInAt: now, LastSeen: now, IdleTimeout: time.Hour, Expires: now.Add(time.Hour), Generation: 1,
		})
		if err != nil {
			break
		}
	}
	if err == nil || !strings.HasPrefix(err.Error(), "session.redis.addresses: ") || !strings.Contains(err.Error(), "maxmemory is used up") {
		t.Errorf("Create = %v, want the key and maxmemory", err)
	}
}

func redisCertificate(t *testing.T, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	return writeFile(t, "redis.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		writeFile(t, "redis.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
}
