package clients_test

import (
	"testing"

	"vestibule.example/clients"
)

// What a call costs beside the API: given from the cache, fetched and kept, and fetched without sharing or cache at all.
func BenchmarkCall(b *testing.B) {
	for _, c := range []struct {
		name, control string
		change        func(*clients.Config)
	}{
		{"hit", "max-age=3600", nil},
		{"miss", "no-store", nil},
		{"stored", "max-age=0", nil},
		{"alone", "no-store", func(c *clients.Config) { c.Identity = nil }},
	} {
		b.Run(c.name, func(b *testing.B) {
			o := newOrigin(b, c.change)
			o.serves(echoes("Cache-Control: "+c.control, `Etag: "1"`))
			ctx := as(b.Context(), "alice")
			b.ReportAllocs()
			for b.Loop() {
				o.mu.Lock()
				o.asked = o.asked[:0]
				o.mu.Unlock()
				if _, err := clients.Get[echo](ctx, o.api, clients.At("/x"), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
