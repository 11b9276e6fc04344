package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"vestibule.example/auth"
	"vestibule.example/auth/rp"
)

// examineAPI asks an API without a token, and then with the gateway's own, where the API is called with that.
func examineAPI(ctx context.Context, name string, cfg Config, provider *rp.Provider) []finding {
	api, about := cfg.APIs[name], "apis."+name
	transport, err := newAPITransport(name, api)
	if err != nil {
		return []finding{{about, faulty, err.Error(), "mend the file that the key names"}}
	}
	defer transport.CloseIdleConnections()
	address := strings.TrimSuffix(api.BaseURL, "/") + api.CheckPath
	answer, err := askAPI(ctx, transport, address, "")
	if err != nil {
		says, mend := unreachable(err, about+".tls.ca_file")
		return []finding{{about + ".base_url", faulty, address + " cannot be reached: " + says, mend}}
	}
	found := answer.clock(about+".base_url", cfg.Identity.Leeway)
	if wrong := judgeAPI(about, address, api, answer); wrong != nil {
		return append(found, *wrong)
	}
	found = append(found, finding{about + ".base_url", fine, fmt.Sprintf("%s answers (%d without a token)", address, answer.status), ""})
	switch api.Token {
	case auth.KindNone:
	case auth.KindClient:
		found = append(found, examineClientToken(ctx, transport, about, address, api, provider))
	default:
		found = append(found, finding{about + ".token", note, "a user's token was not tried, since nobody has signed in", "sign in once; in development /auth/diagnostics shows whether the API takes it"})
	}
	return found
}

func askAPI(ctx context.Context, transport http.RoundTripper, address, token string) (*reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "vestibule/"+version())
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return question(ctx, transport, req)
}

// judgeAPI says what is wrong with an API's answer to a request without a token; nil if nothing is.
func judgeAPI(about, address string, api APIConfig, answer *reply) *finding {
	status := answer.status
	switch {
	case status >= 300 && status < 400:
		to := answer.header.Get("Location")
		if u, err := url.Parse(to); err == nil {
			u.RawQuery = ""
			to = u.String()
		}
		return &finding{about + ".base_url", faulty, fmt.Sprintf("%s redirects to %.200s, and no token follows a redirect", address, to), "write the address that it redirects to, or mend the redirect to a sign-in page"}
	case status >= 500:
		return &finding{about + ".base_url", faulty, fmt.Sprintf("%s answered %d", address, status), "the API has trouble of its own, or the way to it"}
	case api.Token == auth.KindNone && (status == http.StatusUnauthorized || status == http.StatusForbidden):
		return &finding{about + ".token", faulty, fmt.Sprintf("it is none, and the API answered %d", status), "user, client or exchange: the API wants a token"}
	case api.Token != auth.KindNone && api.CheckPath != "" && status < 300:
		return &finding{about + ".check_path", note, fmt.Sprintf("%s answered %d without a token", address, status), "if it should not: the API protects nothing there; else name a path that it protects"}
	}
	return nil
}

// examineClientToken gets the gateway's own token for the API, and asks the API with it.
func examineClientToken(ctx context.Context, transport http.RoundTripper, about, address string, api APIConfig, provider *rp.Provider) finding {
	req := rp.TokenRequest{Scopes: api.Scopes, Audience: api.Audience}
	if api.Resource != "" {
		req.Resources = []string{api.Resource}
	}
	grant, err := provider.ClientCredentials(ctx, req)
	var refused *rp.TokenError
	if errors.As(err, &refused) {
		return finding{about + ".token", faulty, "the provider gives no token of the gateway's own: " + refused.Error() + describe(refused),
			"allow the client the grant client_credentials, and the API's audience and scopes"}
	}
	if err != nil {
		return finding{about + ".token", faulty, "the provider gives no token of the gateway's own: " + err.Error(), ""}
	}
	answer, err := askAPI(ctx, transport, address, grant.AccessToken.Reveal())
	if err != nil {
		says, mend := unreachable(err, about+".tls.ca_file")
		return finding{about + ".base_url", faulty, says, mend}
	}
	switch {
	case answer.status == http.StatusUnauthorized:
		return finding{about + ".audience", faulty, "the API refuses the token" + challenge(answer.header),
			"it verifies another audience or issuer: set audience, resource or scopes to what it expects, or mend the API"}
	case answer.status == http.StatusForbidden:
		return finding{about + ".scopes", faulty, "the API takes the token, and says that it may not" + challenge(answer.header), "add the scope, and allow it for the client at the provider"}
	case api.CheckPath == "":
		return finding{about + ".token", note, fmt.Sprintf("the provider gives a token; the API answered %d to it", answer.status), "name a path that the API protects in check_path, to be sure"}
	}
	return finding{about + ".token", fine, fmt.Sprintf("the API takes the gateway's own token (%d)", answer.status), ""}
}
