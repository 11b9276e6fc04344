package main

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
	"vestibule.example/clients"
	"vestibule.example/spa"
)

var apiName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// check notes every rule that the configuration breaks. It changes nothing and reaches for nothing.
func (l *loader) check(cfg *Config) {
	l.enums(reflect.ValueOf(*cfg), "")
	l.checkServer(cfg)
	if !cfg.Demo {
		l.checkIdentity(cfg)
		l.checkProfile(cfg)
		l.checkClient(cfg)
		l.checkKeys(cfg)
	}
	l.checkSession(cfg.Session)
	for _, name := range sortedKeys(cfg.APIs) {
		l.checkAPI(name, cfg.APIs[name])
		l.checkCache(name, cfg.APIs)
	}
	l.checkGraphQL(cfg.GraphQL)
	l.checkSPA(cfg)
	l.checkOTLP(cfg.Observe.OTLP)
}

// enums checks that every key with a list of values has one of them.
func (l *loader) enums(v reflect.Value, path string) {
	settings(v, func(field reflect.StructField, value reflect.Value, key string) {
		at := join(path, key)
		switch {
		case isGroup(field.Type):
			l.enums(value, at)
		case field.Type.Kind() == reflect.Map && isGroup(field.Type.Elem()):
			names := value.MapKeys()
			slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
			for _, name := range names {
				l.enums(value.MapIndex(name), join(at, name.String()))
			}
		case field.Type.Kind() == reflect.Slice && isGroup(field.Type.Elem()):
			for i := range value.Len() {
				l.enums(value.Index(i), fmt.Sprintf("%s[%d]", at, i))
			}
		default:
			allowed := strings.Fields(field.Tag.Get("enum"))
			if len(allowed) > 0 && !slices.Contains(allowed, value.String()) {
				l.fault(at, value.String(), "want one of "+strings.Join(allowed, ", "), allowed[0])
			}
		}
	})
}

func (l *loader) checkServer(cfg *Config) {
	s := cfg.Server
	l.checkAddress("server.address", s.Address)
	l.checkAddress("server.admin_address", s.AdminAddress)
	if s.Address == s.AdminAddress && !strings.HasSuffix(s.Address, ":0") {
		l.fault("server.admin_address", s.AdminAddress, "the operators' listener must not be the public one", "127.0.0.1:9090")
	}
	for _, network := range s.TrustedProxies {
		if network.Bits() == 0 {
			l.fault("server.trusted_proxies", network.String(), "whoever connects could say where she comes from; name the networks of the proxies", "")
		}
	}
	l.checkPublicURL(cfg)
	if (s.TLSCertFile == "") != (s.TLSKeyFile == "") {
		l.fault("server.tls_cert_file", "", "tls_cert_file and tls_key_file go together", "/etc/vestibule/tls.crt")
	}
	const shortest = 100 * time.Millisecond
	l.between("server.read_header_timeout", s.ReadHeader, shortest, time.Hour)
	l.between("server.read_timeout", s.Read, shortest, time.Hour)
	l.between("server.write_timeout", s.Write, shortest, time.Hour)
	l.between("server.idle_timeout", s.Idle, shortest, time.Hour)
	l.between("server.shutdown_timeout", s.Shutdown, shortest, time.Hour)
	l.between("server.drain_delay", s.DrainDelay, 0, s.Shutdown)
	l.count("server.max_header_bytes", s.MaxHeaderBytes, 4<<10, 1<<20)
}

func (l *loader) checkAddress(key, address string) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		l.fault(key, address, "want host:port", "")
	}
}

func (l *loader) checkPublicURL(cfg *Config) {
	const key, example = "server.public_url", "https://shop.example.com"
	public := cfg.Server.PublicURL
	if public == "" {
		l.fault(key, "", "it is needed: the origin that browsers see", example)
		return
	}
	u, err := url.Parse(public)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		l.fault(key, public, "want scheme and host alone, without path or trailing slash", example)
		return
	}
	if u.Scheme == "http" && !isLoopbackHost(u.Hostname()) {
		l.fault(key, public, "http is for loopback alone: cookies and tokens would travel in the clear", example)
	}
	if cfg.development() && u.Scheme == "https" {
		l.fault("mode", cfg.Mode, "development shows what only developers may see, and is refused with a public https address", "production")
	}
}

func (l *loader) checkIdentity(cfg *Config) {
	id := cfg.Identity
	if id.Issuer == "" {
		l.fault("identity.issuer", "", "it is needed; or set nothing at all, on loopback, for the demo", "https://login.example.com/")
	} else if u, err := url.Parse(id.Issuer); err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		l.fault("identity.issuer", id.Issuer, "want an absolute URL without query and fragment", "https://login.example.com/")
	} else if u.Scheme != "https" && (u.Scheme != "http" || !isLoopbackHost(u.Hostname())) {
		l.fault("identity.issuer", id.Issuer, "want https (http is for loopback alone)", "https://login.example.com/")
	}
	if id.ClientID == "" {
		l.fault("identity.client_id", "", "it is needed", "vestibule")
	}
	if id.AuthMethod == "private_key_jwt" {
		if id.PrivateKeyFile == "" {
			l.fault("identity.private_key_file", "", "private_key_jwt needs it", "/run/secrets/client.pem")
		}
	} else if id.ClientSecret.IsZero() && !l.faulted("identity.client_secret") {
		l.fault("identity.client_secret", "", id.AuthMethod+" needs it; set it, VESTIBULE_IDENTITY_CLIENT_SECRET, or a file by VESTIBULE_IDENTITY_CLIENT_SECRET_FILE", "")
	}
	if id.AuthMethod != "private_key_jwt" && id.PrivateKeyFile != "" {
		l.fault("identity.private_key_file", id.PrivateKeyFile, "it is for auth_method private_key_jwt, which is "+id.AuthMethod, "")
	}
	if id.SIDAlone && !id.Frontchannel {
		l.fault("identity.frontchannel_sid_alone", "true", "it is of use with identity.frontchannel_logout alone", "false")
	}
	for _, name := range id.PassParams {
		if rp.IsProtocolParam(name) {
			l.fault("identity.pass_params", name, "it belongs to the protocol: no page may set it", "connection")
		}
	}
	l.between("identity.leeway", id.Leeway, time.Second, rp.MaxLeeway)
	if !strings.HasPrefix(id.PostLogoutPath, "/") || strings.HasPrefix(id.PostLogoutPath, "//") || strings.Contains(id.PostLogoutPath, `\`) {
		l.fault("identity.post_logout_path", id.PostLogoutPath, "want a path of this origin", "/signed-out")
	}
}

// checkClient notes what the provider's client would refuse beside all that.
func (l *loader) checkClient(cfg *Config) {
	for _, refused := range providerConfig(*cfg).Faults() {
		if key := identityKey(refused.Field); !l.faulted(key) {
			l.fault(key, "", refused.Rule, "")
		}
	}
}

func (l *loader) checkKeys(cfg *Config) {
	const example = "keys: [{use: seal, secret_file: /run/secrets/session_key}]"
	if len(cfg.Session.Keys) == 0 {
		l.fault("session.keys", "", "at least one key is needed; make it with `openssl rand -base64 64`", example)
		return
	}
	sealing := 0
	first := map[string]int{} // Where each secret stands first.
	for i, key := range cfg.Session.Keys {
		at := fmt.Sprintf("session.keys[%d].secret", i)
		same, twice := first[key.Secret.Reveal()]
		switch err := (auth.Key{Secret: key.Secret}).Check(); {
		case l.faulted(at):
		case err != nil:
			l.fault(at, "", err.Error(), "")
		case twice:
			l.fault(at, "", fmt.Sprintf("it is that of session.keys[%d] again", same), "")
		default:
			first[key.Secret.Reveal()] = i
		}
		if key.Use == "seal" {
			sealing++
		}
	}
	if sealing != 1 {
		l.fault("session.keys", "", fmt.Sprintf("exactly one key has use seal; here %d have", sealing), example)
	}
}

func (l *loader) checkSession(s SessionConfig) {
	l.between("session.idle_timeout", s.IdleTimeout, time.Second, 31*24*time.Hour)
	l.between("session.lifetime", s.Lifetime, time.Second, 400*24*time.Hour)
	if s.IdleTimeout > s.Lifetime {
		l.fault("session.idle_timeout", s.IdleTimeout.String(), "it is longer than session.lifetime ("+s.Lifetime.String()+")", "30m")
	}
	if err := auth.CheckCSRFHeader(s.CSRFHeader); err != nil {
		l.fault("session.csrf_header", s.CSRFHeader, err.Error(), "")
	}
	l.count("session.max_sessions", s.MaxSessions, 1, 100_000_000)
	if s.Store == "file" && s.File == "" {
		l.fault("session.file", "", "the file store needs it", "/var/lib/vestibule/sessions")
	}
	if s.File != "" && s.Store != "file" {
		l.fault("session.store", s.Store, "session.file is for file", "file")
	}
	if s.Store == "redis" {
		l.checkRedis(s.Redis)
	} else if len(s.Redis.Addresses) > 0 {
		l.fault("session.store", s.Store, "session.redis is for redis", "redis")
	}
}

func (l *loader) checkRedis(r RedisConfig) {
	if len(r.Addresses) == 0 {
		l.fault("session.redis.addresses", "", "the redis store needs at least one", "redis.internal:6379")
	}
	for _, address := range r.Addresses {
		if host, _, err := net.SplitHostPort(address); err != nil || host == "" {
			l.fault("session.redis.addresses", address, "want host:port", "redis.internal:6379")
		}
	}
	if r.Username != "" && r.Password.IsZero() {
		l.fault("session.redis.password", "", "a username goes with its password", "")
	}
	if r.SentinelMaster == "" && (r.SentinelUsername != "" || !r.SentinelPassword.IsZero()) {
		l.fault("session.redis.sentinel_master", "", "it is needed to ask the sentinels, for whom sentinel_username and sentinel_password are", "")
	}
	if r.Prefix == "" {
		l.fault("session.redis.prefix", "", "it is what keeps gateways on one server apart", "vestibule:")
	}
	l.count("session.redis.database", r.Database, 0, 15)
	l.between("session.redis.timeout", r.Timeout, 50*time.Millisecond, 30*time.Second)
	l.between("session.redis.keep", r.Keep, 0, auth.MaxKept)
	if (r.TLSCertFile == "") != (r.TLSKeyFile == "") {
		l.fault("session.redis.tls_cert_file", "", "tls_cert_file and tls_key_file go together", "/etc/vestibule/redis.crt")
	}
	if !r.TLS && (r.TLSCAFile != "" || r.TLSServerName != "" || r.TLSCertFile != "") {
		l.fault("session.redis.tls", "false", "the other tls keys are for encrypted connections", "true")
	}
}

func (l *loader) checkAPI(name string, api APIConfig) {
	at := "apis." + name
	if !apiName.MatchString(name) {
		l.fault(at, "", "a name has small letters, digits, - and _, and begins with a letter", "apis.orders")
	}
	u, err := url.Parse(api.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		l.fault(at+".base_url", api.BaseURL, "want an absolute http or https URL without user, query and fragment", "https://orders.internal.example.com/v1")
	}
	l.between(at+".timeout", api.Timeout, 10*time.Millisecond, 5*time.Minute)
	l.count(at+".max_response_bytes", api.MaxResponseBytes, 1<<10, 1<<30)
	l.checkCalls(at, api)
	l.checkAPITLS(at+".tls", api)
	for i, route := range api.Relay {
		if err := clients.RelayRoute(route).Check(); err != nil {
			l.fault(fmt.Sprintf("%s.relay[%d]", at, i), "", err.Error(), "{methods: [GET], path: /shipments/*/events}")
		}
		if route.Public && api.Token != auth.KindClient {
			l.fault(fmt.Sprintf("%s.relay[%d].public", at, i), "true", "it says that anybody may ask in the gateway's own name, which token: client is for", "false")
		}
	}
	l.count(at+".max_request_bytes", api.MaxRequestBytes, 1, 1<<40)
	if api.CheckPath != "" && (!strings.HasPrefix(api.CheckPath, "/") || strings.ContainsAny(api.CheckPath, "?#\\")) {
		l.fault(at+".check_path", api.CheckPath, "want a path below base_url, without query", "/me")
	}
	if api.Token == auth.KindNone && (api.Audience != "" || api.Resource != "" || len(api.Scopes) > 0) {
		l.fault(at+".token", api.Token, "audience, resource and scopes are for a token, and this API gets none", "user")
	}
	if api.Token == auth.KindOnBehalfOf && len(api.Scopes) == 0 || api.Token == auth.KindExchange && api.Audience == "" && api.Resource == "" {
		l.fault(at+".token", api.Token, "say what for: exchange needs audience or resource, on_behalf_of needs scopes", "audience: https://orders.example.com")
	}
}

func (l *loader) checkCache(name string, apis map[string]APIConfig) {
	at, c := "apis."+name+".cache", apis[name].Cache
	if c.MaxBytes != 0 {
		l.count(at+".max_bytes", c.MaxBytes, 64<<10, 64<<30)
	} else if c.PersonalStaleIfError || c.PersonalStaleWhileRevalidate {
		l.fault(at+".max_bytes", "", "stale answers are kept ones, and none are kept", "67108864")
	}
	for _, other := range apis[name].Invalidates {
		if _, there := apis[other]; !there || other == name {
			l.fault("apis."+name+".invalidates", other, "want names of other configured APIs; its own answers are invalidated anyway", "")
		}
	}
}

// checkCalls checks how an API's calls are made.
func (l *loader) checkCalls(at string, api APIConfig) {
	l.count(at+".concurrency", api.Concurrency, 1, 100_000)
	l.count(at+".warm_up", api.WarmUp, 0, api.Concurrency)
	l.count(at+".retry.attempts", api.Retry.Attempts, 1, 10)
	l.count(at+".retry.budget", api.Retry.Budget, 1, 100)
	l.count(at+".breaker.failures", api.Breaker.Failures, 0, 100_000)
	l.between(at+".breaker.window", api.Breaker.Window, time.Second, 10*time.Minute)
	l.between(at+".breaker.open", api.Breaker.Open, 100*time.Millisecond, 10*time.Minute)
}

func (l *loader) checkAPITLS(at string, api APIConfig) {
	if (api.TLS.CertFile == "") != (api.TLS.KeyFile == "") {
		l.fault(at+".cert_file", "", "cert_file and key_file go together", "/etc/vestibule/client.crt")
	}
	if api.TLS != (ClientTLSConfig{}) && strings.HasPrefix(api.BaseURL, "http://") {
		l.fault(at, "", "the base_url is http, where no certificate is ever looked at", "")
	}
}

func (l *loader) checkGraphQL(g GraphQLConfig) {
	n := g.Limits
	l.count("graphql.limits.body_bytes", n.BodyBytes, 1<<10, 64<<20)
	limits := map[string]int{
		"tokens": n.Tokens, "fragments": n.Fragments, "duplicates": n.Duplicates, "fields": n.Fields,
		"depth": n.Depth, "aliases": n.Aliases, "root_fields": n.RootFields, "directives": n.Directives,
		"list_size": n.ListSize, "default_list_size": n.Default, "cost": n.Cost, "calls": n.Calls,
	}
	for _, key := range sortedKeys(limits) {
		l.count("graphql.limits."+key, limits[key], 1, 1_000_000)
	}
	l.count("graphql.rate.session", g.Rate.Session, 0, 1_000_000_000)
	l.count("graphql.rate.anonymous", g.Rate.Anonymous, 0, 1_000_000_000)
	l.between("graphql.timeout", g.Timeout, 10*time.Millisecond, 10*time.Minute)
}

func (l *loader) checkSPA(cfg *Config) {
	const key, example = "spa.dev_server", "http://127.0.0.1:5173"
	if _, err := spa.Policy(cfg.SPA.CSP); err != nil {
		l.fault("spa.csp", "", strings.ReplaceAll(err.Error(), "\n", "; "), "trusted-types=vue")
	}
	server := cfg.SPA.DevServer
	if server == "" {
		return
	}
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" || !isLoopbackHost(u.Hostname()) || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		l.fault(key, server, "want http, a loopback host and a port: it runs on the developer's own machine", example)
	}
	if !cfg.development() {
		l.fault(key, server, "a development server has no place in production; build the bundle and name it in spa.dir, or set mode: development", example)
	}
	if cfg.SPA.Dir != "" {
		l.fault(key, server, "spa.dir is set too; the app comes from one of them", example)
	}
}

// between checks a duration: least and most are allowed.
func (l *loader) between(key string, d, least, most time.Duration) {
	if d >= least && d <= most {
		return
	}
	example := exampleOf(key)
	if usual, err := time.ParseDuration(example); err != nil || usual < least || usual > most {
		example = most.String() // What is usual may be too much beside another setting.
	}
	l.fault(key, d.String(), fmt.Sprintf("want %s to %s", least, most), example)
}

// count checks a number: least and most are allowed.
func (l *loader) count(key string, n, least, most int) {
	if n >= least && n <= most {
		return
	}
	example := exampleOf(key)
	if usual, err := strconv.Atoi(example); err != nil || usual < least || usual > most {
		example = strconv.Itoa(most)
	}
	l.fault(key, strconv.Itoa(n), fmt.Sprintf("want %d to %d", least, most), example)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
