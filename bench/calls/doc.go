// Command calls counts what the same queries ask of the same APIs through the same clients, by four ways to run them:
//
//	go -C bench/calls run -mod=mod .
//
//	plan     the product: operations compiled to plans
//	gqlgen   the product on gqlgen's executor, its fallback: the same resolvers and loaders
//	batch    gqlgen alone with its batch resolvers, which reach the elements of one list
//	timer    gqlgen alone with loaders that gather keys for a millisecond (vikstrous/dataloadgen)
//
// Each query is asked alone and by many people at once; all answers must be equal, and a plan's calls the fewest.
// It is a module of its own so that the loader is no dependency of the gateway's.
package main
