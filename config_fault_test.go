package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Every rule, by what breaks it. The fault names the key and says what to do.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, yaml, key, says string }{
		{"an unknown key names the nearest", minimal + "sesion: {}\n", "sesion", `did you mean "session"?`},
		{"an unknown nested key names the nearest", minimal + "graphql: {limits: {dept: 3}}\n", "graphql.limits.dept", `did you mean "graphql.limits.depth"?`},
		{"a key twice", minimal + "mode: production\nmode: development\n", "mode", "twice"},
		{"no YAML", "a: [", "vestibule.yaml", "not YAML"},
		{"no YAML behind the document", minimal + "---\na: [\n", "vestibule.yaml", "not YAML"},
		{"a number that is none", minimal + "graphql: {limits: {depth: deep}}\n", "graphql.limits.depth", "whole number"},
		{"a duration without unit", minimal + "graphql: {timeout: 30}\n", "graphql.timeout", "unit"},
		{"a number out of range", minimal + "graphql: {limits: {depth: 0}}\n", "graphql.limits.depth", "want 1 to"},
		{"a duration out of range", minimal + "graphql: {timeout: 10h}\n", "graphql.timeout", "want 10ms to"},
		{"a value that is not on the list", minimal + "observe: {log_level: loud}\n", "observe.log_level", "debug, info, warn, error"},
		{"a group that is a text", minimal + "graphql: deep\n", "graphql", "keys and values"},
		{"a network that is none", strings.Replace(minimal, "public_url", "trusted_proxies: [ten]\n  public_url", 1), "server.trusted_proxies", "CIDR"},
		{"no public URL", strings.Replace(minimal, "public_url: https://shop.example.com", "address: :1", 1), "server.public_url", "needed"},
		{"a public URL with a path", strings.Replace(minimal, "shop.example.com", "shop.example.com/", 1), "server.public_url", "without path"},
		{"http beyond loopback (BCP-15)", strings.Replace(minimal, "https://shop", "http://shop", 1), "server.public_url", "loopback alone"},
		{"headers for no collector", minimal + "observe: {otlp: {headers: {tenant: shop}}}\n", "observe.otlp.endpoint", "none is named"},
		{"a collector that is no URL", minimal + "observe: {otlp: {endpoint: 'collector:4318'}}\n", "observe.otlp.endpoint", "want http or https"},
		{"a collector's secret in the clear", minimal + "observe: {otlp: {endpoint: 'http://collector.example.com:4318', authorization: canary}}\n", "observe.otlp.authorization", "in the clear"},
		{"what is public of an API that knows its users", minimal + "apis: {orders: {base_url: 'https://x.test', relay: [{methods: [GET], path: /a, public: true}]}}\n", "apis.orders.relay[0].public", "in the gateway's own name"},
		{"a check with a query", minimal + "apis: {orders: {base_url: 'https://x.test', check_path: '/me?x=1'}}\n", "apis.orders.check_path", "without query"},
		{"a check that is no path", minimal + "apis: {orders: {base_url: 'https://x.test', check_path: me}}\n", "apis.orders.check_path", "want a path"},
		{"a policy that lets in anything", minimal + "spa: {csp: {script-src: '*'}}\n", "spa.csp", ""},
		{"a development server in production", minimal + "spa: {dev_server: 'http://127.0.0.1:5173'}\n", "spa.dev_server", "no place in production"},
		{"a development server elsewhere", minimal + "spa: {dev_server: 'http://dev.example.com:5173'}\n", "spa.dev_server", "loopback host"},
		{"a development server beside a bundle", minimal + "spa: {dev_server: 'http://localhost:5173', dir: /srv/spa}\n", "spa.dev_server", "spa.dir is set too"},
		{"development in public (OPS-2)", minimal + "mode: development\n", "mode", "refused with a public https address"},
		{"operators on the public listener (WEB-13)", strings.Replace(minimal, "public_url", "admin_address: :8080\n  public_url", 1), "server.admin_address", "must not be the public one"},
		{"half a TLS pair", strings.Replace(minimal, "public_url", "tls_cert_file: x\n  public_url", 1), "server.tls_cert_file", "go together"},
		{"no issuer", strings.Replace(minimal, "issuer: https://login.example.com/", "scopes: [openid]", 1), "identity.issuer", "needed"},
		{"an issuer over http (BCP-15)", strings.Replace(minimal, "https://login", "http://login", 1), "identity.issuer", "want https"},
		{"no client id", strings.Replace(minimal, "client_id: vestibule", "scopes: [openid]", 1), "identity.client_id", "needed"},
		{"no client secret (BBA-1)", strings.Replace(minimal, "client_secret: canary-client-secret", "scopes: [openid]", 1), "identity.client_secret", "needs it"},
		{"a private key's absence", strings.Replace(minimal, "client_id", "auth_method: private_key_jwt\n  client_id", 1), "identity.private_key_file", "needs it"},
		{"a parameter of the protocol that pages set", strings.Replace(minimal, "client_id", "pass_params: [connection, scope]\n  client_id", 1), "identity.pass_params", `"scope": it belongs to the protocol`},
		{"a landing place elsewhere", strings.Replace(minimal, "client_id", "post_logout_path: //evil.test\n  client_id", 1), "identity.post_logout_path", "path of this origin"},
		{"a sid alone where there is no front-channel logout (FCL-4)", strings.Replace(minimal, "client_id", "frontchannel_sid_alone: true\n  client_id", 1), "identity.frontchannel_sid_alone", "of use with"},
		{"no session key (OPS-1)", strings.Replace(minimal, "keys: [{use: seal, secret: "+goodKey+"}]", "lifetime: 1h", 1), "session.keys", "at least one"},
		{"no sealing key", strings.Replace(minimal, "use: seal", "use: open", 1), "session.keys", "exactly one"},
		{"a file store without a file", strings.Replace(minimal, "keys: [", "store: file\n  keys: [", 1), "session.file", "needs it"},
		{"a redis store without an address", withRedis("{}"), "session.redis.addresses", "at least one"},
		{"a redis address without a port", withRedis("{addresses: [redis]}"), "session.redis.addresses", "host:port"},
		{"a redis user without a password", withRedis("{addresses: ['redis:6379'], username: vestibule}"), "session.redis.password", "goes with"},
		{"a redis database that is none", withRedis("{addresses: ['redis:6379'], database: 16}"), "session.redis.database", "want 0 to 15"},
		{"no redis prefix", withRedis("{addresses: ['redis:6379'], prefix: ''}"), "session.redis.prefix", "apart"},
		{"a redis timeout out of range", withRedis("{addresses: ['redis:6379'], timeout: 1ms}"), "session.redis.timeout", "want 50ms to"},
		{"redis answers kept for too long", withRedis("{addresses: ['redis:6379'], keep: 2s}"), "session.redis.keep", "want 0s to 1s"},
		{"half a client certificate for redis", withRedis("{addresses: ['redis:6379'], tls: true, tls_cert_file: x}"), "session.redis.tls_cert_file", "go together"},
		{"a certificate authority without encryption", withRedis("{addresses: ['redis:6379'], tls_ca_file: x}"), "session.redis.tls", "encrypted"},
		{"an API without address", minimal + "apis: {orders: {}}\n", "apis.orders.base_url", "absolute"},
		{"an API's address with a query", minimal + "apis: {orders: {base_url: 'https://x.test/?a=b'}}\n", "apis.orders.base_url", "without user, query"},
		{"an API's bad name", minimal + "apis: {Orders: {base_url: 'https://x.test'}}\n", "apis.Orders", "small letters"},
		{"a scope for no token", minimal + "apis: {orders: {base_url: 'https://x.test', token: none, scopes: [a]}}\n", "apis.orders.token", "gets none"},
		{"an exchange for nothing", minimal + "apis: {orders: {base_url: 'https://x.test', token: exchange}}\n", "apis.orders.token", "what for"},
		{"an address without a port", strings.Replace(minimal, "public_url", "address: localhost\n  public_url", 1), "server.address", "host:port"},
		{"an issuer with a query", strings.Replace(minimal, "login.example.com/", "login.example.com/?x=y", 1), "identity.issuer", "without query"},
		{"a key without its bytes", strings.Replace(minimal, "secret: "+goodKey, "secret: ''", 1), "session.keys[0].secret", "32 or 64"},
		{"neither true nor false", minimal + "graphql: {require_session: perhaps}\n", "graphql.require_session", "true or false"},
		{"APIs as a list", minimal + "apis: [orders]\n", "apis", "names with settings"},
		{"an API twice", minimal + "apis:\n  orders: {base_url: 'https://x.test'}\n  orders: {base_url: 'https://y.test'}\n", "apis.orders", "there twice"},
		{"keys as a group", strings.Replace(minimal, "keys: [{use: seal, secret: "+goodKey+"}]", "keys: {use: seal}", 1), "session.keys", "want a list"},
		{"a list where a text belongs", minimal + "observe: {log_level: [debug]}\n", "observe.log_level", "wrong shape"},
		{"a group where a list belongs", strings.Replace(minimal, "client_id", "scopes: {openid: 1}\n  client_id", 1), "identity.scopes", "wrong shape"},
		{"a cache too small", minimal + "apis: {orders: {base_url: 'https://x.test', cache: {max_bytes: 100}}}\n", "apis.orders.cache.max_bytes", "want 65536 to"},
		{"stale answers without a cache", minimal + "apis: {orders: {base_url: 'https://x.test', cache: {personal_stale_if_error: true}}}\n", "apis.orders.cache.max_bytes", "none are kept"},
		{"renewed answers without a cache", minimal + "apis: {orders: {base_url: 'https://x.test', cache: {personal_stale_while_revalidate: true}}}\n", "apis.orders.cache.max_bytes", "none are kept"},
		{"invalidating an API that is not there", minimal + "apis: {orders: {base_url: 'https://x.test', invalidates: [catalogue]}}\n", "apis.orders.invalidates", "other configured APIs"},
		{"invalidating itself", minimal + "apis: {orders: {base_url: 'https://x.test', invalidates: [orders]}}\n", "apis.orders.invalidates", "other configured APIs"},
		{"too many attempts", minimal + "apis: {orders: {base_url: 'https://x.test', retry: {attempts: 11}}}\n", "apis.orders.retry.attempts", "want 1 to 10"},
		{"no attempt", minimal + "apis: {orders: {base_url: 'https://x.test', retry: {attempts: 0}}}\n", "apis.orders.retry.attempts", "want 1 to 10"},
		{"a budget beyond all calls", minimal + "apis: {orders: {base_url: 'https://x.test', retry: {budget: 101}}}\n", "apis.orders.retry.budget", "want 1 to 100"},
		{"a negative breaker", minimal + "apis: {orders: {base_url: 'https://x.test', breaker: {failures: -1}}}\n", "apis.orders.breaker.failures", "want 0 to"},
		{"a window too short", minimal + "apis: {orders: {base_url: 'https://x.test', breaker: {window: 1ms}}}\n", "apis.orders.breaker.window", "want 1s to"},
		{"a breaker that hardly opens", minimal + "apis: {orders: {base_url: 'https://x.test', breaker: {open: 1ms}}}\n", "apis.orders.breaker.open", "want 100ms to"},
		{"no call at once", minimal + "apis: {orders: {base_url: 'https://x.test', concurrency: 0}}\n", "apis.orders.concurrency", "want 1 to"},
		{"more connections than calls", minimal + "apis: {orders: {base_url: 'https://x.test', concurrency: 4, warm_up: 5}}\n", "apis.orders.warm_up", "want 0 to 4"},
		{"another place for the address", minimal + "apis: {orders: {base_url: 'https://x.test', client_address: x-real-ip}}\n", "apis.orders.client_address", "none, forwarded, x-forwarded-for"},
		{"half a client certificate", minimal + "apis: {orders: {base_url: 'https://x.test', tls: {cert_file: x}}}\n", "apis.orders.tls.cert_file", "go together"},
		{"certificates for http", minimal + "apis: {orders: {base_url: 'http://x.test', tls: {ca_file: x}}}\n", "apis.orders.tls", "is http"},
		{"a relay pattern without method", minimal + "apis: {orders: {base_url: 'https://x.test', relay: [{path: /a}]}}\n", "apis.orders.relay[0]", "at least one method"},
		{"a relay pattern that cannot be", minimal + "apis: {orders: {base_url: 'https://x.test', relay: [{methods: [GET], path: /a/**/b}]}}\n", "apis.orders.relay[0]", "plain segments"},
		{"no upload at all", minimal + "apis: {orders: {base_url: 'https://x.test', max_request_bytes: 0}}\n", "apis.orders.max_request_bytes", "want 1 to"},
		{"a misspelt nested key names the nearest", minimal + "apis: {orders: {base_url: 'https://x.test', retry: {atempts: 2}}}\n", "apis.orders.retry.atempts", `did you mean "apis.orders.retry.attempts"?`},
		{"everybody is a proxy (BCP-16)", strings.Replace(minimal, "public_url", "trusted_proxies: [10.0.0.0/8, '::/0']\n  public_url", 1), "server.trusted_proxies", "whoever connects"},
		{"a Redis that is not used", strings.Replace(withRedis("{addresses: ['redis:6379']}"), "store: redis", "store: memory", 1), "session.store", "session.redis is for redis"},
		{"a file that is not used", strings.Replace(minimal, "keys: [", "file: /var/lib/x\n  keys: [", 1), "session.store", "session.file is for file"},
		{"a name at no sentinel", withRedis("{addresses: ['redis:6379'], sentinel_username: vestibule}"), "session.redis.sentinel_master", "sentinels"},
		{"a secret in two places", strings.Replace(minimal, "client_secret: canary", "client_secret_file: config_test.go\n  client_secret: canary", 1), "identity.client_secret_file", "is set too"},
		{"an empty secret file", strings.Replace(minimal, "client_secret: canary-client-secret", "client_secret_file: /dev/null", 1), "identity.client_secret_file", "is empty"},
		{"a second document", minimal + "---\nmode: production\n", "vestibule.yaml", "second document"},
		{"a list in a list", minimal + "graphql: {documents: [[a.json]]}\n", "graphql.documents", "nothing deeper"},
		{"a list of headers of one name", minimal + "apis: {orders: {base_url: 'https://x.test', headers: {X-Tenant: [a, b]}}}\n", "apis.orders.headers", "nothing deeper"},
		{"a weak session key", strings.Replace(minimal, goodKey, "c2hvcnQ=", 1), "session.keys[0].secret", "32 or 64 random bytes"},
		{"a session key twice", strings.Replace(minimal, "keys: [", "keys: [{use: open, secret: "+goodKey+"}, ", 1), "session.keys[1].secret", "session.keys[0] again"},
		{"a header that any page may send (OPS-1)", strings.Replace(minimal, "keys: [", "csrf_header: Accept\n  keys: [", 1), "session.csrf_header", "choose one such as"},
		{"no OpenID", strings.Replace(minimal, "client_id", "scopes: [profile]\n  client_id", 1), "identity.scopes", "must contain openid"},
		{"a parameter of the protocol's own", strings.Replace(minimal, "client_id", "authorization_params: {state: x}\n  client_id", 1), "identity.authorization_params", "belongs to the protocol"},
		{"ID tokens that nobody signed", strings.Replace(minimal, "client_id", "id_token_algs: [none]\n  client_id", 1), "identity.id_token_algs", "is not one of"},
		{"a key without its id", strings.Replace(minimal, "client_secret: canary-client-secret", "auth_method: private_key_jwt\n  private_key_file: client.pem", 1), "identity.private_key_id", "is required"},
		{"a key beside a secret", strings.Replace(minimal, "client_id", "private_key_file: client.pem\n  client_id", 1), "identity.private_key_file", "client_secret_basic"},
		{"a secret file that is not there", strings.Replace(minimal, "client_secret: canary-client-secret", "client_secret_file: /nowhere/secret", 1), "identity.client_secret_file", "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, c.yaml, nil)
			var faults *configError
			if !errors.As(err, &faults) {
				t.Fatalf("error = %v, want faults", err)
			}
			text := err.Error()
			if !slices.ContainsFunc(faults.faults, func(f fault) bool { return strings.HasSuffix(f.key, c.key) && strings.Contains(f.rule, c.says) }) {
				t.Errorf("fault = %s\nwant %s … %s", text, c.key, c.says)
			}
			if strings.Contains(text, "canary") || strings.Contains(text, goodKey) {
				t.Errorf("a secret is in the fault: %s", text)
			}
		})
	}
}

// An example shows what would do: the key's own, its default, or, where that is too much beside another setting, the most that is not.
func TestExamplesKeepTheRule(t *testing.T) {
	for settings, want := range map[string]string{
		"session: {redis: {keep: 2s}, store: redis}":                                "want 0s to 1s. Example: 1s",
		"graphql: {limits: {depth: deep}}":                                          "whole number. Example: 15",
		"graphql: {timeout: 30}":                                                    "with its unit, ms, s, m or h. Example: 30s",
		"server: {shutdown_timeout: 2s}":                                            "want 0s to 2s. Example: 2s",
		"apis: {orders: {base_url: 'https://x.test', concurrency: 4, warm_up: 5}}":  "want 0 to 4. Example: 4",
		"apis: {orders: {base_url: 'https://x.test', retry: {attempts: 0}}}":        "want 1 to 10. Example: 3",
		"server: {trusted_proxies: [ten]}":                                          "CIDR notation. Example: 10.0.0.0/8",
		"apis: {orders: {base_url: 'https://x.test', headers: {X-Tenant: [a, b]}}}": "nothing deeper. Example: X-Tenant=shop",
		"session: {keys: [{use: seal, secret: canary}]}":                            "makes them.",
	} {
		if _, err := load(t, settings, nil); err == nil || !strings.Contains(err.Error(), want+"\n") || strings.Contains(err.Error(), "(from a file)") {
			t.Errorf("%s: %v\nwant %s", settings, err, want)
		}
	}
}

// A fault of what a file holds says where the file is named.
func TestAFaultOfASecretFileSaysWhere(t *testing.T) {
	_, err := load(t, strings.Replace(minimal, "secret: "+goodKey, "secret_file: "+writeFile(t, "key", "c2hvcnQ="), 1), nil)
	if err == nil || !strings.Contains(err.Error(), "session.keys[0].secret (") || !strings.Contains(err.Error(), "vestibule.yaml:9)") {
		t.Errorf("%v, want the line of the file's name", err)
	}
}

// The same faults are told in the same order, so that two reports can be compared.
func TestFaultsKeepTheirOrder(t *testing.T) {
	text := "mode: fast\nserver: {read_timeout: 0s, write_timeout: 0s, idle_timeout: 0s}\ngraphql: {limits: {depth: 0, tokens: 0, cost: 0, calls: 0}}\n" +
		"apis: {a: {token: x}, b: {token: x}, c: {token: x}, d: {token: x}}\n"
	_, first := load(t, text, nil)
	for range 10 {
		// The file has another name each time.
		if _, err := load(t, text, nil); fmt.Sprint(keysOf(err)) != fmt.Sprint(keysOf(first)) || len(keysOf(err)) < 12 {
			t.Fatalf("faults of %v, then of %v", keysOf(first), keysOf(err))
		}
	}
}

func keysOf(err error) (keys []string) {
	var faults *configError
	if errors.As(err, &faults) {
		for _, f := range faults.faults {
			keys = append(keys, f.key)
		}
	}
	return keys
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, err := load(t, "mode: fast\nserver: {public_url: 'ftp://x'}\nsession: {idle_timeout: 2h, lifetime: 1h, keys: [{use: seal, secret: canary}]}\nnone: 1\n",
		map[string]string{"VESTIBULE_GRAPHQL_LIMITS_DEPTH": "x", "VESTIBULE_NOTHING": "1"})
	var faults *configError
	if !errors.As(err, &faults) {
		t.Fatalf("error = %v, want faults", err)
	}
	for _, key := range []string{"mode", "server.public_url", "identity.issuer", "identity.client_id", "identity.client_secret", "session.idle_timeout", "none", "graphql.limits.depth", "VESTIBULE_NOTHING"} {
		if !slices.ContainsFunc(faults.faults, func(f fault) bool { return f.key == key }) {
			t.Errorf("no fault names %s:\n%v", key, err)
		}
	}
	if strings.Contains(err.Error(), "?.") {
		t.Errorf("a question ends twice:\n%v", err)
	}
	if !strings.Contains(err.Error(), "vestibule.yaml:1") || !strings.Contains(err.Error(), "VESTIBULE_GRAPHQL_LIMITS_DEPTH") {
		t.Errorf("the report does not say where the values came from:\n%v", err)
	}
}

// What a variable says is checked as what the file says.
func TestFaultsOfVariables(t *testing.T) {
	for name, c := range map[string]struct {
		environment map[string]string
		key, says   string
	}{
		"a key without its use":     {map[string]string{"VESTIBULE_SESSION_KEYS": goodKey}, "session.keys", "use:secret"},
		"a parameter without value": {map[string]string{"VESTIBULE_IDENTITY_AUTHORIZATION_PARAMS": "audience"}, "identity.authorization_params", "name=value"},
		"a secret said twice": {
			map[string]string{"VESTIBULE_IDENTITY_CLIENT_SECRET": "canary", "VESTIBULE_IDENTITY_CLIENT_SECRET_FILE": writeFile(t, "secret", "canary")},
			"identity.client_secret", "both set",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, minimal, c.environment)
			var faults *configError
			if !errors.As(err, &faults) || !slices.ContainsFunc(faults.faults, func(f fault) bool { return f.key == c.key && strings.Contains(f.rule, c.says) }) {
				t.Errorf("load: %v, want a fault of %s: %s", err, c.key, c.says)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), goodKey)) {
				t.Errorf("a secret is in the fault: %v", err)
			}
		})
	}
}

func TestWhatIsNoKeyHasNoExample(t *testing.T) {
	for _, key := range []string{"nothing", "graphql.nothing", "graphql.timeout.more"} {
		if got := exampleOf(key); got != "" {
			t.Errorf("exampleOf(%q) = %q", key, got)
		}
	}
}
