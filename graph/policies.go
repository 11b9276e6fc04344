package graph

// Policies are what the schema's @policy names: functions of yours, by their names. The shop has none.
func Policies() map[string]Policy {
	return map[string]Policy{}
}
