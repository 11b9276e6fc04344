// Package graph is the GraphQL endpoint: schema.graphqls answered from the API clients.
//
//	handler.go            /graphql: one request, from its bytes to its answer
//	config.go             what the endpoint needs
//	request.go            reading GraphQL over HTTP, and the answer's media type
//	response.go           the answer and its status, refusals among them
//	admit.go              whether what is asked may run, whatever the transport
//	persisted.go          documents by id, trusted or kept automatically
//	document.go           documents parsed, measured and validated, once each
//	limits.go             what a document may ask, decided before anything runs
//	price.go, calls.go    what an operation costs and which APIs it may ask, so that their tokens are there in time
//	rate.go               what a client may ask over time
//	halves.go             a bounded memory of what was asked last
//	trace.go              what an answer asked of the APIs, for developers
//	directives.go         what the schema's directives demand of who asks for a field
//	authorize.go          which fields an operation may have, decided before anything runs
//	streams.go            a subscription from its source to its end, whatever the transport
//	events.go             answers as server-sent events
//	socket*.go            WebSockets, and the operations on one
//	subscription.go       what resolvers of subscriptions need
//	errors.go             every error as one public code
//	schema.resolvers.go   the resolvers, a line or two each
//	loaders.go            each thing once per request, lists in one call
//
// Code generated from the schema is in exec and model; `make generate` makes it anew.
//
// Resolvers know the clients. They do not decide what a user may see: the APIs do, and the schema's directives before them.
package graph

//go:generate go run ../internal/gen generate
