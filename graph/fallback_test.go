//go:build !nodemo

package graph_test

import (
	"strings"
	"testing"

	"vestibule.example/demo/fault"
)

// An optional part of a page has a fallback for its API's outage, and for nothing else (issue: errors that say what to do).
func TestAnOptionalPartHasAFallback(t *testing.T) {
	const page = `{ products(first: 2) { edges { node { name category { name } } } } }`
	for _, c := range []struct {
		name string
		rule fault.Rule
		code string // empty: the fallback
	}{
		{"no connection", fault.Rule{Drop: true}, ""},
		{"503", fault.Rule{Status: 503}, ""},
		{"500", fault.Rule{Status: 500}, ""},
		{"429", fault.Rule{Status: 429}, ""},
		{"504", fault.Rule{Status: 504}, ""},
		{"garbage", fault.Rule{Garbage: true}, ""},
		{"403 is told", fault.Rule{Status: 403}, "FORBIDDEN"},
		{"401 is told", fault.Rule{Status: 401}, "UNAUTHENTICATED"},
		{"404 is told", fault.Rule{Status: 404}, "NOT_FOUND"},
		{"400 is told", fault.Rule{Status: 400}, "BAD_USER_INPUT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEndpoint(t, nil)
			c.rule.Target, c.rule.PathPrefix = "catalog", "/categories"
			if _, err := e.faults.Add(c.rule); err != nil {
				t.Fatal(err)
			}
			r, data, errors := e.ask(t, page, nil)
			if data["products"] == nil || !strings.Contains(r.body, `"category":null`) {
				t.Errorf("answer = %s, want products without categories", r.body)
			}
			if c.code == "" {
				if len(errors) > 0 || strings.Count(e.log.String(), "field answered with its fallback") == 0 {
					t.Errorf("errors = %v, log = %s, want none and a word in the log", errors, e.log)
				}
			} else if len(errors) == 0 || errors[0].code() != c.code {
				t.Errorf("errors = %v, want %s", errors, c.code)
			}
		})
	}
}
