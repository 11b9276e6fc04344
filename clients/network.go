package clients

import "net/netip"

// Network names the part of an address that one household or machine has: all of it, or the first half of an address of version 6.
// It is empty for an address that is not valid, so that all who hide where they ask from are counted as one.
func Network(addr netip.Addr) string {
	addr = addr.Unmap()
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil || !prefix.IsValid() {
		return ""
	}
	return prefix.String()
}
