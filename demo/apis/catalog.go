package apis

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

type product struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description string  `json:"description"`
	CategoryID  string  `json:"categoryId"`
	Price       cents   `json:"price"`
	Currency    string  `json:"currency"`
	InStock     int     `json:"inStock"`
	ImageURL    string  `json:"imageUrl,omitempty"`
	Rating      float64 `json:"rating,omitempty"`

	words string // what a search looks at
}

type productPage struct {
	Items    []*product `json:"items"`
	Total    int        `json:"total"`
	Page     int        `json:"page"`
	PageSize int        `json:"pageSize"`
}

type category struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// catalogue is the products and categories; it never changes.
type catalogue struct {
	categories []category
	products   []*product
	byID       map[string]*product
}

// maxSearch bounds the search text, in characters, as the document says.
const maxSearch = 100

// catalogRoutes are the operations of catalog/openapi.yaml. They need no token.
func (s *Set) catalogRoutes() []route {
	return []route{
		{"GET /products", "", s.listProducts},
		{"GET /products/{productId}", "", s.getProduct},
		{"GET /categories", "", s.listCategories},
	}
}

// listProducts handles GET /products.
func (s *Set) listProducts(w http.ResponseWriter, r *http.Request, _ caller) {
	query := r.URL.Query()
	if query.Has("id") {
		for _, other := range []string{"search", "category", "page", "pageSize"} {
			if query.Has(other) {
				badRequest(w, "id goes with no other parameter.")
				return
			}
		}
		ids, ok := batch(w, query, "id")
		if !ok {
			return
		}
		found := []*product{}
		for _, id := range ids {
			if p, known := s.catalog.byID[id]; known {
				found = append(found, p)
			}
		}
		writeJSON(w, r, cachePublic, productPage{found, len(found), 1, len(ids)})
		return
	}
	if utf8.RuneCountInString(query.Get("search")) > maxSearch {
		badRequest(w, "search may have at most 100 characters.")
		return
	}
	page, ok := number(w, query, "page", 1, 1_000_000, 1)
	if !ok {
		return
	}
	size, ok := number(w, query, "pageSize", 1, maxPage, 20)
	if !ok {
		return
	}
	found := s.catalog.search(strings.Fields(strings.ToLower(query.Get("search"))), query.Get("category"))
	from := min((page-1)*size, len(found))
	to := min(from+size, len(found))
	writeJSON(w, r, cachePublic, productPage{found[from:to], len(found), page, size})
}

// search returns the products of a category (empty: of all) that hold every word.
func (c *catalogue) search(words []string, categoryID string) []*product {
	found := []*product{}
next:
	for _, p := range c.products {
		if categoryID != "" && p.CategoryID != categoryID {
			continue
		}
		for _, word := range words {
			if !strings.Contains(p.words, word) {
				continue next
			}
		}
		found = append(found, p)
	}
	return found
}

// getProduct handles GET /products/{productId}.
func (s *Set) getProduct(w http.ResponseWriter, r *http.Request, _ caller) {
	p, found := s.catalog.byID[r.PathValue("productId")]
	if !found {
		notFound(w)
		return
	}
	writeJSON(w, r, cachePublic, p)
}

// listCategories handles GET /categories.
func (s *Set) listCategories(w http.ResponseWriter, r *http.Request, _ caller) {
	writeJSON(w, r, cachePublic, s.catalog.categories)
}
