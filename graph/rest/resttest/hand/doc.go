// Package hand answers the schema of package resttest by resolvers that were written by hand, as one writes them who has no generator:
// types of its own, each call spelled out, pages counted anew. What is made is held against it, field by field and call by call, and in
// what it costs.
package hand

//go:generate go run ../../../../internal/gen generate -config gqlgen.yml
