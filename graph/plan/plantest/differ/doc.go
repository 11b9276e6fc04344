// Package differ compares graph/plan with gqlgen's executor: it makes up operations over any schema, runs each on both, and says
// where their answers differ; or it ends an operation's context in the midst, and says what is told otherwise than it should be. Only
// tests use it, and the command that makes schemas up for it.
//
// What was tried at length, without a difference that graph/plan's documentation does not tell: 48 schemas made up (make shapes, from
// seeds 100 and 200 on) with 3,000 operations each, of which 99.6 % ran as plans, and 300 more cut off on each of the latter 24; ten
// minutes of FuzzPlansAnswerAsGqlgenDoes, which were 181,000 operations, run whole and cut off.
package differ
