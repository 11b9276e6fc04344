package graph

import "vestibule.example/graph/plan"

// kinds names what the generated resolvers load by key. Those by hand may do something else first, for which no other field shall wait.
func kinds() func(plan.Coordinate) string {
	fields := restCalls().Fields
	return func(at plan.Coordinate) string { return fields[at.Object+"."+at.Field].Loader }
}
