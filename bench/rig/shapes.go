package rig

// Shape is a form of query in which fields want the same things, or things of one kind, from places that lie apart.
type Shape struct {
	Name, Query string
	// Fewest are the calls of each API that an answer needs, worked out by hand.
	Fewest map[string]int
}

// Shapes are for alice of the demo. Some take the variables a and b, two orders of hers.
func Shapes() []Shape {
	return []Shape{
		// Me; a page of orders; the products of all lines of all orders at once; all categories.
		{"nested lists", `{ me { orders(first: 5) { edges { node { lines { product { category { name } } } } } } } }`, map[string]int{"accounts": 1, "orders": 1, "catalog": 2}},
		// A page of orders; the shipments of all of them at once; the tracking of all shipments at once.
		{"Relay edges", `{ orders(first: 5) { edges { node { shipments { tracking { place } } } } } }`, map[string]int{"orders": 1, "shipping": 2}},
		// An order; its customer; its products; their categories.
		{"nested objects", `query($a: ID!) { order(id: $a) { customer { name } lines { product { category { name } } } } }`, map[string]int{"orders": 1, "accounts": 1, "catalog": 2}},
		// A page of orders; three fields want the same products, and two the same customer: each is fetched once.
		{"aliases", `{ orders(first: 3) { edges { node { a: lines { p: product { name } q: product { id } } b: lines { product { price } } c: customer { name } d: customer { email } } } } }`, map[string]int{"orders": 1, "accounts": 1, "catalog": 1}},
		// Two orders are asked for; their customer is one, and fetched once.
		{"two root fields with one entity", `query($a: ID!, $b: ID!) { a: order(id: $a) { customer { name } } b: order(id: $b) { customer { email } } }`, map[string]int{"orders": 2, "accounts": 1}},
		// Me, and at once addresses, payment methods and the orders' customers; orders; products, categories; shipments, tracking.
		{"the account page", AccountPage, map[string]int{"accounts": 4, "orders": 1, "catalog": 2, "shipping": 2}},
	}
}
