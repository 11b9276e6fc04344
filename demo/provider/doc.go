// Package provider is the demo's OpenID provider: real enough to be signed in at, and able to misbehave on demand.
//
// It stands on github.com/zitadel/oidc/v3/pkg/op, which checks requests, authenticates clients and composes the claims;
// storage, pages, sessions, signatures and what the library leaves out (PKCE required, RFC 9207, form_post errors,
// reuse detection, back-channel logout, acr) are here. It is not a certified provider, it knows its users' passwords in
// plain text and shows them, and it serves nobody but this machine: [New] refuses an issuer that is not loopback, and a
// request under another Host gets 421.
//
//	GET  /.well-known/openid-configuration
//	GET  /keys                        the signing key in use and those before it
//	GET  /authorize, POST /authorize  code flow, PKCE S256 required, response_mode query or form_post
//	GET  /login?id=                   the page: password, then the code where acr_values asks for it
//	POST /login, /login/as, /login/code, /login/refuse
//	POST /oauth/token                 authorization_code, refresh_token, client_credentials
//	GET  /userinfo, POST /userinfo
//	POST /revoke
//	GET  /end_session, POST /end_session, GET /end_session/continue, POST /end_session/confirm
//	GET  /signed-out
//
// The life of a login: /authorize checks the request, stores it and sends the browser to /login, unless the browser's
// session here will do. The page's forms set the session and send the answer to the client. A code is good once: a second use ends the
// refresh tokens that came of the first. A refresh token is good once as well, and a second use ends all that came of the same login
// (RFC 9700 §4.14.2).
//
// [Quirks] add what other providers do: their routes and grants.
//
// [Settings] is all that can be changed while it runs, [Tampering] every wrong token it can make; [Provider.Control]
// offers both over HTTP. Nothing is stored: a new start has new keys, no sessions and no grants.
package provider
