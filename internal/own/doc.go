// Command own makes this repository yours, once: it renames the module and removes the demo's shop, so that what is left is a
// gateway with a schema of your own.
//
//	go run ./internal/own gateway.mycompany.com
//
// What goes is the shop: its schema, its APIs' packages and resolvers, its app, the demo in the binary, and the tests, benchmarks and
// browsers' journeys over all of that; these Go files have the build constraint !nodemo. In their place comes what lies in skeleton: a
// schema that knows who is signed in, and how to sign out. The laws of policy_test.go stay, and so does the directory demo, whose provider
// signs people in in tests (graph/graphtest, auth). Only a repository without uncommitted changes is touched, so that all can be looked at and undone.
package main
