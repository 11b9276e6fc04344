// Package realtest is GitHub's and Stripe's APIs in lines of schema.
package realtest

//go:generate go run ../../../internal/gen generate -config gqlgen.yml
