//go:build !nodemo

package main

import (
	"encoding/json"
	"testing"

	"vestibule.example/demo/visitor"
)

// predicted are the most calls of each API, as the gateway tells developers with the answer.
func predicted(t *testing.T, answer *visitor.Answer) map[string]int {
	t.Helper()
	var told struct {
		Extensions struct {
			Cost struct {
				Calls map[string]struct{ Max int }
			}
		}
	}
	if err := json.Unmarshal(answer.Body, &told); err != nil {
		t.Fatal(err)
	}
	most := map[string]int{}
	for api, c := range told.Extensions.Cost.Calls {
		most[api] = c.Max
	}
	return most
}

// What is predicted is never less than what the APIs are asked, and the same where every list is as long as it may be: the
// table of calls is what the resolvers do.
func TestPredictedCallsAreTheMost(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	var page struct {
		Orders struct {
			Edges []struct{ Node struct{ ID string } }
		}
		Products struct{ PageInfo struct{ EndCursor string } }
	}
	if err := json.Unmarshal(ask(t, v, "{orders(first:2){edges{node{id}}} products(first:3){pageInfo{endCursor}}}", nil).Data, &page); err != nil || len(page.Orders.Edges) != 2 {
		t.Fatalf("two orders = %v, %v", page, err)
	}
	ids := map[string]any{"a": page.Orders.Edges[0].Node.ID, "b": page.Orders.Edges[1].Node.ID, "after": page.Products.PageInfo.EndCursor, "yes": true}
	for _, c := range []struct {
		name, query string
		full        bool // every list is as long as it may be, and no two fields want the same
	}{
		{"nobody", "{viewer{authenticated session{acr} sessions{id}}}", true},
		{"one", "{me{name}}", true},
		{"each with its own call", "{me{addresses{id} paymentMethods{id} orders(first:2){totalCount}}}", true},
		{"a page and what belongs to it", "{products(first:5){edges{node{category{name}}}}}", true},
		{"a page between two of the API's", "query($after:String){products(first:4,after:$after){edges{node{id}}}}", true},
		{"a page of theirs", "query($after:String){products(first:3,after:$after){edges{node{id}}}}", false},
		{"a list's entities in one call", "{orders(first:2){edges{node{customer{name} shipments{id}}}}}", true},
		{"and theirs", "{orders(first:2){edges{node{shipments{tracking{place}}}}}}", true},
		{"once for each element", "{orders(first:2){edges{node{customer{orders(first:2){totalCount}}}}}}", false},
		{"products of lines", "{orders(first:2){edges{node{lines{product{category{name}}}}}}}", true},
		{"products of many lines", "{orders(first:5){edges{node{lines{product{category{name}}}}}}}", false},
		{"two roots that want one entity", "query($a:ID!,$b:ID!){a:order(id:$a){customer{name}} b:order(id:$b){customer{email}}}", false},
		{"one root", "query($a:ID!){order(id:$a){customer{name} lines{product{name}} shipments{tracking{place}}}}", true},
		{"what is skipped", "query($yes:Boolean!){me@skip(if:$yes){name} categories@include(if:$yes){name}}", true},
		{"a change", `mutation{addAddress(input:{label:"a",recipient:"a",street:"a",postalCode:"1",city:"a",country:"DE"}){address{id}}}`, true},
		{"a change and what belongs to it", `mutation{placeOrder(input:{idempotencyKey:"predicted-1",lines:[{productId:"p-101",quantity:1}]}){order{customer{name} lines{product{name}} shipments{id}}}}`, true},
		{"the account page", accountPage, false},
	} {
		resetCalls(t, g)
		answer := ask(t, v, c.query, ids)
		if len(answer.Errors) > 0 {
			t.Fatalf("%s: %s", c.name, answer.Body)
		}
		got, most := calls(t, g), predicted(t, answer)
		for _, api := range []string{"accounts", "catalog", "orders", "shipping"} {
			if got[api] > most[api] || c.full && got[api] != most[api] {
				t.Errorf("%s: %s got %d calls, predicted were %d", c.name, api, got[api], most[api])
			}
		}
	}
}
