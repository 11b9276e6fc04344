package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// backChannelTimeout bounds one call; a sign-out waits for its calls.
	backChannelTimeout = 5 * time.Second
	logoutTokenTTL     = 2 * time.Minute
	logoutEvent        = "http://schemas.openid.net/event/backchannel-logout"
)

// newBackside is the client that calls relying parties: no proxy, no redirects, bounded.
func newBackside() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: 10 * time.Second},
		Timeout:       backChannelTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// LogoutToken makes a logout token (OpenID Connect Back-Channel Logout §2.4) for a client, as wrong as Tampering has it.
// Either of sub and sid may be empty.
func (p *Provider) LogoutToken(clientID, sub, sid string) (string, error) {
	if _, ok := p.clients[clientID]; !ok {
		return "", fmt.Errorf("provider: no client %q", clientID)
	}
	claims := map[string]any{
		"iss": p.issuerOf(sub), "aud": []string{clientID}, "jti": random(),
		"events": map[string]any{logoutEvent: struct{}{}},
	}
	// Relying parties ignore what they do not know (§2.4).
	claims[stranger+"/claim"] = "unknown"
	if sub != "" {
		claims["sub"] = sub
	}
	if sid != "" {
		claims["sid"] = sid
	}
	lifespan(claims, p.now(), logoutTokenTTL)
	token, err := p.sign("logout+jwt", claims, p.Settings().Tampering.LogoutToken)
	p.note("logout token", token)
	return token, err
}

// BackChannelLogout sends a client a logout token and returns the status of its answer. The session here lives on.
func (p *Provider) BackChannelLogout(ctx context.Context, clientID, sub, sid string) (status int, err error) {
	client, ok := p.clients[clientID]
	if !ok || client.BackChannelLogoutURI == "" {
		return 0, fmt.Errorf("provider: no client %q with a back channel", clientID)
	}
	outcome := "failed"
	defer func() { p.count(func(c *Counters) { c.BackChannel[outcome]++ }) }()
	token, err := p.LogoutToken(clientID, sub, sid)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, backChannelTimeout)
	defer cancel()
	form := url.Values{"logout_token": {token}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, client.BackChannelLogoutURI, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, fmt.Errorf("provider: back channel: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := p.backside.Do(req)
	if err != nil {
		return 0, fmt.Errorf("provider: back channel: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, maxForm)); err != nil && !errors.Is(err, io.EOF) {
		p.refused(ctx, "back channel answer", err)
	}
	outcome = strconv.Itoa(res.StatusCode)
	return res.StatusCode, nil
}

// tellClients calls the back channel of every client that took part in a session, all at once, and waits.
func (p *Provider) tellClients(ctx context.Context, s session) {
	var wg sync.WaitGroup
	for id := range s.clients {
		if client := p.clients[id]; client == nil || client.BackChannelLogoutURI == "" || p.quirks.FrontChannelAlone {
			continue
		}
		wg.Go(func() {
			// Whoever signs out may close the page: the clients are told all the same.
			if _, err := p.BackChannelLogout(context.WithoutCancel(ctx), id, s.subject, s.sid); err != nil {
				p.log.WarnContext(ctx, "demo provider: a client was not told of a sign-out", "client", id, "error", err)
			}
		})
	}
	wg.Wait()
}
