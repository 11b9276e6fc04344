package auth

import (
	"net/http"
	"net/netip"
)

// ClientAddress is where a request came from, as far as the peer and trusted proxies say; the zero address if unknown.
func (s *Service) ClientAddress(r *http.Request) netip.Addr { return s.clientAddress(r) }
