//go:build redis

package redisstore_test

import (
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
)

// server is a real redis-server on loopback that ends with the test.
type server struct {
	address string
	args    []string
	program []string // what redis-server is started with, if not args
	process *exec.Cmd
	ended   chan error // has one when the process has ended
}

func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{address: freeAddress(t)}
	_, port, _ := net.SplitHostPort(s.address)
	s.args = append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--daemonize", "no"}, args...)
	s.start(t)
	t.Cleanup(s.stop)
	return s
}

// startCluster starts a cluster of one node: a command over keys of two slots fails there as in any other.
func startCluster(t testing.TB) *server {
	t.Helper()
	s := startServer(t, "--cluster-enabled", "yes", "--cluster-require-full-coverage", "no")
	out, err := exec.Command("redis-cli", "-p", s.args[1], "cluster", "addslotsrange", "0", "16383").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "OK" {
		t.Fatalf("cluster: %v: %s", err, out)
	}
	for !strings.Contains(s.cli(t, "cluster", "info"), "cluster_state:ok") {
	}
	return s
}

// startReplica starts a server that copies another.
func startReplica(t testing.TB, of *server) *server {
	t.Helper()
	s := startServer(t, "--replicaof", "127.0.0.1", of.args[1])
	for !strings.Contains(s.cli(t, "info", "replication"), "master_link_status:up") {
	}
	return s
}

// startSentinel starts a sentinel that watches a master, and waits until it knows the master's replica. It is so patient that a machine
// which stalls makes no master of the replica; whoever lets the master die makes it less so.
func startSentinel(t testing.TB, master *server) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	conf := "sentinel monitor mymaster 127.0.0.1 " + master.args[1] + " 1\nsentinel down-after-milliseconds mymaster 600000\nsentinel failover-timeout mymaster 5000\n"
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{address: freeAddress(t)}
	_, port, _ := net.SplitHostPort(s.address)
	s.args = []string{"--port", port, "--bind", "127.0.0.1", "--sentinel"}
	s.program = append([]string{file}, s.args...)
	s.start(t)
	t.Cleanup(s.stop)
	for !strings.Contains(s.cli(t, "sentinel", "replicas", "mymaster"), "slave") {
	}
	return s
}

// freeAddress is an address that nobody listens on. Its port, and that of a cluster's bus, 10,000 above, are below those that the
// system gives to whoever asks for any: such a one may be somebody else's before it is used, and while a server is away.
func freeAddress(t testing.TB) string {
	t.Helper()
	for {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(15000+rand.N(7000)))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
}

func (s *server) cli(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("redis-cli", append([]string{"-p", s.args[1]}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli %v: %v: %s", args, err, out)
	}
	return string(out)
}

// written is how far the server's data are: a replica that is as far as its master has all of it.
func (s *server) written(t testing.TB) string {
	t.Helper()
	_, after, ok := strings.Cut(s.cli(t, "info", "replication"), "master_repl_offset:")
	if !ok {
		t.Fatal("the server does not say how far it is")
	}
	offset, _, _ := strings.Cut(after, "\r\n")
	return offset
}

func (s *server) start(t testing.TB) {
	t.Helper()
	program := s.program
	if program == nil {
		program = s.args
	}
	s.process = exec.Command("redis-server", program...)
	if err := s.process.Start(); err != nil {
		t.Fatalf("redis-server (Debian package redis-server): %v", err)
	}
	process, ended := s.process, make(chan error, 1)
	go func() { ended <- process.Wait() }()
	s.ended = ended
	for {
		if c, err := net.Dial("tcp", s.address); err == nil {
			c.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("redis-server ended at its start: %v", err)
		default:
		}
	}
}

func (s *server) stop() {
	if s.process != nil {
		s.process.Process.Kill()
		<-s.ended
		s.process = nil
	}
}

func (s *server) client(t testing.TB) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.address}, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (s *server) do(t testing.TB, command func(rueidis.Client) rueidis.Completed) {
	t.Helper()
	client := s.client(t)
	defer client.Close()
	if err := client.Do(t.Context(), command(client)).Error(); err != nil {
		t.Fatal(err)
	}
}

func (s *server) keys(t testing.TB, pattern string) []string {
	t.Helper()
	client := s.client(t)
	defer client.Close()
	keys, err := client.Do(t.Context(), client.B().Keys().Pattern(pattern).Build()).AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// age lets time pass for the keys of a prefix: what is left of their lives becomes shorter.
func (s *server) age(t testing.TB, prefix string, by time.Duration) {
	t.Helper()
	client := s.client(t)
	defer client.Close()
	for _, key := range s.keys(t, prefix+"*") {
		left, err := client.Do(t.Context(), client.B().Pttl().Key(key).Build()).AsInt64()
		if err != nil {
			t.Fatal(err)
		}
		if left < 0 {
			t.Errorf("%s never expires", key)
		}
		// A millisecond is what has passed for real between setting and asking, at least.
		if left -= by.Milliseconds() - 1; left <= 1 {
			left = 0
		}
		if err := client.Do(t.Context(), client.B().Pexpire().Key(key).Milliseconds(left).Build()).Error(); err != nil {
			t.Fatal(err)
		}
	}
}
