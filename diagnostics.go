package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"vestibule.example/auth"
	"vestibule.example/clients"
)

// apiAsker asks an API for its check_path with the session's token, and says in words what it answered: for
// /auth/diagnostics, in development alone.
func apiAsker(cfg Config, service *auth.Service, transports map[string]*clients.Transport) func(context.Context, string) string {
	return func(ctx context.Context, name string) string {
		api := cfg.APIs[name]
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(api.BaseURL, "/")+api.CheckPath, nil)
		if err != nil {
			return err.Error()
		}
		req.Header.Set("Accept", "application/json")
		answer, err := question(ctx, service.Transport(name, transports[name]), req)
		switch {
		case errors.Is(err, auth.ErrUnauthenticated):
			return "no token can be had: the session has no refresh token"
		case errors.Is(err, auth.ErrProviderUnavailable):
			return "no token can be had: the provider refuses, or is away; the log says why"
		case err != nil:
			says, mend := unreachable(err, "apis."+name+".tls.ca_file")
			return says + "; " + mend
		}
		return inWords(name, api, answer)
	}
}

// inWords judges an API's answer to a request with the session's token.
func inWords(name string, api APIConfig, answer *reply) string {
	said := fmt.Sprint(answer.status) + challenge(answer.header)
	switch {
	case answer.status == http.StatusUnauthorized && api.Token == auth.KindNone:
		return said + ": it wants a token; see apis." + name + ".token"
	case answer.status == http.StatusUnauthorized:
		return said + ": it refuses the token. It verifies another audience or issuer: see apis." + name + ".audience, resource and scopes"
	case answer.status == http.StatusForbidden:
		return said + ": it takes the token, which may not do this; see the scopes"
	case api.CheckPath == "":
		return said + ": name a path that needs the token in apis." + name + ".check_path, to be sure"
	}
	if api.Token == auth.KindNone {
		return said + " without a token"
	}
	if answer.status >= http.StatusBadRequest {
		return said + ": it does not refuse the token"
	}
	return said + ": it takes the token"
}

// bearerError is the code in a Bearer challenge. The rest of the challenge is not shown: it might quote the token.
var bearerError = regexp.MustCompile(`error="([a-z_]{1,64})"`)

// challenge is the reason that a 401 or 403 gives (RFC 6750 §3), in brackets; empty if it gives none.
func challenge(h http.Header) string {
	m := bearerError.FindStringSubmatch(h.Get("WWW-Authenticate"))
	if m == nil {
		return ""
	}
	return " (" + m[1] + ")"
}
