//go:build !nodemo

package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Profiles are there for operators who ask for them, and not on the public listener (WEB-13).
func TestProfilesAreAskedFor(t *testing.T) {
	for _, c := range []struct {
		asked       string
		path        string
		admin, main int
	}{
		{"false", "/debug/pprof/heap", 404, 404},
		{"true", "/debug/pprof/heap", 200, 404},
		{"true", "/debug/pprof/goroutine?debug=1", 200, 404},
		{"true", "/debug/pprof/cmdline", 404, 404},
	} {
		g := startGateway(t, "VESTIBULE_SERVER_PROFILES="+c.asked)
		for base, want := range map[string]int{g.admin: c.admin, g.origin: c.main} {
			res, err := http.Get(base + c.path)
			if err != nil {
				t.Fatal(err)
			}
			if res.Body.Close(); res.StatusCode != want {
				t.Errorf("profiles: %s, %s%s = %d, want %d", c.asked, base, c.path, res.StatusCode, want)
			}
		}
		g.stop()
	}
}

// Profiles are for the gateway's own machine, and for no web page there.
func TestProfilesAreForTheirMachine(t *testing.T) {
	for _, c := range []struct {
		name, remote string
		headers      map[string]string
		want         int
	}{
		{"on loopback", "127.0.0.1:50000", nil, 200},
		{"from another machine", "10.1.2.4:50000", nil, 403},
		{"from a page of another origin", "127.0.0.1:50000", map[string]string{"Origin": "https://evil.example"}, 403},
		{"from a page, by its site", "127.0.0.1:50000", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		local, err := net.ResolveTCPAddr("tcp", "127.0.0.1:9090")
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/debug/pprof/heap", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
		r.RemoteAddr = c.remote
		for name, value := range c.headers {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		if newProfiles().ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%s: status = %d, want %d", c.name, w.Code, c.want)
		}
	}
}
