package provider

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	httphelper "github.com/zitadel/oidc/v3/pkg/http"
)

// Control is the provider's remote control, a JSON API and a page, to be mounted at /control/provider/ with that prefix
// and under the issuer's host. It asks nobody to sign in; pages of other origins are kept out. What the API does not
// take is 400 or 422 with a problem document (RFC 9457), what it changes is in force for the next request.
//
//	GET    /control/provider/             the page
//	GET    /control/provider/settings     what is set
//	PATCH  /control/provider/settings     changes what the body names: {"accessTokenTTL":"10s","tampering":{"idToken":"wrong_aud"}}
//	DELETE /control/provider/settings     sets what was set at the start
//	POST   /control/provider/keys         signs with a new key: {"kid":…}
//	GET    /control/provider/sessions     the browsers signed in
//	DELETE /control/provider/sessions     signs out, those of ?sid= or ?sub= or all, and calls back channels: {"ended":1}
//	POST   /control/provider/backchannel  sends a logout token, the session lives on: {"client":…,"sub":…,"sid":…} → {"status":200}
//	DELETE /control/provider/grants       ends refresh tokens, those of ?sub= or all: {"ended":1}
//	GET    /control/provider/counters     what was asked
//	DELETE /control/provider/counters     counts from zero
//	POST   /control/provider/issued       begins to keep every secret that is issued
//	GET    /control/provider/issued       those kept: {"issued":[{"kind":…,"value":…}],"dropped":0}
func (p *Provider) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control/provider/{$}", p.controlPage)
	mux.HandleFunc("POST /control/provider/form", p.controlForm)
	mux.HandleFunc("GET /control/provider/settings", func(w http.ResponseWriter, _ *http.Request) { httphelper.MarshalJSON(w, p.Settings()) })
	mux.HandleFunc("PATCH /control/provider/settings", p.patchSettings)
	mux.HandleFunc("DELETE /control/provider/settings", func(w http.ResponseWriter, _ *http.Request) {
		p.Reset()
		httphelper.MarshalJSON(w, p.Settings())
	})
	mux.HandleFunc("POST /control/provider/keys", p.postKeys)
	mux.HandleFunc("GET /control/provider/sessions", func(w http.ResponseWriter, _ *http.Request) {
		httphelper.MarshalJSON(w, map[string][]Session{"sessions": p.Sessions()})
	})
	mux.HandleFunc("DELETE /control/provider/sessions", func(w http.ResponseWriter, r *http.Request) {
		ended := p.SignOut(r.Context(), r.URL.Query().Get("sid"), r.URL.Query().Get("sub"))
		httphelper.MarshalJSON(w, map[string]int{"ended": ended})
	})
	mux.HandleFunc("POST /control/provider/backchannel", p.postBackChannel)
	mux.HandleFunc("DELETE /control/provider/grants", func(w http.ResponseWriter, r *http.Request) {
		httphelper.MarshalJSON(w, map[string]int{"ended": p.EndGrants(r.URL.Query().Get("sub"))})
	})
	mux.HandleFunc("GET /control/provider/counters", func(w http.ResponseWriter, _ *http.Request) { httphelper.MarshalJSON(w, p.Counters()) })
	mux.HandleFunc("DELETE /control/provider/counters", func(w http.ResponseWriter, _ *http.Request) {
		p.ResetCounters()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /control/provider/issued", func(w http.ResponseWriter, _ *http.Request) {
		p.Record()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /control/provider/issued", p.getIssued)
	return p.guard(http.NewCrossOriginProtection().Handler(mux))
}

// Reset sets what was set at the start. Sessions, grants, keys and counters stay.
func (p *Provider) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings = p.initial
}

// patchSettings answers PATCH /control/provider/settings.
func (p *Provider) patchSettings(w http.ResponseWriter, r *http.Request) {
	wire := p.Settings().wire()
	if !read(w, r, &wire) {
		return
	}
	next, err := wire.settings()
	if err == nil {
		err = p.SetSettings(next)
	}
	if err != nil {
		problem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	httphelper.MarshalJSON(w, p.Settings())
}

// postKeys answers POST /control/provider/keys.
func (p *Provider) postKeys(w http.ResponseWriter, _ *http.Request) {
	kid, err := p.RotateKeys()
	if err != nil {
		problem(w, http.StatusInternalServerError, "There is no new key.")
		return
	}
	httphelper.MarshalJSON(w, map[string]string{"kid": kid})
}

// postBackChannel answers POST /control/provider/backchannel.
func (p *Provider) postBackChannel(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Client string `json:"client"`
		Sub    string `json:"sub"`
		SID    string `json:"sid"`
	}
	if !read(w, r, &body) {
		return
	}
	status, err := p.BackChannelLogout(r.Context(), body.Client, body.Sub, body.SID)
	if err != nil {
		problem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	httphelper.MarshalJSON(w, map[string]int{"status": status})
}

// controlData is what the control page shows.
type controlData struct {
	Fault    string
	Settings Settings
	Refresh  []RefreshAnswer
	Wrong    []wrongChoice
	Sessions []Session
	Counters Counters
	KeyID    string
	Clock    func(time.Time) string
}

// wrongChoice is one select of the page.
type wrongChoice struct {
	Name, Label string
	Now         Fault
	Faults      []Fault
}

// controlPage answers GET /control/provider/.
func (p *Provider) controlPage(w http.ResponseWriter, r *http.Request) {
	p.writeControl(w, r, http.StatusOK, "")
}

func (p *Provider) writeControl(w http.ResponseWriter, r *http.Request, status int, fault string) {
	set := p.Settings()
	p.show(w, r, status, "control", controlData{
		Fault: fault, Settings: set, Refresh: refreshAnswers(), Sessions: p.Sessions(), Counters: p.Counters(), KeyID: p.keys.current().id,
		Clock: func(t time.Time) string { return t.Format(time.DateTime) },
		Wrong: []wrongChoice{
			{"idToken", "ID tokens", set.Tampering.IDToken, IDTokenFaults()},
			{"accessToken", "Access tokens", set.Tampering.AccessToken, AccessTokenFaults()},
			{"logoutToken", "Logout tokens", set.Tampering.LogoutToken, LogoutTokenFaults()},
			{"response", "Authorization responses", set.Tampering.Response, ResponseFaults()},
			{"userInfo", "UserInfo answers", set.Tampering.UserInfo, UserInfoFaults()},
			{"metadata", "Metadata", set.Tampering.Metadata, MetadataFaults()},
		},
	})
}

// controlForm answers POST /control/provider/form: what the buttons of the page do.
func (p *Provider) controlForm(w http.ResponseWriter, r *http.Request) {
	if err := p.act(r); err != nil {
		p.writeControl(w, r, http.StatusUnprocessableEntity, err.Error())
		return
	}
	http.Redirect(w, r, "/control/provider/", http.StatusSeeOther)
}

// act does what one button says.
func (p *Provider) act(r *http.Request) error {
	switch r.PostFormValue("do") {
	case "settings":
		next, err := wireSettings{
			r.PostFormValue("accessTokenTTL"), r.PostFormValue("idTokenTTL"), r.PostFormValue("keepRefreshToken") != "",
			r.PostFormValue("signedUserInfo") != "", RefreshAnswer(r.PostFormValue("refresh")),
			Tampering{
				IDToken: Fault(r.PostFormValue("idToken")), AccessToken: Fault(r.PostFormValue("accessToken")),
				LogoutToken: Fault(r.PostFormValue("logoutToken")), Response: Fault(r.PostFormValue("response")),
				UserInfo: Fault(r.PostFormValue("userInfo")), Metadata: Fault(r.PostFormValue("metadata")),
			},
		}.settings()
		if err != nil {
			return err
		}
		return p.SetSettings(next)
	case "reset":
		p.Reset()
	case "keys":
		_, err := p.RotateKeys()
		return err
	case "sign-out":
		if sid := r.PostFormValue("sid"); sid != "" {
			p.SignOut(r.Context(), sid, "")
		}
	case "end-grants":
		p.EndGrants("")
	case "counters":
		p.ResetCounters()
	default:
		return errors.New("that button does nothing")
	}
	return nil
}

// read reads a JSON body over what into holds, without unknown fields; otherwise it has answered and returns false.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		problem(w, http.StatusUnsupportedMediaType, "The body must be application/json.")
		return false
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, end := decoder.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("something follows the JSON value")
		}
	}
	if err != nil {
		problem(w, http.StatusBadRequest, "The body is not what is expected: "+err.Error())
		return false
	}
	return true
}

// problem answers with an RFC 9457 document.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{ // the client has gone
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}
