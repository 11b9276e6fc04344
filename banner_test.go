//go:build !nodemo

package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Issue 9: who starts the demo reads what runs where, who can sign in, what to try, and where the app comes from; every
// place that is named is there.
func TestTheDemoSaysWhatRunsWhere(t *testing.T) {
	app := t.TempDir()
	if err := os.WriteFile(filepath.Join(app, "index.html"), []byte("<!doctype html><title>Mine</title>"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := startGateway(t, "VESTIBULE_SPA_DIR="+app)
	banner, _, _ := strings.Cut(g.log.String(), "msg=serving")
	for _, want := range []string{
		"The shop          " + g.origin + "\n", "GraphQL           " + g.origin + "/playground\n", "Make APIs fail    " + g.demo + "/\n",
		"alice    password alice", "bob      password bob", "agent    password agent", "The app comes from " + app + ".",
		"docs/adding-an-api.md", "make dev", "docs/production.md",
	} {
		if !strings.Contains(banner, want) {
			t.Errorf("the banner lacks %q:\n%s", want, banner)
		}
	}
	for _, place := range []string{g.origin + "/playground", g.demo + "/", g.demo + "/control/", g.demo + "/control/provider/"} {
		if res := do(t, "GET", place, nil, nil); res.StatusCode != 200 {
			t.Errorf("%s answers %d", place, res.StatusCode)
		}
	}
	page, err := io.ReadAll(do(t, "GET", g.origin+"/", nil, nil).Body)
	if err != nil || !strings.Contains(string(page), "Mine") {
		t.Errorf("the app of VESTIBULE_SPA_DIR is not shown: %q, %v", page, err)
	}
}

// Who starts the demo beside something that has its port reads how to choose another; what else is wrong with the address is told as it is.
func TestTheDemosAddressWillNotDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String(): "address already in use; choose another address with VESTIBULE_DEMO_ADDRESS",
		"127.0.0.1:70000":     "invalid port",
	} {
		env := map[string]string{"VESTIBULE_SERVER_ADDRESS": "127.0.0.1:0", "VESTIBULE_SERVER_ADMIN_ADDRESS": "127.0.0.1:0", "VESTIBULE_DEMO_ADDRESS": address}
		if err := run(t.Context(), func(name string) string { return env[name] }, nil, io.Discard, io.Discard); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: run = %v, want %q at its end", address, err, want)
		}
	}
}
