package main

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// onlyHosts answers 421 to a Host that is not one of ours, so that neither a name that an attacker points at this address (DNS
// rebinding) nor a request that a proxy misroutes reaches anything (RED-4).
func onlyHosts(allowed func(*http.Request) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allowed(r) {
			problem(w, r, http.StatusMisdirectedRequest, "misdirected", "Misdirected request", "This host name is not served here.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// publicHost allows the host of the public URL alone.
func publicHost(public *url.URL) func(*http.Request) bool {
	want := withPort(public.Host, public.Scheme)
	return func(r *http.Request) bool { return withPort(r.Host, public.Scheme) == want }
}

// demoHost allows local names, and no request that came through a proxy: the demo has printed passwords.
func demoHost(public *url.URL) func(*http.Request) bool {
	host := publicHost(public)
	return func(r *http.Request) bool { return !throughProxy(r) && host(r) }
}

// throughProxy tells whether a proxy says that it has passed the request on.
func throughProxy(r *http.Request) bool {
	for name := range r.Header {
		if name == "Forwarded" || name == "Via" || strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

// localHost allows the address that the connection came in on, by number or as localhost: what probes and operators use.
func localHost(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	at, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return false
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = r.Host, "80"
	}
	_, wantPort, _ := net.SplitHostPort(local.String())
	if port != wantPort {
		return false
	}
	if host == "localhost" {
		return at.Addr().Unmap().IsLoopback()
	}
	named, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && named.Unmap() == at.Addr().Unmap()
}

// withPort is host in small letters and with a port, the scheme's where it has none.
func withPort(host, scheme string) string {
	host = strings.ToLower(host)
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	port := "80"
	if scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}
