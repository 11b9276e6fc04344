package clients

import (
	"maps"
	"net/http"
	"slices"
	"testing"
)

// RFC 9111 §3.1: what belongs to a connection is not stored, nor are cookies, which nobody gets.
func TestStoredHeader(t *testing.T) {
	h := http.Header{
		"Content-Type": {"application/json"}, "Etag": {`"1"`}, "X-Hop": {"1"}, "X-Hop-Too": {"1"}, "Connection": {"close, x-hop", " X-Hop-Too "},
		"Keep-Alive": {"timeout=5"}, "Proxy-Connection": {"close"}, "Te": {"trailers"}, "Transfer-Encoding": {"chunked"}, "Upgrade": {"h2c"},
		"Trailer": {"Etag"}, "Set-Cookie": {"canary=1"},
	}
	before := h.Clone()
	if got := slices.Sorted(maps.Keys(storedHeader(h))); !slices.Equal(got, []string{"Content-Type", "Etag"}) {
		t.Errorf("storedHeader = %v, want Content-Type and Etag", got)
	}
	if !maps.EqualFunc(h, before, slices.Equal) {
		t.Error("the answer's own header was changed")
	}
}
