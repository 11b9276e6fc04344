package graph

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
	"vestibule.example/graph/model"
)

// maxFirst is the largest page.
const maxFirst = 50

// checkFirst checks a page's size.
func checkFirst(first int) error {
	if first < 1 || first > maxFirst {
		return badInput("first", fmt.Sprintf("want 1 to %d", maxFirst))
	}
	return nil
}

// Cursors are opaque to clients, and hold nothing secret: a kind, so that one connection's does not pass for another's,
// and where to go on.

func encodeCursor(kind, place string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(kind + "\n" + place))
}

func decodeCursor(kind, cursor string) (string, error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	got, place, ok := strings.Cut(string(text), "\n")
	if err != nil || !ok || got != kind {
		return "", badInput("after", "want a cursor of this connection")
	}
	return place, nil
}

// orderPlace is a place in the orders API's pages: behind the first skip orders of the page that cursor leads to.
type orderPlace struct {
	cursor string
	skip   int
}

func (p orderPlace) encode() string { return encodeCursor("order", strconv.Itoa(p.skip)+"\n"+p.cursor) }

func decodeOrderPlace(after *string) (orderPlace, error) {
	if after == nil {
		return orderPlace{}, nil
	}
	place, err := decodeCursor("order", *after)
	if err != nil {
		return orderPlace{}, err
	}
	skip, cursor, _ := strings.Cut(place, "\n")
	n, err := strconv.Atoi(skip)
	if err != nil || n < 0 || n > maxFirst {
		return orderPlace{}, badInput("after", "want a cursor of this connection")
	}
	return orderPlace{cursor, n}, nil
}

// orderPage gives a page of orders as a connection.
func (r *Resolver) orderPage(ctx context.Context, customerID string, first int, after *string, status *orders.OrderStatus) (*model.OrderConnection, error) {
	if err := checkFirst(first); err != nil {
		return nil, err
	}
	place, err := decodeOrderPlace(after)
	if err != nil {
		return nil, err
	}
	query := orders.OrderQuery{CustomerID: customerID, Limit: place.skip + first, Cursor: place.cursor}
	if status != nil {
		query.Status = *status
	}
	page, err := r.Orders.Orders(ctx, query)
	if err != nil {
		return nil, err
	}
	items := page.Items[min(place.skip, len(page.Items)):]
	connection := &model.OrderConnection{Edges: make([]*model.OrderEdge, len(items)), TotalCount: page.Total}
	for i := range items {
		order := &items[i]
		at := orderPlace{place.cursor, place.skip + i + 1}
		if i == len(items)-1 && page.NextCursor != nil {
			at = orderPlace{cursor: *page.NextCursor}
		}
		connection.Edges[i] = &model.OrderEdge{Cursor: at.encode(), Node: order}
	}
	connection.PageInfo = pageInfo(connection.Edges, func(e *model.OrderEdge) string { return e.Cursor }, page.NextCursor != nil, after != nil)
	return connection, nil
}

// productPage gives a page of products as a connection. The API pages by number; a page that begins between two of its
// pages takes both.
func (r *Resolver) productPage(ctx context.Context, first int, after *string, query catalog.ProductQuery) (*model.ProductConnection, error) {
	if err := checkFirst(first); err != nil {
		return nil, err
	}
	start, err := decodeOffset(after)
	if err != nil {
		return nil, err
	}
	query.PageSize = first
	var items []catalog.Product
	total := 0
	for number := start/first + 1; ; number++ {
		query.Page = number
		page, err := r.Catalog.Products(ctx, query)
		if err != nil {
			return nil, err
		}
		items, total = append(items, page.Items...), page.Total
		if start%first == 0 || number > start/first+1 || len(page.Items) < first {
			break
		}
	}
	items = items[min(start%first, len(items)):]
	items = items[:min(first, len(items))]
	connection := &model.ProductConnection{Edges: make([]*model.ProductEdge, len(items)), TotalCount: total}
	for i := range items {
		connection.Edges[i] = &model.ProductEdge{Cursor: encodeCursor("product", strconv.Itoa(start+i+1)), Node: &items[i]}
	}
	connection.PageInfo = pageInfo(connection.Edges, func(e *model.ProductEdge) string { return e.Cursor }, start+len(items) < total, after != nil)
	return connection, nil
}

// maxOffset bounds how far into a list a cursor may lead.
const maxOffset = 1_000_000

func decodeOffset(after *string) (int, error) {
	if after == nil {
		return 0, nil
	}
	place, err := decodeCursor("product", *after)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(place)
	if err != nil || n < 0 || n > maxOffset {
		return 0, badInput("after", "want a cursor of this connection")
	}
	return n, nil
}

func pageInfo[E any](edges []E, cursor func(E) string, more, before bool) *model.PageInfo {
	info := &model.PageInfo{HasNextPage: more, HasPreviousPage: before}
	if len(edges) > 0 {
		start, end := cursor(edges[0]), cursor(edges[len(edges)-1])
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info
}
