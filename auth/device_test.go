package auth

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestDevices(t *testing.T) {
	for agent, want := range map[string]string{
		"": "Unknown device", "curl/8": "Unknown device",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0": "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile Safari/604.1":             "Safari on iPhone",
		"Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0":                                                "Firefox on Linux",
		"Firefox/1\r\nX: y": "Firefox", "Dalvik/2.1.0 (Linux; U; Android 17)": "Android",
	} {
		if got := deviceOf(agent); got != want {
			t.Errorf("deviceOf(%q) = %q, want %q", agent, got, want)
		}
	}
}

// BCP-16, BBA-23
func TestClientAddress(t *testing.T) {
	s := &Service{cfg: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}}
	for _, c := range []struct{ name, peer, forwarded, want string }{
		{"a direct client", "192.0.2.7:1", "", "192.0.2.0/24"},
		{"a direct client that lies", "192.0.2.7:1", "203.0.113.9", "192.0.2.0/24"},
		{"behind our proxy", "10.1.1.1:1", "203.0.113.9", "203.0.113.0/24"},
		{"behind two of ours", "10.1.1.1:1", "203.0.113.9, 10.2.2.2", "203.0.113.0/24"},
		{"a client that lies to our proxy", "10.1.1.1:1", "1.2.3.4, 203.0.113.9", "203.0.113.0/24"},
		{"nonsense from our proxy", "10.1.1.1:1", "unknown", "10.1.1.0/24"},
		{"IPv6", "[2001:db8:1:2::3]:1", "", "2001:db8:1::/48"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.7]:1", "", "192.0.2.0/24"},
		{"no address", "pipe", "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := coarse(s.clientAddress(r)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
