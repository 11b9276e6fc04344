package rp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// metadataLife is how long a discovery document is used before it is fetched anew.
	metadataLife = time.Hour
	// metadataPause is the least time between attempts after a failure.
	metadataPause = 2 * time.Second
)

// metadata is what is used of the provider's discovery document (OpenID Connect Discovery §3, RFC 8414).
type metadata struct {
	Issuer                 string `json:"issuer"`
	AuthorizationEndpoint  string `json:"authorization_endpoint"`
	TokenEndpoint          string `json:"token_endpoint"`
	UserInfoEndpoint       string `json:"userinfo_endpoint"`
	JWKSURI                string `json:"jwks_uri"`
	EndSessionEndpoint     string `json:"end_session_endpoint"`
	RevocationEndpoint     string `json:"revocation_endpoint"`
	PAREndpoint            string `json:"pushed_authorization_request_endpoint"`
	RequirePAR             bool   `json:"require_pushed_authorization_requests"`
	ResponseIssuerPromised bool   `json:"authorization_response_iss_parameter_supported"`
}

// metadataCache holds the newest good document.
type metadataCache struct {
	flight singleflight.Group

	mu      sync.Mutex // guards all of the following
	doc     *metadata
	fetched time.Time
	tried   time.Time
	err     error
}

// discover gives the provider's metadata. One fetch serves all who ask at once, and does not end with the first of
// them; while the provider is away, what was learnt before stays in use.
func (p *Provider) discover(ctx context.Context) (*metadata, error) {
	now := p.cfg.Now()
	c := &p.metadata
	c.mu.Lock()
	doc, fresh := c.doc, c.doc != nil && now.Sub(c.fetched) < metadataLife
	pausing, err := now.Sub(c.tried) < metadataPause && c.err != nil, c.err
	c.mu.Unlock()
	switch {
	case fresh:
		return doc, nil
	case pausing && doc != nil:
		return doc, nil
	case pausing:
		return nil, err
	}
	done := c.flight.DoChan("", func() (any, error) { return p.fetchMetadata(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-done:
		if result.Err != nil && doc != nil {
			p.cfg.Logger.WarnContext(ctx, "discovery failed; the last document stays in use", "error", result.Err)
			return doc, nil
		}
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*metadata), nil
	}
}

func (p *Provider) fetchMetadata(ctx context.Context) (*metadata, error) {
	doc, err := p.readMetadata(ctx)
	c := &p.metadata
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tried, c.err = p.cfg.Now(), err
	if err == nil {
		c.doc, c.fetched = doc, c.tried
	}
	return doc, err
}

func (p *Provider) readMetadata(ctx context.Context) (*metadata, error) {
	body, err := p.get(ctx, strings.TrimSuffix(p.cfg.Issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	var doc metadata
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("discovery: %w: %w", ErrProviderUnavailable, errNotJSON)
	}
	if doc.Issuer != p.cfg.Issuer {
		return nil, fmt.Errorf("discovery: %w: configured %q, the document says %q", ErrIssuerMismatch, p.cfg.Issuer, doc.Issuer)
	}
	required := map[string]string{"authorization_endpoint": doc.AuthorizationEndpoint, "token_endpoint": doc.TokenEndpoint, "jwks_uri": doc.JWKSURI}
	for name, address := range required {
		if address == "" {
			return nil, fmt.Errorf("discovery: %w: the document lacks %s", ErrInvalidResponse, name)
		}
	}
	for _, address := range []string{
		doc.AuthorizationEndpoint, doc.TokenEndpoint, doc.JWKSURI, doc.UserInfoEndpoint, doc.EndSessionEndpoint, doc.RevocationEndpoint, doc.PAREndpoint,
	} {
		if address == "" {
			continue
		}
		if err := checkURL(address, true); err != nil {
			return nil, fmt.Errorf("discovery: %w: %w", ErrInvalidResponse, err)
		}
	}
	return &doc, nil
}
