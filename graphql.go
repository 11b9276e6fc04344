package main

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"slices"

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

// cursorKeys derives the keys of cursors from the session's, so that a cursor holds on every replica and for as long as the key it
// was signed with is known. The first signs.
func cursorKeys(cfg SessionConfig) ([][]byte, error) {
	var keys [][]byte
	for _, k := range cfg.Keys {
		key, err := hkdf.Key(sha256.New, []byte(k.Secret.Reveal()), nil, "vestibule cursors", 32)
		if err != nil {
			return nil, err
		}
		if k.Use == "seal" {
			keys = slices.Insert(keys, 0, key)
		} else {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
