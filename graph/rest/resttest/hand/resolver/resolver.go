package resolver

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"vestibule.example/clients"
	"vestibule.example/graph/rest"
	"vestibule.example/graph/rest/resttest/hand"
)

// Resolver answers the schema's fields.
type Resolver struct {
	ShopAPI, StockAPI *clients.API
	Cursors           *rest.Cursors
	// Hidden is told of failures that nobody sees.
	Hidden func(error)
}

// orNull makes null of what is not there.
func orNull[T any](found *T, err error) (*T, error) {
	var call *clients.Error
	if errors.As(err, &call) && (call.Status == 204 || errors.Is(call, clients.ErrNull) || call.Code == clients.CodeNotFound) {
		return nil, nil
	}
	return found, err
}

// codeOf is the code of a call that failed; empty for anything else.
func codeOf(err error) clients.Code {
	var call *clients.Error
	if errors.As(err, &call) {
		return call.Code
	}
	return ""
}

// outOfOrder tells an API that cannot answer from one that says no.
func outOfOrder(err error) bool {
	switch codeOf(err) {
	case clients.CodeUpstreamUnavailable, clients.CodeUpstreamTimeout, clients.CodeUpstreamInvalid, clients.CodeRateLimited:
		return true
	}
	return false
}

// loaders are one request's things by key.
type loaders struct {
	makers  *clients.Entities[string, *hand.Maker]
	parts   *clients.Entities[string, *hand.Part]
	related *clients.Entities[string, []*hand.Item]
	stock   *clients.Entities[string, *hand.Stock]
	found   *clients.Entities[string, *hand.Found]
	tags    *clients.Entities[string, []*hand.Tag]
}

type loadersKey struct{}

// WithLoaders gives a request's context its loaders.
func (r *Resolver) WithLoaders(ctx context.Context) context.Context {
	return context.WithValue(ctx, loadersKey{}, &loaders{
		makers:  clients.NewEntities(r.makersByID),
		parts:   clients.NewEntities(r.partsByID),
		related: clients.NewEntities(r.relatedByID),
		stock:   clients.NewEntities(r.stockByID),
		found:   clients.NewEntities(r.foundByID),
		tags:    clients.NewEntities(r.tagsByID),
	})
}

func load(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) } //nolint:forcetypeassert // Whoever asks has called WithLoaders.

func (r *Resolver) makersByID(ctx context.Context, ids []string) (map[string]*hand.Maker, error) {
	return clients.Batch(ctx, ids, 4, func(ctx context.Context, ids []string) (map[string]*hand.Maker, error) {
		for _, id := range ids {
			if strings.Contains(id, ",") {
				return nil, &clients.Error{Code: clients.CodeBadUserInput, Fields: []clients.FieldError{{Field: "id", Message: "must have no comma"}}}
			}
		}
		makers, err := clients.Get[[]hand.Maker](ctx, r.StockAPI, clients.At("/makers"), url.Values{"ids": {strings.Join(ids, ",")}, "full": {"true"}})
		found := map[string]*hand.Maker{}
		for i, m := range makers {
			if found[m.ID] == nil {
				found[m.ID] = &makers[i]
			}
		}
		return found, err
	})
}

func (r *Resolver) partsByID(ctx context.Context, ids []string) (map[string]*hand.Part, error) {
	return clients.Each(ctx, ids, func(ctx context.Context, id string) (*hand.Part, error) {
		answer, err := clients.Get[struct {
			Part *hand.Part `json:"part"`
		}](ctx, r.StockAPI, clients.At("/parts/{id}", id), nil)
		return answer.Part, err
	})
}

func (r *Resolver) relatedByID(ctx context.Context, ids []string) (map[string][]*hand.Item, error) {
	return clients.Batch(ctx, ids, 3, func(ctx context.Context, ids []string) (map[string][]*hand.Item, error) {
		answer, err := clients.Get[struct {
			Data []hand.Item `json:"data"`
		}](ctx, r.ShopAPI, clients.At("/related"), clients.IDs("of", ids))
		if err != nil {
			return nil, err
		}
		found := map[string][]*hand.Item{}
		for _, id := range ids {
			found[id] = []*hand.Item{}
		}
		for i, item := range answer.Data {
			if item.RelatedTo != nil {
				id := digits(*item.RelatedTo)
				found[id] = append(found[id], &answer.Data[i])
			}
		}
		return found, nil
	})
}

func (r *Resolver) stockByID(ctx context.Context, ids []string) (map[string]*hand.Stock, error) {
	return clients.Batch(ctx, ids, 100, func(ctx context.Context, ids []string) (map[string]*hand.Stock, error) {
		list, err := clients.Get[[]hand.Stock](ctx, r.StockAPI, clients.At("/stock"), clients.IDs("item", ids))
		found := map[string]*hand.Stock{}
		for i, s := range list {
			if s.Item == nil {
				continue
			}
			if id := digits(s.Item.Number); found[id] == nil {
				found[id] = &list[i]
			}
		}
		return found, err
	})
}
