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
	// Duplicates bounds the fields that ask again, in the same braces, for what is asked already; default 100. Validation compares
	// them pair by pair.
	Duplicates int
	// Fields bounds the number of fields once fragments are put in their places; default 2,000.
	Fields int
	// Depth bounds the nesting of fields, fragments followed; default 15.
	Depth int
	// Aliases, RootFields and Directives bound their number; defaults 30, 20 and 50.
	Aliases, RootFields, Directives int
	// ListSize bounds the length of a list that an argument asks for; default 100. DefaultListSize is how long a list is assumed
	// to be if the schema does not say; default 10.
	ListSize, DefaultListSize int
	// Cost bounds an operation's cost, and Calls the calls that it can make of one API; defaults 10,000 and 100. See package cost.
	Cost, Calls int
	// Measure logs and counts what breaks the limits of Depth and below, which protect the APIs, and refuses nothing for it. The
	// limits above Depth protect the gateway itself, and stay in force.
	Measure bool
}

// maxIntrospection is how deeply an introspection may nest the schema's lists: each level makes the answer some ten times as long. Two
// levels, such as the types of all fields' fields, are more than any tool asks for (compare MaxIntrospectionDepthRule of graphql-js).
const maxIntrospection = 2

// maxName bounds every name in a document, aliases included, in bytes.
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
	// api is the API that would get too many calls, if that is the limit.
	api string
	at  *ast.Position
	// always tells that the limit is in force even while others are only measured.
	always bool
}

// refusal is the error that a client reads.
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

// at is a position as errors show it; nil shows none.
func at(position *ast.Position) []gqlerror.Location {
	if position == nil {
		return nil
	}
	return []gqlerror.Location{{Line: position.Line, Column: position.Column}}
}

// measured is what a selection amounts to with its fragments in their places.
type measured struct {
	depth, fields, aliases, directives, roots int
	deepest, introspects                      *ast.Position
	// lists is how deeply the selection nests lists of the schema, if it should turn out to be part of an introspection;
	// introspection is the same of a selection that is one.
	lists, introspection int
	listed               *ast.Position
}

// tally measures a document's operations; each fragment is measured once, so that a document that names fragments in fragments costs what
// it has in tokens and not what it would expand to.
type tally struct {
	fragments map[string]*ast.FragmentDefinition
	known     map[string]measured
	// duplicates counts the fields that are asked for again in the same braces, and duplicate is where the last of them stands.
	duplicates int
	duplicate  *ast.Position
}

// most keeps sums of nested fragments from overflowing.
const most = 1 << 40

func (t *tally) selection(set ast.SelectionSet) measured {
	return t.within(set, make(map[string]bool, len(set)))
}

// within measures a selection, or the part of one in an inline fragment; asked holds the names that are asked for already in the same
// place of the answer.
func (t *tally) within(set ast.SelectionSet, asked map[string]bool) measured {
	var sum measured
	for _, s := range set {
		var one measured
		switch s := s.(type) {
		case *ast.Field:
			if asked[s.Alias] {
				t.duplicates++
				t.duplicate = s.Position
			}
			asked[s.Alias] = true
			one = t.field(s)
		case *ast.InlineFragment:
			one = t.within(s.SelectionSet, asked)
			one.directives += len(s.Directives)
		case *ast.FragmentSpread:
			one = t.fragment(s.Name)
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

func (t *tally) field(f *ast.Field) measured {
	one := t.selection(f.SelectionSet)
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

// fragment measures a fragment. One that contains itself counts as empty inside itself; the validator refuses it.
func (t *tally) fragment(name string) measured {
	known, ok := t.known[name]
	if f := t.fragments[name]; !ok && f != nil {
		t.known[name] = measured{}
		known = t.selection(f.SelectionSet)
		known.directives += len(f.Directives)
		t.known[name] = known
	}
	return known
}

// measure gives the most that any of the document's operations amounts to, and the limits that this breaks.
func (l Limits) measure(doc *ast.QueryDocument) (measured, []excess) {
	t := &tally{fragments: map[string]*ast.FragmentDefinition{}, known: map[string]measured{}}
	for _, f := range doc.Fragments {
		t.fragments[f.Name] = f
	}
	for _, f := range doc.Fragments {
		t.fragment(f.Name)
	}
	var sum measured
	var widest, aliased, directed, rooted *ast.Position
	for _, operation := range doc.Operations {
		one := t.selection(operation.SelectionSet)
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
		{name: "duplicates", value: t.duplicates, max: l.Duplicates, at: t.duplicate, always: true},
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

// exceeds gives the refusal of an operation that asks for too much; nil if it may run. Limits that are only measured are counted
// and logged.
func (h *handler) exceeds(ctx context.Context, excesses []excess) *gqlerror.Error {
	for _, e := range excesses {
		if !h.cfg.Limits.Measure || e.always {
			return e.refusal()
		}
		h.meter.exceeded(ctx, e.name, false)
		h.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "an operation asks for too much, and is not refused", slog.String("limit", e.name),
			slog.Int("value", e.value), slog.Int("max", e.max), slog.String("api", e.api), slog.String("request_id", h.cfg.RequestID(ctx)))
	}
	return nil
}
