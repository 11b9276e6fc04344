package resolver

import (
	"context"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"vestibule.example/clients"
	"vestibule.example/graph/rest/resttest/hand"
)

func digits(n int64) string { return strconv.FormatInt(n, 10) }

func partIDs(i *hand.Item) []string {
	var ids []string
	for _, id := range i.PartIDs {
		ids = append(ids, digits(id))
	}
	return ids
}

// only is the one thing that was asked for, if it was.
func only[V any](found []clients.Result[V]) (value V) {
	if len(found) > 0 {
		value = found[0].Value
	}
	return value
}

// perItem asks for the things of all items at once, and makes each item's value of its own. An item one of whose things failed has that
// error.
func perItem[V, T any](ctx context.Context, things *clients.Entities[string, V], items []*hand.Item, keys func(*hand.Item) []string, of func([]clients.Result[V]) T) ([]T, error) {
	var all []string
	for _, i := range items {
		all = append(all, keys(i)...)
	}
	results := things.LoadAll(ctx, all)
	var values []T
	var failures graphql.BatchErrorList
	failed := false
	for _, i := range items {
		own := results[:len(keys(i))]
		results = results[len(own):]
		var failure error
		for _, r := range own {
			if r.Err != nil {
				failure, failed = r.Err, true
			}
		}
		values, failures = append(values, of(own)), append(failures, failure)
	}
	if !failed {
		return values, nil
	}
	return values, failures
}
