package rp

// profile is where one provider may differ from the standard. Config has no choice of profile yet: generic is
// the only one, and a second one is a new function beside it.
type profile struct {
	// issuer reports whether got is the issuer we were configured with: in the discovery document and the
	// authorization response (claims is nil), and in tokens. A provider with an issuer per tenant compares with
	// its template and the tenant in claims; no profile may accept just anything.
	issuer func(configured, got string, claims map[string]any) bool
	// authParams are parameters that the provider always wants in the authorization request. Config.AuthParams
	// and the request's own come after them.
	authParams map[string]string
}

// generic is the standard to the letter.
func generic() profile {
	return profile{issuer: func(configured, got string, _ map[string]any) bool { return configured == got }}
}
