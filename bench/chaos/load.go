package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"vestibule.example/bench/rig"
)

// chaos is the gateway under measure and who asks it.
type chaos struct {
	world   *rig.World
	gateway *rig.Gateway
	asks    map[string][]*rig.Ask // by kind of query
	want    map[string][][]byte   // the answers when all is well
}

func start(ctx context.Context, r *rig.Rig) (*chaos, error) {
	c := &chaos{asks: map[string][]*rig.Ask{}, want: map[string][][]byte{}}
	var err error
	if c.world, _, err = r.StartWorld(ctx, rig.WorldOrder{TokenLife: 2 * time.Hour, Faults: true}); err != nil {
		return nil, err
	}
	binary, err := r.Build(ctx)
	if err != nil {
		return nil, err
	}
	var env []string
	for api := range c.world.APIs {
		if api != "posts" {
			prefix := "VESTIBULE_APIS_" + strings.ToUpper(api)
			env = append(env, fmt.Sprintf("%s_TIMEOUT=%s", prefix, apiTimeout),
				fmt.Sprintf("%s_BREAKER_WINDOW=%s", prefix, breakerWindow), fmt.Sprintf("%s_BREAKER_OPEN=%s", prefix, breakerOpen),
				fmt.Sprintf("%s_BREAKER_FAILURES=%d", prefix, breakerFailures))
		}
	}
	if c.gateway, err = r.StartGateway(ctx, "gateway", binary, c.world, rig.PublicURL, env...); err != nil {
		return nil, err
	}
	people, err := c.world.SignIn(ctx, rig.PublicURL, c.gateway.Address, users)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds() {
		body, err := json.Marshal(map[string]string{"query": k.query})
		if err != nil {
			return nil, err
		}
		for _, u := range people {
			ask := u.Ask("/graphql", body)
			want, err := rig.Once(ctx, c.gateway.Address, ask.Wire)
			if err != nil {
				return nil, err
			}
			c.asks[k.name], c.want[k.name] = append(c.asks[k.name], ask), append(c.want[k.name], want)
		}
	}
	return c, nil
}

// outcome is what one kind of query got.
type outcome struct {
	rig.Figures

	mu     sync.Mutex // guards all of the following
	failed int
	codes  map[string]int
}

// drive lets everybody ask for a while. ill is the API whose fields may fail, or nothing.
func (c *chaos) drive(ctx context.Context, length time.Duration, ill string) (map[string]*outcome, error) {
	got := map[string]*outcome{}
	var all sync.WaitGroup
	errs := make([]error, len(kinds()))
	for i, k := range kinds() {
		o := &outcome{codes: map[string]int{}}
		got[k.name] = o
		asks := make([]*rig.Ask, users)
		for n, ask := range c.asks[k.name] {
			judged := *ask
			judged.Judge = o.judge(c.want[k.name][n], slices.Contains(k.needs, ill))
			asks[n] = &judged
		}
		all.Go(func() {
			o.Figures, errs[i] = rig.Load{Address: c.gateway.Address, Connections: users, For: length, Asks: asks}.Run(ctx)
			if errs[i] != nil {
				errs[i] = fmt.Errorf("%s: %w", k.name, errs[i])
			}
		})
	}
	all.Wait()
	return got, errors.Join(errs...)
}

// judge checks an answer: it is what it must be, or, if it may fail, it is empty of data and says what failed.
func (o *outcome) judge(want []byte, mayFail bool) func([]byte) error {
	return func(body []byte) error {
		if string(body) == string(want) || rig.EqualJSON(body, want) {
			return nil
		}
		var answer struct {
			Data   any
			Errors []struct{ Extensions struct{ Code string } }
		}
		var well struct{ Data any }
		if err := errors.Join(json.Unmarshal(body, &answer), json.Unmarshal(want, &well)); err != nil {
			return err
		}
		if len(answer.Errors) == 0 || !mayFail || !part(answer.Data, well.Data) {
			return fmt.Errorf("the answer is %.300q, want %.300q", body, want)
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.failed++
		for _, e := range answer.Errors {
			o.codes[e.Extensions.Code]++
		}
		return nil
	}
}

// part tells whether an answer is the whole one but for nulls in the place of what failed: nothing in it is another's.
func part(got, whole any) bool {
	switch got := got.(type) {
	case nil:
		return true
	case map[string]any:
		whole, ok := whole.(map[string]any)
		for name, value := range got {
			ok = ok && part(value, whole[name])
		}
		return ok
	case []any:
		whole, ok := whole.([]any)
		ok = ok && len(got) == len(whole)
		for i := 0; ok && i < len(got); i++ {
			ok = part(got[i], whole[i])
		}
		return ok
	}
	return got == whole
}

// breaker reads in the gateway's log how often an API's breaker opened (also anew, when an attempt between failed) and
// closed since the log was dropped, and whether it is open.
func (c *chaos) breaker(api string) (opened, closed int, open bool) {
	text, err := c.gateway.Log()
	if err != nil {
		return 0, 0, false
	}
	for line := range strings.Lines(text) {
		var entry struct{ Msg, API string }
		if !strings.Contains(line, `"api"`) || json.Unmarshal([]byte(line), &entry) != nil || entry.API != api {
			continue
		}
		switch entry.Msg {
		case "an API fails and is left alone for a while":
			opened, open = opened+1, true
		case "an API is well again":
			closed, open = closed+1, false
		}
	}
	return opened, closed, open
}
