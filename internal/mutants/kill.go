package main

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// result is what became of one site: who noticed each change, or why nobody did.
type result struct {
	site    site
	killers []string
	why     string
}

// change is what is done to a guard.
type change struct {
	name string
	env  string
	// sees tells whether a test runs through the change.
	sees func(t observed, id int) bool
	// unseen says that no test does.
	unseen string
}

func changes() []change {
	return []change{
		{"off", "", func(t observed, id int) bool { return t.fires[id] }, "no test makes it fire"},
		{"inverted", "MUTANT_INVERTED=1", func(t observed, id int) bool { return t.passes[id] }, "no test passes it"},
	}
}

// kill makes both changes to each site in turn and runs the tests that run through it, the quickest first, until one fails.
func (s *suite) kill(ctx context.Context, sites []site, tests []observed, at int, progress func(done int)) ([]result, error) {
	results := make([]result, len(sites))
	var done atomic.Int64
	runs, ctx := errgroup.WithContext(ctx)
	runs.SetLimit(at)
	for i, site := range sites {
		runs.Go(func() (err error) {
			results[i], err = s.killOne(ctx, site, tests)
			progress(int(done.Add(1)))
			return err
		})
	}
	return results, runs.Wait()
}

func (s *suite) killOne(ctx context.Context, site site, tests []observed) (result, error) {
	r := result{site: site}
	for _, c := range changes() {
		if site.keyword == "field" && c.env != "" {
			continue // A field is there or it is not.
		}
		killer, why := "", c.unseen
		for _, t := range tests {
			if !c.sees(t, site.id) {
				continue
			}
			noticed, err := s.notices(ctx, t, site, c)
			if err != nil {
				return r, err
			}
			if noticed {
				killer = t.name
				break
			}
			why = fmt.Sprintf("%s, and no test notices, %s among them", c.name, t.name)
		}
		if killer == "" {
			r.killers, r.why = nil, why
			return r, nil
		}
		r.killers = append(r.killers, killer)
	}
	return r, nil
}

// notices tells whether a test fails with a site changed.
func (s *suite) notices(ctx context.Context, t observed, site site, c change) (bool, error) {
	passed, _, err := s.test(ctx, t.name, allowance(t.took), "MUTANT="+strconv.Itoa(site.id), c.env)
	return !passed, err
}
