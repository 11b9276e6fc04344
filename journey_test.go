//go:build !nodemo

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"vestibule.example/demo/visitor"
)

const accountPage = `query AccountPage {
  me {
    id name email
    addresses { id city }
    paymentMethods { id display }
    orders(first: 5) {
      totalCount
      edges { node {
        id status total
        lines { quantity product { name category { name } } }
        customer { name }
        shipments { status tracking { description } }
      } }
    }
  }
}`

func ask(t *testing.T, v *visitor.Visitor, query string, variables map[string]any) *visitor.Answer {
	t.Helper()
	answer, err := v.GraphQL(t.Context(), query, variables)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func signIn(t *testing.T, g *gateway, user string) *visitor.Visitor {
	t.Helper()
	v := g.visitor(t)
	page, err := v.SignIn(t.Context(), user, user, "/account", nil)
	if err != nil {
		t.Fatal(err)
	}
	if page.Status != 200 || page.URL.Path != "/account" {
		t.Fatalf("after sign-in the browser is at %s (%d), want /account", page.URL, page.Status)
	}
	return v
}

// calls counts what each API was asked since the last reset.
func calls(t *testing.T, g *gateway) map[string]int {
	t.Helper()
	res := do(t, "GET", g.demo+"/control/calls", nil, nil)
	var answer struct{ Calls []struct{ Target string } }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, c := range answer.Calls {
		count[c.Target]++
	}
	return count
}

func resetCalls(t *testing.T, g *gateway) {
	t.Helper()
	if res := do(t, "DELETE", g.demo+"/control/calls", nil, nil); res.StatusCode >= 300 {
		t.Fatalf("resetting calls: %d", res.StatusCode)
	}
}

func setFault(t *testing.T, g *gateway, rule string) {
	t.Helper()
	res := do(t, "POST", g.demo+"/control/faults", http.Header{"Content-Type": {"application/json"}}, strings.NewReader(rule))
	if res.StatusCode >= 300 {
		t.Fatalf("fault %s: %d", rule, res.StatusCode)
	}
}

func TestJourney(t *testing.T) {
	g := startGateway(t)
	v := g.visitor(t)

	// Nobody is signed in: the catalogue is there, and what needs a user says so before any API is asked.
	answer := ask(t, v, `{ viewer { authenticated } products(first: 3) { edges { node { name category { name } } } } me { name } }`, nil)
	if len(answer.Errors) != 1 || answer.Errors[0].Code() != "UNAUTHENTICATED" || answer.Errors[0].Extensions["loginUrl"] != "/auth/login" {
		t.Errorf("errors = %s, want one UNAUTHENTICATED with its loginUrl", answer.Body)
	}
	if got := calls(t, g)["accounts"]; got != 0 {
		t.Errorf("the accounts API got %d calls for nobody, want none", got)
	}

	v = signIn(t, g, "alice")
	if in, err := v.SignedIn(t.Context()); err != nil || !in {
		t.Fatalf("SignedIn = %v, %v, want true", in, err)
	}
	answer = ask(t, v, accountPage, nil)
	if len(answer.Errors) > 0 || !strings.Contains(string(answer.Data), "c-alice") {
		t.Fatalf("the account page = %s", answer.Body)
	}

	var placed struct {
		PlaceOrder struct{ Order struct{ ID, Status string } }
	}
	answer = ask(t, v, `mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id status lines { product { name } } } } }`, map[string]any{
		"input": map[string]any{"idempotencyKey": "journey-0001", "lines": []any{map[string]any{"productId": firstProduct(t, v), "quantity": 2}}},
	})
	if err := json.Unmarshal(answer.Data, &placed); err != nil || len(answer.Errors) > 0 || placed.PlaceOrder.Order.Status != "PLACED" {
		t.Fatalf("placeOrder = %s, %v", answer.Body, err)
	}
	answer = ask(t, v, `mutation($id: ID!) { cancelOrder(input: {orderId: $id}) { order { status } } }`, map[string]any{"id": placed.PlaceOrder.Order.ID})
	if !strings.Contains(string(answer.Data), "CANCELLED") {
		t.Errorf("cancelOrder = %s", answer.Body)
	}
	answer = ask(t, v, `mutation { addAddress(input: {label: "", recipient: "A", street: "S", postalCode: "1", city: "C", country: "xx"}) { address { id } } }`, nil)
	if len(answer.Errors) != 1 || answer.Errors[0].Code() != "BAD_USER_INPUT" || answer.Errors[0].Extensions["fields"] == nil {
		t.Errorf("a bad address = %s, want BAD_USER_INPUT with fields", answer.Body)
	}

	// Tokens that live two seconds are refreshed on the way, and nobody notices (BBA-20).
	res := do(t, "PATCH", g.demo+"/control/provider/settings", http.Header{"Content-Type": {"application/json"}}, strings.NewReader(`{"accessTokenTTL":"2s"}`))
	if res.StatusCode >= 300 {
		t.Fatalf("shortening tokens: %d", res.StatusCode)
	}
	v = signIn(t, g, "bob")
	for refreshes(t, g) < 2 {
		if answer = ask(t, v, `{ me { id } }`, nil); string(answer.Data) != `{"me":{"id":"c-bob"}}` {
			t.Fatalf("me with short tokens = %s", answer.Body)
		}
	}

	// The cookie of a session that ended opens nothing, even if somebody kept a copy (SES-10, CK-6).
	kept := v.Cookies()
	page, err := v.SignOut(t.Context())
	if err != nil || page.URL.Host != strings.TrimPrefix(g.origin, "http://") {
		t.Fatalf("SignOut ended at %v, %v", page, err)
	}
	v.SetCookies(kept)
	if in, err := v.SignedIn(t.Context()); err != nil || in {
		t.Errorf("a kept cookie still opens the session (%v)", err)
	}
	for _, secret := range []string{"eyJ"} {
		if strings.Contains(g.log.String(), secret) {
			t.Error("a token is in the log (LOG-2)")
		}
	}
}

// refreshes counts what the provider answered to refresh tokens.
func refreshes(t *testing.T, g *gateway) int {
	t.Helper()
	res := do(t, "GET", g.demo+"/control/provider/counters", nil, nil)
	var counters struct{ Token map[string]int }
	if err := json.NewDecoder(res.Body).Decode(&counters); err != nil {
		t.Fatal(err)
	}
	return counters.Token["refresh_token ok"]
}

func firstProduct(t *testing.T, v *visitor.Visitor) string {
	t.Helper()
	answer := ask(t, v, `{ products(first: 1) { edges { node { id } } } }`, nil)
	var data struct {
		Products struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	if err := json.Unmarshal(answer.Data, &data); err != nil || len(data.Products.Edges) != 1 {
		t.Fatalf("products = %s, %v", answer.Body, err)
	}
	return data.Products.Edges[0].Node.ID
}

// GQL-8: one API failing is its fields failing, and no others.
func TestOneAPIFailingIsItsFieldsFailing(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	for _, c := range []struct{ name, rule, code string }{
		{"5xx", `{"target":"shipping","status":503}`, "UPSTREAM_UNAVAILABLE"},
		{"garbage", `{"target":"shipping","garbage":true}`, "UPSTREAM_INVALID"},
		{"dropped connections", `{"target":"shipping","drop":true}`, "UPSTREAM_UNAVAILABLE"},
		{"truncated", `{"target":"shipping","truncate":true}`, "UPSTREAM_UNAVAILABLE"},
		{"half the JSON", `{"target":"shipping","cut":true}`, "UPSTREAM_INVALID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			setFault(t, g, c.rule)
			defer do(t, "DELETE", g.demo+"/control/faults", nil, nil)
			answer := ask(t, v, accountPage, nil)
			var data struct {
				Me *struct {
					Name   string
					Orders struct {
						Edges []struct {
							Node struct {
								Lines     []struct{ Product *struct{ Name string } }
								Shipments *[]any
							}
						}
					}
				}
			}
			if err := json.Unmarshal(answer.Data, &data); err != nil || data.Me == nil || len(data.Me.Orders.Edges) == 0 {
				t.Fatalf("data = %s, %v", answer.Body, err)
			}
			for _, edge := range data.Me.Orders.Edges {
				if edge.Node.Shipments != nil {
					t.Error("shipments are there although the API fails")
				}
				if len(edge.Node.Lines) == 0 || edge.Node.Lines[0].Product == nil {
					t.Error("products are missing although their API works")
				}
			}
			if len(answer.Errors) != len(data.Me.Orders.Edges) {
				t.Errorf("%d errors for %d orders", len(answer.Errors), len(data.Me.Orders.Edges))
			}
			for _, e := range answer.Errors {
				if e.Code() != c.code || e.Extensions["api"] != "shipping" || e.Extensions["requestId"] == nil {
					t.Errorf("error = %+v, want %s of shipping", e, c.code)
				}
			}
		})
	}
}

// GQL-12, T-16: what one user is shown is never another's, however they are mixed.
func TestUsersNeverCross(t *testing.T) {
	g := startGateway(t)
	users := []string{"alice", "bob"}
	visitors := map[string]*visitor.Visitor{}
	for _, user := range users {
		visitors[user] = signIn(t, g, user)
	}
	var all sync.WaitGroup
	for i := range 60 {
		user := users[i%len(users)]
		all.Go(func() {
			answer, err := visitors[user].GraphQL(t.Context(), accountPage, nil)
			if err != nil {
				t.Error(err)
				return
			}
			for _, other := range users {
				if other != user && strings.Contains(string(answer.Body), "c-"+other) || !strings.Contains(string(answer.Body), "c-"+user) {
					t.Errorf("%s saw %.200s", user, answer.Body)
				}
			}
		})
	}
	all.Wait()
}

func TestAnAgentSeesEveryonesOrders(t *testing.T) {
	g := startGateway(t)
	answer := ask(t, signIn(t, g, "agent"), `{ orders(first: 50) { totalCount edges { node { customer { id } } } } }`, nil)
	for _, customer := range []string{"c-alice", "c-bob", "c-carol"} {
		if !strings.Contains(string(answer.Body), customer) {
			t.Errorf("the agent does not see %s: %.300s", customer, answer.Body)
		}
	}
	theirs := ask(t, signIn(t, g, "bob"), `{ orders(first: 50) { edges { node { id customer { id } } } } order(id: "o-1001") { id } }`, nil)
	// The trace, which only developers get, repeats what bob himself asked for.
	if seen := fmt.Sprintf("%s %v", theirs.Data, theirs.Errors); strings.Contains(seen, "c-alice") || strings.Contains(seen, "o-1001") {
		t.Errorf("bob sees alice's: %.300s", theirs.Body)
	}
}

// Paging to the end by any edge's cursor gives every order once.
func TestOrdersPageToTheEnd(t *testing.T) {
	g := startGateway(t)
	v := signIn(t, g, "alice")
	const query = `query($n: Int!, $after: String) { orders(first: $n, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id } } } }`
	type page struct {
		Orders struct {
			TotalCount int
			PageInfo   struct {
				HasNextPage bool
				EndCursor   string
			}
			Edges []struct {
				Cursor string
				Node   struct{ ID string }
			}
		}
	}
	get := func(n int, after any) page {
		var p page
		answer := ask(t, v, query, map[string]any{"n": n, "after": after})
		if err := json.Unmarshal(answer.Data, &p); err != nil || len(answer.Errors) > 0 {
			t.Fatalf("orders = %s, %v", answer.Body, err)
		}
		return p
	}
	var whole []string
	for _, edge := range get(50, nil).Orders.Edges {
		whole = append(whole, edge.Node.ID)
	}
	if len(whole) < 12 {
		t.Fatalf("alice has %d orders, want enough to page", len(whole))
	}
	for _, size := range []int{1, 3, 5} {
		t.Run(fmt.Sprintf("pages of %d", size), func(t *testing.T) {
			var got []string
			var after any
			for range len(whole) + 1 {
				p := get(size, after)
				for _, edge := range p.Orders.Edges {
					got = append(got, edge.Node.ID)
				}
				if !p.Orders.PageInfo.HasNextPage {
					break
				}
				after = p.Orders.PageInfo.EndCursor
			}
			if !slices.Equal(got, whole) {
				t.Errorf("paged = %v, want %v", got, whole)
			}
		})
	}
	first := get(5, nil)
	behindSecond := get(2, first.Orders.Edges[1].Cursor)
	if got := behindSecond.Orders.Edges[0].Node.ID; got != whole[2] {
		t.Errorf("behind the second edge comes %s, want %s", got, whole[2])
	}
}

// SES-11: a user sees her sessions in all browsers and ends them; another's are not there.
func TestMySessions(t *testing.T) {
	g := startGateway(t)
	laptop, phone, bob := signIn(t, g, "alice"), signIn(t, g, "alice"), signIn(t, g, "bob")
	const query = `{ viewer { sessions { id current device address } } }`
	type list struct {
		Viewer struct {
			Sessions []struct {
				ID      string
				Current bool
			}
		}
	}
	get := func(v *visitor.Visitor) (l list) {
		answer := ask(t, v, query, nil)
		if err := json.Unmarshal(answer.Data, &l); err != nil || len(answer.Errors) > 0 {
			t.Fatalf("sessions = %s, %v", answer.Body, err)
		}
		return l
	}
	mine := get(laptop).Viewer.Sessions
	if len(mine) != 2 || mine[0].Current == mine[1].Current {
		t.Fatalf("alice's sessions = %+v, want two, one of them current", mine)
	}
	theirs := get(bob).Viewer.Sessions
	answer := ask(t, laptop, `mutation($id: ID!) { endSession(input: {sessionId: $id}) { sessions { id } } }`, map[string]any{"id": theirs[0].ID})
	if len(answer.Errors) != 1 || answer.Errors[0].Code() != "NOT_FOUND" {
		t.Errorf("ending bob's session = %s, want NOT_FOUND", answer.Body)
	}
	if in, err := bob.SignedIn(t.Context()); err != nil || !in {
		t.Errorf("bob was signed out by alice (%v)", err)
	}
	if answer = ask(t, laptop, `mutation { endOtherSessions { sessions { id current } } }`, nil); len(answer.Errors) > 0 || strings.Count(string(answer.Data), `"id"`) != 1 {
		t.Errorf("endOtherSessions = %s, want one left", answer.Body)
	}
	if in, err := phone.SignedIn(t.Context()); err != nil || in {
		t.Errorf("the other browser is still signed in (%v)", err)
	}
	if in, err := laptop.SignedIn(t.Context()); err != nil || !in {
		t.Errorf("this browser was signed out (%v)", err)
	}
	anonymous := ask(t, g.visitor(t), query, nil)
	if len(anonymous.Errors) != 1 || anonymous.Errors[0].Code() != "UNAUTHENTICATED" {
		t.Errorf("nobody's sessions = %s, want UNAUTHENTICATED", anonymous.Body)
	}
}
