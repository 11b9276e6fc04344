//go:build !nodemo

package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"vestibule.example/graph"
)

// words joins n texts, each with its number.
func words(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// doubled is a query whose fragments name the next one twice each: twenty of them stand for half a million fields.
func doubled(n int) string {
	var b strings.Builder
	b.WriteString("{products{edges{node{...f0}}}}")
	for i := range n {
		next := "id"
		if i < n-1 {
			next = fmt.Sprintf("...f%[1]d ...f%[1]d", i+1)
		}
		fmt.Fprintf(&b, " fragment f%d on Product{%s}", i, next)
	}
	return b.String()
}

// GQL-1, GQL-6: what asks too much is refused before any API is asked, and the refusal says what was too much and where.
func TestLimits(t *testing.T) {
	e := newEndpoint(t, nil)
	for _, c := range []struct {
		name, query, limit string
		value              int // 0: whatever is above the most
	}{
		{"deep", "{me{" + strings.Repeat("orders{edges{node{customer{", 4) + "id" + strings.Repeat("}}}}", 4) + "}}", "depth", 18},
		{"deep through fragments", "{me{...a}} fragment a on Customer{orders{edges{node{customer{...b}}}}} fragment b on Customer{" + strings.Repeat("orders{edges{node{customer{", 3) + "id" + strings.Repeat("}}}}", 3) + "}", "depth", 18},
		{"aliased", "{viewer{" + words(31, "a%d:authenticated ") + "}}", "aliases", 31},
		{"wide", "{" + strings.Repeat("viewer{authenticated} ", 21) + "}", "rootFields", 21},
		{"wide through fragments", "{...q ...p} fragment q on Query{" + strings.Repeat("viewer{authenticated} ", 11) + "} fragment p on Query{...q}", "rootFields", 22},
		{"wide in an operation that is not the one to run", "query a{__typename} query b{" + strings.Repeat("viewer{authenticated} ", 21) + "}", "rootFields", 21},
		{"directives", "{viewer{" + strings.Repeat("...@include(if:true){authenticated} ", 51) + "}}", "directives", 51},
		{"directives on one field", "{viewer{authenticated " + strings.Repeat("@include(if:true) ", 51) + "}}", "directives", 51},
		{"directives of the operation", "query " + strings.Repeat("@include(if:true) ", 51) + "{viewer{authenticated}}", "directives", 51},
		{"a bomb of fragments", doubled(20), "fields", 1<<19 + 3},
		{"many fragments", "{products{edges{node{...f0}}}}" + words(101, "fragment f%d on Product{id}"), "fragments", 101},
		{"the same field again and again", "{products{edges{node{" + strings.Repeat("id ", 102) + "}}}}", "duplicates", 101},
		{"the same field in inline fragments", "{products{edges{node{" + strings.Repeat("...{id} ", 102) + "}}}}", "duplicates", 101},
		{"many tokens", "{" + strings.Repeat("__typename ", 6000) + "}", "tokens", 6002},
		{"a long name", "{products{" + strings.Repeat("a", 256) + ":totalCount}}", "nameLength", 256},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, data, errors := e.ask(t, c.query, nil)
			if len(errors) != 1 || errors[0].code() != "QUERY_TOO_COMPLEX" || data != nil {
				t.Fatalf("answer = %.300s, want one QUERY_TOO_COMPLEX", r.body)
			}
			limit, _ := errors[0].Extensions["limit"].(map[string]any)
			if limit["name"] != c.limit || limit["value"] != float64(c.value) || limit["max"].(float64) >= float64(c.value) {
				t.Errorf("limit = %v, want %s of %d", limit, c.limit, c.value)
			}
			if len(errors[0].Locations) != 1 || limit["locations"] == nil {
				t.Errorf("locations = %v and %v, want where", errors[0].Locations, limit["locations"])
			}
		})
	}
	cyclic := "{products{edges{node{...a}}}} fragment a on Product{...b} fragment b on Product{...a}"
	if _, _, errors := e.ask(t, cyclic, nil); len(errors) == 0 || errors[0].code() != "GRAPHQL_VALIDATION_FAILED" {
		t.Errorf("fragments in a circle = %+v, want GRAPHQL_VALIDATION_FAILED", errors)
	}
	if n := e.asked(); n != 0 {
		t.Errorf("the APIs were asked %d times", n)
	}
}

// Where introspection is on, the schema is shown and not its every way through itself, which no other limit counts.
func TestIntrospectionHasABound(t *testing.T) {
	e := newEndpoint(t, func(c *graph.Config) { c.Introspection = true; c.Limits.Measure = true })
	for query, refused := range map[string]bool{
		"{__schema{types{fields{args{type{inputFields{name}}}}}}}":                                                                     false,
		"{a:__type(name:\"Order\"){fields{name}} b:__type(name:\"Product\"){fields{type{fields{name}}}}}":                              false,
		"{__schema{types{fields{type{fields{type{interfaces{name}}}}}}}}":                                                              true,
		"{__schema{types{...a}}} fragment a on __Type{possibleTypes{...b}} fragment b on __Type{interfaces{...{possibleTypes{name}}}}": true,
	} {
		r, data, errors := e.ask(t, query, nil)
		if (data == nil) != refused || refused && (len(errors) != 1 || errors[0].code() != "QUERY_TOO_COMPLEX") {
			t.Errorf("%s = %.300s, want it refused: %t", query, r.body, refused)
		}
	}
}

// What is just allowed runs: no limit counts one too many.
func TestLimitsAllowTheirMost(t *testing.T) {
	e := newEndpoint(t, nil)
	for name, query := range map[string]string{
		"aliases":    "{viewer{" + words(30, "a%d:authenticated ") + "}}",
		"rootFields": "{" + strings.Repeat("viewer{authenticated} ", 20) + "}",
		"directives": "{viewer{" + strings.Repeat("...@include(if:true){authenticated} ", 50) + "}}",
		"duplicates": "{viewer{" + strings.Repeat("authenticated ", 101) + "}}",
		"fragments":  "{viewer{" + words(100, "...f%d ") + "}}" + words(100, "fragment f%d on Viewer{authenticated}"),
		"nameLength": "{viewer{" + strings.Repeat("a", 255) + ":authenticated}}",
		"depth":      "{products{" + strings.Repeat("...{", 20) + "totalCount" + strings.Repeat("}", 20) + "}}",
	} {
		if r, _, errors := e.ask(t, query, nil); len(errors) > 0 {
			t.Errorf("the most of %s = %.300s, want no error", name, r.body)
		}
	}
}

// What only protects the APIs can be measured first; what protects the gateway stays in force.
func TestLimitsCanBeMeasuredOnly(t *testing.T) {
	e := newEndpoint(t, func(c *graph.Config) { c.Limits.Measure = true })
	for range 2 {
		if r, _, errors := e.ask(t, "{viewer{"+words(31, "a%d:authenticated ")+"}}", nil); len(errors) > 0 {
			t.Errorf("what is measured only = %.300s, want no error", r.body)
		}
	}
	if n := strings.Count(e.log.String(), "limit=aliases value=31 max=30"); n != 2 {
		t.Errorf("the log tells of it %d times, want each time: %s", n, e.log)
	}
	for name, query := range map[string]string{"fields": doubled(20), "duplicates": "{viewer{" + strings.Repeat("authenticated ", 102) + "}}", "tokens": "{" + strings.Repeat("__typename ", 6000) + "}"} {
		if _, _, errors := e.ask(t, query, nil); len(errors) != 1 || errors[0].code() != "QUERY_TOO_COMPLEX" {
			t.Errorf("%s = %+v, want QUERY_TOO_COMPLEX", name, errors)
		}
	}
}
