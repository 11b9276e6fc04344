package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/auth"
	"vestibule.example/clients"
	"vestibule.example/graph/cost"
	"vestibule.example/graph/plan"
)

// Policy decides whether viewer may have the fields that bear @policy with its name; viewer is nil when nobody is signed
// in. It is called at most once per operation (for a subscription, also for each event), however many fields bear it, before anything
// is resolved. An error means that it could not decide: the fields fail with it. Policies of different requests run at the same time.
type Policy func(ctx context.Context, viewer *auth.Session) (allowed bool, err error)

// guard is what a field demands of whoever asks for it: everything that the directives of the field and of its types say.
type guard struct {
	public   bool
	signedIn bool
	// scopes are demands, all of which must be met; each is met by having all scopes of one of its lists.
	scopes   [][][]string
	policies []string
	stepUp   *clients.StepUp
}

// isOpen tells a guard that lets everybody through.
func (g *guard) isOpen() bool { return !g.signedIn && len(g.policies) == 0 }

const (
	// minMaxAge bounds @stepUp(maxAge:) from below: a sign-in must still count when the page that asked for it asks again,
	// with a provider whose clock is a little behind.
	minMaxAge = 30
	// maxACRValues bounds what /auth/login takes as acr_values, in bytes.
	maxACRValues = 256
)

// guardReader reads the guards of a schema, and collects the schema's faults.
type guardReader struct {
	schema   *ast.Schema
	policies map[string]Policy
	faults   []error
}

// readGuards gives the guard of each field of an object type that has one. On an object type a directive stands for every
// field of the type, and for every field that gives such an object and none of another type; on an interface's field it
// stands for the fields that implement it. @public lifts from a field what its own type demands.
func readGuards(schema *ast.Schema, policies map[string]Policy) (map[plan.Coordinate]*guard, error) {
	r := &guardReader{schema: schema, policies: policies}
	guards := map[plan.Coordinate]*guard{}
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		def := schema.Types[name]
		ofType := r.read(name, def.Directives)
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") { // Whether introspection is shown is decided elsewhere.
				continue
			}
			own := r.read(name+"."+f.Name, f.Directives)
			if def.Kind == ast.Interface {
				if own.public {
					r.fault(name+"."+f.Name, "@public", "stands on fields of object types, not of interfaces")
				}
				continue
			}
			if !own.public {
				r.add(name+"."+f.Name, own, ofType)
			}
			for _, abstract := range schema.GetImplements(def) {
				if same := abstract.Fields.ForName(f.Name); same != nil {
					r.add(name+"."+f.Name, own, (&guardReader{policies: policies}).read("", same.Directives))
				}
			}
			if gives := schema.Types[f.Type.Name()]; gives.Kind == ast.Object && gives != def {
				r.add(name+"."+f.Name, own, (&guardReader{policies: policies}).read("", gives.Directives))
			}
			if own.public || !own.isOpen() {
				guards[plan.Coordinate{Object: name, Field: f.Name}] = own
			}
		}
	}
	return guards, errors.Join(r.faults...)
}

func (r *guardReader) fault(at, directive, text string) {
	r.faults = append(r.faults, fmt.Errorf("graph: schema: %s: %s %s", at, directive, text))
}

// read gives what the directives in one place demand.
func (r *guardReader) read(at string, directives ast.DirectiveList) *guard {
	g := &guard{}
	for _, d := range directives {
		switch d.Name {
		case "public":
			g.public = true
		case "authenticated":
			g.signedIn = true
		case "requiresScopes":
			g.signedIn, g.scopes = true, append(g.scopes, r.scopes(at, d))
		case "policy":
			name, _ := value(d, "name", nil).(string)
			if r.policies[name] == nil {
				r.fault(at, "@policy", fmt.Sprintf("names %q: want one of the policies that the gateway is built with: %s",
					name, cmp.Or(strings.Join(slices.Sorted(maps.Keys(r.policies)), ", "), "there are none")))
			}
			g.policies = append(g.policies, name)
		case "stepUp":
			r.add(at, g, &guard{signedIn: true, stepUp: r.stepUp(at, d)})
		}
	}
	if g.public && !g.isOpen() {
		r.fault(at, "@public", "and a directive that demands something stand in one place: keep one of them")
	}
	return g
}

// add makes a guard demand what another demands as well.
func (r *guardReader) add(at string, g, other *guard) {
	g.signedIn = g.signedIn || other.signedIn
	g.scopes = append(g.scopes, other.scopes...)
	g.policies = append(g.policies, other.policies...)
	g.public = g.public || other.public && g.isOpen()
	switch {
	case other.stepUp == nil:
		return
	case g.stepUp == nil:
		g.stepUp = other.stepUp
		return
	}
	both := *g.stepUp
	if both.MaxAge == nil || other.stepUp.MaxAge != nil && *other.stepUp.MaxAge < *both.MaxAge {
		both.MaxAge = other.stepUp.MaxAge
	}
	switch {
	case len(both.ACR) == 0:
		both.ACR = other.stepUp.ACR
	case len(other.stepUp.ACR) > 0:
		both.ACR = slices.DeleteFunc(slices.Clone(both.ACR), func(acr string) bool { return !slices.Contains(other.stepUp.ACR, acr) })
		if len(both.ACR) == 0 {
			r.fault(at, "@stepUp", "demands one acr on the field and another on a type of it: no sign-in has both")
		}
	}
	g.stepUp = &both
}

// scopes reads @requiresScopes(scopes:).
func (r *guardReader) scopes(at string, d *ast.Directive) [][]string {
	const want = `want lists of scopes of which one list is enough, such as [["orders:read", "orders:write"], ["admin"]]`
	var read [][]string
	lists, _ := value(d, "scopes", nil).([]any)
	for _, list := range lists {
		texts, ok := texts(list)
		if !ok || len(texts) == 0 || slices.ContainsFunc(texts, func(scope string) bool { return !isVisible(scope) || strings.ContainsAny(scope, `"\`) }) {
			r.fault(at, "@requiresScopes", want)
			return nil
		}
		read = append(read, texts)
	}
	if len(read) == 0 {
		r.fault(at, "@requiresScopes", want)
	}
	return read
}

// stepUp reads @stepUp(acr:, maxAge:).
func (r *guardReader) stepUp(at string, d *ast.Directive) *clients.StepUp {
	read := &clients.StepUp{}
	if given := value(d, "acr", nil); given != nil {
		acr, ok := texts(given)
		if !ok || len(acr) == 0 || slices.ContainsFunc(acr, func(acr string) bool { return !isVisible(acr) }) || len(strings.Join(acr, " ")) > maxACRValues {
			r.fault(at, "@stepUp", fmt.Sprintf("has an acr that cannot be asked for: want names without spaces, at most %d bytes together", maxACRValues))
		}
		read.ACR = acr
	}
	if given := value(d, "maxAge", nil); given != nil {
		seconds, ok := given.(int64)
		if !ok || seconds < minMaxAge {
			r.fault(at, "@stepUp", fmt.Sprintf("has a maxAge of %v: want at least %d seconds", given, minMaxAge))
		}
		age := time.Duration(seconds) * time.Second
		read.MaxAge = &age
	}
	if read.ACR == nil && read.MaxAge == nil {
		r.fault(at, "@stepUp", "asks for nothing: want acr, maxAge or both")
	}
	return read
}

// value is the value of a directive's argument; nil if it is left out, or not known.
func value(d *ast.Directive, name string, variables map[string]any) any {
	arg := d.Arguments.ForName(name)
	if arg == nil {
		return nil
	}
	v, err := arg.Value.Value(variables)
	if err != nil {
		return nil
	}
	return v
}

// texts reads a list of strings; ok is false if it is anything else.
func texts(list any) (read []string, ok bool) {
	values, ok := list.([]any)
	for _, v := range values {
		text, is := v.(string)
		ok = ok && is
		read = append(read, text)
	}
	return read, ok
}

// isVisible tells whether a text has visible ASCII characters only, and at least one (VCHAR, RFC 6749 appendix A).
func isVisible(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' })
}

// checkGatewayAPIs refuses a field that calls an API with the gateway's own token and does not say who may have it: to such an
// API everybody is the same, so the API cannot decide.
func checkGatewayAPIs(guards map[plan.Coordinate]*guard, calls cost.Table, apis []string) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(calls.Fields)) {
		object, field, _ := strings.Cut(name, ".")
		if api := calls.API(name); slices.Contains(apis, api) && guards[plan.Coordinate{Object: object, Field: field}] == nil {
			faults = append(faults, fmt.Errorf("graph: schema: %s asks the API %s with the gateway's own token, to which every user is the same: say who may have it with @authenticated, @policy or @public, on the field or on a type of it", name, api))
		}
	}
	return errors.Join(faults...)
}
