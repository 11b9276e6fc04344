// Package auth signs users in and out, keeps their sessions and tokens on the server, and lends a session's access token
// to calls of APIs. The browser holds a cookie that opens the session and nothing else.
//
//	GET  /auth/login               → provider            (transaction cookie)
//	GET  /auth/callback            ← provider            (session cookie; POST with form_post)
//	GET  /auth/session             who is signed in
//	POST /auth/logout              end the session here  → /auth/logout/continue → provider → /auth/logged-out
//	GET  /auth/logout?t=           the same, as a link
//	GET  /auth/sessions            my sessions; DELETE ends them
//	GET  /auth/events              what happens to this session, as server-sent events
//	POST /auth/backchannel-logout  the provider ends sessions
//	GET  /auth/frontchannel-logout the same through the browser; off unless configured
//
// # What opens what
//
// The cookie holds a random id and a random key, sealed with the server's keys. The store knows the session by a hash of
// the id; what is worth stealing there (tokens, claims) is sealed with the key that only the cookie holds. So neither a
// copy of the store nor the server's keys open a session without the browser.
//
// # Step-up
//
// A login always makes a new id. When it asked for a stronger or more recent sign-in and the same user comes back, the old
// id still reads for ten seconds, for what was under way; see Session.ReadOnly. The session that a login replaces is named
// in the sealed transaction: the callback never looks at the session cookie.
//
// # Audit
//
// Every event is one log record with message "audit" and the attribute event: login, login_refused, logout, session_ended,
// refresh, exchange and client_token (each also with _failed), backchannel_logout, backchannel_refused, frontchannel_logout, frontchannel_refused, operator_listed,
// operator_ended, cross_site_refused, session_changed, two_sessions. Sessions are named by a log id, which opens nothing, users
// by a keyed hash.
//
// The package does not decide what a user may do: the APIs do.
package auth
