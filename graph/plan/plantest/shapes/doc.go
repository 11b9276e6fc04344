// Package shapes is worlds for schemas that were made up: objects of whatever Go types a schema is bound to, made of a seed, with
// nulls, errors and panics where the seed wants them. The schemas themselves are written by the command in make: their SDL,
// models and gqlgen's configuration, from which our generator makes all else. Three of them are kept here, for the tests; make -seeds
// makes others, tries them and leaves nothing behind. Only the tests of graph/plan use any of it.
package shapes

//go:generate go run ./make
