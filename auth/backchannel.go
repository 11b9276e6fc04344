package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"vestibule.example/auth/rp"
)

// maxLogoutToken bounds a back-channel request's body, in bytes.
const maxLogoutToken = 16 << 10

// longestReplay is how long a logout token is remembered at the most.
const longestReplay = 24 * time.Hour

// BackchannelLogout handles "POST /auth/backchannel-logout": the provider ends sessions, server to server, without cookie
// or header of ours (OpenID Connect Back-Channel Logout §2.5). 200 when it is done, also when there was nothing to end
// (BCL-16); 400 for a token that is not valid or was used before; 503 when it could not be done, so that the provider
// tries again.
func (s *Service) BackchannelLogout() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noStore(w.Header())
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || media != "application/x-www-form-urlencoded" {
			refuseJSON(w, http.StatusUnsupportedMediaType, problemMediaType)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxLogoutToken)
		if err := r.ParseForm(); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				refuseJSON(w, http.StatusRequestEntityTooLarge, problemTooLarge)
				return
			}
			refuseJSON(w, http.StatusBadRequest, problemLogoutToken)
			return
		}
		if len(r.PostForm["logout_token"]) != 1 {
			s.audit(r.Context(), "backchannel_refused", reasonAttr("not one token"))
			refuseJSON(w, http.StatusBadRequest, problemLogoutToken)
			return
		}
		err = s.endByToken(r.Context(), r.PostForm["logout_token"][0])
		switch {
		case err == nil:
			w.WriteHeader(http.StatusOK)
		case isBadToken(err), errors.Is(err, errReplay):
			s.audit(r.Context(), "backchannel_refused", errorAttr(err))
			refuseJSON(w, http.StatusBadRequest, problemLogoutToken)
		default:
			s.cfg.Logger.ErrorContext(r.Context(), "a back-channel logout could not be done", "error", err)
			w.Header().Set("Retry-After", retryAfter)
			refuseJSON(w, http.StatusServiceUnavailable, problemStore)
		}
	})
}

// isBadToken tells a token that failed a check from one that could not be checked.
func isBadToken(err error) bool {
	var refused *rp.VerifyError
	return errors.As(err, &refused)
}

// tokenName is the name of a logout token that was used. No key of ours is in it: those are replaced while the token is
// good, on one replica before the other.
func tokenName(issuer, jti string) string {
	sum := sha256.Sum256(appendPart(appendPart(nil, issuer), jti))
	return "jti:" + encode(sum[:])
}

var errReplay = errors.New("auth: the logout token was used before")

func (s *Service) endByToken(ctx context.Context, raw string) error {
	token, err := s.cfg.Provider.VerifyLogoutToken(ctx, raw)
	if err != nil {
		return err
	}
	ctx = UseReserve(ctx) // The provider has signed it.
	remember := min(token.Expires.Sub(s.now())+rp.MaxLeeway+time.Minute, longestReplay)
	name := tokenName(s.cfg.Provider.Issuer(), token.JTI)
	if err := s.cfg.Store.Put(ctx, name, nil, remember); errors.Is(err, ErrExists) {
		return errReplay
	} else if err != nil {
		return err
	}
	ended, err := s.cfg.Store.End(ctx, Selector{
		SID: s.keys.indexes("sid", s.cfg.Provider.Issuer(), token.SID), Subject: s.keys.indexes("sub", token.Issuer, token.Subject), SignedInUpTo: token.IssuedAt,
	}, ReasonBackchannel)
	if err != nil {
		// Not done: the provider's next try with the same token must not pass for a replay.
		if _, undo := s.cfg.Store.Take(ctx, name); undo != nil {
			err = errors.Join(err, undo)
		}
		return err
	}
	s.audit(ctx, "backchannel_logout", s.userAttr(token.Issuer, token.Subject), slog.Int("sessions", ended))
	return nil
}
