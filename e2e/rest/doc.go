// Package rest holds the schema's @rest directives against documents that nobody here wrote: GitHub's, from the package
// @octokit/openapi, and Stripe's, from the module of its mock server, which also answers.
package rest
