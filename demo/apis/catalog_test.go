package apis_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

type productPage struct {
	Items []struct {
		ID, Name, CategoryID, Price, ImageURL string
	}
	Total, Page, PageSize int
}

func TestCatalogueIsPublicAndCached(t *testing.T) {
	f := start(t, nil)
	got := f.call("", "catalog", "GET /products", "")
	tag := got.header.Get("ETag")
	if got.status != 200 || got.header.Get("Cache-Control") != "public, max-age=30" || !strings.HasPrefix(tag, `"`) {
		t.Fatalf("got %d %v", got.status, got.header)
	}
	for value, status := range map[string]int{tag: 304, "W/" + tag: 304, `"other", ` + tag: 304, "*": 304, `"other"`: 200} {
		if again := f.call("", "catalog", "GET /products", "", "If-None-Match: "+value); again.status != status || again.header.Get("ETag") != tag {
			t.Errorf("If-None-Match: %s: %d, want %d", value, again.status, status)
		}
	}
	if other := f.call("", "catalog", "GET /products?page=2", "", "If-None-Match: "+tag); other.status != 200 {
		t.Errorf("another page with this ETag: %d, want 200", other.status)
	}
}

func TestProducts(t *testing.T) {
	f := start(t, nil)
	for _, test := range []struct {
		query       string
		total, size int
		ids         []string // the first of them
		items       int
	}{
		{"", 30, 20, []string{"p-100", "p-101"}, 20},
		{"?page=2", 30, 20, []string{"p-402"}, 10},
		{"?page=3", 30, 20, nil, 0},
		{"?pageSize=100", 30, 100, []string{"p-100"}, 30},
		{"?page=1000000&pageSize=100", 30, 100, nil, 0},
		{"?category=cat-desk", 6, 20, []string{"p-500"}, 6},
		{"?category=none", 0, 20, nil, 0},
		{"?search=LAMP+linen", 1, 20, []string{"p-100"}, 1},
		{"?search=wool&category=cat-textiles", 1, 20, []string{"p-400"}, 1},
		{"?search=zebra", 0, 20, nil, 0},
		{"?id=p-500&id=p-100&id=nothing&id=p-500", 2, 3, []string{"p-500", "p-100"}, 2},
	} {
		var page productPage
		got := f.call("", "catalog", "GET /products"+test.query, "")
		got.decode(t, &page)
		if got.status != 200 || page.Total != test.total || page.PageSize != test.size || len(page.Items) != test.items {
			t.Errorf("%s: %d, total %d, size %d, %d items", test.query, got.status, page.Total, page.PageSize, len(page.Items))
			continue
		}
		if ids := got.ids(t); !slices.Equal(ids[:len(test.ids)], test.ids) {
			t.Errorf("%s: %v, want %v first", test.query, ids, test.ids)
		}
	}
	for _, query := range []string{"?page=0", "?page=x", "?pageSize=101", "?pageSize=", "?id=p-100&page=1", "?id=p-100&search=lamp", "?search=" + strings.Repeat("x", 101)} {
		if got := f.call("", "catalog", "GET /products"+query, ""); got.status != 400 {
			t.Errorf("%s: %d, want 400", query, got.status)
		}
	}
	if got := f.call("", "catalog", "GET /products/p-999", ""); got.status != 404 {
		t.Errorf("an unknown product: %d, want 404", got.status)
	}
	var one struct{ ID, Price, Currency string }
	f.call("", "catalog", "GET /products/p-204", "").decode(t, &one)
	if one.Price != "1290.00" || one.Currency != "EUR" {
		t.Errorf("p-204: %+v", one)
	}
}

func TestEachProductIsWorthLookingAt(t *testing.T) {
	f := start(t, nil)
	var page productPage
	f.call("", "catalog", "GET /products?pageSize=100", "").decode(t, &page)
	var categories []struct{ ID, Name string }
	f.call("", "catalog", "GET /categories", "").decode(t, &categories)
	seen := map[string]bool{}
	counts := map[string]int{}
	for _, p := range page.Items {
		counts[p.CategoryID]++
		encoded, found := strings.CutPrefix(p.ImageURL, "data:image/svg+xml;base64,")
		svg, err := base64.StdEncoding.DecodeString(encoded)
		if !found || err != nil || seen[string(svg)] || len(svg) < 400 {
			t.Errorf("%s has no drawing of its own", p.ID)
		}
		seen[string(svg)] = true
		for decoder := xml.NewDecoder(strings.NewReader(string(svg))); ; {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: the drawing is no XML: %v", p.ID, err)
				break
			}
		}
		for _, placeholder := range []string{"DARK", "MIDDLE", "LIGHT", "LINE", "script", "href"} {
			if strings.Contains(string(svg), placeholder) {
				t.Errorf("%s: the drawing holds %s", p.ID, placeholder)
			}
		}
	}
	if len(categories) != 5 {
		t.Errorf("%d categories, want 5", len(categories))
	}
	for _, c := range categories {
		if counts[c.ID] != 6 {
			t.Errorf("%s has %d products, want 6", c.Name, counts[c.ID])
		}
	}
	if text, _ := json.Marshal(page); strings.Contains(string(text), "null") {
		t.Error("a product lacks something")
	}
}
