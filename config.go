package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"vestibule.example/auth/secret"
)

// Config is every setting. The tags are the single source of names, defaults and documentation:
// docs/configuration.md is generated from them.
type Config struct {
	Mode     string               `key:"mode" default:"production" enum:"production development" doc:"development turns on the playground and diagnostics, and is refused with a public https address."`
	Server   ServerConfig         `key:"server" doc:"The listeners."`
	Identity IdentityConfig       `key:"identity" doc:"The OpenID provider and this client's registration there. Register the redirect URI \"{public_url}/auth/callback\", the post-logout redirect URI \"{public_url}/auth/logged-out\" and, if the provider can, the back-channel logout URI \"{public_url}/auth/backchannel-logout\"."`
	Session  SessionConfig        `key:"session" doc:"Sessions and their cookie."`
	APIs     map[string]APIConfig `key:"apis" name:"name" doc:"The downstream APIs by name; the demo's resolvers know \"accounts\", \"catalog\", \"orders\" and \"shipping\"."`
	GraphQL  GraphQLConfig        `key:"graphql" doc:"The GraphQL endpoint."`
	SPA      SPAConfig            `key:"spa" doc:"The single-page app."`
	Observe  ObserveConfig        `key:"observe" doc:"Logs, and where metrics and traces go."`

	// Demo is set when nothing is configured and the listener is on loopback: the outside world comes along.
	Demo bool `key:"-"`
	// DemoAddress is where the demo's provider and its control page listen.
	DemoAddress string `key:"-"`
}

// ServerConfig is the listeners.
type ServerConfig struct {
	Address        string         `key:"address" default:":8080" example:":8443" doc:"Public listener, host:port. In the demo 127.0.0.1:8080."`
	PublicURL      string         `key:"public_url" example:"https://shop.example.com" doc:"The origin that browsers see; https, or http on loopback for development."`
	AdminAddress   string         `key:"admin_address" default:"127.0.0.1:9090" example:"127.0.0.1:9090" doc:"Listener of /healthz, /readyz, /metrics and the sessions command; the last answers the gateway's own machine alone. Open it beyond loopback only to probes and monitoring, never to the public."`
	Profiles       bool           `key:"profiles" default:"false" doc:"Serve /debug/pprof/ on the admin listener, to the gateway's own machine alone: go tool pprof http://127.0.0.1:9090/debug/pprof/profile."`
	TrustedProxies []netip.Prefix `key:"trusted_proxies" example:"10.0.0.0/8" doc:"Networks of proxies whose X-Forwarded-For is believed."`
	TLSCertFile    string         `key:"tls_cert_file" example:"/etc/vestibule/tls.crt" doc:"Certificate chain (PEM) for https on the public listener; with tls_key_file. Without, TLS ends in front."`
	TLSKeyFile     string         `key:"tls_key_file" example:"/etc/vestibule/tls.key" doc:"Private key (PEM) of tls_cert_file."`
	ReadHeader     time.Duration  `key:"read_header_timeout" default:"5s" doc:"How long a client may take to send its header."`
	Read           time.Duration  `key:"read_timeout" default:"30s" doc:"How long a client may take to send its whole request."`
	Write          time.Duration  `key:"write_timeout" default:"60s" doc:"How long an answer may take; streams have bounds of their own."`
	Idle           time.Duration  `key:"idle_timeout" default:"120s" doc:"How long an idle connection is kept."`
	DrainDelay     time.Duration  `key:"drain_delay" default:"5s" doc:"How long, at the beginning of shutdown_timeout, requests are still taken while /readyz says that they should go elsewhere: as long as the load balancer needs to notice. Not in development."`
	Shutdown       time.Duration  `key:"shutdown_timeout" default:"25s" doc:"How long running requests may take to finish, from when the process is told to stop."`
	MaxHeaderBytes int            `key:"max_header_bytes" default:"65536" doc:"Largest request header, in bytes."`
}

// IdentityConfig is the OpenID provider.
type IdentityConfig struct {
	Provider         string            `key:"provider" default:"generic" enum:"generic auth0 entra identityserver keycloak okta cognito google" doc:"Which provider this is; generic is the standard to the letter. It decides what auto means below, and how the gateway follows the provider where it departs from the standard; see providers/README.md."`
	Issuer           string            `key:"issuer" example:"https://login.example.com/" doc:"Issuer identifier, exactly as the provider's discovery document says it, trailing slash included; auth0 adds it."`
	Tenants          []string          `key:"tenants" example:"11111111-2222-3333-4444-555555555555" doc:"Ids of the tenants whose users may sign in, where the issuer of entra stands for several."`
	ClientID         string            `key:"client_id" example:"vestibule" doc:"This client's id."`
	ClientSecret     secret.Text       `key:"client_secret" example:"(from a file)" doc:"This client's secret, for client_secret_basic and client_secret_post."`
	AuthMethod       string            `key:"auth_method" default:"auto" enum:"auto client_secret_basic client_secret_post private_key_jwt" doc:"How this client authenticates; auto is client_secret_post for auth0 and entra, else client_secret_basic."`
	PrivateKeyFile   string            `key:"private_key_file" example:"/run/secrets/client.pem" doc:"Private key (PEM, PKCS #8) for private_key_jwt."`
	PrivateKeyID     string            `key:"private_key_id" example:"2026-11" doc:"The key id (kid) that the provider knows the key by; for entra the SHA-256 thumbprint of its certificate in base64url."`
	Scopes           []string          `key:"scopes" example:"openid,profile,email,offline_access" doc:"Scopes asked for at login. Unset: openid, profile, email, and offline_access where a refresh token takes it (not for keycloak, cognito and google)."`
	Resources        []string          `key:"resources" example:"https://api.example.com" doc:"Resource indicators (RFC 8707) asked for at login. The login's own token is for the first; the others are for what apis.NAME.resource names."`
	Audience         string            `key:"audience" example:"https://api.example.com" doc:"The audience that the login's own access token is for, where the provider takes one; needed for auth0."`
	AuthParams       map[string]string `key:"authorization_params" example:"organization=org_123" doc:"Fixed extra parameters of the authorization request."`
	PassParams       []string          `key:"pass_params" example:"connection" doc:"Parameters of /auth/login that are passed on, beside prompt, login_hint, acr_values, max_age, ui_locales and domain_hint."`
	ResponseMode     string            `key:"response_mode" default:"query" enum:"query form_post" doc:"How the provider sends its answer."`
	PAR              string            `key:"par" default:"auto" enum:"auto always never" doc:"Pushed authorization requests (RFC 9126); auto pushes when the provider requires it."`
	IDTokenAlgs      []string          `key:"id_token_algs" default:"RS256,PS256,ES256,EdDSA" doc:"Signature algorithms accepted of ID tokens and logout tokens."`
	TrustedAudiences []string          `key:"trusted_audiences" example:"other-client" doc:"Audiences that may stand beside this client in an ID token."`
	Leeway           time.Duration     `key:"leeway" default:"30s" doc:"How far clocks may differ, 1s to 5m."`
	UserInfo         string            `key:"userinfo" default:"auto" enum:"auto true false" doc:"Ask the UserInfo endpoint at login for claims that the ID token lacks; auto does for identityserver, without resources."`
	LogoutHint       string            `key:"logout_hint" default:"auto" enum:"auto id_token logout_hint none" doc:"What the provider's end-session is told of the user; auto is logout_hint (the ID token's claim login_hint) for entra, else id_token."`
	FederatedLogout  bool              `key:"federated_logout" default:"false" doc:"Have auth0 sign the user out of the identity provider behind it too."`
	WithoutExp       bool              `key:"logout_token_without_exp" default:"false" doc:"Take back-channel logout tokens that have no exp, for 15 minutes after their iat. The standard has demanded it since December 2023; Keycloak before 22.0.8 and 23.0.4, and some others, leave it out."`
	PostLogoutPath   string            `key:"post_logout_path" default:"/" example:"/signed-out" doc:"Where a person lands after signing out."`
	Frontchannel     bool              `key:"frontchannel_logout" default:"false" doc:"Offer /auth/frontchannel-logout, for providers without back-channel logout."`
	SIDAlone         bool              `key:"frontchannel_sid_alone" default:"false" doc:"Let front-channel logout name the session by sid without iss, for providers that leave iss out. Whoever knows a sid can then end its sessions. Always so for entra."`
}

// SessionConfig is sessions and their cookie.
type SessionConfig struct {
	Store       string        `key:"store" default:"memory" enum:"memory file redis" doc:"Where sessions live: memory is one process's, and gone when it ends; file is one machine's and outlives restarts; redis is shared by replicas."`
	File        string        `key:"file" example:"/var/lib/vestibule/sessions" doc:"The file of the file store; its directory must be there."`
	Redis       RedisConfig   `key:"redis"`
	MaxSessions int           `key:"max_sessions" default:"1000000" doc:"How many sessions the memory and file stores hold; then signing in answers 503. A Redis has its own maxmemory."`
	Keys        []KeyConfig   `key:"keys" doc:"Server keys, each 32 or 64 random bytes in base64 or hex (make one with: openssl rand -base64 64). Exactly one seals. To rotate: add the new one with use open everywhere, then make it seal and the old one open."`
	IdleTimeout time.Duration `key:"idle_timeout" default:"30m" doc:"A session ends when it has not been used for this long."`
	Lifetime    time.Duration `key:"lifetime" default:"12h" doc:"A session ends after this time, however much it is used."`
	Claims      []string      `key:"claims" default:"name,email,picture,preferred_username" doc:"Claims of the ID token that the SPA may see; no others are kept."`
	CSRFHeader  string        `key:"csrf_header" default:"X-CSRF" doc:"The header that proves a same-origin script."`
}

// RedisConfig is the Redis or Valkey that replicas share sessions in.
type RedisConfig struct {
	Addresses        []string      `key:"addresses" example:"redis-1:6379,redis-2:6379" doc:"host:port of the server, of nodes of the cluster, or of the sentinels."`
	SentinelMaster   string        `key:"sentinel_master" example:"mymaster" doc:"Name of the master at the sentinels; then addresses are theirs."`
	Username         string        `key:"username" example:"vestibule" doc:"ACL user; empty is the default user."`
	Password         secret.Text   `key:"password" example:"(from a file)" doc:"The user's password."`
	SentinelUsername string        `key:"sentinel_username" doc:"ACL user at the sentinels."`
	SentinelPassword secret.Text   `key:"sentinel_password" doc:"The password at the sentinels."`
	Database         int           `key:"database" default:"0" doc:"Number of the database, 0 to 15; 0 in a cluster."`
	Prefix           string        `key:"prefix" default:"vestibule:" doc:"What every key begins with; another for each gateway that shares the server."`
	Timeout          time.Duration `key:"timeout" default:"2s" doc:"How long one command may take, 50ms to 30s."`
	Keep             time.Duration `key:"keep" default:"1s" doc:"How long this process may keep what it read of a session, for requests that only read, 0s to 1s; the server tells of changes meanwhile (CLIENT TRACKING, RESP3). 0s asks the server every time."`
	TLS              bool          `key:"tls" default:"false" doc:"Encrypt connections."`
	TLSCAFile        string        `key:"tls_ca_file" example:"/etc/vestibule/redis-ca.crt" doc:"Certificate authorities (PEM) to trust instead of the system's."`
	TLSServerName    string        `key:"tls_server_name" example:"redis.internal" doc:"The name that the server's certificate must be for, where it is not the address's host."`
	TLSCertFile      string        `key:"tls_cert_file" example:"/etc/vestibule/redis.crt" doc:"Client certificate (PEM), with tls_key_file."`
	TLSKeyFile       string        `key:"tls_key_file" example:"/etc/vestibule/redis.key" doc:"Private key (PEM) of tls_cert_file."`
}

// KeyConfig is one server key.
type KeyConfig struct {
	Use    string      `key:"use" enum:"seal open" doc:"seal or open."`
	Secret secret.Text `key:"secret" doc:"The key."`
}

// setText reads "use:secret".
func (c *KeyConfig) setText(text string) error {
	use, value, ok := strings.Cut(text, ":")
	if !ok {
		return errors.New("want use:secret, several divided by commas")
	}
	c.Use, c.Secret = use, secret.New(value)
	return nil
}

// APIConfig is one downstream API.
type APIConfig struct {
	BaseURL          string            `key:"base_url" example:"https://orders.internal.example.com/v1" doc:"Where the API is. Its token goes to this origin and no other."`
	Token            string            `key:"token" default:"user" enum:"user client exchange on_behalf_of none" doc:"Which access token it gets: the user's own, the gateway's own (client credentials), one that the user's was exchanged for (RFC 8693, or Entra ID's on-behalf-of), or none."`
	Audience         string            `key:"audience" example:"https://orders.example.com" doc:"Audience to ask for, where the provider takes one."`
	Resource         string            `key:"resource" example:"https://orders.example.com" doc:"Resource indicator (RFC 8707) to ask for."`
	Scopes           []string          `key:"scopes" example:"orders:read" doc:"Scopes to narrow the token to."`
	Timeout          time.Duration     `key:"timeout" default:"5s" doc:"How long one call may take with all its attempts, 10ms to 5m; what is left of the request's time may be less."`
	MaxResponseBytes int               `key:"max_response_bytes" default:"4194304" doc:"Largest answer that is read, in bytes."`
	Concurrency      int               `key:"concurrency" default:"256" doc:"Most calls at once; four times as many may wait for their turn, the next is refused."`
	WarmUp           int               `key:"warm_up" default:"0" example:"8" doc:"How many connections are opened at the start, each with HEAD of base_url, without a token."`
	Headers          map[string]string `key:"headers" example:"X-Tenant=shop" doc:"Fixed headers of every call."`
	ForwardLanguage  bool              `key:"forward_language" default:"false" doc:"Pass the browser's Accept-Language on."`
	ClientAddress    string            `key:"client_address" default:"none" enum:"none forwarded x-forwarded-for" doc:"Tell the API the browser's address, in the header Forwarded (RFC 7239) or X-Forwarded-For; see server.trusted_proxies."`
	Retry            RetryConfig       `key:"retry"`
	Breaker          BreakerConfig     `key:"breaker"`
	TLS              ClientTLSConfig   `key:"tls"`
	Cache            CacheConfig       `key:"cache"`
	Invalidates      []string          `key:"invalidates" example:"catalog" doc:"Other APIs whose kept answers a session is not given any more after it changed something at this one."`
	Relay            []RelayConfig     `key:"relay" doc:"What browsers reach of the API under /api/NAME/, see docs/relay.md; in a variable: GET+POST /files/** browser_loads, several divided by commas."`
	CheckPath        string            `key:"check_path" example:"/me" doc:"A path below base_url, for GET, that the API answers with success if it accepts the token: vestibule check -live and /auth/diagnostics try their tokens with it."`
	MaxRequestBytes  int               `key:"max_request_bytes" default:"33554432" doc:"Largest body of a relayed request, in bytes; server.read_timeout bounds how long it may take."`
}

// CacheConfig is how an API's answers are kept.
type CacheConfig struct {
	MaxBytes                     int  `key:"max_bytes" default:"0" example:"67108864" doc:"Room for answers that the API lets a private cache keep, each session's its own, in bytes of memory; 0 keeps none. See caching.md."`
	PersonalStaleIfError         bool `key:"personal_stale_if_error" default:"false" doc:"Give a session its stale answers after a failure of the API, for as long as its stale-if-error says. Answers of an API with token none always are."`
	PersonalStaleWhileRevalidate bool `key:"personal_stale_while_revalidate" default:"false" doc:"Give a session its stale answers while they are renewed, for as long as the API's stale-while-revalidate says. Answers of an API with token none always are."`
}

// RelayConfig is one pattern of paths that the relay offers.
type RelayConfig struct {
	Methods      []string `key:"methods"`
	Path         string   `key:"path"`
	BrowserLoads bool     `key:"browser_loads"`
	WebSocket    bool     `key:"websocket"`
	Public       bool     `key:"public"`
}

// setText reads "GET+POST /files/** browser_loads websocket".
func (c *RelayConfig) setText(text string) error {
	words := strings.Fields(text)
	if len(words) < 2 {
		return errors.New("want methods and path, such as GET+POST /files/**, several divided by commas")
	}
	c.Methods, c.Path = strings.Split(words[0], "+"), words[1]
	for _, word := range words[2:] {
		switch word {
		case "browser_loads":
			c.BrowserLoads = true
		case "websocket":
			c.WebSocket = true
		case "public":
			c.Public = true
		default:
			return fmt.Errorf("%q: want browser_loads, websocket or public behind the path", word)
		}
	}
	return nil
}

// RetryConfig is how failed calls are repeated.
type RetryConfig struct {
	Attempts int `key:"attempts" default:"3" doc:"Most attempts of one call, 1 to 10. Repeated are calls that cannot act twice (GET, HEAD, PUT, DELETE, or with an idempotency key), after broken connections, 408, 502, 503, 504, and 429 with Retry-After."`
	Budget   int `key:"budget" default:"20" doc:"Share of calls that may be repeated over time, in percent, 1 to 100."`
}

// BreakerConfig is when an API is left alone.
type BreakerConfig struct {
	Failures int           `key:"failures" default:"20" doc:"This many failed attempts (5xx, no answer) within the window open the breaker, if they are at least half of all: the API's fields then fail at once. 0: never."`
	Window   time.Duration `key:"window" default:"10s" doc:"The time that is looked at, 1s to 10m."`
	Open     time.Duration `key:"open" default:"5s" doc:"How long the API is left alone before three calls may try, 100ms to 10m."`
}

// ClientTLSConfig is private authorities and mutual TLS.
type ClientTLSConfig struct {
	CAFile     string `key:"ca_file" example:"/etc/vestibule/api-ca.pem" doc:"Authorities (PEM) that the server's certificate is checked against, instead of the system's."`
	CertFile   string `key:"cert_file" example:"/etc/vestibule/client.crt" doc:"This client's certificate (PEM) for mutual TLS; with key_file. Read anew for each connection, so that it can be renewed in place."`
	KeyFile    string `key:"key_file" example:"/etc/vestibule/client.key" doc:"Private key (PEM) of cert_file."`
	ServerName string `key:"server_name" example:"orders.internal" doc:"The name that the server's certificate must have, if it is not the address's host."`
}

// GraphQLConfig is the GraphQL endpoint.
type GraphQLConfig struct {
	RequireSession bool          `key:"require_session" default:"false" doc:"Turn away every request without a session (401)."`
	Introspection  string        `key:"introspection" default:"auto" enum:"auto on off" doc:"auto: in development only."`
	Executor       string        `key:"executor" default:"plan" enum:"plan gqlgen" doc:"plan: operations are compiled to plans, and what plans do not cover runs on gqlgen's executor. gqlgen: all run on gqlgen's, with more calls of the APIs."`
	StatusProfile  string        `key:"status_profile" default:"audits" enum:"audits draft" doc:"Status codes: audits is what the audits of the graphql-http package want and older clients know; draft is what the newest draft of GraphQL over HTTP says, 422 for what is not valid and 294 for data with errors."`
	Timeout        time.Duration `key:"timeout" default:"30s" doc:"How long an operation may run."`
	Persisted      string        `key:"persisted" default:"off" enum:"off log only" doc:"Which documents run: off is any, only is those of the bundle's manifest and of documents, log is any with a word in the log of what only would refuse. See trusted-documents.md."`
	Documents      []string      `key:"documents" example:"/etc/vestibule/operations.json" doc:"Files of further trusted documents: JSON objects of documents by id, or Apollo's persisted query manifests. A document that is not valid stops the start."`
	Automatic      bool          `key:"automatic_persisted" default:"false" doc:"Take documents by their SHA-256 once they have been sent (automatic persisted queries). They are no list of what may run."`
	Limits         LimitsConfig  `key:"limits"`
	Rate           RateConfig    `key:"rate"`
}

// LimitsConfig is what a document may ask.
type LimitsConfig struct {
	Mode       string `key:"mode" default:"enforce" enum:"enforce measure" doc:"measure: what asks for too much of the APIs is logged and counted, and not refused, to find the right limits; body_bytes, tokens, fragments, duplicates and fields, which protect the gateway itself, stay in force. See limits.md."`
	BodyBytes  int    `key:"body_bytes" default:"262144" doc:"Largest request body, and longest query string, in bytes."`
	Tokens     int    `key:"tokens" default:"5000" doc:"Largest document, in tokens."`
	Fragments  int    `key:"fragments" default:"100" doc:"Most fragments that a document defines."`
	Duplicates int    `key:"duplicates" default:"100" doc:"Most fields of a document that are asked for again in the same braces."`
	Fields     int    `key:"fields" default:"2000" doc:"Most fields of an operation, its fragments put in their places."`
	Depth      int    `key:"depth" default:"15" doc:"Deepest nesting of fields."`
	Aliases    int    `key:"aliases" default:"30" doc:"Most aliases of an operation."`
	RootFields int    `key:"root_fields" default:"20" doc:"Most root fields of an operation."`
	Directives int    `key:"directives" default:"50" doc:"Most directives of an operation."`
	ListSize   int    `key:"list_size" default:"100" doc:"Longest list that an argument may ask for."`
	Default    int    `key:"default_list_size" default:"10" doc:"The length that is assumed for a list without @listSize."`
	Cost       int    `key:"cost" default:"10000" doc:"Most that an operation may cost, by the weights and list sizes of the schema."`
	Calls      int    `key:"calls" default:"100" doc:"Most calls that an operation may be able to make of one API."`
}

// RateConfig is what clients may ask over time.
type RateConfig struct {
	Session   int `key:"session" default:"0" example:"60000" doc:"Units of cost that a session may spend a minute, on each replica; 0 is no bound."`
	Anonymous int `key:"anonymous" default:"0" example:"20000" doc:"Units of cost that may be spent a minute without a session, by each address (of version 6: each /64), on each replica; 0 is no bound. Behind a proxy see server.trusted_proxies: all would share one."`
}

// SPAConfig is the single-page app.
type SPAConfig struct {
	Dir       string            `key:"dir" example:"/srv/spa" doc:"Directory with a built bundle to serve instead of the one in the binary."`
	CSP       map[string]string `key:"csp" example:"trusted-types=vue" doc:"Directives of the Content-Security-Policy of the app's pages that differ from the default's, by name, with all of their sources; see spa.md. What would let a stranger's script run is refused."`
	DevServer string            `key:"dev_server" example:"http://127.0.0.1:5173" doc:"A development server on loopback, such as Vite's, that answers for the app instead of a bundle; in development only, the demo included."`
}

// ObserveConfig is logs, metrics and traces.
type ObserveConfig struct {
	LogFormat string     `key:"log_format" default:"auto" enum:"auto json text" doc:"auto: text in development, JSON in production."`
	LogLevel  string     `key:"log_level" default:"info" enum:"debug info warn error" doc:"The lowest level that is logged."`
	OTLP      OTLPConfig `key:"otlp"`
}

// OTLPConfig is an OpenTelemetry collector.
type OTLPConfig struct {
	Endpoint      string            `key:"endpoint" example:"http://collector.internal:4318" doc:"A collector that takes OTLP over HTTP in protobuf, at /v1/traces and /v1/metrics below this address. Without, nothing is traced; metrics are at /metrics in any case."`
	Authorization secret.Text       `key:"authorization" example:"(from a file)" doc:"Value of the header Authorization for it."`
	Headers       map[string]string `key:"headers" example:"X-Scope-OrgID=shop" doc:"Further headers for it."`
	Share         int               `key:"share" default:"10" doc:"Share of the requests that are traced, in percent, 0 to 100. A trusted proxy's word on a request counts in its place."`
	Interval      time.Duration     `key:"interval" default:"60s" doc:"How often metrics are sent; 0s sends none."`
	TLS           ClientTLSConfig   `key:"tls"`
}

// development tells whether what only developers may see is on.
func (c Config) development() bool { return c.Mode == "development" }

// serverLimits are the bounds of both listeners.
func (c Config) serverLimits() serverLimits {
	return serverLimits{c.Server.ReadHeader, c.Server.Read, c.Server.Write, c.Server.Idle, c.Server.MaxHeaderBytes}
}

// stopping is how the process stops.
func (c Config) stopping() stopping {
	if c.development() {
		return stopping{0, c.Server.Shutdown} // No load balancer needs to notice, and somebody waits at a terminal.
	}
	return stopping{c.Server.DrainDelay, c.Server.Shutdown}
}

// publicURL is the parsed public address; the check has seen it.
func (c Config) publicURL() *url.URL {
	u, err := url.Parse(c.Server.PublicURL)
	if err != nil {
		panic(err) // The check parsed it.
	}
	return u
}
