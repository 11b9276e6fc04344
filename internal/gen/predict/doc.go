// Package predict tells developers what an operation asks of the APIs before anybody runs it, by the gateway's own reckoning
// (graph/cost), and which fields of a schema can call an API once for each element of a list.
//
//	plan.go    an operation's calls as a tree, and what they come to beside the limits
//	values.go  the variables that the developer gives, and those that she need not give
//	each.go    the schema's fields that call once for each element
//	table.go   the table of calls as it stands in the resolvers' package, read and not run: what is generated may not compile yet
package predict
