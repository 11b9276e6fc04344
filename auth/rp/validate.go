package rp

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// protocolParams are the parameters of the authorization request that neither configuration nor browser may set.
var protocolParams = []string{
	"client_id", "client_secret", "client_assertion", "client_assertion_type", "code_challenge",
	"code_challenge_method", "nonce", "redirect_uri", "request", "request_uri", "resource", "response_mode",
	"response_type", "scope", "state",
}

// IsProtocolParam tells whether a parameter of the authorization request belongs to the protocol, so that nobody else may set it.
func IsProtocolParam(name string) bool { return slices.Contains(protocolParams, name) }

// asymmetricAlgs is what IDTokenAlgs may name. HS256 and its kin would make the client secret, or worse a public
// key taken for one, a key that signs (RFC 8725 2.1).
var asymmetricAlgs = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// Fault is a field of a Config that New refuses, and why.
type Fault struct{ Field, Rule string }

// Error implements error.
func (f *Fault) Error() string { return f.Field + " " + f.Rule }

// Faults lists what New would refuse in a configuration, except for its private key.
func (c Config) Faults() []*Fault {
	profile, known := ProfileOf(c.Profile)
	if !known {
		return []*Fault{{"Profile", fmt.Sprintf("%q is not known", c.Profile)}}
	}
	c = c.withDefaults(profile)
	return c.validate(profile)
}

// validate looks at everything but the private key.
func (c *Config) validate(profile Profile) []*Fault {
	var faults []*Fault
	fault := func(field, format string, args ...any) {
		faults = append(faults, &Fault{field, fmt.Sprintf(format, args...)})
	}

	if err := checkAddress(c.Issuer, true); err != nil {
		fault("Issuer", "%v", err)
	} else if strings.Contains(c.Issuer, "?") {
		fault("Issuer", "must not have a query")
	}
	if several, known := SeveralTenants(c.Issuer); profile.Tenants && !known {
		fault("Issuer", "must have the form https://login.microsoftonline.com/TENANT/v2.0")
	} else if profile.Tenants && several && len(c.Tenants) == 0 {
		fault("Tenants", "must list who may sign in, since the Issuer stands for every tenant")
	} else if len(c.Tenants) > 0 && (!profile.Tenants || !several) {
		fault("Tenants", "is for Entra ID's issuers of several tenants")
	}
	if c.FederatedLogout && !profile.Federated {
		fault("FederatedLogout", "is not for this profile")
	}
	if c.ClientID == "" {
		fault("ClientID", "is required")
	}
	if err := checkAddress(c.RedirectURI, true); err != nil {
		fault("RedirectURI", "%v", err)
	}
	if c.PostLogoutRedirectURI != "" {
		if err := checkAddress(c.PostLogoutRedirectURI, true); err != nil {
			fault("PostLogoutRedirectURI", "%v", err)
		}
	}
	switch c.AuthMethod {
	case AuthBasic, AuthPost:
		if c.ClientSecret.IsZero() {
			fault("ClientSecret", "is required for %s", c.AuthMethod)
		}
		if c.PrivateKey != nil || c.PrivateKeyID != "" || c.PrivateKeyAlg != "" {
			fault("PrivateKey", "is for private_key_jwt only, AuthMethod is %s", c.AuthMethod)
		}
	case AuthPrivateKeyJWT:
		if !c.ClientSecret.IsZero() {
			fault("ClientSecret", "must not be set with private_key_jwt")
		}
		if c.PrivateKeyID == "" {
			fault("PrivateKeyID", "is required for private_key_jwt")
		}
	default:
		fault("AuthMethod", "must be client_secret_basic, client_secret_post or private_key_jwt")
	}
	if !slices.Contains(c.Scopes, "openid") {
		fault("Scopes", "must contain openid")
	}
	for _, scope := range c.Scopes {
		if scope == "" || strings.ContainsFunc(scope, notScope) {
			fault("Scopes", "%q is not a scope (RFC 6749 3.3)", scope)
		}
	}
	for _, resource := range c.Resources {
		if err := checkResource(resource); err != nil {
			fault("Resources", "%v", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.AuthParams)) {
		if IsProtocolParam(name) {
			fault("AuthParams", "%s belongs to the protocol", name)
		}
	}
	if c.ResponseMode != "" && c.ResponseMode != "form_post" {
		fault("ResponseMode", "must be empty or form_post")
	}
	if c.PAR != PARWhenRequired && c.PAR != PARAlways && c.PAR != PARNever {
		fault("PAR", "must be empty, always or never")
	}
	for _, alg := range c.IDTokenAlgs {
		if !slices.Contains(asymmetricAlgs, alg) {
			fault("IDTokenAlgs", "%q is not one of %s", alg, strings.Join(asymmetricAlgs, " "))
		}
	}
	if c.Leeway > MaxLeeway {
		fault("Leeway", "must be at most %v, is %v", MaxLeeway, c.Leeway)
	}
	if c.Timeout < 0 || c.Timeout > 30*time.Second {
		fault("Timeout", "must be at most 30s, is %v", c.Timeout)
	}
	if c.RefreshInterval < time.Minute {
		fault("RefreshInterval", "must be at least 1m, is %v", c.RefreshInterval)
	}
	return faults
}

// notScope: what RFC 6749 3.3 does not allow in a scope token.
func notScope(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }

// checkResource as RFC 8707 2 says: an absolute URI without fragment.
func checkResource(resource string) error {
	u, err := url.Parse(resource)
	if err != nil || !u.IsAbs() || strings.Contains(resource, "#") {
		return fmt.Errorf("%q is not an absolute URI without fragment", resource)
	}
	return nil
}
