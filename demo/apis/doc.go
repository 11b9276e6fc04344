// Package apis is the four REST APIs of the demo world: accounts, catalog, orders and shipping, each as
// its OpenAPI document in NAME/openapi.yaml says and each with its own idea of who may see what.
//
// They stand for what a gateway meets in a company: the catalogue is public and may be cached; the other
// three want a JWT access token (RFC 9068) of the configured issuer, signed with RS256 by a key from its
// JWKS, for this API's audience (https://NAME.demo.test), not expired, with the operation's scope. Then
// the API's own policy decides: a customer sees what is hers, the role agent sees everything.
//
// All four share one small world in memory, the same after each New but for its dates, which lie before
// Config.Now: products with drawings, customers, orders in every state, shipments that move on while
// someone watches them. An order placed is seen by shipping at once.
//
// Errors are problem documents (RFC 9457). Bodies, batches, pages, streams and the world itself are
// bounded. No token is kept, logged or told in an answer.
//
// Not here: stock is never used up, nothing is paid, and a stream goes on when its token expires.
package apis
