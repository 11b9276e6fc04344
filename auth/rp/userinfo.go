package rp

import (
	"context"
	"fmt"
	"net/http"
)

// mergeUserInfo asks the UserInfo endpoint and adds its claims to those of the ID token, which are never overwritten.
// A UserInfo of another subject is refused (OpenID Connect Core §5.3.2); a signed one must be of this provider and for
// this client.
func (p *Provider) mergeUserInfo(ctx context.Context, doc *metadata, accessToken string, claims *IDClaims) error {
	if doc.UserInfoEndpoint == "" {
		return fmt.Errorf("userinfo: %w: the provider has no endpoint for it", ErrInvalidResponse)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, doc.UserInfoEndpoint, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	req.Header.Set("Accept", "application/json, application/jwt")
	got, err := p.do(req)
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	if got.status != http.StatusOK {
		return fmt.Errorf("userinfo: %w: status %d", ErrProviderUnavailable, got.status)
	}
	info, err := p.readUserInfo(ctx, got)
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	subject, err := info.text("sub")
	if err != nil {
		return fmt.Errorf("userinfo: %w", err)
	}
	if subject != claims.Subject {
		return fmt.Errorf("userinfo: %w: sub is another than the ID token's", ErrInvalidToken)
	}
	for name, value := range info {
		if _, there := claims.Raw[name]; !there {
			claims.Raw[name] = value
		}
	}
	return nil
}

func (p *Provider) readUserInfo(ctx context.Context, got *answer) (members, error) {
	if got.media == "application/jwt" {
		payload, _, err := p.open(ctx, string(got.body), "", "JWT")
		if err != nil {
			return nil, err
		}
		info, err := parseMembers(payload)
		if err != nil {
			return nil, err
		}
		if err := p.checkParties(info); err != nil {
			return nil, err
		}
		return info, nil
	}
	if !isJSON(got.media) {
		return nil, fmt.Errorf("%w: %w", ErrInvalidResponse, errNotJSON)
	}
	return parseMembers(got.body)
}
