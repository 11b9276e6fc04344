package main

import (
	"fmt"

	"vestibule.example/graph"
	"vestibule.example/spa"
)

// graphLimits are the configured limits as the endpoint takes them.
func graphLimits(cfg LimitsConfig) graph.Limits {
	return graph.Limits{
		BodyBytes: int64(cfg.BodyBytes), Tokens: cfg.Tokens, Fragments: cfg.Fragments, Duplicates: cfg.Duplicates, Fields: cfg.Fields,
		Depth: cfg.Depth, Aliases: cfg.Aliases, RootFields: cfg.RootFields, Directives: cfg.Directives,
		ListSize: cfg.ListSize, DefaultListSize: cfg.Default, Cost: cfg.Cost, Calls: cfg.Calls, Measure: cfg.Mode == "measure",
	}
}

// maxManifest bounds a file of trusted documents, in bytes.
const maxManifest = 8 << 20

// persistedDocuments reads the trusted documents: those of the bundle that is served, and those configured.
func persistedDocuments(cfg Config) (graph.Persisted, error) {
	p := graph.Persisted{Mode: cfg.GraphQL.Persisted, Automatic: cfg.GraphQL.Automatic}
	bundled, err := spa.Operations(cfg.SPA.Dir)
	if err != nil {
		return p, err
	}
	if bundled != nil {
		p.Manifests = append(p.Manifests, graph.Manifest{Name: "the bundle's operations.json", Content: bundled})
	}
	for _, name := range cfg.GraphQL.Documents {
		content, err := readFile(name, maxManifest)
		if err != nil {
			return p, fmt.Errorf("graphql.documents: %w", err)
		}
		p.Manifests = append(p.Manifests, graph.Manifest{Name: name, Content: content})
	}
	return p, nil
}
