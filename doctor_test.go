//go:build !nodemo

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"vestibule.example/demo"
	faults "vestibule.example/demo/fault"
	"vestibule.example/demo/provider"
)

// patient is a world that the doctor visits, and the configuration that a visit begins with.
type patient struct {
	world    *demo.World
	server   string
	identity map[string]string
	session  string
	apis     map[string]string
}

func newPatient(t *testing.T, quirks provider.Quirks) *patient {
	t.Helper()
	const origin = "http://localhost:8080"
	world, err := demo.Start(t.Context(), demo.Config{PublicURL: origin, Address: "127.0.0.1:0", Quirks: quirks})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	p := &patient{world: world, server: origin, session: "store: memory", identity: map[string]string{
		"issuer": world.Issuer, "client_id": world.ClientID, "client_secret": world.ClientSecret, "scopes": "[openid, profile, offline_access, 'orders:read']",
	}, apis: map[string]string{}}
	for name, base := range world.APIs {
		p.apis[name] = fmt.Sprintf("{base_url: %q, check_path: /me}", base)
	}
	p.apis["orders"] = fmt.Sprintf("{base_url: %q, check_path: /orders}", world.APIs["orders"])
	p.apis["catalog"] = fmt.Sprintf("{base_url: %q, token: none, check_path: /products}", world.APIs["catalog"])
	return p
}

// visit runs check -live, and gives what it printed.
func (p *patient) visit(t *testing.T) (string, error) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "mode: development\nserver: {public_url: %q}\nidentity:\n", p.server)
	for key, value := range p.identity {
		fmt.Fprintf(&b, "  %s: %s\n", key, value)
	}
	fmt.Fprintf(&b, "session:\n  %s\n  keys: [{use: seal, secret: %s}]\napis:\n", p.session, goodKey)
	for name, text := range p.apis {
		fmt.Fprintf(&b, "  %s: %s\n", name, text)
	}
	var out strings.Builder
	err := check(t.Context(), []string{"-live", "-config", writeFile(t, "vestibule.yaml", b.String())}, func(string) string { return "" }, nil, &out)
	for what, secret := range map[string]string{"the client's secret": p.world.ClientSecret, "a JWT": "eyJ"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is in the report:\n%s", what, &out)
		}
	}
	return out.String(), err
}

// A world in order has no fault, and nothing in it has changed: nobody is signed in.
func TestDoctorFindsNothingWrong(t *testing.T) {
	p := newPatient(t, provider.Quirks{})
	p.apis["stock"] = fmt.Sprintf("{base_url: %q, check_path: /shipments, token: client, scopes: ['shipping:read']}", p.world.APIs["shipping"])
	report, err := p.visit(t)
	if err != nil {
		t.Errorf("%v:\n%s", err, report)
	}
	for _, want := range []string{
		"ok     identity.issuer: the clocks agree", "ok     identity.issuer: discovery and keys are in order", "ok     identity.client_id: the provider knows the client and its redirect URI",
		"ok     identity.auth_method: the provider takes the client's authentication, client_secret_basic", "apis.stock.token: the API takes the gateway's own token",
		"note   session.store: memory", "apis.orders.token: a user's token was not tried",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("no line %q in:\n%s", want, report)
		}
	}
	if sessions := p.world.Provider.Sessions(); len(sessions) > 0 {
		t.Errorf("sessions = %v, want none", sessions)
	}
}

// Each of the usual mistakes: the key, what is wrong, and what mends it.
func TestDoctorFinds(t *testing.T) {
	closed := "http://127.0.0.1:" + freePort(t)
	skewed := time.Now().Add(-3 * time.Minute).UTC().Format(http.TimeFormat)
	set := func(key, value string) func(*patient) { return func(p *patient) { p.identity[key] = value } }
	broken := func(rule faults.Rule) func(*patient) {
		return func(p *patient) {
			if _, err := p.world.Faults.Add(rule); err != nil {
				panic(err)
			}
		}
	}
	for name, row := range map[string]struct {
		quirks                   provider.Quirks
		change                   func(*patient)
		level, about, says, mend string
	}{
		"an issuer without its slash":     {quirks: provider.Quirks{Slash: true}, level: "FAULT", about: "identity.issuer", says: "calls itself", mend: "with the slash at its end"},
		"an issuer with a slash too many": {change: func(p *patient) { p.identity["issuer"] += "/" }, level: "FAULT", about: "identity.issuer", says: "calls itself", mend: "just as the provider has it"},
		"an issuer of every tenant": {
			quirks: provider.Quirks{Tenants: tenants()}, change: func(p *patient) { p.identity["issuer"] += "/common/v2.0" },
			level: "FAULT", about: "identity.issuer", says: "{tenantid}", mend: "identity.tenants",
		},
		"an issuer that is another": {change: func(p *patient) {
			must(p.world.Provider.SetSettings(provider.Settings{Tampering: provider.Tampering{Metadata: provider.WrongIssuer}}))
		},
			level: "FAULT", about: "identity.issuer", says: "stranger.example", mend: "if that is the provider you mean"},
		"an issuer with a path too many": {change: func(p *patient) { p.identity["issuer"] += "/realms/none" }, level: "FAULT", about: "identity.issuer", says: "answered 404", mend: "/realms/REALM"},
		"nobody there":                   {change: set("issuer", closed), level: "FAULT", about: "identity.issuer", says: "nothing listens there", mend: "host and port"},
		"a web page for a document":      {change: broken(faults.Rule{Target: "provider", PathPrefix: "/.well-known", Body: "<!doctype html>", ContentType: "text/html"}), level: "FAULT", about: "identity.issuer", says: "is a web page", mend: "sign-in page"},
		"keys that cannot be had":        {change: broken(faults.Rule{Target: "provider", PathPrefix: "/keys", Status: 503}), level: "FAULT", about: "identity.issuer", says: "jwks_uri", mend: "reachable from here"},
		"a clock that is off":            {change: broken(faults.Rule{Target: "provider", PathPrefix: "/.well-known", Header: map[string]string{"Date": skewed}}), level: "FAULT", about: "identity.issuer", says: "machine's differ by", mend: "NTP"},
		"a redirect URI not registered":  {change: func(p *patient) { p.server = "http://localhost:8888" }, level: "FAULT", about: "identity.client_id", says: "page of its own (400)", mend: "register the redirect URI http://localhost:8888/auth/callback"},
		"a client that nobody knows":     {change: set("client_id", "nobody"), level: "FAULT", about: "identity.client_id", says: "page of its own", mend: "client id is not known"},
		"a secret that is another's":     {change: set("client_secret", "wrong"), level: "FAULT", about: "identity.auth_method", says: "invalid_client", mend: "secret or key is not"},
		"a secret sent the wrong way":    {quirks: provider.Quirks{FormSecretAlone: true}, level: "FAULT", about: "identity.auth_method", says: "invalid_client", mend: "another way than client_secret_basic"},
		"no offline access":              {change: set("scopes", "[openid, 'orders:read']"), level: "FAULT", about: "identity.scopes", says: "offline_access is missing", mend: "add offline_access"},
		"algorithms that the provider has not, and scopes too few": {change: func(p *patient) {
			p.identity["id_token_algs"], p.identity["scopes"] = "[PS512]", "[openid, 'orders:read']"
		}, level: "FAULT", about: "identity.id_token_algs", says: "none of which is allowed", mend: "sign with RS256"},
		"an API that the provider has not": {change: set("resources", "['https://nobody.test']"), level: "FAULT", about: "identity.resources", says: "refuses a resource", mend: "register the APIs"},
		"no end-session":                   {quirks: provider.Quirks{NoEndSession: true}, level: "note", about: "identity.provider", says: "no end-session endpoint", mend: "Auth0 and Cognito"},
		"no revocation":                    {quirks: provider.Quirks{Spare: true}, level: "note", about: "identity.issuer", says: "no revocation endpoint"},
		"an API that is not there":         {change: func(p *patient) { p.apis["orders"] = "{base_url: " + closed + "}" }, level: "FAULT", about: "apis.orders.base_url", says: "nothing listens there", mend: "host and port"},
		"an API that speaks no TLS": {change: func(p *patient) {
			p.apis["orders"] = "{base_url: " + strings.Replace(p.world.APIs["orders"], "http:", "https:", 1) + "}"
		}, level: "FAULT", about: "apis.orders.base_url", says: "does not speak TLS", mend: "http://"},
		"a name that nobody knows":   {change: func(p *patient) { p.apis["orders"] = "{base_url: 'http://orders.invalid'}" }, level: "FAULT", about: "apis.orders.base_url", says: "orders.invalid", mend: "spelling"},
		"an API that redirects":      {change: broken(faults.Rule{Target: "orders", Status: 302, Header: map[string]string{"Location": "https://sso.test/login?token=x"}}), level: "FAULT", about: "apis.orders.base_url", says: "redirects to https://sso.test/login,", mend: "write the address"},
		"an API in trouble":          {change: broken(faults.Rule{Target: "orders", Status: 503}), level: "FAULT", about: "apis.orders.base_url", says: "answered 503", mend: "trouble of its own"},
		"an API that breaks off":     {change: broken(faults.Rule{Target: "orders", Truncate: true}), level: "FAULT", about: "apis.orders.base_url", says: "unexpected EOF"},
		"an API's clock that is off": {change: broken(faults.Rule{Target: "orders", Header: map[string]string{"Date": skewed}}), level: "FAULT", about: "apis.orders.base_url", says: "machine's differ by", mend: "NTP"},
		"an API that wants a token": {change: func(p *patient) {
			p.apis["accounts"] = fmt.Sprintf("{base_url: %q, token: none, check_path: /me}", p.world.APIs["accounts"])
		}, level: "FAULT", about: "apis.accounts.token", says: "answered 401", mend: "wants a token"},
		"an API that protects nothing": {change: func(p *patient) {
			p.apis["catalog"] = fmt.Sprintf("{base_url: %q, check_path: /products}", p.world.APIs["catalog"])
		}, level: "note", about: "apis.catalog.check_path", says: "without a token", mend: "protects nothing"},
		"an API of another audience": {change: func(p *patient) {
			p.apis["orders"] = fmt.Sprintf("{base_url: %q, check_path: /orders, token: client, scopes: ['shipping:read']}", p.world.APIs["orders"])
		},
			level: "FAULT", about: "apis.orders.audience", says: "refuses the token", mend: "another audience"},
		"a scope too few": {change: func(p *patient) {
			p.apis["orders"] = fmt.Sprintf("{base_url: %q, check_path: /orders, token: client, scopes: ['orders:write']}", p.world.APIs["orders"])
		},
			level: "FAULT", about: "apis.orders.scopes", says: "may not", mend: "add the scope"},
		"a token that is not to be had": {change: func(p *patient) {
			p.apis["orders"] = fmt.Sprintf("{base_url: %q, token: client, scopes: [nothing]}", p.world.APIs["orders"])
		},
			level: "FAULT", about: "apis.orders.token", says: "invalid_scope", mend: "client_credentials"},
		"a directory that is not there": {change: func(p *patient) { p.session = "store: file\n  file: /nowhere/at/all/sessions" }, level: "FAULT", about: "session.file", says: "/nowhere/at/all", mend: "make the directory"},
		"a Redis that is not there": {change: func(p *patient) {
			p.session = "store: redis\n  redis: {addresses: ['" + strings.TrimPrefix(closed, "http://") + "']}"
		}, level: "FAULT", about: "session.store", says: "session.redis.addresses", mend: "mend the keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t, row.quirks)
			if row.change != nil {
				row.change(p)
			}
			report, err := p.visit(t)
			if row.level == "FAULT" && err == nil {
				t.Errorf("check -live is content:\n%s", report)
			}
			if strings.Contains(report, "()") {
				t.Errorf("words that the provider did not say are shown as none:\n%s", report)
			}
			for line := range strings.SplitSeq(report, "\n") {
				if strings.HasPrefix(line, row.level) && strings.Contains(line, "  "+row.about+": ") && strings.Contains(line, row.says) {
					if _, after, _ := strings.Cut(report, line+"\n"); row.mend == "" || strings.Contains(strings.SplitN(after, "\n", 2)[0], row.mend) {
						return
					}
				}
			}
			t.Errorf("no %s of %s: … %s … → %s … in:\n%s", row.level, row.about, row.says, row.mend, report)
		})
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func TestDoctorOfTheDemo(t *testing.T) {
	var out strings.Builder
	if err := check(t.Context(), []string{"-live"}, func(string) string { return "" }, nil, &out); err != nil || !strings.Contains(out.String(), "starts the demo") {
		t.Errorf("check -live of nothing: %q, %v", &out, err)
	}
}
