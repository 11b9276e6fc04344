package auth

import "context"

// Prepare begins to fetch the tokens that an operation will need for the named APIs, all at once, and does not wait: a call
// that needs one joins the fetch that is under way, and a call that needs none does not wait. APIs whose token is at hand, or
// that are called without one, are skipped. It never fails: the call that needs the token reports what went wrong.
//
// Tokens that the refresh token gives are fetched one after another even so, since each answer may replace it. Exchanges
// use the login's access token, which they do not replace.
func (s *Service) Prepare(ctx context.Context, names []string) {
	session := FromContext(ctx)
	begun := map[string]bool{}
	for _, name := range names {
		api, ok := s.cfg.APIs[name]
		if !ok || api.Kind == KindNone || begun[api.key()] || !s.lacks(session, api) {
			continue
		}
		begun[api.key()] = true
		s.background(ctx, refreshTimeout, func(ctx context.Context) {
			s.accessToken(ctx, session, api, "") //nolint:errcheck // Whoever needs the token asks again and gets the error.
		})
	}
}

// lacks tells whether a token for the API has to be fetched, and can be.
func (s *Service) lacks(session *Session, api APIToken) bool {
	if api.Kind == KindClient {
		held, _ := s.loadAnyone(api.key())
		return !held.fresh(s.now(), 0)
	}
	if session == nil || session.readOnly {
		return false
	}
	b := session.body.Load()
	return !b.Tokens[api.key()].fresh(s.now(), b.jitter())
}
