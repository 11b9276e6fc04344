package graph

// Policies are the functions that the schema's @policy names, by their names. The shop has none.
func Policies() map[string]Policy {
	return map[string]Policy{}
}
