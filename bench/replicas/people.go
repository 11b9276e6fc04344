package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"vestibule.example/bench/rig"
	"vestibule.example/demo"
	"vestibule.example/demo/visitor"
)

// query needs the user's token at one API.
const query = `{"query":"{ me { id } }"}`

// tryAgain is how soon a person follows the advice to try again.
const tryAgain = 100 * time.Millisecond

// login is a session as the provider and the store know it.
type login struct{ sid, list string }

// person is somebody at a browser who asks for her own page again and again, and signs in anew when she has to.
type person struct {
	user      demo.User
	public    string
	transport *http.Transport
	tally     *tally

	visitor *visitor.Visitor
	waiting time.Time // since when she was told to try again

	mu     sync.Mutex // guards logins
	logins []login    // the last one is under way
}

// newPerson makes one whose connections are kept or are not: with kept ones a gateway that stops must ask its clients to
// leave.
func newPerson(user demo.User, public string, keepAlive bool, t *tally) *person {
	return &person{
		user: user, public: public, tally: t,
		transport: &http.Transport{DisableKeepAlives: !keepAlive, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: time.Minute},
	}
}

// signIn signs in as a browser that nobody knows, and learns the new session's names.
func (p *person) signIn(ctx context.Context) error {
	v, err := visitor.New(p.public, p.transport)
	if err != nil {
		return err
	}
	if _, err := v.SignIn(ctx, p.user.Name, p.user.Password, "/", nil); err != nil {
		return err
	}
	session, err := v.Session(ctx)
	if err != nil {
		return err
	}
	claims, _ := session["claims"].(map[string]any)
	sid, _ := claims["sid"].(string)
	res, err := v.Fetch(ctx, http.MethodGet, "/auth/sessions", "", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var mine struct {
		Sessions []struct {
			ID      string
			Current bool
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&mine); err != nil {
		return fmt.Errorf("the sessions: %w", err)
	}
	for _, s := range mine.Sessions {
		if s.Current && sid != "" {
			p.visitor = v
			p.mu.Lock()
			defer p.mu.Unlock()
			p.logins = append(p.logins, login{sid, s.ID})
			return nil
		}
	}
	return errors.New("a session that was just begun is not there")
}

// live asks, thinks, and asks again until ctx ends.
func (p *person) live(ctx context.Context, think time.Duration) {
	defer p.transport.CloseIdleConnections()
	for ctx.Err() == nil {
		begin := time.Now()
		o, why := p.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		p.note(o, begin, why)
		for o == lost && ctx.Err() == nil && p.signIn(ctx) != nil {
			pause(ctx, 200*time.Millisecond)
		}
		if o == again {
			pause(ctx, tryAgain)
			continue
		}
		pause(ctx, think/2+rand.N(think))
	}
}

func (p *person) note(o outcome, begin time.Time, why string) {
	p.tally.note(o, time.Since(begin), why)
	switch {
	case o == again && p.waiting.IsZero():
		p.waiting = begin
	case o == right || o == lost:
		if !p.waiting.IsZero() {
			p.tally.waited(time.Since(p.waiting))
		}
		p.waiting = time.Time{}
	}
	if o == lost {
		p.tally.loses(p.sid())
	}
}

func (p *person) sid() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logins[len(p.logins)-1].sid
}

// ask makes one request, and judges what came of it.
func (p *person) ask(ctx context.Context) (outcome, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.public+"/graphql", strings.NewReader(query))
	if err != nil {
		return wrong, err.Error()
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-CSRF": "1", "Origin": p.public, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty",
	} {
		req.Header.Set(name, value)
	}
	// Browsers repeat a request by themselves whose kept connection turns out to be closed; so does Go, of what may be repeated.
	req.Header["Idempotency-Key"] = nil
	for _, c := range p.visitor.Cookies() {
		req.AddCookie(c)
	}
	res, err := p.transport.RoundTrip(req)
	if err != nil {
		return cut, err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return cut, err.Error()
	}
	return p.judge(ctx, res, body)
}

func (p *person) judge(ctx context.Context, res *http.Response, body []byte) (outcome, string) {
	said := fmt.Sprintf("%s: %d %.300q", p.user.Name, res.StatusCode, body)
	var answer struct {
		Data   struct{ Me struct{ ID string } }
		Errors []visitor.Error
	}
	switch {
	case res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
		return outage, said
	case res.StatusCode != http.StatusOK, json.Unmarshal(body, &answer) != nil:
		return wrong, said
	case len(answer.Errors) == 0 && answer.Data.Me.ID == "c-"+p.user.Name:
		return right, said
	case len(answer.Errors) == 0:
		return wrong, said
	}
	switch code := answer.Errors[0].Code(); {
	case code == "UNAUTHENTICATED":
		return p.signedOut(ctx, said)
	case slices.Contains([]string{"UNAVAILABLE", "UPSTREAM_TIMEOUT"}, code):
		return again, said
	}
	return wrong, said
}

// signedOut asks whether somebody who was told to sign in really has to.
func (p *person) signedOut(ctx context.Context, said string) (outcome, string) {
	for ctx.Err() == nil {
		if in, err := p.visitor.SignedIn(ctx); err == nil && in {
			return wrong, "signed in and taken for nobody: " + said
		} else if err == nil {
			return lost, said
		}
		pause(ctx, 200*time.Millisecond)
	}
	return lost, said
}

// signInAll signs everybody in, a few at a time, in turn as each of the demo's customers.
func signInAll(ctx context.Context, o options, w *rig.World, public string, t *tally) ([]*person, error) {
	people, errs := make([]*person, o.people), make([]error, o.people)
	customers := w.Customers()
	slots := make(chan struct{}, 8)
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			people[i] = newPerson(customers[i%len(customers)], public, i%2 == 0, t)
			errs[i] = people[i].signIn(ctx)
		})
	}
	all.Wait()
	return people, errors.Join(errs...)
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
