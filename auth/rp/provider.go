package rp

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Provider is one client's view of one OpenID provider. Safe for concurrent use.
type Provider struct {
	cfg     Config // with defaults; PrivateKey is nil, see sign
	profile Profile
	algs    []jose.SignatureAlgorithm
	http    *http.Client
	sign    func(claims map[string]any) (string, error) // a client assertion; nil unless private_key_jwt
	meta    cached[*metadata]
	keys    cached[[]jose.JSONWebKey]
}

// New checks the configuration and reports every fault at once. It does not touch the network.
func New(cfg Config) (*Provider, error) {
	profile, known := ProfileOf(cfg.Profile)
	if !known {
		return nil, fmt.Errorf("rp: there is no profile %q", cfg.Profile)
	}
	cfg = cfg.withDefaults(profile)
	sign, err := cfg.assertionSigner(profile)
	faults := []error{err}
	for _, fault := range cfg.validate(profile) {
		faults = append(faults, fault)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("rp: %w", err)
	}
	cfg.PrivateKey = nil
	p := &Provider{cfg: cfg, profile: profile, http: cfg.client(), sign: sign}
	for _, alg := range cfg.IDTokenAlgs {
		p.algs = append(p.algs, jose.SignatureAlgorithm(alg))
	}
	p.meta = cached[*metadata]{
		name: "metadata", fetch: p.fetchMetadata, now: cfg.Now, maxAge: cfg.RefreshInterval, log: cfg.Logger,
	}
	p.keys = cached[[]jose.JSONWebKey]{
		name: "keys", fetch: p.fetchKeys, now: cfg.Now, maxAge: cfg.RefreshInterval, log: cfg.Logger,
	}
	return p, nil
}

// Issuer returns the issuer identifier: that of all tenants where the configured one stands for several.
func (p *Provider) Issuer() string { return p.cfg.Issuer }

// ClientID returns the client's identifier at the provider.
func (p *Provider) ClientID() string { return p.cfg.ClientID }

// RedirectURI returns the callback address as registered.
func (p *Provider) RedirectURI() string { return p.cfg.RedirectURI }

// ResponseMode returns "" when the answer comes in the query, or "form_post".
func (p *Provider) ResponseMode() string { return p.cfg.ResponseMode }

// Format prints issuer and client id, whatever the verb, so that no key inside can be printed by accident.
func (p *Provider) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "rp.Provider(%s, %s)", p.cfg.Issuer, p.cfg.ClientID)
}

// Format prints issuer and client id, whatever the verb: PrivateKey may be a key that fmt would print.
func (c Config) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "rp.Config(%s, %s)", c.Issuer, c.ClientID)
}

// LogValue gives issuer and client id.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("issuer", c.Issuer), slog.String("client_id", c.ClientID))
}

func (c Config) withDefaults(profile Profile) Config {
	c.Issuer = profile.configured(c.Issuer)
	if c.AuthMethod == "" {
		c.AuthMethod = profile.AuthMethod
	}
	if len(c.Scopes) == 0 {
		c.Scopes = profile.Scopes
	}
	if len(c.IDTokenAlgs) == 0 {
		c.IDTokenAlgs = []string{"RS256", "PS256", "ES256", "EdDSA"}
	}
	if c.Leeway == 0 {
		c.Leeway = 30 * time.Second
	}
	c.Leeway = max(c.Leeway, 0)
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.RefreshInterval == 0 {
		c.RefreshInterval = time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Scopes, c.Resources = slices.Clone(c.Scopes), slices.Clone(c.Resources)
	c.Tenants = slices.Clone(c.Tenants)
	c.TrustedAudiences, c.AuthParams = slices.Clone(c.TrustedAudiences), maps.Clone(c.AuthParams)
	return c
}
