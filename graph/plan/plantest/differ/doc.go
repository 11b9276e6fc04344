// Package differ compares graph/plan with gqlgen's executor: it makes up operations over any schema, runs each on both, and says
// where their answers differ. Only tests use it, and the command that makes schemas up for it.
package differ
