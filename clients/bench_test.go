//go:build !nodemo

package clients_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"testing"

	"vestibule.example/bench/limit/posts"
	"vestibule.example/clients"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
)

// canned is an API without a network.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		ContentLength: int64(len(c)), Body: io.NopCloser(bytes.NewReader(c)),
	}, nil
}

// What one call costs beside the network and the token, by answer: URL, headers, reading, decoding.
func BenchmarkAnswer(b *testing.B) {
	b.Run("posts 31 kB", func(b *testing.B) { call[[]*posts.Post](b, "posts") })
	b.Run("products 10 kB", func(b *testing.B) { call[*catalog.ProductPage](b, "products") })
	b.Run("orders 1 kB", func(b *testing.B) { call[*orders.OrderPage](b, "orders") })
	b.Run("nothing", func(b *testing.B) { call[clients.None](b, "orders") })
}

func call[T any](b *testing.B, name string) {
	text, err := os.ReadFile("../bench/decoders/testdata/" + name + ".json")
	if err != nil {
		b.Fatal(err)
	}
	api, err := clients.New(clients.Config{Name: name, BaseURL: &url.URL{Scheme: "http", Host: "api.test"}, Transport: canned(text)})
	if err != nil {
		b.Fatal(err)
	}
	ctx := clients.WithInbound(context.Background(), clients.Inbound{RequestID: "abcdefghij0123456789"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := clients.Get[T](ctx, api, clients.At("/customers/{id}/orders", "c-alice"), clients.Query("limit", "5")); err != nil {
			b.Fatal(err)
		}
	}
}
