//go:build unix && !nodemo

package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Whoever stops the program while it still starts has it end at once and in order: here it waits for a store, or for an API's connections,
// of somebody who does not answer. It has served nobody, so nothing is drained.
func TestStoppedWhileItStarts(t *testing.T) {
	const patience = 10 * time.Second
	for _, c := range []struct {
		name, with string
	}{
		{"a store", strings.Replace(withRedis("{addresses: ['SILENT'], timeout: 10s}"), "public_url", "address: 127.0.0.1:0\n  admin_address: 127.0.0.1:0\n  public_url", 1) + shopAPIs},
		{"an encrypted store", strings.Replace(withRedis("{addresses: ['SILENT'], timeout: 10s, tls: true}"), "public_url", "address: 127.0.0.1:0\n  admin_address: 127.0.0.1:0\n  public_url", 1) + shopAPIs},
		{"an API", strings.Replace(minimal, "public_url", "address: 127.0.0.1:0\n  admin_address: 127.0.0.1:0\n  drain_delay: 20s\n  public_url", 1) + strings.Replace(shopAPIs, "https://x.test'", "https://SILENT', warm_up: 1", 1)},
	} {
		for _, stop := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
			t.Run(fmt.Sprintf("%s, %s", c.name, stop), func(t *testing.T) {
				t.Parallel()
				silent, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer silent.Close()
				var out strings.Builder
				cmd := program(t, nil, "-config", writeFile(t, "vestibule.yaml", strings.ReplaceAll(c.with, "SILENT", silent.Addr().String())))
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				silent.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second)) //nolint:forcetypeassert // It is one.
				asked, err := silent.Accept()
				if err != nil {
					cmd.Process.Kill()
					t.Fatalf("it asks nobody: %v, %v:\n%s", err, cmd.Wait(), &out)
				}
				defer asked.Close()
				told := time.Now()
				if err := cmd.Process.Signal(stop); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err != nil || time.Since(told) > patience/2 || out.Len() > 0 && !strings.Contains(out.String(), "session.store is memory") || strings.Contains(out.String(), "serving") {
					t.Errorf("it ends after %s with %v and says %s; want it to end at once, in order and without a word", time.Since(told), err, &out)
				}
			})
		}
	}
}
