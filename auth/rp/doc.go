// Package rp speaks OpenID Connect and OAuth 2.0 with one provider, as a confidential client ("relying party").
//
// It knows discovery, keys, the authorization request (PKCE, PAR), the authorization response, the token
// endpoint (code, refresh, client credentials, token exchange, on-behalf-of), ID tokens, UserInfo, revocation,
// the end-session address and back-channel logout tokens.
//
// It does not know cookies, sessions, handlers or stores. In particular these are its callers' work: making and
// keeping state, nonce and verifier, and binding them to a browser; comparing state; refusing a logout token's
// jti seen before; running one refresh at a time.
//
// [New] touches no network: metadata and keys are fetched when first needed, renewed in the background, and kept
// when the provider is down. All methods are safe for concurrent use.
package rp
