// Package graphtest tests resolvers through the wire: it starts the gateway's /graphql behind real sign-in, over APIs whose
// answers are described by their OpenAPI documents, written in the test, or recorded once and replayed.
//
//	func TestAnOrder(t *testing.T) {
//		g := graphtest.Start(t, graphtest.Config{})
//		g.SignIn("alice").Golden("testdata/order")
//	}
//
// The query goes over HTTP through the cross-site check and the session to the resolvers; their calls go over HTTP, each
// with its session's token, to a server per API, which holds them against the API's document: a path, a parameter or a
// body that the document does not know fails the test, and so does an answer that the document does not allow.
//
// Two flags of `go test`: -update writes the answers that [Person.Golden] compares with, -record asks the real APIs anew
// and keeps what they say ([API.Recording]).
//
// Sign-in is at the demo's provider, as one of the demo's people. What the package leaves out is what needs no resolver:
// the SPA, the relay, the configuration; package main's tests have them. It is for tests alone, and nothing that ships
// imports it. A package whose tests import it has no flag of its own called update or record.
package graphtest
