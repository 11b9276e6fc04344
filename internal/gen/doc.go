// Command gen is the developers' tool; go generate runs it.
//
//	go run ./internal/gen generate [-config gqlgen.yml]
//	go run ./internal/gen plan [-schema FILE] [-variables JSON] QUERY.graphql
//	go run ./internal/gen plan -n1
//	go run ./internal/gen add-api -op 'GET /path' NAME DOCUMENT
//	go run ./internal/gen breaking OLD.graphqls NEW.graphqls [manifest.json…]
//
// generate makes what gqlgen makes of the schema, and beside it the tables of graph/plan and what the schema's @rest directives
// describe (docs/rest.md). It reads and writes below the directory of the configuration file, which it looks for in the directories above
// too, and does not use the network.
//
// plan tells what a query asks of the APIs, before anybody runs it; with -n1, which fields can call an API once for each element of
// a list, and fails if one may not (docs/limits.md).
//
// add-api takes an API's OpenAPI document into the project and proposes schema for some of its operations (docs/adding-an-api.md).
//
// breaking tells what a change of the schema breaks, and which of the operations in use (docs/trusted-documents.md); it fails if
// any.
package main
