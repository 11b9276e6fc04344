package main

import "vestibule.example/graph"

// graphLimits are the configured limits as the endpoint takes them.
func graphLimits(cfg LimitsConfig) graph.Limits {
	return graph.Limits{
		BodyBytes: int64(cfg.BodyBytes), Tokens: cfg.Tokens, Fragments: cfg.Fragments, Duplicates: cfg.Duplicates, Fields: cfg.Fields,
		Depth: cfg.Depth, Aliases: cfg.Aliases, RootFields: cfg.RootFields, Directives: cfg.Directives,
		ListSize: cfg.ListSize, DefaultListSize: cfg.Default, Cost: cfg.Cost, Calls: cfg.Calls, Measure: cfg.Mode == "measure",
	}
}
