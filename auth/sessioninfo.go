package auth

import (
	"net/http"
	"time"
)

// sessionVersion is the version of /auth/session's answer.
const sessionVersion = 1

// sessionAnswer is what the SPA may know of its session. It never holds a token.
type sessionAnswer struct {
	Authenticated bool           `json:"authenticated"`
	Version       int            `json:"version"`
	Claims        map[string]any `json:"claims,omitempty"`
	Ref           string         `json:"ref,omitempty"`
	ExpiresIn     *int           `json:"expires_in,omitempty"`
	IdleExpiresIn *int           `json:"idle_expires_in,omitempty"`
	ACR           string         `json:"acr,omitempty"`
	AuthTime      *int64         `json:"auth_time,omitempty"`
	LogoutURL     string         `json:"logout_url,omitempty"`
}

// Session handles "GET /auth/session": who is signed in. Asking is no use of the session and does not keep it alive
// (SES-7). A cookie that opens no session any more is taken away, unless a sign-in has just replaced it; one that does not
// open stays, since another replica may know its key. Sessions whose cookies another tab's sign-in has overwritten end.
func (s *Service) Session() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, err := s.find(r)
		if err != nil {
			s.refuseStoreOutage(w, r, err)
			return
		}
		s.settleGiven(w, r, found)
		if found.session == nil {
			if s.mayClear(r.Context(), found) {
				s.clearCookie(w)
			}
			writeJSON(w, "application/json", http.StatusOK, sessionAnswer{Version: sessionVersion})
			return
		}
		writeJSON(w, "application/json", http.StatusOK, s.describe(found.session))
	})
}

func (s *Service) describe(session *Session) sessionAnswer {
	b := session.body.Load()
	answer := sessionAnswer{
		Authenticated: true, Version: sessionVersion, Claims: b.Claims, Ref: session.Ref(), ACR: b.ACR,
		ExpiresIn: s.secondsTo(session.record.Expires), IdleExpiresIn: s.secondsTo(session.record.Ends()),
		LogoutURL: "/auth/logout?t=" + session.logoutToken(),
	}
	if !b.AuthTime.IsZero() {
		at := b.AuthTime.Unix()
		answer.AuthTime = &at
	}
	return answer
}

func (s *Service) secondsTo(t time.Time) *int {
	left := max(int(t.Sub(s.now())/time.Second), 0)
	return &left
}
