//go:build unix

package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"vestibule.example/clients"
)

// outOfFiles tells the child process of [TestNoOpenFilesLeft] what it is for.
const outOfFiles = "VESTIBULE_TEST_OUT_OF_FILES"

// When this process has no files left to connect with, that is told as its own lack, whoever asks, and counted against no API. A process of its
// own really has none.
func TestNoOpenFilesLeft(t *testing.T) {
	if os.Getenv(outOfFiles) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNoOpenFilesLeft$", "-test.count=1") //nolint:gosec // This very test.
		cmd.Env = append(os.Environ(), outOfFiles+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	r := newRelaying(t, says(200, jsonType, `{}`), func(cfg *clients.Config) {
		cfg.Transport = clients.NewTransport(clients.TransportConfig{})
		cfg.Breaker, cfg.Retry = clients.Breaker{Failures: 1}, clients.Retry{Attempts: 3}
	}, nil)
	browser := func(path string) (int, relayProblem) {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := r.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var problem relayProblem
		if err := json.NewDecoder(res.Body).Decode(&problem); err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		return res.StatusCode, problem
	}
	browser("/api/none/things") // Its connection stays open.
	without(t, func() {
		_, err := clients.Get[map[string]any](context.Background(), r.calls, clients.At("/things"), nil)
		var failed *clients.Error
		if !errors.As(err, &failed) || failed.Code != clients.CodeUnavailable || !failed.Retryable || failed.RetryAfter == 0 || !errors.Is(err, syscall.EMFILE) ||
			!strings.Contains(failed.Unwrap().Error(), "no open files") {
			t.Errorf("a call = %v (%v), want UNAVAILABLE, with the cause", err, errors.Unwrap(err))
		}
		if status, problem := browser("/api/orders/things"); status != http.StatusServiceUnavailable || problem.Code != "UNAVAILABLE" || problem.RetryAfter != 1 {
			t.Errorf("a relayed request = %d %+v, want 503 UNAVAILABLE", status, problem)
		}
	})
	if h := r.calls.Health(); h.Breaker != "closed" || h.Failures != 0 || h.Retries != 0 || h.Exhausted != 2 {
		t.Errorf("health = %+v, want a closed breaker, no failure and two that were not sent", h)
	}
	if _, err := clients.Get[map[string]any](context.Background(), r.calls, clients.At("/things"), nil); err != nil {
		t.Errorf("with files again: %v", err)
	}
}

// without runs f while the process may open no file more.
func without(t *testing.T, f func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	none := before
	none.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	}()
	f()
}
