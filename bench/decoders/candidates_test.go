package decoders

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/bytedance/sonic"
	jsonv2 "github.com/go-json-experiment/json"
	goccy "github.com/goccy/go-json"

	"vestibule.example/bench/limit/posts"
	"vestibule.example/clients/catalog"
	"vestibule.example/clients/orders"
)

type decoder struct {
	name   string
	decode func(data []byte, v any) error
}

func decoders() []decoder {
	return []decoder{
		{"std", json.Unmarshal},
		{"jsonv2", func(data []byte, v any) error { return jsonv2.Unmarshal(data, v) }},
		{"goccy", goccy.Unmarshal},
		{"sonic", sonic.ConfigDefault.Unmarshal},
		{"sonic-std", sonic.ConfigStd.Unmarshal},
	}
}

// answers are real ones, recorded from the demo's and the benchmark's APIs.
func answers() []answer {
	return []answer{
		{"posts", func() any { return new([]*posts.Post) }},
		{"orders", func() any { return new(*orders.OrderPage) }},
		{"products", func() any { return new(*catalog.ProductPage) }},
	}
}

type answer struct {
	name string
	into func() any
}

func (a answer) read(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + a.name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return text
}
