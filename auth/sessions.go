package auth

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// SessionEntry is one of a user's sessions as she is shown it.
type SessionEntry struct {
	// ID names the session to its user; it opens nothing and is found in no cookie or log.
	ID string `json:"id"`
	// Current is the session that asks.
	Current bool `json:"current"`
	// Device is browser family and system.
	Device string `json:"device,omitempty"`
	// Address is the network it began from, /24 or /48.
	Address  string    `json:"address,omitempty"`
	Created  time.Time `json:"created"`
	LastSeen time.Time `json:"last_seen"`
	Expires  time.Time `json:"expires"`
}

// List gives the sessions of the signed-in user, the newest first. ErrUnauthenticated without a session.
func (s *Service) List(ctx context.Context) ([]SessionEntry, error) {
	current := FromContext(ctx)
	if current == nil {
		return nil, ErrUnauthenticated
	}
	sessions, err := s.entries(ctx, current.Issuer(), current.Subject())
	if err != nil {
		return nil, err
	}
	out := make([]SessionEntry, len(sessions))
	for i, session := range sessions {
		out[i] = session.SessionEntry
		out[i].Current = session.LogID == current.LogID()
	}
	return out, nil
}

// entries gives a user's sessions, the newest first. One whose head does not open is listed without what the head holds.
func (s *Service) entries(ctx context.Context, issuer, subject string) ([]UserSession, error) {
	records, err := s.cfg.Store.List(ctx, s.keys.indexes("sub", issuer, subject))
	if err != nil {
		return nil, storeFailed(err)
	}
	entries := make([]UserSession, 0, len(records))
	for _, r := range records {
		h, err := s.keys.openHead(r)
		if err != nil {
			s.cfg.Logger.ErrorContext(ctx, "a session's head does not open", "error", err)
		}
		if h.Replaced != 0 {
			continue // A step-up replaced it; it is over in a moment.
		}
		entries = append(entries, UserSession{
			SessionEntry{ID: r.ListID, Device: h.Device, Address: h.Address, Created: h.Created, LastSeen: r.LastSeen, Expires: r.Expires}, h.LogID,
		})
	}
	slices.SortFunc(entries, func(a, b UserSession) int { return cmp.Compare(b.Created.UnixNano(), a.Created.UnixNano()) })
	return entries, nil
}

// EndOne ends one of the signed-in user's sessions by its list id. ErrNotFound if it is not hers.
func (s *Service) EndOne(ctx context.Context, id string) error {
	return s.endWhere(ctx, func(r *Record, _ *Session) bool { return r.ListID == id }, true)
}

// EndOthers ends all of the signed-in user's sessions but the one that asks.
func (s *Service) EndOthers(ctx context.Context) error {
	return s.endWhere(ctx, func(r *Record, current *Session) bool { return r.Key != current.key }, false)
}

// EndAll ends all of the signed-in user's sessions, the one that asks among them.
func (s *Service) EndAll(ctx context.Context) error {
	return s.endWhere(ctx, func(*Record, *Session) bool { return true }, false)
}

func (s *Service) endWhere(ctx context.Context, which func(*Record, *Session) bool, must bool) error {
	current := FromContext(ctx)
	if current == nil {
		return ErrUnauthenticated
	}
	records, err := s.cfg.Store.List(ctx, s.keys.indexes("sub", current.Issuer(), current.Subject()))
	if err != nil {
		return storeFailed(err)
	}
	ended := false
	for _, r := range records {
		if !which(r, current) {
			continue
		}
		reason := ReasonElsewhere
		if r.Key == current.key {
			reason = ReasonLogout
		}
		if err := s.endRecord(ctx, r, reason); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if r.Key == current.key {
			s.revokeOf(ctx, current)
		}
		ended = true
	}
	if must && !ended {
		return ErrNotFound
	}
	return nil
}

// endRecord ends a session without its cookie, and what a step-up left of the one before it. ErrNotFound if it has ended
// meanwhile.
func (s *Service) endRecord(ctx context.Context, r *Record, reason string) error {
	if err := s.endBefore(ctx, r, reason); err != nil {
		return storeFailed(err)
	}
	if err := s.cfg.Store.Delete(ctx, r.Key, reason); err != nil {
		return storeFailed(err)
	}
	s.forget(r.Key)
	h, err := s.keys.openHead(r)
	if err != nil {
		s.cfg.Logger.ErrorContext(ctx, "a session's head does not open", "error", err)
	}
	s.audit(ctx, "session_ended", slog.String("session", h.LogID), reasonAttr(reason))
	return nil
}

// Sessions handles "GET /auth/sessions".
func (s *Service) Sessions() http.Handler {
	return s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entries, err := s.List(r.Context())
		if s.refuseListing(w, r, err) {
			return
		}
		writeJSON(w, "application/json", http.StatusOK, map[string]any{"sessions": entries})
	}))
}

// EndSession handles "DELETE /auth/sessions/{id}" and "DELETE /auth/sessions?scope=others|all". Another user's session is
// 404, like one that never was.
func (s *Service) EndSession() http.Handler {
	return s.Middleware(s.RefuseReadOnly(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		id, scope := r.PathValue("id"), r.URL.Query().Get("scope")
		switch {
		case id != "":
			err = s.EndOne(r.Context(), id)
		case scope == "others":
			err = s.EndOthers(r.Context())
		case scope == "all":
			err = s.EndAll(r.Context())
		default:
			refuse(w, r, http.StatusBadRequest, problemParameter)
			return
		}
		if s.refuseListing(w, r, err) {
			return
		}
		noStore(w.Header())
		w.WriteHeader(http.StatusNoContent)
	})))
}

func (s *Service) refuseListing(w http.ResponseWriter, r *http.Request, err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, ErrUnauthenticated):
		refuse(w, r, http.StatusUnauthorized, problemUnauthenticated)
	case errors.Is(err, ErrNotFound):
		refuse(w, r, http.StatusNotFound, problemNotFound)
	default:
		s.refuseStoreOutage(w, r, err)
	}
	return true
}
