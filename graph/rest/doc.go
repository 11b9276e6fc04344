// Package rest is what the resolvers that the schema's @rest directives are made into (docs/rest.md) need at run time, beside the
// clients' calls. It knows neither a schema nor an API.
package rest
