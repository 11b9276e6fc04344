package graph

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"vestibule.example/graph/cost"
)

// Limits bound what a document may ask; each is decided before anything runs. A zero is replaced by its default.
type Limits struct {
	// BodyBytes bounds the request body, or the query string; default 256 KiB.
	BodyBytes int64
	// Tokens bounds the document as the parser reads it; default 5,000.
	Tokens int
	// Fragments bounds the fragments that a document defines; default 100.
	Fragments int
	// Duplicates bounds the fields that ask again, in the same braces, for what is asked already; default 100. Whether they
	// can be merged is looked at pair by pair.
	Duplicates int
	// Fields bounds the number of fields once fragments are put in their places; default 2,000.
	Fields int
	// Depth bounds the nesting of fields, fragments followed; default 15.
	Depth int
	// Aliases, RootFields and Directives bound their number; defaults 30, 20 and 50.
	Aliases, RootFields, Directives int
	// ListSize bounds the length of a list as an argument asks for it; default 100. DefaultListSize is how long a list is taken
	// to be of which the schema says nothing; default 10.
	ListSize, DefaultListSize int
	// Cost bounds an operation's cost, and Calls the calls that it can make of one API; defaults 10,000 and 100. See package cost.
	Cost, Calls int
	// Measure tells what breaks a limit of what the APIs are asked, and refuses nothing for it. What protects the gateway
	// itself stays in force: the limits above Depth.
	Measure bool
}

// maxIntrospection is how many lists of the schema an introspection may have within each other: each makes the answer some ten times as long.
// Two are the fields' arguments of all types' fields, and more than any tool asks for (as MaxIntrospectionDepthRule of graphql-js).
const maxIntrospection = 2

// maxName is the longest name that a document may have, an alias among them.
const maxName = 255

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		value *int
		is    int
	}{
		{&l.Tokens, 5000}, {&l.Fragments, 100}, {&l.Duplicates, 100}, {&l.Fields, 2000},
		{&l.Depth, 15}, {&l.Aliases, 30}, {&l.RootFields, 20}, {&l.Directives, 50},
		{&l.ListSize, cost.DefaultMaxListSize}, {&l.DefaultListSize, cost.DefaultListSize}, {&l.Cost, cost.DefaultCost}, {&l.Calls, cost.DefaultCalls},
	} {
		if *d.value == 0 {
			*d.value = d.is
		}
	}
	if l.BodyBytes == 0 {
		l.BodyBytes = 256 << 10
	}
	return l
}

// excess is a limit that a document breaks.
type excess struct {
	name       string
	value, max int
	// api is whose calls there are too many of, if that is the limit.
	api string
	at  *ast.Position
	// always tells a limit that is in force while others are only measured.
	always bool
}

// refusal is the error that says so.
func (e excess) refusal() *gqlerror.Error {
	locations, what := at(e.at), e.name
	extensions := map[string]any{
		"code": codeTooComplex, "limit": map[string]any{"name": e.name, "value": e.value, "max": e.max, "locations": locations},
	}
	if e.api != "" {
		what, extensions["api"] = "calls of "+e.api, e.api
	}
	message := fmt.Sprintf("The operation asks for too much: %s is %d, and at most %d are allowed.", what, e.value, e.max)
	return &gqlerror.Error{Message: message, Locations: locations, Extensions: extensions}
}

// at is a position as errors tell it.
func at(position *ast.Position) []gqlerror.Location {
	if position == nil {
		return nil
	}
	return []gqlerror.Location{{Line: position.Line, Column: position.Column}}
}

// measured is what a selection amounts to once its fragments are in their places.
type measured struct {
	depth, fields, aliases, directives, roots int
	deepest, introspects                      *ast.Position
	// lists is how many lists that a schema has are within each other, if it is a schema's; introspection is that of one that is.
	lists, introspection int
	listed               *ast.Position
}

// meter measures operations; each fragment is measured once, so that a document that names fragments in fragments costs what
// it has in tokens and not what it would expand to.
type meter struct {
	fragments map[string]*ast.FragmentDefinition
	known     map[string]measured
	// duplicates counts the fields that are asked twice in the same braces.
	duplicates int
	duplicate  *ast.Position
}

// most keeps sums of nested fragments from overflowing.
const most = 1 << 40

func (m *meter) selection(set ast.SelectionSet) measured {
	return m.within(set, make(map[string]bool, len(set)))
}

// within measures a selection, or a part of one that stands in an inline fragment; asked are the names that the answer has
// already where it goes.
func (m *meter) within(set ast.SelectionSet, asked map[string]bool) measured {
	var sum measured
	for _, s := range set {
		var one measured
		switch s := s.(type) {
		case *ast.Field:
			if asked[s.Alias] {
				m.duplicates++
				m.duplicate = s.Position
			}
			asked[s.Alias] = true
			one = m.field(s)
		case *ast.InlineFragment:
			one = m.within(s.SelectionSet, asked)
			one.directives += len(s.Directives)
		case *ast.FragmentSpread:
			one = m.fragment(s.Name)
			one.directives += len(s.Directives)
		}
		sum.fields = min(sum.fields+one.fields, most)
		sum.aliases = min(sum.aliases+one.aliases, most)
		sum.directives = min(sum.directives+one.directives, most)
		sum.roots = min(sum.roots+one.roots, most)
		larger(&sum.depth, &sum.deepest, one.depth, one.deepest)
		larger(&sum.introspection, &sum.listed, one.introspection, one.listed)
		sum.lists = max(sum.lists, one.lists)
		if sum.introspects == nil {
			sum.introspects = one.introspects
		}
	}
	return sum
}

func (m *meter) field(f *ast.Field) measured {
	one := m.selection(f.SelectionSet)
	one.depth++
	one.fields++
	one.roots = 1
	one.directives += len(f.Directives)
	if f.Alias != f.Name {
		one.aliases++
	}
	if one.deepest == nil {
		one.deepest = f.Position
	}
	switch f.Name {
	case "__schema", "__type":
		one.introspects, one.introspection, one.listed = f.Position, one.lists, f.Position
	case "fields", "inputFields", "interfaces", "possibleTypes":
		one.lists++
	}
	return one
}

// fragment measures a fragment. Those that name themselves are nothing here, and the validator's to refuse.
func (m *meter) fragment(name string) measured {
	known, ok := m.known[name]
	if f := m.fragments[name]; !ok && f != nil {
		m.known[name] = measured{}
		known = m.selection(f.SelectionSet)
		known.directives += len(f.Directives)
		m.known[name] = known
	}
	return known
}

// measure gives what the document's operations amount to, the most of each, and what of it is too much.
func (l Limits) measure(doc *ast.QueryDocument) (measured, []excess) {
	m := &meter{fragments: map[string]*ast.FragmentDefinition{}, known: map[string]measured{}}
	for _, f := range doc.Fragments {
		m.fragments[f.Name] = f
	}
	for _, f := range doc.Fragments {
		m.fragment(f.Name)
	}
	var sum measured
	var widest, aliased, directed, rooted *ast.Position
	for _, operation := range doc.Operations {
		one := m.selection(operation.SelectionSet)
		one.directives += len(operation.Directives)
		larger(&sum.depth, &sum.deepest, one.depth, one.deepest)
		larger(&sum.fields, &widest, one.fields, operation.Position)
		larger(&sum.aliases, &aliased, one.aliases, operation.Position)
		larger(&sum.directives, &directed, one.directives, operation.Position)
		larger(&sum.roots, &rooted, one.roots, operation.Position)
		larger(&sum.introspection, &sum.listed, one.introspection, one.listed)
		if sum.introspects == nil {
			sum.introspects = one.introspects
		}
	}
	var last *ast.Position
	if len(doc.Fragments) > 0 {
		last = doc.Fragments[len(doc.Fragments)-1].Position
	}
	var over []excess
	for _, e := range []excess{
		{name: "fragments", value: len(doc.Fragments), max: l.Fragments, at: last, always: true},
		{name: "duplicates", value: m.duplicates, max: l.Duplicates, at: m.duplicate, always: true},
		{name: "depth", value: sum.depth, max: l.Depth, at: sum.deepest},
		{name: "aliases", value: sum.aliases, max: l.Aliases, at: aliased},
		{name: "rootFields", value: sum.roots, max: l.RootFields, at: rooted},
		{name: "directives", value: sum.directives, max: l.Directives, at: directed},
		{name: "introspection", value: sum.introspection, max: maxIntrospection, at: sum.listed, always: true},
		{name: "fields", value: sum.fields, max: l.Fields, at: widest, always: true},
	} {
		if e.value > e.max {
			over = append(over, e)
		}
	}
	return sum, over
}

// larger keeps the larger value and its place.
func larger(value *int, place **ast.Position, other int, there *ast.Position) {
	if other > *value {
		*value, *place = other, there
	}
}

// exceeds gives the refusal of an operation that asks for too much; nil if it may run. What is only being measured is counted
// and logged.
func (h *handler) exceeds(ctx context.Context, excesses []excess) *gqlerror.Error {
	for _, e := range excesses {
		if !h.cfg.Limits.Measure || e.always {
			return e.refusal()
		}
		h.count(ctx, e.name, false)
		h.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "an operation asks for too much, and is not refused", slog.String("limit", e.name),
			slog.Int("value", e.value), slog.Int("max", e.max), slog.String("api", e.api), slog.String("request_id", h.cfg.RequestID(ctx)))
	}
	return nil
}

// count tells whoever counts that a limit was broken.
func (h *handler) count(ctx context.Context, limit string, refused bool) {
	h.meter.exceeded(ctx, limit, refused)
	if h.cfg.Exceeded != nil {
		h.cfg.Exceeded(ctx, limit, refused)
	}
}
