// Command gen is the developers' tool; go generate runs it.
//
//	go run ./internal/gen generate [-config gqlgen.yml]
//
// generate makes what gqlgen makes of the schema, and beside it the tables of graph/plan. It reads and writes beneath the
// directory of the configuration file, which it looks for in the directories above too, and asks nobody over the network.
package main
