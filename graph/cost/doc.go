// Package cost tells what an operation asks for before it runs: its cost by the GraphQL Cost Directives Specification (IBM), and
// the most calls that it can make of each API.
//
//	table.go      which fields call which APIs, as the developer or a generator writes it down
//	model.go      a schema's weights and list sizes, read from @cost and @listSize and checked
//	estimate.go   an operation walked with its variables
//	calls.go      what the walk found made calls
//	each.go       fields that call once for each element of a list
//	input.go      arguments: how long a list may be, and what an input object weighs
//	collect.go    fragments and repeated fields merged
//	variables.go  which variables matter, so that an estimate can be kept
//
// The cost is the sum of two: each field that is resolved counts its weight, and each object that comes back its type's.
// Without @cost a field that gives objects weighs 1, as an object does, and scalars weigh nothing; an argument or an input
// field that is an input object weighs 1. How many objects come back is what @listSize says, and a default where it says
// nothing. Of the types that an abstract type can be, the dearest counts.
//
// The calls are an upper bound as far as list sizes are: a list that is longer than its @listSize assumes breaks it. An attempt
// that is repeated is no other call. They are those of graph/plan, which calls a batch resolver once for a whole tree.
package cost
