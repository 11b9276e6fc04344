package auth

import (
	"context"
	"errors"
	"log/slog"
)

// UserSession is a session as an operator is shown it.
type UserSession struct {
	SessionEntry
	// LogID is the session's name in the audit trail.
	LogID string `json:"session"`
}

// ListUser gives the sessions of a user, the newest first, for operators: the caller decides who may ask. An empty
// issuer is the configured provider.
func (s *Service) ListUser(ctx context.Context, issuer, subject string) ([]UserSession, error) {
	issuer = s.issuerOr(issuer)
	sessions, err := s.entries(ctx, issuer, subject)
	if err != nil {
		return nil, err
	}
	s.audit(ctx, "operator_listed", s.userAttr(issuer, subject), slog.Int("sessions", len(sessions)))
	return sessions, nil
}

// EndUser ends sessions of a user, for operators: the one with the list id, or all if id is empty, including any that a sign-in
// under way would still begin. It returns how many ended. Their streams close with the reason revoked. The tokens are
// destroyed with the sessions; the provider is not told, since only the browser's cookie opens the refresh token.
func (s *Service) EndUser(ctx context.Context, issuer, subject, id string) (int, error) {
	issuer = s.issuerOr(issuer)
	subjects := s.keys.indexes("sub", issuer, subject)
	records, err := s.cfg.Store.List(ctx, subjects)
	if err != nil {
		return 0, err
	}
	ended := 0
	for _, r := range records {
		if id != "" && r.ListID != id {
			continue
		}
		switch err := s.endRecord(ctx, r, ReasonRevoked); {
		case err == nil:
			ended++
		case !errors.Is(err, ErrNotFound):
			return ended, err
		}
	}
	if id == "" {
		late, err := s.cfg.Store.End(UseReserve(ctx), Selector{Subject: subjects, SignedInUpTo: s.now()}, ReasonRevoked)
		if err != nil {
			return ended, err
		}
		ended += late
	}
	s.audit(ctx, "operator_ended", s.userAttr(issuer, subject), slog.Int("sessions", ended), slog.Bool("all", id == ""))
	return ended, nil
}

func (s *Service) issuerOr(issuer string) string {
	if issuer == "" {
		return s.cfg.Provider.Issuer()
	}
	return issuer
}
