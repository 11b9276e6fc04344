package auth

import (
	"net/http"
	"net/netip"
)

// ClientAddress is the address that a request came from: the peer's, or what trusted proxies say of it. The zero address if unknown.
func (s *Service) ClientAddress(r *http.Request) netip.Addr { return s.clientAddress(r) }
