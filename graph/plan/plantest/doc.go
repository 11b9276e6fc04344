// Package plantest is a schema that has every shape a field may have, and a world of objects to answer it from: made of a seed,
// the same whatever order it is asked in, with nulls, errors and panics where the seed wants them. Only the tests of
// graph/plan use it.
package plantest

//go:generate go run ../../../internal/gen generate -config gqlgen.yml
