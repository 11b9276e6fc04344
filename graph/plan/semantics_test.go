package plan_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"go.uber.org/goleak"

	"vestibule.example/graph/plan"
	"vestibule.example/graph/plan/plantest"
	"vestibule.example/graph/plan/plantest/differ"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errTest = errors.New("test")

// faulty is a world without faults of its own: what goes wrong is the named resolvers' doing.
func faulty(fields map[string]any) *plantest.World {
	return &plantest.World{Seed: 7, Before: func(_ context.Context, field string, _ int) error {
		switch fault := fields[field].(type) {
		case error:
			return fault
		case string:
			panic(fault)
		}
		return nil
	}}
}

// Specification §6.4.4: a field error makes the field null, or the nearest field around it that may be; each error is told
// once, at its own place.
func TestNullPropagation(t *testing.T) {
	for _, c := range []struct {
		name   string
		query  string
		faults map[string]any
		data   string
		errors []string
	}{
		{"a field that may be null is null", "{alpha{yes friend{id}}}", map[string]any{"friend": errTest}, `{"alpha":{"yes":true,"friend":null}}`, []string{"alpha.friend"}},
		{"one that may not takes its object along", "{alpha{yes friendN{id}} constant}", map[string]any{"friendN": errTest}, `{"alpha":null,"constant":"constant"}`, []string{"alpha.friendN"}},
		{"a scalar that may not takes its object along", "{alpha{yes scoreN} constant}", map[string]any{"scoreN": errTest}, `{"alpha":null,"constant":"constant"}`, []string{"alpha.scoreN"}},
		{"to the root", "{constant alphaN{friendN{id}}}", map[string]any{"friendN": errTest}, `null`, []string{"alphaN.friendN"}},
		{"through objects that may not be null", "{alpha{childN{childN{friendN{id}}}}}", map[string]any{"friendN": errTest}, `{"alpha":null}`, []string{"alpha.childN.childN.friendN"}},
		{"two errors, one null", "{alpha{friendN{id} scoreN}}", map[string]any{"friendN": errTest, "scoreN": errTest}, `{"alpha":null}`, []string{"alpha.friendN", "alpha.scoreN"}},
		{"a panic is an error", "{alpha{yes friend{id}}}", map[string]any{"friend": "ouch"}, `{"alpha":{"yes":true,"friend":null}}`, []string{"alpha.friend"}},
		{"a batch's panic is an error at each place", "{alphas(count:6){mate{id}}}", map[string]any{"mate": "ouch"}, `{"alphas":[{"mate":null},{"mate":null}]}`, []string{"alphas[0].mate", "alphas[1].mate"}},
		{"a batch's error is one at each place", "{alphas(count:6){rankN}}", map[string]any{"rankN": errTest}, `{"alphas":null}`, []string{"alphas[0].rankN", "alphas[1].rankN"}},
		{"an error of an argument is one at each place", `{alphas(count:6){friends(filter:{stamp:-1}){id}}}`, nil, `{"alphas":[{"friends":null},{"friends":null}]}`, []string{"alphas[0].friends.filter.stamp", "alphas[1].friends.filter.stamp"}},
		{"a number that is none takes its object along", "{vault{id ratio} constant}", nil, `{"vault":null,"constant":"constant"}`, []string{"vault.ratio"}},
		{"a scalar that says it is null takes its object along", "{vault{id scale} constant}", nil, `{"vault":null,"constant":"constant"}`, []string{"vault.scale"}},
		{"an enum's value without a name is an error", "{vault{id size}}", nil, `{"vault":{"id":"1","size":null}}`, []string{"vault.size"}},
		{"an unsigned integer beyond Int is an error", "{vault{id views}}", nil, `{"vault":{"id":"1","views":null}}`, []string{"vault.views"}},
		{"mutations all run", "mutation{a:bump{friendN{id}} b:bump(by:2){__typename}}", map[string]any{"friendN": errTest}, `{"a":null,"b":{"__typename":"Alpha"}}`, []string{"a.friendN"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := differ.Execute(t.Context(), newPair(faulty(c.faults)).Tested, c.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, e := range got.Errors {
				paths = append(paths, e.Path.String())
				if len(e.Locations) != 1 && !strings.Contains(e.Path.String(), "filter") {
					t.Errorf("%s has locations %v, want one", e.Path, e.Locations)
				}
			}
			if got.Data != c.data || !slices.Equal(paths, c.errors) {
				t.Errorf("%s = %s with errors at %v, want %s with %v", c.query, got.Data, paths, c.data, c.errors)
			}
		})
	}
}

// Specification §6.3.2: fields of the same response name are one, with the selections of all.
func TestFieldsAreMerged(t *testing.T) {
	on, off := map[string]any{"on": true}, map[string]any{"on": false}
	for _, c := range []struct {
		name, query string
		variables   map[string]any
		data        string
	}{
		{"repeated", "{alpha{yes yes}alpha{yes whole:yes}}", nil, `{"alpha":{"yes":true,"whole":true}}`},
		{"aliases are others", "{a:constant b:constant a:constant}", nil, `{"a":"constant","b":"constant"}`},
		{"nested", "{alpha{spot{x}}alpha{spot{mark}}}", nil, `{"alpha":{"spot":{"x":8,"mark":"m8"}}}`},
		{"from fragments, in the order of their first mention", "{alpha{...F yes}} fragment F on Alpha{spot{x} ...G} fragment G on Alpha{spot{mark} yes}", nil, `{"alpha":{"spot":{"x":8,"mark":"m8"},"yes":true}}`},
		{"from two interfaces", "{alpha{...on Node{a:__typename}...on Named{a:__typename spot{x}}...on Alpha{spot{mark}}}}", nil, `{"alpha":{"a":"Alpha","spot":{"x":8,"mark":"m8"}}}`},
		{"of a type it is not", "{node(seed:2){...on Beta{id}...on Alpha{yes}}}", nil, `{"node":{"yes":true}}`},
		{"nothing is left", "{alpha{yes @skip(if:true)}}", nil, `{"alpha":{}}`},
		{"skipped", "query($on:Boolean!){constant alpha @skip(if:$on){yes}}", on, `{"constant":"constant"}`},
		{"not skipped, of the same document", "query($on:Boolean!){constant alpha @skip(if:$on){yes}}", off, `{"constant":"constant","alpha":{"yes":true}}`},
		{"included in one place of two", "query($on:Boolean!){alpha{yes @include(if:$on)}constant alpha{spot{x}}}", off, `{"alpha":{"spot":{"x":8}},"constant":"constant"}`},
		{"both conditions", "query($on:Boolean!){constant @skip(if:$on) @include(if:$on) a:constant}", on, `{"a":"constant"}`},
		{"a spread that is left out does not count as made", "query($on:Boolean!){alpha{...F @include(if:$on) ...F}} fragment F on Alpha{yes}", off, `{"alpha":{"yes":true}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newPair(&plantest.World{Seed: 7}).Tested
			for range 2 { // The second time from the cache.
				got, err := differ.Execute(t.Context(), e, c.query, c.variables)
				if err != nil {
					t.Fatal(err)
				}
				if got.Data != c.data || len(got.Errors) > 0 {
					t.Errorf("%s with %v = %s %v, want %s", c.query, c.variables, got.Data, got.Errors, c.data)
				}
			}
		})
	}
}

// What plans do not cover runs on gqlgen's executor, and is counted.
func TestFallbacks(t *testing.T) {
	for _, c := range []struct {
		query     string
		variables map[string]any
		reason    plan.Reason
	}{
		{"{__schema{queryType{name}}}", nil, plan.ReasonIntrospection},
		{`{alpha{id} ...F} fragment F on Query{__type(name:"Alpha"){name}}`, nil, plan.ReasonIntrospection},
		{"{constant @traced}", nil, plan.ReasonDirective},
		{"{vault{id opened}}", nil, plan.ReasonBatchDirective},
		{"{ledgers{total title spot{x}}}", nil, plan.ReasonBinding},
		{"{ledgers{__typename}}", nil, ""},
		{"{constant}", nil, ""},
	} {
		p := newPair(&plantest.World{Seed: 1})
		if err := p.Compare(t.Context(), differ.Operation{Text: c.query, Variables: c.variables}); err != nil {
			t.Errorf("%s: %v", c.query, err)
		}
		stats := p.Planned.Stats()
		want := plan.Stats{Planned: 1, Compiled: 1, Fallbacks: map[plan.Reason]uint64{}}
		if c.reason != "" {
			want = plan.Stats{Compiled: stats.Compiled, Fallbacks: map[plan.Reason]uint64{c.reason: 1}}
		}
		if fmt.Sprint(stats) != fmt.Sprint(want) {
			t.Errorf("after %s: %v, want %v", c.query, stats, want)
		}
	}
}

// A value of a Go type that the schema does not know is null, with an error that names the type.
func TestUnknownTypes(t *testing.T) {
	e, found := newPair(&plantest.World{Seed: 7, Faults: 1}).Tested, 0
	for seed := range 300 {
		got, err := differ.Execute(t.Context(), e, fmt.Sprintf("{any(seed:%d){__typename}}", seed), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range got.Errors {
			if strings.Contains(e.Message, "unexpected type plantest.Rogue") && e.Path.String() == "any" && got.Data == `{"any":null}` {
				found++
			}
		}
	}
	if found == 0 {
		t.Error("no error names the type")
	}
}

// Strings are what encoding/json reads back, whatever they hold.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\\n\r\t\x00\x1f", "é \u2028 \U0001F600", "\xff\xc3", "a\xe2\x82"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		text := plan.AppendString(nil, s)
		if err := json.Unmarshal(text, &back); err != nil || back != string([]rune(s)) {
			t.Errorf("AppendString(%q) = %s, which reads %q %v", s, text, back, err)
		}
	})
}

// An operation asked again is run from the plan that is kept.
func TestPlansAreKept(t *testing.T) {
	p := newPair(&plantest.World{Seed: 1})
	p.Tested.SetQueryCache(lru.New[*ast.QueryDocument](10))
	for range 3 {
		if _, err := differ.Execute(t.Context(), p.Tested, "{constant}", nil); err != nil {
			t.Fatal(err)
		}
	}
	if stats := p.Planned.Stats(); stats.Planned != 3 || stats.Compiled != 1 {
		t.Errorf("%+v, want 3 planned and 1 compiled", stats)
	}
}

// JSON is UTF-8, whatever a resolver gives.
func TestTextThatIsNotUTF8(t *testing.T) {
	for text, want := range map[string]string{"a\xffb": "\"a\uFFFDb\"", "\xc3": "\"\uFFFD\"", "é\xed\xa0\x80": "\"é\uFFFD\uFFFD\uFFFD\"", "\uFFFD€": "\"\uFFFD€\""} {
		if got := string(plan.AppendString(nil, text)); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", text, got, want)
		}
	}
}
