package main

import (
	"flag"
	"fmt"
	"io"
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
	if got := fmt.Sprint(cfg.APIs["orders"].Relay); got != "[{[GET POST] /things false false false} {[GET] /files/** true false false}]" {
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

// BBA-24: a key with its id in place of a secret is all that private_key_jwt needs.
func TestAPrivateKeyInPlaceOfASecret(t *testing.T) {
	_, err := load(t, strings.Replace(minimal, "client_secret: canary-client-secret", "auth_method: private_key_jwt\n  private_key_file: client.pem\n  private_key_id: one", 1), nil)
	if err != nil {
		t.Errorf("load: %v, want no fault", err)
	}
}

func TestWeakSessionKeysStopTheStart(t *testing.T) {
	for name, key := range map[string]string{"short": "c2hvcnQ=", "no encoding": "----", "not random": strings.Repeat("A", 43) + "="} {
		yaml := strings.Replace(minimal, goodKey, key, 1)
		err := run(t.Context(), func(string) string { return "" }, []string{"-config", writeFile(t, "vestibule.yaml", yaml), "-address", "127.0.0.1:0"}, io.Discard, os.Stderr)
		if err == nil || !strings.Contains(err.Error(), "keys[0]") || strings.Contains(err.Error(), key) {
			t.Errorf("%s key: %v, want a fault of keys[0] that does not show it", name, err)
		}
	}
}

func TestBadFlagsAndCommands(t *testing.T) {
	for _, args := range [][]string{{"-nothing"}, {"dance"}, {"serve", "extra"}, {"schema", "extra"}, {"version", "extra"}} {
		if err := run(t.Context(), func(string) string { return "" }, args, io.Discard, os.Stderr); err == nil || !strings.Contains(err.Error(), "vestibule help") {
			t.Errorf("run(%v) = %v, want advice", args, err)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"-help"}, {"help"}, {"check", "-live", "-h"}, {"healthcheck", "-h"}, {"schema", "-h"}, {"version", "-h"}} {
		var out strings.Builder
		if err := run(t.Context(), func(string) string { return "" }, args, &out, io.Discard); err != nil || !strings.Contains(out.String(), "-config") {
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
