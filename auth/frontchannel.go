package auth

import (
	"log/slog"
	"net/http"
	"net/url"
)

// maxSID bounds the sid of a front-channel logout, in bytes.
const maxSID = 1024

// FrontchannelLogout handles "GET /auth/frontchannel-logout", which is 404 unless configured: the provider loads it in a
// frame of its own page, to end the sessions of one of its sessions (OpenID Connect Front-Channel Logout §2).
//
// The session cookie is deliberately not needed: it is Strict and would not come along into a frame of another site
// (FCL-2). The session is found by iss and sid alone, so both must be there: an address without them would let anybody sign
// anybody out (FCL-4). Where the provider leaves iss out, Config.FrontchannelSIDAlone says that it may.
func (s *Service) FrontchannelLogout() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.cfg.Frontchannel {
			refuse(w, r, http.StatusNotFound, problemNotFound)
			return
		}
		if !s.allowMethod(w, r, http.MethodGet) {
			return
		}
		noStore(w.Header())
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors "+originOf(s.cfg.Provider.Issuer()))
		sid, why := s.frontchannelSID(r.URL.Query())
		if why != "" {
			s.audit(r.Context(), "frontchannel_refused", reasonAttr(why))
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		ended, err := s.cfg.Store.End(r.Context(), Selector{SID: s.keys.indexes("sid", s.cfg.Provider.Issuer(), sid)}, ReasonFrontchannel)
		if err != nil {
			s.refuseStoreOutage(w, r, err)
			return
		}
		s.audit(r.Context(), "frontchannel_logout", slog.Int("sessions", ended))
		w.WriteHeader(http.StatusOK)
	})
}

// frontchannelSID gives the provider's session that the query names, or why it names none.
func (s *Service) frontchannelSID(query url.Values) (sid, why string) {
	issuers, sids := query["iss"], query["sid"]
	switch {
	case len(issuers) > 1 || len(sids) > 1:
		return "", "a parameter twice"
	case len(sids) == 0 || sids[0] == "" || len(sids[0]) > maxSID:
		return "", "no sid"
	case len(issuers) == 0 && !s.cfg.FrontchannelSIDAlone:
		return "", "no issuer"
	case len(issuers) == 1 && issuers[0] != s.cfg.Provider.Issuer():
		return "", "another issuer"
	}
	return sids[0], ""
}
