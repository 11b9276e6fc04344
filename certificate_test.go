//go:build unix && !nodemo

package main

import (
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The log and the metrics tell until when the certificate is good, and the log warns of one that browsers will refuse. It is taken all the
// same: who renews in a hurry may have no better one.
func TestTheCertificateIsTold(t *testing.T) {
	const reloaded = "the configuration was reloaded"
	r := startReloadable(t, "{use: seal, secret: "+someKey()+"}")
	if got := r.log.String(); !strings.Contains(got, `msg="the public listener has its certificate" until=`) {
		t.Errorf("the log does not say until when the certificate is good:\n%s", got)
	}
	for i, c := range []struct {
		name  string
		until time.Time
		says  string
	}{
		{"localhost", time.Now().Add(-time.Minute), "it ended at"},
		{"other.test", time.Now().Add(time.Hour), "other.test"},
	} {
		r.certifyUntil(t, int64(i+2), c.name, c.until)
		r.hangUp(t, reloaded)
		if got := r.log.String(); !strings.Contains(got, `msg="browsers will refuse the certificate of server.tls_cert_file" reason="`) || !strings.Contains(got, c.says) {
			t.Errorf("the log does not warn that %q:\n%s", c.says, got)
		}
		if got := metricsOf(t, r.gateway)["vestibule_certificate_end_time_seconds"]; int64(got) != c.until.Unix() {
			t.Errorf("the metric says that the certificate ends at %v, want %d", got, c.until.Unix())
		}
	}
}

// Sessions in memory are told of in production, where they are a mistake more often than not, and in the demo are not.
func TestSessionsInMemoryAreTold(t *testing.T) {
	const says = "session.store is memory"
	if r := startReloadable(t, "{use: seal, secret: "+someKey()+"}"); !strings.Contains(r.log.String(), says) {
		t.Errorf("the log does not say %q:\n%s", says, r.log)
	}
	if g := startGateway(t); strings.Contains(g.log.String(), says) {
		t.Errorf("the demo's log says %q", says)
	}
}

// A reload that is asked for while the gateway still starts ends nothing: here it waits for a store that does not answer.
func TestAHangUpAtTheStart(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	yaml := strings.Replace(withRedis("{addresses: ['"+silent.Addr().String()+"'], timeout: 1s}"), "public_url", "address: 127.0.0.1:0\n  admin_address: 127.0.0.1:0\n  public_url", 1)
	file, ended := writeFile(t, "vestibule.yaml", yaml+shopAPIs), make(chan error, 1)
	go func() {
		ended <- run(t.Context(), func(string) string { return "" }, []string{"-config", file}, io.Discard, io.Discard)
	}()
	asked, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer asked.Close()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil { // Which ends this process, if nobody hears it.
		t.Fatal(err)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "session.redis.addresses") {
		t.Errorf("the start ended with %v, want the store's silence", err)
	}
}
