package apis

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

type customer struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Email       string    `json:"email"`
	Phone       string    `json:"phone,omitempty"`
	Tier        string    `json:"tier"`
	MemberSince time.Time `json:"memberSince"`
}

type newAddress struct {
	Label      string `json:"label"`
	Recipient  string `json:"recipient"`
	Street     string `json:"street"`
	PostalCode string `json:"postalCode"`
	City       string `json:"city"`
	Country    string `json:"country"`
}

type address struct {
	ID string `json:"id"`
	newAddress
	IsDefault bool `json:"isDefault"`
}

type paymentMethod struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	Display   string `json:"display"`
	Expires   string `json:"expires,omitempty"`
	IsDefault bool   `json:"isDefault"`
}

// list is a JSON array under the name items.
type list[T any] struct {
	Items []T `json:"items"`
}

// accountsRoutes are the operations of accounts/openapi.yaml.
func (s *Set) accountsRoutes() []route {
	return []route{
		{"GET /me", "accounts:read", s.getMe},
		{"GET /customers", "accounts:read", s.listCustomers},
		{"GET /customers/{customerId}/addresses", "accounts:read", s.listAddresses},
		{"POST /customers/{customerId}/addresses", "accounts:write", s.addAddress},
		{"GET /customers/{customerId}/payment-methods", "accounts:read", s.listPaymentMethods},
	}
}

// getMe handles GET /me.
func (s *Set) getMe(w http.ResponseWriter, r *http.Request, who caller) {
	s.world.mu.Lock()
	me, found := s.world.customers[who.subject] // never changes once it is there
	s.world.mu.Unlock()
	if !found {
		notFound(w)
		return
	}
	writeJSON(w, r, cachePersonal, me)
}

// listCustomers handles GET /customers.
func (s *Set) listCustomers(w http.ResponseWriter, r *http.Request, who caller) {
	ids, ok := batch(w, r.URL.Query(), "id")
	if !ok {
		return
	}
	found := []*customer{}
	s.world.mu.Lock()
	for _, id := range ids {
		if c, known := s.world.customers[id]; known && who.sees(id) {
			found = append(found, c)
		}
	}
	s.world.mu.Unlock()
	writeJSON(w, r, cachePersonal, list[*customer]{found})
}

// admitTo checks that the caller may act for the customer in the path; otherwise it has answered. A
// customer learns nothing about others, not even whether they exist.
func (s *Set) admitTo(w http.ResponseWriter, r *http.Request, who caller) (id string, ok bool) {
	id = r.PathValue("customerId")
	if !who.sees(id) {
		writeProblem(w, problem{Status: http.StatusForbidden, Detail: "That is another customer's."})
		return "", false
	}
	s.world.mu.Lock()
	_, found := s.world.customers[id]
	s.world.mu.Unlock()
	if !found {
		notFound(w)
	}
	return id, found
}

// listAddresses handles GET /customers/{customerId}/addresses.
func (s *Set) listAddresses(w http.ResponseWriter, r *http.Request, who caller) {
	id, ok := s.admitTo(w, r, who)
	if !ok {
		return
	}
	s.world.mu.Lock()
	addresses := slices.Clone(s.world.addresses[id])
	s.world.mu.Unlock()
	if addresses == nil {
		addresses = []*address{}
	}
	writeJSON(w, r, cachePersonal, addresses)
}

// listPaymentMethods handles GET /customers/{customerId}/payment-methods.
func (s *Set) listPaymentMethods(w http.ResponseWriter, r *http.Request, who caller) {
	id, ok := s.admitTo(w, r, who)
	if !ok {
		return
	}
	s.world.mu.Lock()
	methods := slices.Clone(s.world.payments[id])
	s.world.mu.Unlock()
	if methods == nil {
		methods = []*paymentMethod{}
	}
	writeJSON(w, r, cachePersonal, methods)
}

// addAddress handles POST /customers/{customerId}/addresses.
func (s *Set) addAddress(w http.ResponseWriter, r *http.Request, who caller) {
	id, ok := s.admitTo(w, r, who)
	if !ok {
		return
	}
	var body newAddress
	if !readJSON(w, r, &body) {
		return
	}
	if faults := body.check(); len(faults) > 0 {
		invalid(w, faults)
		return
	}
	added, ok := s.world.addAddress(id, body)
	if !ok {
		writeProblem(w, problem{Status: http.StatusConflict, Detail: fmt.Sprintf("A customer has at most %d addresses.", maxAddresses)})
		return
	}
	writeChanged(w, http.StatusCreated, added)
}

func (w *world) addAddress(customerID string, body newAddress) (*address, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.addresses[customerID]) >= maxAddresses {
		return nil, false
	}
	added := &address{ID: w.newID("a-"), newAddress: body, IsDefault: len(w.addresses[customerID]) == 0}
	w.addresses[customerID] = append(w.addresses[customerID], added)
	return added, true
}

// check returns what is wrong, by field, as the document says.
func (a newAddress) check() []fieldError {
	var faults []fieldError
	for _, field := range []struct {
		name, value string
		most        int
	}{
		{"label", a.Label, 40}, {"recipient", a.Recipient, 80}, {"street", a.Street, 120},
		{"postalCode", a.PostalCode, 12}, {"city", a.City, 80},
	} {
		if message := checkText(field.value, field.most); message != "" {
			faults = append(faults, fieldError{"/" + field.name, message})
		}
	}
	if len(a.Country) != 2 || strings.Trim(a.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		faults = append(faults, fieldError{"/country", "Must be two capital letters, such as DE."})
	}
	return faults
}

// checkText says what is wrong with a line of text, or nothing.
func checkText(value string, most int) string {
	switch {
	case strings.TrimSpace(value) == "":
		return "Must not be empty."
	case utf8.RuneCountInString(value) > most:
		return fmt.Sprintf("Must have at most %d characters.", most)
	case strings.ContainsFunc(value, unicode.IsControl):
		return "Must be one line of text."
	}
	return ""
}

// seedCustomers fills in the people of the demo.
func (w *world) seedCustomers() {
	day := func(year, month, day int) time.Time {
		return time.Date(year, time.Month(month), day, 9, 0, 0, 0, time.UTC)
	}
	for _, c := range []*customer{
		{"c-alice", "Alice Archer", "alice@example.test", "+49 30 1234567", "gold", day(2019, 4, 12)},
		{"c-bob", "Bob Baker", "bob@example.test", "", "basic", day(2024, 1, 30)},
		{"c-carol", "Carol Cooper", "carol@example.test", "+49 89 7654321", "silver", day(2022, 9, 5)},
		{"c-agent", "Ada Agent", "agent@example.test", "+49 341 555010", "basic", day(2021, 6, 1)},
	} {
		w.customers[c.ID] = c
	}
	w.addresses = map[string][]*address{
		"c-alice": {
			{"a-1", newAddress{"Home", "Alice Archer", "Kastanienallee 12", "10435", "Berlin", "DE"}, true},
			{"a-2", newAddress{"Studio", "Archer Ceramics", "Gerichtstraße 23", "13347", "Berlin", "DE"}, false},
			{"a-3", newAddress{"Parents", "Ruth and Tom Archer", "14 Mill Lane", "BS8 4LD", "Bristol", "GB"}, false},
		},
		"c-bob":   {{"a-4", newAddress{"Home", "Bob Baker", "Große Elbstraße 5", "22767", "Hamburg", "DE"}, true}},
		"c-carol": {{"a-5", newAddress{"Home", "Carol Cooper", "Türkenstraße 60", "80799", "München", "DE"}, true}},
		"c-agent": {{"a-6", newAddress{"Office", "Ada Agent", "Karl-Heine-Straße 99", "04229", "Leipzig", "DE"}, true}},
	}
	w.payments = map[string][]*paymentMethod{
		"c-alice": {
			{"pm-1", "card", "Visa ending in 4242", "2029-04", true},
			{"pm-2", "sepa", "Account ending in 3000", "", false},
			{"pm-3", "paypal", "alice@example.test", "", false},
		},
		"c-bob":   {{"pm-4", "card", "Mastercard ending in 4444", "2027-11", true}},
		"c-carol": {{"pm-5", "paypal", "carol@example.test", "", true}},
		"c-agent": {},
	}
}
