package graph

import "vestibule.example/graph/plan"

// kinds names what each generated resolver loads by key (see [plan.Config.Kind]). A resolver written by hand has none: it may do
// something else first, for which no other field should wait.
func kinds() func(plan.Coordinate) string {
	fields := restCalls().Fields
	return func(at plan.Coordinate) string { return fields[at.Object+"."+at.Field].Loader }
}
