// Command own makes this repository yours, once: it renames the module and removes the demo's shop, so that what is left is a
// gateway with a schema of your own.
//
//	go run ./internal/own gateway.mycompany.com
//
// It removes the shop: its schema, its APIs' packages and resolvers, its app, the demo in the binary, and the tests, benchmarks and browser
// tests of all that; these Go files have the build constraint !nodemo. In their place it puts what is in skeleton: a schema that knows who
// is signed in, and how to sign out. The laws of policy_test.go stay, and so does the directory demo, whose provider signs people in in
// tests (graph/graphtest, auth). It changes only a repository without uncommitted changes, so that all can be looked at and undone.
package main
