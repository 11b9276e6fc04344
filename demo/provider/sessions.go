package provider

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// session is a browser signed in here. Its fields are guarded by the provider's lock.
type session struct {
	cookie   string // the value that opens it
	sid      string // what clients know it by; it opens nothing
	subject  string
	authTime time.Time
	acr      string
	amr      []string
	clients  map[string]bool // that got a code in it
}

// Session tells of a browser signed in here.
type Session struct {
	SID      string    `json:"sid"`
	Subject  string    `json:"sub"`
	ACR      string    `json:"acr"`
	AuthTime time.Time `json:"authTime"`
	Clients  []string  `json:"clients"`
}

// Sessions are those of all browsers, in the order of their sign-in.
func (p *Provider) Sessions() []Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []Session{}
	for _, s := range p.sessions {
		list = append(list, Session{s.sid, s.subject, s.acr, s.authTime, slices.Sorted(maps.Keys(s.clients))})
	}
	slices.SortFunc(list, func(a, b Session) int { return cmp.Or(a.AuthTime.Compare(b.AuthTime), cmp.Compare(a.SID, b.SID)) })
	return list
}

// Rotations counts the refresh tokens that were given for another, by the sid of the login that they come from.
func (p *Provider) Rotations() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]int{}
	for _, f := range p.families {
		out[f.sid] += f.rotations
	}
	return out
}

// SignOut ends the sessions with this sid, or of this sub, or all when both are empty, and tells each client that took
// part in them (OpenID Connect Back-Channel Logout). It returns how many there were. Refresh tokens live on, as they
// were asked for by offline_access (ibid. §2.7).
func (p *Provider) SignOut(ctx context.Context, sid, sub string) int {
	p.mu.Lock()
	var ended []session
	for cookie, s := range p.sessions {
		if (sid == "" || s.sid == sid) && (sub == "" || s.subject == sub) {
			delete(p.sessions, cookie)
			last := *s
			last.clients = maps.Clone(s.clients)
			ended = append(ended, last)
		}
	}
	p.counters.EndSessions += len(ended)
	p.mu.Unlock()
	for _, s := range ended {
		p.tellClients(ctx, s)
	}
	return len(ended)
}

// EndGrants ends the refresh tokens of a user, or of all when sub is empty, as an administrator would. It returns how
// many grants there were.
func (p *Provider) EndGrants(sub string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, f := range p.families {
		if !f.dead && (sub == "" || f.subject == sub) {
			f.dead = true
			n++
		}
	}
	return n
}

// The names of cookies carry the port, since cookies are not bound to ports: two demos on one machine share no sessions.
func (p *Provider) sessionCookie() string { return "demo-provider-" + p.port() }
func (p *Provider) browserCookie() string { return "demo-provider-browser-" + p.port() }

func (p *Provider) port() string { return p.host[strings.LastIndexByte(p.host, ':')+1:] }

func setCookie(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func dropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// sessionOf finds the session of the browser that asks.
func (p *Provider) sessionOf(r *http.Request) (session, bool) {
	cookie, err := r.Cookie(p.sessionCookie())
	if err != nil {
		return session{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.sessions[cookie.Value]
	if !ok || p.now().Sub(s.authTime) > familyLife {
		return session{}, false
	}
	return *s, true
}

// signedIn makes the browser's session that of the user. The cookie is always a new one; the sid stays when the same
// user proves herself once more, and her clients' sessions with it.
func (p *Provider) signedIn(w http.ResponseWriter, r *http.Request, subject, acr string, amr []string) session {
	old, had := p.sessionOf(r)
	s := &session{cookie: random(), sid: random(), subject: subject, authTime: p.now(), acr: acr, amr: amr, clients: map[string]bool{}}
	if had && old.subject != subject {
		p.SignOut(r.Context(), old.sid, "")
		had = false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if had {
		delete(p.sessions, old.cookie)
		s.sid, s.clients = old.sid, old.clients
	}
	p.sessions[s.cookie] = s
	setCookie(w, p.sessionCookie(), s.cookie)
	return *s
}
