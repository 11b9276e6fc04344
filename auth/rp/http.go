package rp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxAnswer bounds what is read of any answer of the provider, in bytes: a discovery document or key set of a large
// tenant is tens of kilobytes.
const maxAnswer = 1 << 20

var (
	errTooLarge = errors.New("the answer is larger than 1 MiB")
	errRedirect = errors.New("the answer is a redirect, which is not followed")
	errNotJSON  = errors.New("the answer is not JSON")
)

// answer is a provider's answer, read in full.
type answer struct {
	status int
	media  string
	body   []byte
}

// do makes one bounded call. Whatever keeps an answer from arriving whole is ErrProviderUnavailable.
func (p *Provider) do(req *http.Request) (*answer, error) {
	res, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProviderUnavailable, withoutURL(err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProviderUnavailable, err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("%w: %s: %w", ErrProviderUnavailable, req.URL.Path, errTooLarge)
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		return nil, fmt.Errorf("%w: %s: %w", ErrProviderUnavailable, req.URL.Path, errRedirect)
	}
	media, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	return &answer{res.StatusCode, media, body}, nil
}

// withoutURL drops the URL that net/http puts into its errors: query and userinfo may be secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// get fetches a JSON document.
func (p *Provider) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	got, err := p.do(req)
	if err != nil {
		return nil, err
	}
	if got.status != http.StatusOK {
		return nil, fmt.Errorf("%w: %s answered %d", ErrProviderUnavailable, req.URL.Path, got.status)
	}
	if !isJSON(got.media) {
		return nil, fmt.Errorf("%w: %s: %w", ErrProviderUnavailable, req.URL.Path, errNotJSON)
	}
	return got.body, nil
}

// post sends a form as this client, authenticated (RFC 6749 §2.3).
func (p *Provider) post(ctx context.Context, endpoint string, form url.Values) (*answer, error) {
	if p.cfg.AuthMethod != ClientSecretBasic {
		form.Set("client_id", p.cfg.ClientID)
	}
	switch p.cfg.AuthMethod {
	case ClientSecretPost:
		form.Set("client_secret", p.cfg.ClientSecret.Reveal())
	case PrivateKeyJWT:
		assertion, err := p.assertion()
		if err != nil {
			return nil, err
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if p.cfg.AuthMethod == ClientSecretBasic {
		req.Header.Set("Authorization", basic(p.cfg.ClientID, p.cfg.ClientSecret.Reveal()))
	}
	return p.do(req)
}

// basic encodes both parts as a form would before they are joined (RFC 6749 §2.3.1), which net/http's SetBasicAuth
// does not.
func basic(id, password string) string {
	pair := url.QueryEscape(id) + ":" + url.QueryEscape(password)
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
}

func isJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}
