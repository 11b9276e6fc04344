// Package resttest is a schema all of whose fields the generator makes (docs/rest.md), over two APIs that nobody runs but the tests:
// every form of call, of key and of conversion is there once. Package hand has the same schema with resolvers written by hand: over made-up
// APIs, in which anything may be missing, odd or broken, both must give the same answers and ask the same (diff_test.go).
package resttest

//go:generate go run ../../../internal/gen generate -config gqlgen.yml
