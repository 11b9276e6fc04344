package graph

import (
	"context"
	"errors"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"vestibule.example/graph/valid"
)

// keptDocuments bounds the documents that are kept, in bytes of their text: parsed, a document takes some forty times as much.
const keptDocuments = 2 << 20

// document is a valid document, with everything that its text alone decides.
type document struct {
	*ast.QueryDocument
	// excesses are the limits that it breaks and that are only measured, so that it may run.
	excesses []excess
	prices   prices
}

// documents parses and validates documents, and keeps the valid ones that were asked last. It is safe for concurrent use, once the
// trusted documents are pinned.
type documents struct {
	schema *ast.Schema
	limits Limits
	// introspection tells whether the schema is shown.
	introspection bool

	// pinned are the trusted documents, by their text.
	pinned map[string]*document

	mu   sync.RWMutex // guards kept
	kept halves[*document]
}

func newDocuments(schema *ast.Schema, limits Limits, introspection bool) *documents {
	return &documents{schema: schema, limits: limits, introspection: introspection, pinned: map[string]*document{}, kept: newHalves[*document](keptDocuments / 2)}
}

// find gives the document with that text, or what is wrong with it. Limits come before validation, which some documents make
// expensive.
func (d *documents) find(text string) (*document, gqlerror.List) {
	if known := d.pinned[text]; known != nil {
		return known, nil
	}
	d.mu.RLock()
	known, recent, _ := d.kept.get(text)
	d.mu.RUnlock()
	if recent {
		return known, nil
	}
	if known == nil {
		var faults gqlerror.List
		if known, faults = d.read(text); len(faults) > 0 {
			return nil, faults
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept.put(text, known, len(text))
	return known, nil
}

func (d *documents) read(text string) (*document, gqlerror.List) {
	if over := d.limits.lexical(text); over != nil {
		return nil, gqlerror.List{over.refusal()}
	}
	parsed, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return nil, gqlerror.List{coded(err, codeParseFailed)}
	}
	if len(parsed.Operations) == 0 {
		return nil, gqlerror.List{coded(errNoOperation, codeValidationFailed)}
	}
	sum, excesses := d.limits.measure(parsed)
	if sum.introspects != nil && !d.introspection {
		return nil, gqlerror.List{{Message: "The schema is not shown here.", Locations: at(sum.introspects), Extensions: map[string]any{"code": codeNotAllowed}}}
	}
	for _, over := range excesses {
		if !d.limits.Measure || over.always {
			return nil, gqlerror.List{over.refusal()}
		}
	}
	faults := validator.ValidateWithRules(d.schema, parsed, valid.Rules())
	if len(faults) == 0 {
		faults = oneStream(parsed)
	}
	for i, fault := range faults {
		faults[i] = coded(fault, codeValidationFailed)
	}
	return &document{QueryDocument: parsed, excesses: excesses}, faults
}

var errNoOperation = errors.New("the document has no operation")

// coded gives an error of the parser or the validator its code.
func coded(err error, code string) *gqlerror.Error {
	var fault *gqlerror.Error
	if !errors.As(err, &fault) {
		fault = &gqlerror.Error{Message: err.Error()}
	}
	fault.Extensions = map[string]any{"code": code}
	return fault
}

// lexical checks what can be told without a parser: the number of tokens and the length of names. A name comes back in
// errors and as a key of answers, once for each element of a list.
func (l Limits) lexical(text string) *excess {
	scanner := lexer.New(&ast.Source{Input: text})
	tokens := 0
	var last *ast.Position
	for {
		token, err := scanner.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			break // The parser says what is wrong, and where.
		}
		if n := len(token.Value); token.Kind == lexer.Name && n > maxName {
			return &excess{always: true, name: "nameLength", value: n, max: maxName, at: placed(token)}
		}
		if tokens++; tokens == l.Tokens+1 {
			last = placed(token)
		}
	}
	if tokens > l.Tokens {
		return &excess{name: "tokens", value: tokens, max: l.Tokens, at: last}
	}
	return nil
}

// placed is where a token stands. The token is a copy, so that only one whose place is wanted is put on the heap.
func placed(token lexer.Token) *ast.Position { return &token.Pos }

// inContext gives gqlgen's executor the document that the handler has found, which is parsed, measured and valid.
type inContext struct{}

type documentKey struct{}

// Get implements [graphql.Cache].
func (inContext) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	d, ok := ctx.Value(documentKey{}).(*document)
	if !ok {
		return nil, false
	}
	return d.QueryDocument, true
}

// Add implements [graphql.Cache].
func (inContext) Add(context.Context, string, *ast.QueryDocument) {}
