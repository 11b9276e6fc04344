package apis_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestMe(t *testing.T) {
	f := start(t, nil)
	var me struct{ ID, Name, Tier string }
	got := f.call("c-alice", "accounts", "GET /me", "")
	got.decode(t, &me)
	if got.status != 200 || me.ID != "c-alice" || me.Name != "Alice Archer" || me.Tier != "gold" {
		t.Errorf("got %d %+v", got.status, me)
	}
	if got.header.Get("Cache-Control") != "private, no-cache" || got.header.Get("Vary") != "Authorization" {
		t.Errorf("header %v", got.header)
	}
	if again := f.call("c-alice", "accounts", "GET /me", "", "If-None-Match: "+got.header.Get("ETag")); again.status != 304 || len(again.body) != 0 {
		t.Errorf("with its ETag: %d %q, want an empty 304", again.status, again.body)
	}
	if bob := f.call("c-bob", "accounts", "GET /me", "", "If-None-Match: "+got.header.Get("ETag")); bob.status != 200 {
		t.Errorf("bob with alice's ETag: %d, want 200", bob.status)
	}
	if got := f.call("c-nobody", "accounts", "GET /me", ""); got.status != 404 {
		t.Errorf("a subject that is no customer: %d, want 404", got.status)
	}
}

func TestWhoSeesWhichCustomers(t *testing.T) {
	f := start(t, nil)
	const asked = "GET /customers?id=c-bob&id=c-alice&id=c-alice&id=c-nobody"
	for subject, want := range map[string][]string{"c-alice": {"c-alice"}, "c-bob": {"c-bob"}, "c-carol": {}, "c-agent": {"c-bob", "c-alice"}} {
		if got := f.call(subject, "accounts", asked, "").ids(t); !reflect.DeepEqual(got, want) {
			t.Errorf("%s sees %v, want %v", subject, got, want)
		}
	}
	for _, kind := range []string{"addresses", "payment-methods"} {
		for _, test := range []struct {
			subject, customer string
			status            int
		}{
			{"c-alice", "c-alice", 200}, {"c-alice", "c-bob", 403}, {"c-alice", "c-nobody", 403},
			{"c-agent", "c-alice", 200}, {"c-agent", "c-nobody", 404},
		} {
			if got := f.call(test.subject, "accounts", "GET /customers/"+test.customer+"/"+kind, ""); got.status != test.status {
				t.Errorf("%s asks for %s of %s: %d, want %d", test.subject, kind, test.customer, got.status, test.status)
			}
		}
	}
}

func TestBatchesAreBounded(t *testing.T) {
	f := start(t, nil)
	for _, test := range []struct{ api, path, parameter string }{
		{"accounts", "/customers", "id"}, {"catalog", "/products", "id"}, {"shipping", "/shipments", "orderId"}, {"shipping", "/tracking", "shipmentId"},
	} {
		for _, row := range []struct{ n, status int }{{50, 200}, {51, 400}} {
			query := make([]string, row.n)
			for i := range query {
				query[i] = fmt.Sprintf("%s=x%d", test.parameter, i)
			}
			if got := f.call("c-alice", test.api, "GET "+test.path+"?"+strings.Join(query, "&"), ""); got.status != row.status {
				t.Errorf("%s with %d ids: %d, want %d", test.path, row.n, got.status, row.status)
			}
		}
		if got := f.call("c-alice", test.api, "GET "+test.path, ""); (got.status == 400) != (test.api != "catalog") {
			t.Errorf("%s without ids: %d", test.path, got.status)
		}
	}
}

const goodAddress = `{"label":"Cabin","recipient":"Alice Archer","street":"Seeweg 1","postalCode":"17237","city":"Carwitz","country":"DE"}`

func TestAddAddress(t *testing.T) {
	f := start(t, nil)
	before := f.call("c-alice", "accounts", "GET /customers/c-alice/addresses", "")
	if got := f.call("c-bob", "accounts", "POST /customers/c-alice/addresses", goodAddress); got.status != 403 {
		t.Errorf("bob adds to alice: %d, want 403", got.status)
	}
	var added struct {
		ID, Label string
		IsDefault bool
	}
	got := f.call("c-alice", "accounts", "POST /customers/c-alice/addresses", goodAddress)
	got.decode(t, &added)
	if got.status != 201 || added.ID == "" || added.Label != "Cabin" || added.IsDefault {
		t.Errorf("got %d %+v", got.status, added)
	}
	var all []struct {
		ID        string
		IsDefault bool
	}
	after := f.call("c-alice", "accounts", "GET /customers/c-alice/addresses", "")
	after.decode(t, &all)
	if len(all) != 4 || !all[0].IsDefault || all[3].ID != added.ID || after.header.Get("ETag") == before.header.Get("ETag") {
		t.Errorf("addresses afterwards: %+v", all)
	}
	if got := f.call("c-agent", "accounts", "POST /customers/c-bob/addresses", goodAddress); got.status != 201 {
		t.Errorf("the agent adds to bob: %d, want 201", got.status)
	}
	for range 16 {
		f.call("c-alice", "accounts", "POST /customers/c-alice/addresses", goodAddress)
	}
	if got := f.call("c-alice", "accounts", "POST /customers/c-alice/addresses", goodAddress); got.status != 409 {
		t.Errorf("the 21st address: %d, want 409", got.status)
	}
}

func TestAddressValidation(t *testing.T) {
	f := start(t, nil)
	for _, test := range []struct {
		name, body string
		status     int
		fields     []string
	}{
		{"nothing", `{}`, 422, []string{"/label", "/recipient", "/street", "/postalCode", "/city", "/country"}},
		{"a blank label", strings.Replace(goodAddress, "Cabin", "  ", 1), 422, []string{"/label"}},
		{"a label of forty letters with accents", strings.Replace(goodAddress, "Cabin", strings.Repeat("é", 40), 1), 201, nil},
		{"a label of forty-one letters", strings.Replace(goodAddress, "Cabin", strings.Repeat("é", 41), 1), 422, []string{"/label"}},
		{"a street of two lines", strings.Replace(goodAddress, "Seeweg 1", `See\nweg`, 1), 422, []string{"/street"}},
		{"a country in small letters", strings.Replace(goodAddress, "DE", "de", 1), 422, []string{"/country"}},
		{"a country of three letters", strings.Replace(goodAddress, "DE", "DEU", 1), 422, []string{"/country"}},
		{"an unknown field", strings.Replace(goodAddress, "{", `{"isDefault":true,`, 1), 400, nil},
		{"a number for a text", strings.Replace(goodAddress, `"17237"`, `17237`, 1), 400, nil},
		{"two values", goodAddress + goodAddress, 400, nil},
		{"not JSON", `{"label":`, 400, nil},
		{"too large", strings.Replace(goodAddress, "Cabin", strings.Repeat("x", 65<<10), 1), 413, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := f.call("c-alice", "accounts", "POST /customers/c-alice/addresses", test.body)
			if got.status != test.status {
				t.Fatalf("got %d %s, want %d", got.status, got.body, test.status)
			}
			if fields := got.fields(t); !slices.Equal(fields, test.fields) {
				t.Errorf("fields %v, want %v", fields, test.fields)
			}
		})
	}
	if got := f.call("c-alice", "accounts", "POST /customers/c-alice/addresses", goodAddress, "Content-Type: text/plain"); got.status != 415 {
		t.Errorf("as text/plain: %d, want 415", got.status)
	}
}
