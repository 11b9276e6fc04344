package rp

import (
	"context"
	"errors"
	"net/url"
	"time"

	"vestibule.example/auth/secret"
)

// MaxLogoutTokenAge is how long after its iat a logout token is accepted.
const MaxLogoutTokenAge = 15 * time.Minute

// Provider is one client's view of one OpenID provider. Safe for concurrent use.
type Provider struct{ cfg Config }

var errUnbuilt = errors.New("rp: under construction")

func New(cfg Config) (*Provider, error)             { return &Provider{cfg: cfg}, nil }
func (p *Provider) Issuer() string                  { return p.cfg.Issuer }
func (p *Provider) RedirectURI() string             { return p.cfg.RedirectURI }
func (p *Provider) ResponseMode() string            { return p.cfg.ResponseMode }
func (p *Provider) Ready(ctx context.Context) error { return errUnbuilt }
func (p *Provider) AuthorizationURL(ctx context.Context, req AuthRequest) (string, error) {
	return "", errUnbuilt
}
func (p *Provider) CheckResponse(ctx context.Context, q url.Values) error { return errUnbuilt }
func (p *Provider) Exchange(ctx context.Context, req ExchangeRequest) (*Grant, error) {
	return nil, errUnbuilt
}
func (p *Provider) Refresh(ctx context.Context, req RefreshRequest) (*Grant, error) {
	return nil, errUnbuilt
}
func (p *Provider) ClientCredentials(ctx context.Context, req TokenRequest) (*Grant, error) {
	return nil, errUnbuilt
}
func (p *Provider) TokenExchange(ctx context.Context, req TokenRequest) (*Grant, error) {
	return nil, errUnbuilt
}
func (p *Provider) Revoke(ctx context.Context, token secret.Text, hint string) error {
	return errUnbuilt
}
func (p *Provider) EndSessionURL(ctx context.Context, req EndSession) (string, error) {
	return "", errUnbuilt
}
func (p *Provider) VerifyLogoutToken(ctx context.Context, raw string) (*LogoutToken, error) {
	return nil, errUnbuilt
}
