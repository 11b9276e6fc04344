package rp

import (
	"net/url"
	"slices"
	"strings"
)

// sameIssuer compares exactly (OpenID Connect Core 3.1.3.7 (2), RFC 9207 §2.4).
func sameIssuer(c *Config, got string, _ map[string]any) string {
	if got != c.Issuer {
		return "iss"
	}
	return ""
}

// withSlash adds the slash that Auth0's issuers end in and people leave out.
func withSlash(issuer string) string { return strings.TrimSuffix(issuer, "/") + "/" }

// googleIssuer accepts an issuer without its scheme, which Google's ID tokens may have. The scheme is put back, so that the user is the
// same one at each login and refresh, however the token was written.
func googleIssuer(c *Config, got string, claims map[string]any) string {
	if claims != nil && got == "accounts.google.com" {
		got = "https://" + got
		claims["iss"] = got
	}
	return sameIssuer(c, got, claims)
}

// personalTenant is the tenant of Microsoft's personal accounts, which "consumers" stands for.
const personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// tenantPlace is what stands for the tenant in the discovery document of several tenants.
const tenantPlace = "{tenantid}"

// SeveralTenants reports whether an issuer of Entra ID, as configured, stands for more than one tenant: Config.Tenants then
// lists those that may sign in. ok is whether it is one: https://login.microsoftonline.com/TENANT/v2.0, or without v2.0 for
// tokens of version 1.
func SeveralTenants(issuer string) (several, ok bool) {
	tenant, _, ok := entraAuthority(issuer)
	return tenant == "common" || tenant == "organizations", ok
}

// entraAuthority takes a configured issuer of Entra ID apart: its tenant, or what stands for several, and the issuer that
// the tokens of a tenant name.
func entraAuthority(configured string) (tenant string, issuerOf func(tenant string) string, ok bool) {
	u, err := url.Parse(configured)
	if err != nil {
		return "", nil, false
	}
	path := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	switch {
	case path[0] == "":
		return "", nil, false
	case len(path) == 2 && path[1] == "v2.0":
		return path[0], func(tenant string) string { return u.Scheme + "://" + u.Host + "/" + tenant + "/v2.0" }, true
	case len(path) == 1 || len(path) == 2 && path[1] == "":
		host := "sts.windows.net"
		if strings.HasSuffix(u.Hostname(), ".partner.microsoftonline.cn") {
			host = "sts.chinacloudapi.cn"
		}
		return path[0], func(tenant string) string { return "https://" + host + "/" + tenant + "/" }, true
	}
	return "", nil, false
}

// entraDiscovered accepts the issuer of a discovery document: that for several tenants has a place for the tenant in it, and that for
// personal accounts is their tenant's.
func entraDiscovered(c *Config, got string) bool {
	tenant, issuerOf, ok := entraAuthority(c.Issuer)
	if !ok {
		return false
	}
	switch tenant {
	case "common", "organizations":
		tenant = tenantPlace
	case "consumers":
		tenant = personalTenant
	}
	return got == issuerOf(tenant)
}

// entraIssuer accepts the issuer of the tenant that a token names, if the tenant is allowed. Any tenant in the
// world has valid tokens for an application of several tenants, so without the list everybody could sign in.
func entraIssuer(c *Config, got string, claims map[string]any) string {
	tenant, issuerOf, ok := entraAuthority(c.Issuer)
	if !ok {
		return "iss"
	}
	switch tenant {
	case "common", "organizations":
		allowed := c.Tenants
		if claims != nil {
			tid, _ := claims["tid"].(string)
			if tid == "" || got != issuerOf(tid) {
				return "iss"
			}
			if !slices.ContainsFunc(allowed, func(t string) bool { return strings.EqualFold(t, tid) }) {
				return checkTenant
			}
			return ""
		}
		if !slices.ContainsFunc(allowed, func(t string) bool { return issuerOf(strings.ToLower(t)) == got }) {
			return "iss"
		}
		return ""
	case "consumers":
		tenant = personalTenant
	}
	if got != issuerOf(tenant) {
		return "iss"
	}
	return ""
}
