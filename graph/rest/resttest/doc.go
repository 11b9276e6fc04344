// Package resttest is a schema all of whose fields the generator makes (docs/rest.md), over two APIs that nobody runs but the tests:
// every form of call, of key and of conversion is there once.
package resttest

//go:generate go run ../../../internal/gen generate -config gqlgen.yml
