// Package posts is a small GraphQL schema over the posts API of the rig: the query of the public graphql-benchmarks suite,
// built as the product is: the API's document in clients, generated code in exec and resolver. The package itself is a client by hand,
// for the targets without GraphQL.
package posts

//go:generate go run ../../../internal/gen generate -config gqlgen.yml
