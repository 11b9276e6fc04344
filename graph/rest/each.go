package rest

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/clients"
)

// Each loads one thing per parent, in the parents' order. A parent whose thing failed gets its error and no other does; one that
// does not exist is null.
func Each[P, V any](ctx context.Context, things *clients.Entities[string, V], parents []P, key func(P) string) ([]V, error) {
	keys := make([]string, len(parents))
	for i, p := range parents {
		keys[i] = key(p)
	}
	values, failures := make([]V, len(parents)), make(graphql.BatchErrorList, len(parents))
	failed := false
	for i, result := range things.LoadAll(ctx, keys) {
		values[i], failures[i] = result.Value, result.Err
		failed = failed || result.Err != nil
	}
	if failed {
		return values, failures
	}
	return values, nil
}

// EachKnown is [Each] for keys that some parents do not have: theirs is null.
func EachKnown[P, V any](ctx context.Context, things *clients.Entities[string, V], parents []P, key func(P) (key string, known bool)) ([]V, error) {
	type keyed struct {
		at  int
		key string
	}
	var known []keyed
	for i, p := range parents {
		if k, ok := key(p); ok {
			known = append(known, keyed{i, k})
		}
	}
	values := make([]V, len(parents))
	found, err := Each(ctx, things, known, func(k keyed) string { return k.key })
	for i, k := range known {
		values[k.at] = found[i]
	}
	some, ok := err.(graphql.BatchErrorList) //nolint:errorlint // Each returns it as it is.
	if !ok {
		return values, err
	}
	failures := make(graphql.BatchErrorList, len(parents))
	for i, k := range known {
		failures[k.at] = some[i]
	}
	return values, failures
}

// EachList loads a list of things per parent, in the order of its keys. What does not exist is left out, or null in its place. A
// parent one of whose things failed gets that error.
func EachList[P, V any](ctx context.Context, things *clients.Entities[string, V], parents []P, leaveOut bool, keys func(P) []string) ([][]V, error) {
	var all []string
	ends := make([]int, len(parents))
	for i, p := range parents {
		all = append(all, keys(p)...)
		ends[i] = len(all)
	}
	results := things.LoadAll(ctx, all)
	values, failures := make([][]V, len(parents)), make(graphql.BatchErrorList, len(parents))
	failed := false
	for i, begin := 0, 0; i < len(parents); begin, i = ends[i], i+1 {
		values[i] = make([]V, 0, ends[i]-begin)
		for _, result := range results[begin:ends[i]] {
			switch {
			case result.Err != nil:
				failures[i], failed = result.Err, true
			case result.Found || !leaveOut:
				values[i] = append(values[i], result.Value)
			}
		}
	}
	if failed {
		return values, failures
	}
	return values, nil
}
