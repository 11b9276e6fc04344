package auth_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"vestibule.example/auth"
	"vestibule.example/demo/visitor"
)

// responsesOf begins logins in as many tabs and goes on until the provider sends the browser back; it gives where to.
func (w *world) responsesOf(t *testing.T, v *visitor.Visitor, tabs int) []string {
	t.Helper()
	pages, responses := make([]*visitor.Page, tabs), make([]string, tabs)
	for i := range pages {
		pages[i], _ = begin(t, v, "/auth/login")
	}
	for i, page := range pages {
		var err error
		if responses[i], err = v.SubmitUntil(t.Context(), page, map[string]string{"username": "alice", "password": "alice"}, w.origin+"/auth/callback"); err != nil {
			t.Fatal(err)
		}
	}
	return responses
}

// hers are the sessions that the visitor is shown.
func hers(t *testing.T, v *visitor.Visitor) (sessions []auth.SessionEntry) {
	t.Helper()
	res, err := v.Fetch(t.Context(), http.MethodGet, "/auth/sessions", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Sessions []auth.SessionEntry }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("my sessions = %d, %v", res.StatusCode, err)
	}
	return answer.Sessions
}

// notes are the cookies that tell which sessions a browser was given.
func notes(cookies []*http.Cookie) (found []*http.Cookie) {
	for _, c := range cookies {
		if strings.Contains(c.Name, "-given-") {
			found = append(found, c)
		}
	}
	return found
}

// SES-4, T-5: of logins in several tabs, each begun before the first was done, the last leaves one session: its own.
func TestTabsThatSignInOneAfterTheOther(t *testing.T) {
	w := newWorld(t, nil)
	v := w.visitor(t)
	for i, response := range w.responsesOf(t, v, 3) {
		if res := get(t, v, response); res.StatusCode != http.StatusOK {
			t.Fatalf("callback %d = %d", i, res.StatusCode)
		}
		if got := hers(t, v); len(got) != 1 || !got[0].Current {
			t.Errorf("after callback %d she has %+v, want this session alone", i, got)
		}
		if got := notes(v.Cookies()); len(got) != 1 {
			t.Errorf("after callback %d the browser has the notes %v, want that of its session", i, got)
		}
		if call(t, v, "orders") != http.StatusOK {
			t.Error("the session does not work")
		}
	}
}

// SES-4, T-5: callbacks that are under way at one time know nothing of each other. Which answer came last only the browser knows:
// its session stays, whichever it is, and the other ends with the next question.
func TestTabsThatSignInAtTheSameTime(t *testing.T) {
	for name, ask := range map[string]func(t *testing.T, v, same *visitor.Visitor){
		"asked who is signed in": func(t *testing.T, v, _ *visitor.Visitor) {
			if !signedIn(t, v) {
				t.Error("signed out")
			}
		},
		"signed out": func(t *testing.T, v, _ *visitor.Visitor) {
			if _, err := v.SignOut(t.Context()); err != nil {
				t.Error(err)
			}
		},
		"signed out by a link": func(t *testing.T, v, same *visitor.Visitor) {
			session, err := same.Session(t.Context()) // Which has no other note.
			if err != nil {
				t.Fatal(err)
			}
			if _, err := v.Navigate(t.Context(), session["logout_url"].(string)); err != nil {
				t.Error(err)
			}
		},
	} {
		for _, last := range []int{0, 1} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, nil)
				v := w.visitor(t)
				responses := w.responsesOf(t, v, 2)
				before := v.Cookies()
				answers := make([][]*http.Cookie, 2)
				for i, response := range responses {
					tab := w.visitor(t)
					tab.SetCookies(before)
					answers[i] = get(t, tab, response).Cookies()
				}
				v.SetCookies(answers[1-last])
				v.SetCookies(answers[last])
				want := w.visitor(t)
				want.SetCookies(answers[last])
				if got := hers(t, v); len(got) != 2 {
					t.Fatalf("%d sessions, want two: nobody knows yet", len(got))
				}
				ask(t, v, want)
				records, err := w.auth.ListUser(t.Context(), w.demo.Issuer, "c-alice")
				if err != nil {
					t.Fatal(err)
				}
				if name != "asked who is signed in" {
					if left := notes(v.Cookies()); len(records) != 0 || len(left) != 0 {
						t.Errorf("%d sessions are left, and the notes %v", len(records), left)
					}
					return
				}
				if len(records) != 1 || !signedIn(t, want) {
					t.Errorf("%d sessions are left, want that of the cookie that came last", len(records))
				}
				if got := notes(v.Cookies()); len(got) != 1 {
					t.Errorf("the browser has the notes %v, want one", got)
				}
			})
		}
	}
}

// SES-4: a link on another site brings no Strict cookie along, so the login begins from a page of ours: the session that the browser
// has ends with the login all the same.
func TestALoginFromAnotherSiteEndsTheSessionBefore(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	before := w.visitor(t)
	before.SetCookies(v.Cookies())
	w.clock.Advance(11 * time.Minute)
	link := http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"cross-site"}}
	stranger := w.visitor(t) // Which is how the browser comes without the cookie.
	res, err := stranger.Hop(t.Context(), `/auth/login?return_to=/a%22%3E%3Cb%3E&prompt=login`, link)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	const again = "/auth/login?prompt=login&amp;return_to=%2Fa%22%3E%3Cb%3E"
	if err != nil || res.StatusCode != http.StatusOK || len(res.Cookies()) != 0 || !strings.Contains(string(text), `content="0; url=`+again) {
		t.Fatalf("a link to the login = %d, %v, sets %v, shows %s", res.StatusCode, err, res.Cookies(), text)
	}
	if page, err := v.SignIn(t.Context(), "alice", "alice", "/here", url.Values{"prompt": {"login"}}); err != nil || page.URL.Path != "/here" {
		t.Fatalf("the login ended at %v, %v", page, err)
	}
	if signedIn(t, before) || !signedIn(t, v) {
		t.Error("the session before lives, want the new one alone")
	}
}

// A step-up's grace is for the session that it replaced, which was given lately too.
func TestAStepUpsGraceOutlastsTheNote(t *testing.T) {
	w := newWorld(t, nil)
	v := w.signIn(t, "alice")
	old := w.stepUp(t, v)
	if !signedIn(t, v) || !signedIn(t, old) {
		t.Error("the old id is dead, want it to read for ten seconds")
	}
	if got := notes(v.Cookies()); len(got) != 1 {
		t.Errorf("the browser has the notes %v, want one", got)
	}
}

// A note counts under its own name alone, as we have sealed it, and beside one session cookie; it takes nobody's session who has it.
func TestNotesThatCountForNothing(t *testing.T) {
	w := newWorld(t, nil)
	alice, bob := w.signIn(t, "alice"), w.signIn(t, "bob")
	name := sessionName(alice.Cookies())
	note, others := notes(bob.Cookies())[0], sessionCookie(t, bob.Cookies())
	for what, cookies := range map[string][]string{
		"under another name":             {sessionCookie(t, alice.Cookies()), name + "-given-x=" + note.Value},
		"of other bytes":                 {sessionCookie(t, alice.Cookies()), note.Name + "=" + note.Value[1:]},
		"of no bytes":                    {sessionCookie(t, alice.Cookies()), note.Name + "=!"},
		"without a session":              {note.Name + "=" + note.Value},
		"beside its own session":         {others, note.Name + "=" + note.Value},
		"beside two, of which one is it": {sessionCookie(t, alice.Cookies()), others, note.Name + "=" + note.Value},
	} {
		if _, set := w.askWith(t, http.MethodGet, "/auth/session", cookies...); set != "" {
			t.Errorf("a note %s: sets %q, want nothing", what, set)
		}
		if !signedIn(t, alice) || !signedIn(t, bob) {
			t.Fatalf("a note %s ended a session", what)
		}
	}
	if _, set := w.askWith(t, http.MethodGet, "/auth/session", sessionCookie(t, alice.Cookies()), note.Name+"="+note.Value); !strings.HasPrefix(set, note.Name+"=;") || signedIn(t, bob) {
		t.Errorf("a note of an overwritten session: sets %q, and it lives: %v; want both gone", set, signedIn(t, bob))
	}
}

// No more notes are heeded than logins may be under way: each is work for the store.
func TestNotesAreBounded(t *testing.T) {
	w := newWorld(t, nil)
	cookies := []string{sessionCookie(t, w.signIn(t, "alice").Cookies())}
	var lost []*visitor.Visitor
	for range 7 {
		v := w.signIn(t, "bob")
		lost = append(lost, v)
		note := notes(v.Cookies())[0]
		cookies = append(cookies, note.Name+"="+note.Value)
	}
	w.askWith(t, http.MethodGet, "/auth/session", cookies...)
	lives := 0
	for _, v := range lost {
		if signedIn(t, v) {
			lives++
		}
	}
	if lives != 2 {
		t.Errorf("%d of 7 sessions live, want 2: five are ended at once", lives)
	}
}

// SES-16: where the session before cannot be ended, there is none after it either; and where an overwritten one cannot, the note
// stays for the next time.
func TestNotesOutlastAnOutageOfTheStore(t *testing.T) {
	for _, method := range []string{"Delete", "Lease"} {
		t.Run(method, func(t *testing.T) {
			w, store := newFragileWorld(t)
			v := w.visitor(t)
			responses := w.responsesOf(t, v, 2)
			get(t, v, responses[0])
			kept := notes(v.Cookies())
			store.breaks(method)
			if res := get(t, v, responses[1]); res.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("callback = %d, want 503", res.StatusCode)
			}
			store.breaks("")
			if !signedIn(t, v) || len(notes(v.Cookies())) != 1 {
				t.Errorf("signed in %v, notes %v, want the session before", signedIn(t, v), notes(v.Cookies()))
			}
			other := w.signIn(t, "bob")
			other.SetCookies(kept)
			store.breaks(method)
			if !signedIn(t, other) || len(notes(other.Cookies())) != 2 {
				t.Errorf("signed in %v, notes %v, want bob and both", signedIn(t, other), notes(other.Cookies()))
			}
			store.breaks("")
			if !signedIn(t, other) || len(notes(other.Cookies())) != 1 || signedIn(t, v) {
				t.Errorf("bob in %v, notes %v, alice in %v, want her overwritten session ended now", signedIn(t, other), notes(other.Cookies()), signedIn(t, v))
			}
		})
	}
}
