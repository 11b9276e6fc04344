// Package posts is a small GraphQL schema over the posts API of the rig: the query of the public graphql-benchmarks suite,
// built as the product is: a client of the API, generated code in exec, hand-written resolvers in resolver.
package posts

//go:generate go run ../../../internal/gen generate -config gqlgen.yml
