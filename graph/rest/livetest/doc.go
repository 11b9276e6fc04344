// Package livetest is a schema that the generator makes of an API which changes (docs/rest.md): subscriptions by its event stream and by
// asking again, searches by POST for many keys, and calls with a timeout or a freshness of their own.
package livetest

//go:generate go run ../../../internal/gen generate -config gqlgen.yml
