package rp

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

const (
	// maxAnswer bounds every answer of the provider, after decompression. Metadata, key sets and token answers
	// are a few KiB; an ID token with many groups some tens.
	maxAnswer = 1 << 20
	// maxHeader bounds the header of an answer.
	maxHeader = 64 << 10
)

// answer is a complete HTTP answer of the provider.
type answer struct {
	status    int
	header    http.Header
	mediaType string // lower case, without parameters
	body      []byte
}

// client copies the configured client with what safety asks for: a redirect would carry secrets elsewhere, and a
// cookie jar would mix users.
func (c *Config) client() *http.Client {
	var client http.Client
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	} else {
		client.Transport = &http.Transport{
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        90 * time.Second,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxResponseHeaderBytes: maxHeader,
		}
	}
	client.Jar = nil
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// do sends one request within the configured time and reads the whole answer, redirects included.
func (p *Provider) do(ctx context.Context, method, address string, header http.Header, body string) (*answer, error) {
	bounded, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	res, err := p.send(bounded, method, address, header, body)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if len(content) > maxAnswer {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrInvalidAnswer, maxAnswer)
	}
	mediaType, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return &answer{status: res.StatusCode, header: res.Header, mediaType: mediaType, body: content}, nil
}

func (p *Provider) send(ctx context.Context, method, address string, header http.Header, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = header
	req.Header.Set("User-Agent", "vestibule")
	return p.http.Do(req)
}

// unreachable tells the caller's own cancellation from the provider's failure.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("rp: calling the provider: %w", ctx.Err())
	}
	return fmt.Errorf("%w: %w", ErrProviderUnavailable, err)
}

func (a *answer) isJSON() bool {
	return a.mediaType == "application/json" ||
		strings.HasPrefix(a.mediaType, "application/") && strings.HasSuffix(a.mediaType, "+json")
}
