package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/graph/plan"
)

// authorizer decides, once for an operation and before anything is resolved, which of its fields it may have. It decides
// by the session and the schema alone; what a user may see of an API's data is for the API to decide.
type authorizer struct {
	schema   *ast.Schema
	guards   map[plan.Coordinate]*guard
	policies map[string]Policy
	now      func() time.Time
	failures *presenter
	// guarded keeps, for the operations asked last, whether any of their fields has a guard.
	guarded *plan.Cache[bool]
}

func newAuthorizer(schema *ast.Schema, cfg Config, failures *presenter) (*authorizer, error) {
	guards, err := readGuards(schema, cfg.Policies)
	if err := errors.Join(err, checkGatewayAPIs(guards, Calls(), cfg.GatewayAPIs)); err != nil {
		return nil, err
	}
	return &authorizer{schema, guards, cfg.Policies, cfg.Now, failures, plan.NewCache[bool](keptPlans)}, nil
}

// denial is the error of a field that the operation may not have.
type denial struct {
	code   clients.Code
	stepUp *clients.StepUp
}

func (d *denial) Error() string { return "graph: denied: " + string(d.code) }

// decide gives the fields that the operation asks for and may not have, each with its error, for [plan.Deny]. It takes the session
// from the context, so that a stream can ask again for each event.
func (a *authorizer) decide(ctx context.Context, oc *graphql.OperationContext) map[plan.Coordinate]error {
	if !a.guarded.Get(oc.Operation, func() bool { return a.isGuarded(oc.Operation) }) {
		return nil
	}
	d := &decision{a, ctx, auth.FromContext(ctx), map[string]error{}, map[plan.Coordinate]error{}}
	w := &walk{a: a, variables: oc.Variables, visited: map[string]bool{}, meet: d.meet}
	w.look(oc.Operation.SelectionSet)
	return d.denied
}

func (a *authorizer) isGuarded(operation *ast.OperationDefinition) bool {
	found := false
	w := &walk{a: a, all: true, visited: map[string]bool{}, meet: func(plan.Coordinate, *guard) bool {
		found = true
		return true
	}}
	w.look(operation.SelectionSet)
	return found
}

// decision is what is decided for one operation.
type decision struct {
	*authorizer
	ctx    context.Context //nolint:containedctx // The operation's; the decision lives no longer.
	viewer *auth.Session
	// verdicts are what policies have said so far, by name: nil, a denial, or the error of one that could not decide.
	verdicts map[string]error
	denied   map[plan.Coordinate]error
}

// meet decides about a field, once, and tells whether the operation may have it.
func (d *decision) meet(at plan.Coordinate, g *guard) bool {
	if err, known := d.denied[at]; known {
		return err == nil
	}
	err := d.judge(g)
	if err == nil {
		return true
	}
	d.denied[at] = err
	d.failures.denied(d.ctx, at, err)
	return false
}

// judge gives the error that a field fails with; nil if the operation may have it. Whether anybody is signed in comes first, and a
// stronger sign-in is asked for last, when it is known to help.
func (d *decision) judge(g *guard) error {
	if g.signedIn && d.viewer == nil {
		return &denial{code: clients.CodeUnauthenticated}
	}
	for _, lists := range g.scopes {
		if !slices.ContainsFunc(lists, d.hasAll) {
			return &denial{code: clients.CodeForbidden}
		}
	}
	for _, name := range g.policies {
		if err := d.verdict(name); err != nil {
			return err
		}
	}
	if g.stepUp != nil && !d.isStrong(g.stepUp) {
		return &denial{code: clients.CodeStepUpRequired, stepUp: g.stepUp}
	}
	return nil
}

func (d *decision) hasAll(scopes []string) bool {
	granted := d.viewer.Scopes()
	return !slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(granted, scope) })
}

// isStrong tells whether the sign-in is as strong and as recent as a field wants. A provider that does not say when the user
// signed in is asked: with max_age it must (OpenID Connect Core 2).
func (d *decision) isStrong(want *clients.StepUp) bool {
	if len(want.ACR) > 0 && !slices.Contains(want.ACR, d.viewer.ACR()) {
		return false
	}
	return want.MaxAge == nil || !d.viewer.AuthTime().IsZero() && d.now().Sub(d.viewer.AuthTime()) <= *want.MaxAge
}

// verdict asks a policy, once for the operation. One that panics has not decided, which is an error.
func (d *decision) verdict(name string) (err error) {
	if known, ok := d.verdicts[name]; ok {
		return known
	}
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("graph: panic in policy %s: %v", name, v)
		}
		d.verdicts[name] = err
	}()
	allowed, err := d.policies[name](d.ctx, d.viewer)
	switch {
	case err != nil:
		return err
	case allowed:
		return nil
	case d.viewer == nil:
		return &denial{code: clients.CodeUnauthenticated}
	}
	return &denial{code: clients.CodeForbidden}
}

// walk goes through an operation and calls meet for each field that has a guard; for a field of an abstract type, once for each type
// that an object may have.
type walk struct {
	a         *authorizer
	variables map[string]any
	// all looks at every field, whatever its @skip and @include say.
	all     bool
	visited map[string]bool
	// meet tells whether to look at what lies beneath the field.
	meet func(plan.Coordinate, *guard) bool
}

func (w *walk) look(set ast.SelectionSet) {
	for _, selected := range set {
		switch s := selected.(type) {
		case *ast.Field:
			if w.included(s.Directives) && w.field(s) {
				w.look(s.SelectionSet)
			}
		case *ast.InlineFragment:
			if w.included(s.Directives) {
				w.look(s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if w.included(s.Directives) && !w.visited[s.Name] {
				w.visited[s.Name] = true
				w.look(s.Definition.SelectionSet)
			}
		}
	}
}

// field meets a field, and tells whether an object of any type may have it.
func (w *walk) field(f *ast.Field) bool {
	some := false
	for _, object := range w.a.schema.GetPossibleTypes(f.ObjectDefinition) {
		at := plan.Coordinate{Object: object.Name, Field: f.Name}
		g := w.a.guards[at]
		if g == nil || g.isOpen() || w.meet(at, g) {
			some = true
		}
	}
	return some
}

// included applies @skip and @include. A condition that is not known leaves nothing out.
func (w *walk) included(directives ast.DirectiveList) bool {
	if w.all {
		return true
	}
	for _, d := range directives {
		if on, known := value(d, "if", w.variables).(bool); known && (d.Name == "skip" && on || d.Name == "include" && !on) {
			return false
		}
	}
	return true
}
