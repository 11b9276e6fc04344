//go:build !nodemo

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// runWith runs a command with these variables, and gives what it printed.
func runWith(t *testing.T, environment map[string]string, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	err := run(t.Context(), func(name string) string { return environment[name] }, args, &out, io.Discard)
	return out.String(), err
}

// adminAt is the environment of a command that asks a gateway whose admin listener is there.
func adminAt(address string) map[string]string {
	return map[string]string{"VESTIBULE_SERVER_ADMIN_ADDRESS": strings.TrimPrefix(address, "http://"), "VESTIBULE_DEMO_ADDRESS": "127.0.0.1:0"}
}

// answering is an admin listener that answers everything so.
func answering(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// What a container is probed with tells a gateway that serves from one that does not, or is none.
func TestHealthcheck(t *testing.T) {
	g := startGateway(t)
	if _, err := runWith(t, adminAt(g.admin), "healthcheck"); err != nil {
		t.Errorf("of a gateway that serves: %v", err)
	}
	for name, c := range map[string]struct{ address, says string }{
		"one that is not ready": {answering(t, 503, "{}"), "not ready: 503"},
		"nobody":                {"127.0.0.1:1", "not reachable: "},
	} {
		if _, err := runWith(t, adminAt(c.address), "healthcheck"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("of %s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := runWith(t, adminAt(g.admin), "healthcheck", "-config", "nowhere.yaml"); err == nil || !strings.Contains(err.Error(), "nowhere.yaml") {
		t.Errorf("with a configuration that is not there: %v, want it named", err)
	}
}

func TestVersionCommand(t *testing.T) {
	if text, err := runWith(t, nil, "version"); err != nil || text != "vestibule "+version()+"\n" {
		t.Errorf("version = %q, %v", text, err)
	}
}

// What the text of a configuration has wrong is told by check as by the start, and nothing is rehearsed with it.
func TestCheckTellsWhatIsWrongWithTheText(t *testing.T) {
	file := writeFile(t, "vestibule.yaml", minimal+"spa: {dir: /nowhere/bundle}\nnonsense: 1\n")
	text, err := runWith(t, nil, "check", "-config", file)
	var found *configError
	if !errors.As(err, &found) || len(found.faults) != 1 || err.Error() != found.Error() || !strings.Contains(err.Error(), "nonsense") || text != "" {
		t.Errorf("check = %q, %v, want the fault of the text alone", text, err)
	}
}

// Where another process listens, a start says so, and how to listen elsewhere.
func TestATakenAddressStopsTheStart(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for taken, says := range map[string]string{
		"VESTIBULE_SERVER_ADDRESS": "-address", "VESTIBULE_SERVER_ADMIN_ADDRESS": "VESTIBULE_SERVER_ADMIN_ADDRESS", "VESTIBULE_DEMO_ADDRESS": "demo: ",
	} {
		environment := map[string]string{"VESTIBULE_SERVER_ADDRESS": "127.0.0.1:0", "VESTIBULE_SERVER_ADMIN_ADDRESS": "127.0.0.1:0", "VESTIBULE_DEMO_ADDRESS": "127.0.0.1:0"}
		environment[taken] = l.Addr().String()
		err := run(t.Context(), func(name string) string { return environment[name] }, nil, io.Discard, os.Stderr)
		if err == nil || !strings.Contains(err.Error(), l.Addr().String()) || !strings.Contains(err.Error(), says) {
			t.Errorf("with the address of %s taken: %v, want it named, and %q", taken, err, says)
		}
	}
}

// The demo has no rehearsal: a file that it cannot read stops it all the same.
func TestAFileThatIsNotThereStopsTheDemo(t *testing.T) {
	for key, environment := range map[string]map[string]string{
		"observe.otlp.tls.ca_file: ":                  {"VESTIBULE_OBSERVE_OTLP_ENDPOINT": "https://collector.test", "VESTIBULE_OBSERVE_OTLP_TLS_CA_FILE": "/nowhere/ca.pem"},
		"server.tls_cert_file, server.tls_key_file: ": {"VESTIBULE_SERVER_TLS_CERT_FILE": "/nowhere/tls.crt", "VESTIBULE_SERVER_TLS_KEY_FILE": "/nowhere/tls.key"},
	} {
		for _, name := range []string{"VESTIBULE_SERVER_ADDRESS", "VESTIBULE_SERVER_ADMIN_ADDRESS", "VESTIBULE_DEMO_ADDRESS"} {
			environment[name] = "127.0.0.1:0"
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // For a demo that starts.
		defer cancel()
		if err := run(ctx, func(name string) string { return environment[name] }, nil, io.Discard, io.Discard); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("run = %v, want an error of %s", err, key)
		}
	}
}

// Without a relay, paths of the relay are as any others that lead nowhere.
func TestAGatewayWithoutARelay(t *testing.T) {
	g := startConfigured(t, "")
	if res := do(t, "GET", g.origin+"/api/orders/orders", http.Header{"X-Csrf": {"1"}, "Sec-Fetch-Site": {"same-origin"}}, nil); res.StatusCode != 404 {
		t.Errorf("a relayed path = %d, want 404", res.StatusCode)
	}
}

// Whoever writes an app of her own has it from its development server, by the gateway's address.
func TestTheAppOfADevelopmentServer(t *testing.T) {
	g := startGateway(t, "VESTIBULE_SPA_DEV_SERVER="+answering(t, 200, "of the development server"))
	res := do(t, "GET", g.origin+"/some/page", http.Header{"Accept": {"text/html"}}, nil)
	if text, err := io.ReadAll(res.Body); err != nil || string(text) != "of the development server" {
		t.Errorf("the app = %q, %v, want the development server's", text, err)
	}
}
