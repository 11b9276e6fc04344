// Package clients calls the REST APIs behind the gateway.
//
// One [API] stands for one configured API. Every call takes the same way:
//
//	typed call (Get, Post, …, Do)
//	  → final headers            nothing after this point adds any but Authorization
//	  → identity                 whose answer this will be
//	  → sharing and cache        only among calls of that same identity (docs/caching.md)
//	  → retry, breaker, bulkhead
//	  → Config.Transport         adds the Bearer token; this package never sees one
//
// and ends in a value of the caller's type or in an [*Error] with exactly one of the contract's codes, whatever the API
// answered: problem details (RFC 9457), plain JSON errors, HTML pages, nothing, half a body, another type than promised.
//
// Besides single calls there are [Batch], which asks for many keys in as few calls as the API allows, and [Entities], which
// makes one call of what several places of one request need; [Events] and [Poll] follow what changes at an API. The packages
// below (accounts, catalog, orders, shipping) are the APIs themselves: generated types and a method of a few lines per operation.
//
// [Relay] is the handler that lets browsers reach listed paths of an API directly, for what is no GraphQL: files, uploads,
// event streams, WebSockets.
//
// Not done here: who may see what (each API decides), tokens (package auth), GraphQL (package graph), logging of failed
// calls (who handles the error logs it, once).
package clients
