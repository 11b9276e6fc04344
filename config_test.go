package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write docs/configuration.md and golden files anew")

const goodKey = "MDEyMzQ1Njc4OUFCQ0RFRkdISUpLTE1OT1BRUlNUVVY="

// minimal is the least that a production configuration has.
const minimal = `
server:
  public_url: https://shop.example.com
identity:
  issuer: https://login.example.com/
  client_id: vestibule
  client_secret: canary-client-secret
session:
  keys: [{use: seal, secret: ` + goodKey + `}]
`

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// load loads a configuration from a YAML text (none if empty), variables and flags.
func load(t *testing.T, yaml string, environment map[string]string, args ...string) (Config, error) {
	t.Helper()
	if yaml != "" {
		args = append([]string{"-config", writeFile(t, "vestibule.yaml", yaml)}, args...)
	}
	names := slices.Sorted(maps.Keys(environment))
	return loadConfig(args, func(name string) string { return environment[name] }, names)
}

func TestConfigurationDocIsFresh(t *testing.T) {
	const file = "docs/configuration.md"
	want := configurationDoc()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil { //nolint:gosec // Documentation is for everyone.
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what config.go says: run `make generate`", file)
	}
}

func TestMinimalConfiguration(t *testing.T) {
	cfg, err := load(t, minimal, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Demo || cfg.development() || cfg.Session.IdleTimeout != 30*time.Minute || cfg.Identity.Leeway != 30*time.Second {
		t.Errorf("config = %+v", cfg)
	}
	if cfg.Identity.ClientSecret.Reveal() != "canary-client-secret" {
		t.Error("the client secret was not read")
	}
}

func TestPrecedence(t *testing.T) {
	file := minimal + "observe: {log_level: warn}\n"
	cfg, err := load(t, file, map[string]string{"VESTIBULE_SERVER_ADDRESS": ":1111", "VESTIBULE_OBSERVE_LOG_LEVEL": "error"}, "-address", ":2222")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Server.Address != ":2222" {
		t.Errorf("address = %s, want the flag's", cfg.Server.Address)
	}
	if cfg.Observe.LogLevel != "error" {
		t.Errorf("log level = %s, want the variable's over the file's", cfg.Observe.LogLevel)
	}
	if cfg.Observe.LogFormat != "auto" {
		t.Errorf("log format = %s, want the default", cfg.Observe.LogFormat)
	}
}

func TestEverythingFromVariables(t *testing.T) {
	secretFile := writeFile(t, "secret", "from-a-file\n")
	cfg, err := load(t, "", map[string]string{
		"VESTIBULE_SERVER_PUBLIC_URL": "https://shop.example.com", "VESTIBULE_SERVER_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8",
		"VESTIBULE_IDENTITY_ISSUER": "https://login.example.com", "VESTIBULE_IDENTITY_CLIENT_ID": "v", "VESTIBULE_IDENTITY_CLIENT_SECRET_FILE": secretFile,
		"VESTIBULE_IDENTITY_AUTHORIZATION_PARAMS": "audience=https://api.example.com", "VESTIBULE_SESSION_KEYS": "seal:" + goodKey,
		"VESTIBULE_APIS_ORDERS_BASE_URL": "https://orders.example.com", "VESTIBULE_APIS_ORDERS_MAX_RESPONSE_BYTES": "2048",
		"VESTIBULE_APIS_ORDERS_CACHE_MAX_BYTES": "1048576", "VESTIBULE_APIS_ORDERS_CACHE_PERSONAL_STALE_IF_ERROR": "true", "VESTIBULE_APIS_ORDERS_INVALIDATES": "gift_cards",
		"VESTIBULE_APIS_ORDERS_RETRY_ATTEMPTS": "1", "VESTIBULE_APIS_ORDERS_TLS_SERVER_NAME": "orders.internal", "VESTIBULE_APIS_ORDERS_HEADERS": "X-Tenant=shop",
		"VESTIBULE_APIS_ORDERS_RELAY":        "GET+POST /things, GET /files/** browser_loads",
		"VESTIBULE_APIS_GIFT_CARDS_BASE_URL": "https://gifts.example.com", "VESTIBULE_APIS_GIFT_CARDS_TOKEN": "none",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Identity.ClientSecret.Reveal(); got != "from-a-file" {
		t.Errorf("secret = %q, want the file's without its line end", got)
	}
	if len(cfg.Server.TrustedProxies) != 2 || cfg.Identity.AuthParams["audience"] != "https://api.example.com" || len(cfg.Session.Keys) != 1 {
		t.Errorf("config = %+v", cfg)
	}
	if got := cfg.APIs["orders"]; got.BaseURL != "https://orders.example.com" || got.MaxResponseBytes != 2048 || got.Timeout != 5*time.Second {
		t.Errorf("orders = %+v, want its variables over the defaults", got)
	}
	if got := cfg.APIs["orders"]; got.Cache != (CacheConfig{MaxBytes: 1 << 20, PersonalStaleIfError: true}) || len(got.Invalidates) != 1 {
		t.Errorf("orders' cache = %+v, invalidates %v", got.Cache, got.Invalidates)
	}
	if got := cfg.APIs["orders"]; got.Retry != (RetryConfig{1, 20}) || got.TLS.ServerName != "orders.internal" || got.Headers["X-Tenant"] != "shop" || got.Breaker.Open != 5*time.Second {
		t.Errorf("orders = %+v, want its groups' variables over the defaults", got)
	}
	if got := fmt.Sprint(cfg.APIs["orders"].Relay); got != "[{[GET POST] /things false false} {[GET] /files/** true false}]" {
		t.Errorf("relay = %s", got)
	}
	if got := cfg.APIs["gift_cards"]; got.Token != "none" {
		t.Errorf("gift_cards = %+v", got)
	}
}

func TestBadListsInVariables(t *testing.T) {
	for variable, text := range map[string]string{
		"VESTIBULE_SESSION_KEYS": "canary", "VESTIBULE_APIS_ORDERS_RELAY": "GET", "VESTIBULE_APIS_SHIPPING_RELAY": "GET /a everything",
	} {
		if _, err := load(t, minimal, map[string]string{variable: text}); err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s=%s: %v, want a fault of the variable that does not show it", variable, text, err)
		}
	}
}

// A file that cannot be read is one fault: that its secret is lacking goes without saying.
func TestASecretFileThatIsNotThereIsToldOnce(t *testing.T) {
	_, err := load(t, strings.NewReplacer("client_secret: canary-client-secret", "client_secret_file: /nowhere/secret", "secret: "+goodKey, "secret_file: /nowhere/key").Replace(minimal), nil)
	if err == nil || !strings.Contains(err.Error(), "has 2 faults") {
		t.Errorf("%v, want the two files", err)
	}
}

func TestTheDemoStartsWhenNothingIsSet(t *testing.T) {
	cfg, err := load(t, "", map[string]string{"VESTIBULE_SERVER_ADDRESS": "127.0.0.1:4000"})
	if err != nil || !cfg.Demo || !cfg.development() || cfg.Server.PublicURL != "http://localhost:4000" {
		t.Errorf("config = %+v, %v, want the demo", cfg, err)
	}
	if cfg, err := load(t, "", nil); err != nil || cfg.Server.Address != "127.0.0.1:8080" {
		t.Errorf("the demo listens on %s, %v, want loopback", cfg.Server.Address, err)
	}
	cfg, err = load(t, "", map[string]string{"VESTIBULE_APIS_REVIEWS_BASE_URL": "http://127.0.0.1:9000"})
	if err != nil || !cfg.Demo || cfg.APIs["reviews"].BaseURL != "http://127.0.0.1:9000" {
		t.Errorf("an API that was added: %+v, %v, want it in the demo", cfg.APIs, err)
	}
	cfg, err = load(t, "", map[string]string{"VESTIBULE_APIS_CATALOG_CACHE_MAX_BYTES": "1000000"})
	if err != nil || !cfg.Demo || cfg.APIs["catalog"].Cache.MaxBytes != 1000000 {
		t.Errorf("a setting of the demo's API: %+v, %v, want it in the demo", cfg.APIs, err)
	}
	for name, environment := range map[string]map[string]string{
		"one setting is no demo":            {"VESTIBULE_SESSION_LIFETIME": "1h"},
		"an identity setting is no demo":    {"VESTIBULE_IDENTITY_CLIENT_ID": "x"},
		"another address than loopback":     {"VESTIBULE_SERVER_ADDRESS": ":8080"},
		"every address":                     {"VESTIBULE_SERVER_ADDRESS": "0.0.0.0:8080"},
		"a typing error is not the default": {"VESTIBULE_SESION_LIFETIME": "1h"},
		"another place for an API of its":   {"VESTIBULE_APIS_ORDERS_BASE_URL": "http://127.0.0.1:9000"},
	} {
		if cfg, err := load(t, "", environment); err == nil || cfg.Demo {
			t.Errorf("%s: demo = %v, %v, want a fault", name, cfg.Demo, err)
		}
	}
}

// withRedis is the minimal configuration with sessions in Redis.
func withRedis(settings string) string {
	return strings.Replace(minimal, "keys: [", "store: redis\n  redis: "+settings+"\n  keys: [", 1)
}

// Every rule, by what breaks it. The fault names the key and says what to do.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ name, yaml, key, says string }{
		{"an unknown key names the nearest", minimal + "sesion: {}\n", "sesion", `did you mean "session"?`},
		{"an unknown nested key names the nearest", minimal + "graphql: {limits: {dept: 3}}\n", "graphql.limits.dept", `did you mean "graphql.limits.depth"?`},
		{"a key twice", minimal + "mode: production\nmode: development\n", "mode", "twice"},
		{"no YAML", "a: [", "vestibule.yaml", "not YAML"},
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
		{"a parameter of the protocol that pages set", strings.Replace(minimal, "client_id", "pass_params: [connection, scope]\n  client_id", 1), "identity.pass_params", "belongs to the protocol"},
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

// What a developer's machine may have, and a collector beside the gateway, are no faults.
func TestWhatIsAllowedOnLoopback(t *testing.T) {
	local := "mode: development\nspa: {dev_server: 'http://127.0.0.1:5173'}\nobserve: {otlp: {endpoint: 'http://127.0.0.1:4318', authorization: canary}}\n" + minimal
	if _, err := load(t, strings.Replace(local, "https://shop.example.com", "http://localhost:8080", 1), nil); err != nil {
		t.Errorf("load: %v, want no fault", err)
	}
}

// A variable of another group that ends like a key of an API makes no API.
func TestVariablesOfOtherGroupsAreNoAPIs(t *testing.T) {
	cfg, err := load(t, minimal, map[string]string{"VESTIBULE_GRAPHQL_TIMEOUT": "7s", "VESTIBULE_APIS_ORDERS_BASE_URL": "https://x.test"})
	if err != nil || len(cfg.APIs) != 1 || cfg.GraphQL.Timeout != 7*time.Second {
		t.Errorf("APIs = %v, timeout = %v, %v, want orders alone and 7s", cfg.APIs, cfg.GraphQL.Timeout, err)
	}
}

// BBA-24: a key in place of a secret is all that private_key_jwt needs.
func TestAPrivateKeyInPlaceOfASecret(t *testing.T) {
	_, err := load(t, strings.Replace(minimal, "client_secret: canary-client-secret", "auth_method: private_key_jwt\n  private_key_file: client.pem", 1), nil)
	if err != nil {
		t.Errorf("load: %v, want no fault", err)
	}
}

func TestWeakSessionKeysStopTheStart(t *testing.T) {
	for name, key := range map[string]string{"short": "c2hvcnQ=", "no encoding": "----", "not random": strings.Repeat("A", 43) + "="} {
		yaml := strings.Replace(minimal, goodKey, key, 1)
		err := run(t.Context(), func(string) string { return "" }, []string{"-config", writeFile(t, "vestibule.yaml", yaml), "-address", "127.0.0.1:0"}, os.Stderr)
		if err == nil || !strings.Contains(err.Error(), "keys[0]") || strings.Contains(err.Error(), key) {
			t.Errorf("%s key: %v, want a fault of keys[0] that does not show it", name, err)
		}
	}
}

func TestBadFlagsAndCommands(t *testing.T) {
	for _, args := range [][]string{{"-nothing"}, {"dance"}, {"serve", "extra"}} {
		if err := run(t.Context(), func(string) string { return "" }, args, os.Stderr); err == nil || !strings.Contains(err.Error(), "vestibule help") {
			t.Errorf("run(%v) = %v, want advice", args, err)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"-help"}, {"help"}} {
		var out strings.Builder
		if err := run(t.Context(), func(string) string { return "" }, args, &out); err != nil || !strings.Contains(out.String(), "-config") {
			t.Errorf("run(%v) = %v and %q, want the usage", args, err, &out)
		}
	}
}

func FuzzConfiguration(f *testing.F) {
	f.Add(minimal)
	f.Add("apis: {a: {base_url: x}}\nsession: {keys: [{}]}")
	f.Add("&a [*a]")
	f.Fuzz(func(_ *testing.T, text string) {
		l := &loader{getenv: func(string) string { return "" }, seen: map[string]string{}}
		var cfg Config
		l.defaults(&cfg)
		l.yaml(&cfg, "fuzz.yaml", []byte(text))
		l.check(&cfg)
		_ = (&configError{l.faults}).Error()
	})
}
