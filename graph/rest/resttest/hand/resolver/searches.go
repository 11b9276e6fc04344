package resolver

import (
	"context"
	"encoding/json"
	"strconv"

	"vestibule.example/clients"
	"vestibule.example/graph/rest/resttest/hand"
)

// search is what the stock is asked for many things with.
type search struct {
	Filter struct {
		IDs []json.Number `json:"ids"`
	} `json:"filter"`
	Limit int `json:"limit"`
}

func (r *Resolver) foundByID(ctx context.Context, ids []string) (map[string]*hand.Found, error) {
	return clients.Batch(ctx, ids, 2, func(ctx context.Context, ids []string) (map[string]*hand.Found, error) {
		body := search{Limit: 10}
		for _, id := range ids {
			if _, err := strconv.ParseInt(id, 10, 64); err != nil {
				return nil, &clients.Error{Code: clients.CodeBadUserInput, Fields: []clients.FieldError{{Field: "id", Message: "must be a number"}}}
			}
			body.Filter.IDs = append(body.Filter.IDs, json.Number(id))
		}
		list, err := clients.Do[[]hand.Found](ctx, r.StockAPI, clients.Call{Method: "POST", Path: clients.At("/search"), Body: body, ReadOnly: true, Timeout: searchTime})
		found := map[string]*hand.Found{}
		for i := range list {
			if id := list[i].ID(); found[id] == nil {
				found[id] = &list[i]
			}
		}
		return found, err
	})
}

func (r *Resolver) tagsByID(ctx context.Context, ids []string) (map[string][]*hand.Tag, error) {
	return clients.Batch(ctx, ids, 3, func(ctx context.Context, ids []string) (map[string][]*hand.Tag, error) {
		body := map[string]any{"items": ids, "deep": true}
		answer, err := clients.Do[struct {
			Found []*hand.Tag `json:"found"`
		}](ctx, r.ShopAPI, clients.Call{Method: "POST", Path: clients.At("/tags/search"), Body: body, ReadOnly: true})
		if err != nil {
			return nil, err
		}
		found := map[string][]*hand.Tag{}
		for _, id := range ids {
			found[id] = []*hand.Tag{}
		}
		for _, tag := range answer.Found {
			if tag != nil && tag.Item != nil {
				id := digits(tag.Item.Number)
				found[id] = append(found[id], tag)
			}
		}
		return found, nil
	})
}
