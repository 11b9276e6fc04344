package auth

import (
	"context"
	"log/slog"
)

// audit writes one event of the audit trail (LOG-1). Attributes never hold a secret: sessions go by their log id.
func (s *Service) audit(ctx context.Context, event string, attrs ...slog.Attr) {
	s.meter.event(ctx, event)
	all := append([]slog.Attr{slog.String("event", event)}, attrs...)
	if id := s.cfg.RequestID(ctx); id != "" {
		all = append(all, slog.String("request_id", id))
	}
	s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "audit", all...)
}

// userAttr names a user in the audit trail: by a keyed hash, which is the same for all of her sessions and does not tell who she is.
func (s *Service) userAttr(issuer, subject string) slog.Attr {
	return slog.String("user", s.auditUser(issuer, subject))
}

func (s *Service) auditUser(issuer, subject string) string {
	name := s.keys.index("audit", issuer, subject)
	return name[:min(len(name), 16)]
}

func sessionAttr(session *Session) slog.Attr { return slog.String("session", session.LogID()) }
func reasonAttr(reason string) slog.Attr     { return slog.String("reason", reason) }
func errorAttr(err error) slog.Attr          { return slog.String("error", err.Error()) }
