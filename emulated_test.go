//go:build !nodemo

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"vestibule.example/demo"
	"vestibule.example/demo/provider"
	"vestibule.example/demo/visitor"
)

// emulated is a configured gateway before a provider with the ways of another.
type emulated struct {
	*gateway
	world *demo.World
}

// apiScopes are those of the demo's APIs that the tests ask.
const apiScopes = `openid, profile, email, offline_access, "accounts:read", "orders:read"`

// emulate starts both. {origin} in identity, which is more of the section of that name, is the provider's address; apis are
// further settings of the APIs by name.
func emulate(t *testing.T, quirks provider.Quirks, identity string, apis map[string]string) *emulated {
	t.Helper()
	port := freePort(t)
	origin := "http://localhost:" + port
	world, err := demo.Start(t.Context(), demo.Config{PublicURL: origin, Address: "127.0.0.1:0", Quirks: quirks})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		issued, _ := world.Provider.Issued()
		for _, s := range issued {
			suite.Secret("the provider's "+s.Kind, s.Value)
		}
		if err := world.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	world.Provider.Record()
	var list strings.Builder
	for name, base := range world.APIs {
		more := apis[name]
		if name == "catalog" || name == "shipping" {
			more = ", token: none"
		}
		fmt.Fprintf(&list, "  %s: {base_url: %q%s}\n", name, base, more)
	}
	if !strings.Contains(identity, "issuer:") {
		identity += "\n  issuer: '{origin}'"
	}
	if !strings.Contains(identity, "scopes:") {
		identity += "\n  scopes: [" + apiScopes + "]"
	}
	key := make([]byte, 64)
	rand.Read(key)
	g := startGateway(t, "VESTIBULE_SERVER_ADDRESS=127.0.0.1:"+port, "VESTIBULE_DEMO_ADDRESS=", "VESTIBULE_CONFIG="+writeFile(t, "vestibule.yaml", fmt.Sprintf(`
mode: development
server: {public_url: %q}
identity:
  client_id: %q
  client_secret: %q
  post_logout_path: /signed-out
  %s
session:
  keys: [{use: seal, secret: %q}]
apis:
%s`, origin, world.ClientID, world.ClientSecret, strings.ReplaceAll(identity, "{origin}", world.Issuer), base64.StdEncoding.EncodeToString(key), &list)))
	return &emulated{g, world}
}

// signIn signs alice in, and says what went wrong if it did not work.
func (e *emulated) signIn(t *testing.T) (*visitor.Visitor, string) {
	t.Helper()
	return e.signInAs(t, "alice")
}

func (e *emulated) signInAs(t *testing.T, user string) (*visitor.Visitor, string) {
	t.Helper()
	v := e.visitor(t)
	page, err := v.Navigate(t.Context(), "/auth/login?return_to=/account")
	if err != nil {
		t.Fatal(err)
	}
	if page.Status != http.StatusOK {
		return v, fmt.Sprintf("the login did not begin: %d", page.Status)
	}
	if page, err = v.Submit(t.Context(), page, map[string]string{"username": user, "password": user}); err != nil {
		return v, "the provider showed no form"
	}
	if page.Status != http.StatusOK || page.URL.Path != "/account" {
		return v, fmt.Sprintf("signed in at %s: %d", page.URL.Path, page.Status)
	}
	return v, ""
}

// login: whether alice can sign in.
func login(t *testing.T, e *emulated) string {
	_, wrong := e.signIn(t)
	return wrong
}

// tokens: whether two APIs of different audiences take the tokens they get.
func tokens(t *testing.T, e *emulated) string {
	v, wrong := e.signIn(t)
	if wrong != "" {
		return wrong
	}
	return useAPIs(t, v)
}

func useAPIs(t *testing.T, v *visitor.Visitor) string {
	t.Helper()
	answer := ask(t, v, `{ me { id orders(first: 1) { totalCount } } }`, nil)
	if len(answer.Errors) > 0 {
		return fmt.Sprintf("%s at %v", answer.Errors[0].Code(), answer.Errors[0].Path)
	}
	return ""
}

// named: whether the session says who she is.
func named(t *testing.T, e *emulated) string {
	v, wrong := e.signIn(t)
	if wrong != "" {
		return wrong
	}
	session, err := v.Session(t.Context())
	if claims, _ := session["claims"].(map[string]any); err != nil || claims["name"] != "Alice Archer" {
		return fmt.Sprintf("nameless: %v", claims)
	}
	return ""
}

// signOut: whether signing out ends the provider's session too and leads back.
func signOut(t *testing.T, e *emulated) string {
	v, wrong := e.signIn(t)
	if wrong != "" {
		return wrong
	}
	return e.leave(t, v)
}

func (e *emulated) leave(t *testing.T, v *visitor.Visitor) string {
	t.Helper()
	page, err := v.SignOut(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if in, err := v.SignedIn(t.Context()); in || err != nil {
		return "still signed in here"
	}
	if page.URL.Scheme+"://"+page.URL.Host != e.origin || page.URL.Path != "/signed-out" {
		return "left at " + page.URL.Path
	}
	if sessions := e.world.Provider.Sessions(); len(sessions) > 0 {
		return "still signed in at the provider"
	}
	if strings.Contains(e.log.String(), "logged_out_without_state") {
		return "came back without the state"
	}
	return ""
}

// frontChannel: whether the frame that the provider shows at its sign-out ends the session here.
func frontChannel(t *testing.T, e *emulated) string {
	v, wrong := e.signIn(t)
	if wrong != "" {
		return wrong
	}
	sid := e.world.Provider.Sessions()[0].SID
	frame := do(t, http.MethodGet, e.origin+"/auth/frontchannel-logout?sid="+sid, http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Dest": {"iframe"}}, nil)
	if in, err := v.SignedIn(t.Context()); in || err != nil {
		return fmt.Sprintf("still signed in, the frame got %d", frame.StatusCode)
	}
	return ""
}

// backChannel: whether a sign-out at the provider ends the session here.
func backChannel(t *testing.T, e *emulated) string {
	v, wrong := e.signIn(t)
	if wrong != "" {
		return wrong
	}
	e.world.Provider.SignOut(t.Context(), "", "c-alice")
	if in, err := v.SignedIn(t.Context()); in || err != nil {
		return "still signed in"
	}
	return ""
}
