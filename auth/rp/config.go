package rp

import (
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"vestibule.example/auth/secret"
)

// Client authentication methods (OpenID Connect Core §9).
const (
	ClientSecretBasic = "client_secret_basic"
	ClientSecretPost  = "client_secret_post"
	PrivateKeyJWT     = "private_key_jwt"
)

// defaultTimeout bounds one call to the provider when the configuration's client sets none.
const defaultTimeout = 10 * time.Second

// Config is one provider and this client's registration there.
type Config struct {
	// Issuer is the provider's issuer identifier, compared exactly (OpenID Connect Discovery §4.3).
	Issuer string
	// ClientID names this client.
	ClientID string
	// ClientSecret is for client_secret_basic and client_secret_post.
	ClientSecret secret.Text
	// AuthMethod is how this client authenticates; default client_secret_basic.
	AuthMethod string
	// PrivateKey signs client assertions (RSA, ECDSA P-256/384/521 or Ed25519), for private_key_jwt.
	PrivateKey crypto.Signer
	// PrivateKeyID is the kid the provider knows the key by.
	PrivateKeyID string
	// RedirectURI is where authorization responses go.
	RedirectURI string
	// PostLogoutRedirectURI is where the provider's end-session leads; empty asks for none.
	PostLogoutRedirectURI string
	// Scopes are asked for at login; default openid profile email offline_access. openid is always among them.
	Scopes []string
	// Resources are RFC 8707 resource indicators, sent at authorization, token and refresh requests.
	Resources []string
	// AuthParams are fixed extra parameters of the authorization request, such as Auth0's audience.
	AuthParams map[string]string
	// ResponseMode is "" (query) or form_post.
	ResponseMode string
	// PAR is when requests are pushed (RFC 9126): "" when the provider requires it, always, or never.
	PAR string
	// IDTokenAlgs are the signature algorithms that are accepted; default RS256 PS256 ES256 EdDSA. Symmetric ones and
	// none are refused by New.
	IDTokenAlgs []string
	// TrustedAudiences may stand beside the client id in an ID token's aud.
	TrustedAudiences []string
	// Leeway is what clocks may differ; default 30 s.
	Leeway time.Duration
	// UserInfo asks the UserInfo endpoint at login and merges its claims.
	UserInfo bool
	// StrictLogoutType demands typ logout+jwt of logout tokens; providers that predate the registration send JWT or none.
	StrictLogoutType bool
	// HTTPClient makes the calls. Its redirect policy is replaced: redirects are not followed.
	HTTPClient *http.Client
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Logger gets what the caller's answer must not show; default discards.
	Logger *slog.Logger
}

// Provider speaks with one OpenID provider. It is safe for concurrent use.
type Provider struct {
	cfg      Config
	client   *http.Client
	algs     []jose.SignatureAlgorithm
	metadata metadataCache
	keys     keyCache
}

// New checks the configuration and reports every fault at once. It does not reach for the network.
func New(cfg Config) (*Provider, error) {
	cfg = withDefaults(cfg)
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf("rp: "+format, args...)) }
	if err := checkURL(cfg.Issuer, false); err != nil {
		bad("issuer: %w", err)
	}
	if err := checkURL(cfg.RedirectURI, true); err != nil {
		bad("redirect URI: %w", err)
	}
	if cfg.ClientID == "" {
		bad("client id: missing")
	}
	switch cfg.AuthMethod {
	case ClientSecretBasic, ClientSecretPost:
		if cfg.ClientSecret.IsZero() {
			bad("client secret: %s needs one", cfg.AuthMethod)
		}
	case PrivateKeyJWT:
		if cfg.PrivateKey == nil {
			bad("private key: private_key_jwt needs one")
		} else if _, err := algorithmFor(cfg.PrivateKey); err != nil {
			bad("private key: %w", err)
		}
	default:
		bad("client authentication %q: want client_secret_basic, client_secret_post or private_key_jwt", cfg.AuthMethod)
	}
	for _, alg := range cfg.IDTokenAlgs {
		if !slices.Contains(asymmetric, jose.SignatureAlgorithm(alg)) {
			bad("ID token algorithm %q: want an asymmetric one, such as RS256", alg)
		}
	}
	if !slices.Contains([]string{"", "query", "form_post"}, cfg.ResponseMode) {
		bad("response mode %q: want query or form_post", cfg.ResponseMode)
	}
	if !slices.Contains([]string{"", "always", "never"}, cfg.PAR) {
		bad("pushed authorization requests %q: want always or never, or nothing", cfg.PAR)
	}
	for _, resource := range cfg.Resources {
		if u, err := url.Parse(resource); err != nil || !u.IsAbs() || strings.Contains(resource, "#") {
			bad("resource %q: want an absolute URI without fragment (RFC 8707 §2)", resource)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	p := &Provider{cfg: cfg}
	client := *cfg.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Jar = nil
	if client.Timeout == 0 {
		client.Timeout = defaultTimeout
	}
	p.client = &client
	for _, alg := range cfg.IDTokenAlgs {
		p.algs = append(p.algs, jose.SignatureAlgorithm(alg))
	}
	return p, nil
}

func withDefaults(cfg Config) Config {
	if cfg.AuthMethod == "" {
		cfg.AuthMethod = ClientSecretBasic
	}
	if len(cfg.Scopes) == 0 {
		cfg.Scopes = []string{"openid", "profile", "email", "offline_access"}
	}
	if !slices.Contains(cfg.Scopes, "openid") {
		cfg.Scopes = append([]string{"openid"}, cfg.Scopes...)
	}
	if len(cfg.IDTokenAlgs) == 0 {
		cfg.IDTokenAlgs = []string{"RS256", "PS256", "ES256", "EdDSA"}
	}
	if cfg.Leeway == 0 {
		cfg.Leeway = 30 * time.Second
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{Transport: &http.Transport{TLSHandshakeTimeout: defaultTimeout, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// asymmetric are the signature algorithms that a configuration may allow.
var asymmetric = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// Issuer is the issuer identifier that every token of this provider carries.
func (p *Provider) Issuer() string { return p.cfg.Issuer }

// ResponseMode is how authorization responses arrive: query or form_post.
func (p *Provider) ResponseMode() string {
	if p.cfg.ResponseMode == "" {
		return "query"
	}
	return p.cfg.ResponseMode
}

// RedirectURI is where authorization responses go.
func (p *Provider) RedirectURI() string { return p.cfg.RedirectURI }

var (
	errNotHTTPS = errors.New("want https (http is for loopback alone)")
	errBadURL   = errors.New("want an absolute URL without user and fragment")
)

// checkURL demands https, or http on loopback for development (RFC 9700 §2.6).
func checkURL(raw string, query bool) error {
	u, err := url.Parse(raw)
	if err != nil || !u.IsAbs() || u.Host == "" || u.User != nil || u.Fragment != "" || !query && u.RawQuery != "" {
		return fmt.Errorf("%q: %w", raw, errBadURL)
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%q: %w", raw, errNotHTTPS)
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || net.ParseIP(host).IsLoopback()
}
