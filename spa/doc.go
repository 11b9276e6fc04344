// Package spa serves the single-page app, and in development the GraphQL
// playground, from files embedded in the binary.
//
// # The app
//
// [NewHandler] answers everything that no other route claims:
//
//	GET /                    index.html: no-cache with an entity tag
//	GET /assets/NAME-HASH.js hashed files: immutable for a year
//	GET /favicon.svg         other files: no-cache with an entity tag
//	GET /orders/o-1          a navigation to no file: index.html, the app routes
//	GET /assets/gone.js      404; so is any path under /auth, /api, /graphql, /playground
//
// A navigation is a request that a browser marks as one (Sec-Fetch-Dest:
// document) or, from a client that marks nothing, one that accepts text/html.
// Only a path without a file extension falls back to index.html, so that neither
// a missing asset nor an unknown API path can answer HTML (cache deception).
//
// Files are sent as Brotli, gzip or as they are, by the client's q-values, from
// twins compressed at build time. Every answer carries a strict content security
// policy and never a cookie.
//
// # What it does not do
//
// It knows no session: the app's files are the same for everyone. It sets no
// Strict-Transport-Security and checks no Host, which is main's job for all routes.
//
// The source of the app is in app, of the playground in playground, what they
// build in dist and dist-playground; README.md says how to build them.
package spa
