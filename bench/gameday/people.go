package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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

// seen is what people saw during an event.
type seen struct {
	mu sync.Mutex // guards all of the following
	// answers counts by what an answer was: right, a code with the API whose fault it was, a status, or a connection cut.
	answers map[string]int
	took    []time.Duration
	lost    []string // whose session ended
	wrongs  []string // the first few answers that must not be
}

func newSeen() *seen { return &seen{answers: map[string]int{}} }

func (s *seen) note(what string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[what]++
	s.took = append(s.took, took)
}

func (s *seen) wrong(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answers["WRONG"]++; len(s.wrongs) < 5 {
		s.wrongs = append(s.wrongs, fmt.Sprintf(format, args...))
	}
}

func (s *seen) loses(who string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = append(s.lost, who)
}

// String is what people saw, in words.
func (s *seen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.took)
	n := len(s.took)
	parts := []string{fmt.Sprintf("%d requests, p50 %s, p99 %s, slowest %s", n, short(rig.Quantile(s.took, 0.5)), short(rig.Quantile(s.took, 0.99)), short(rig.Quantile(s.took, 1)))}
	for _, what := range slices.Sorted(maps.Keys(s.answers)) {
		parts = append(parts, fmt.Sprintf("%s %d (%.1f %%)", what, s.answers[what], 100*float64(s.answers[what])/float64(max(n, 1))))
	}
	return strings.Join(parts, "; ")
}

func short(d time.Duration) string { return d.Round(time.Millisecond).String() }

const (
	right = "right"
	// refused is what somebody sees whose API refuses her tokens, the new one too: to sign in, though she is signed in.
	refused = "told to sign in, and signed in"
)

// count is how many answers were so.
func (s *seen) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers[what]
}

// bad is how many answers were not right in all their parts.
func (s *seen) bad() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for what, count := range s.answers {
		if what != right {
			n += count
		}
	}
	return n
}

// losses is how many sessions ended, and faults are the answers that must not be.
func (s *seen) losses() (n int, faults []error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.wrongs {
		faults = append(faults, errors.New(text))
	}
	return len(s.lost), faults
}

// person is somebody at a browser who asks for her own pages again and again, and signs in anew when she has to.
type person struct {
	user    demo.User
	public  string
	visitor *visitor.Visitor
}

// queries are asked in turn: one that needs one API, and the account page, which needs all four.
func queries() []string { return []string{`{ me { id } }`, rig.AccountPage} }

func newPerson(ctx context.Context, user demo.User, public string) (*person, error) {
	p := &person{user: user, public: public}
	return p, p.signIn(ctx)
}

func (p *person) signIn(ctx context.Context) error {
	if p.visitor != nil {
		p.visitor.Close()
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: time.Minute}
	v, err := visitor.New(p.public, transport)
	if err != nil {
		return err
	}
	p.visitor = v
	page, err := v.SignIn(ctx, p.user.Name, p.user.Password, "/", nil)
	if err != nil {
		return err
	}
	in, err := v.SignedIn(ctx)
	if err == nil && !in {
		err = fmt.Errorf("%s is not signed in after a sign-in, which ended at %s (%d): %.2000s", p.user.Name, page.URL, page.Status, page.Body)
	}
	return err
}

// live asks, thinks, and asks again until ctx ends. now gives what is being looked at.
func (p *person) live(ctx context.Context, think time.Duration, now func() *seen) {
	defer p.visitor.Close()
	for n := 0; ctx.Err() == nil; n++ {
		begin, s := time.Now(), now()
		what := p.ask(ctx, queries()[n%len(queries())], s)
		if ctx.Err() != nil {
			return
		}
		s.note(what, time.Since(begin))
		pause(ctx, think/2+rand.N(think))
	}
}

// ask makes one request and says in a word or two what came of it.
func (p *person) ask(ctx context.Context, query string, s *seen) string {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return err.Error()
	}
	res, err := p.visitor.Fetch(ctx, http.MethodPost, "/graphql", "application/json", strings.NewReader(string(body)))
	if err != nil {
		return "connection cut"
	}
	defer res.Body.Close()
	var answer struct {
		Data   struct{ Me *struct{ ID string } }
		Errors []struct {
			Extensions struct{ Code, API string }
		}
	}
	err = json.NewDecoder(res.Body).Decode(&answer)
	if me := answer.Data.Me; me != nil && me.ID != "c-"+p.user.Name {
		s.wrong("%s was answered as %s", p.user.Name, me.ID)
	}
	switch {
	case res.StatusCode != http.StatusOK:
		return res.Status
	case err != nil:
		return "connection cut"
	case len(answer.Errors) == 0 && answer.Data.Me == nil:
		s.wrong("%s got nothing, and no error", p.user.Name)
	case len(answer.Errors) == 0:
		return right
	}
	codes := map[string]bool{}
	for _, e := range answer.Errors {
		codes[strings.TrimSpace(e.Extensions.Code+" "+e.Extensions.API)] = true
	}
	if codes["UNAUTHENTICATED"] || codes["UNAUTHENTICATED accounts"] {
		if p.signedOut(ctx, s) {
			return refused
		}
	}
	what := strings.Join(slices.Sorted(maps.Keys(codes)), ", ")
	if answer.Data.Me != nil {
		return "the rest beside " + what
	}
	return what
}

// signedOut asks whether somebody who was told to sign in really has to, and does; true: she is signed in.
func (p *person) signedOut(ctx context.Context, s *seen) bool {
	for ctx.Err() == nil {
		switch in, err := p.visitor.SignedIn(ctx); {
		case err == nil && in:
			return true
		case err == nil:
			s.loses(p.user.Name)
			for ctx.Err() == nil && p.signIn(ctx) != nil {
				pause(ctx, 200*time.Millisecond)
			}
			return false
		}
		pause(ctx, 200*time.Millisecond)
	}
	return false
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
