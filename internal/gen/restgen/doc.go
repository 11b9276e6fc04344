// Package restgen makes Go of the schema's @rest directives (docs/rest.md).
//
// It works in two steps. [Load] reads the schema's directives and, of the APIs' OpenAPI documents, the operations that they name;
// whatever does not fit is a [Fault] with its place in the schema. [Plan.WriteTypes] then writes the Go types of those answers into
// the APIs' packages, and [Plan.Plugin] gives the plugin with which gqlgen binds them and which writes the calls beside the
// resolvers.
package restgen
