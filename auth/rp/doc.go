// Package rp is an OpenID Connect relying party's side of the protocol with one provider: discovery, keys, the
// authorization request and its answer, the token endpoint, ID tokens, UserInfo, logout tokens.
//
//	New ─► AuthorizationURL ─► (browser) ─► CheckResponse ─► Exchange ─► Grant
//	                                                          Refresh ─► Grant
//	                                          Revoke, EndSessionURL, VerifyLogoutToken
//
// It keeps no session, sets no cookie and has no handler; that a response belongs to the browser that asked is its
// caller's to check (state), and so is that a logout token is not used twice (jti). Access tokens are never parsed:
// they are the APIs' business.
//
// What comes from the provider is bounded in size and time, and redirects are not followed, so that no secret goes where
// it was not sent. A provider that is away is no reason to fail at start: discovery is done when first needed, tried
// again after a failure, and refreshed; what was learnt stays in use while the provider is away.
package rp
