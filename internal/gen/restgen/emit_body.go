package restgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

// writeSent writes what a call sends beside path and query, and gives the members of clients.Call for it.
func (c *emitted) writeSent(b *strings.Builder) string {
	call := ""
	if len(c.sent.headers) > 0 {
		b.WriteString("header := http.Header{}\n")
		for _, h := range c.sent.headers {
			if h.value.ref == nil {
				fmt.Fprintf(b, "header.Set(%q, %q)\n", h.name, h.value.text)
				continue
			}
			c.guarded(b, c.values[h.value.ref], func(expression string) string {
				return fmt.Sprintf("header.Set(%q, %s)\n", h.name, c.text(c.values[h.value.ref], expression))
			})
		}
		call += ", Header: header"
	}
	if c.sent.key != nil {
		expression, _ := c.expression(c.values[c.sent.key])
		call += ", IdempotencyKey: " + c.text(c.values[c.sent.key], expression)
	}
	if len(c.sent.body) > 0 {
		c.writeBody(b)
		if c.sent.form {
			call += ", Body: rest.Form(body)"
		} else {
			call += ", Body: body"
		}
	}
	return call
}

// guarded writes statements about a value, behind a look at whether it is there.
func (c *emitted) guarded(b *strings.Builder, in *input, statements func(expression string) string) {
	expression, guards := c.expression(in)
	if slices.Contains(guards, expression+" != nil") {
		expression = "*" + expression
	}
	text := statements(expression)
	if len(guards) > 0 {
		text = "if " + strings.Join(guards, " && ") + " {\n" + text + "}\n"
	}
	b.WriteString(text)
}

func (c *emitted) writeBody(b *strings.Builder) {
	members := map[string]bool{}
	for _, v := range c.sent.body {
		if v.path != nil {
			members[v.path[0]] = true
		}
		if v.value.ref != nil && v.name == "" {
			for _, f := range c.sent.whole[v.value.ref] {
				members[f.path[0]] = true
			}
		}
	}
	fmt.Fprintf(b, "body := rest.NewBody(%d)\n", len(members))
	for _, v := range c.sent.body {
		switch {
		case v.value.ref != nil && v.value.ref.many():
			keys := "keys"
			if v.kind == "integer" {
				b.WriteString("numbers, err := rest.Numbers(keys)\nif err != nil {\nreturn nil, err\n}\n")
				keys = "numbers"
			}
			b.WriteString(put("body", v.path, keys))
		case v.value.ref == nil:
			value := v.value.text
			if v.kind == "string" {
				value = fmt.Sprintf("%q", value)
			}
			b.WriteString(put("body", v.path, value))
		case v.name == "":
			for _, f := range c.sent.whole[v.value.ref] {
				in := *c.values[v.value.ref]
				in.path, in.typ = append(slices.Clone(in.path), f.field), f.field.Type
				c.writeMember(b, &in, f.path)
			}
		default:
			c.writeMember(b, c.values[v.value.ref], v.path)
		}
	}
}

// writeMember puts an argument, or a part of one, into the body. Null is left out.
func (c *emitted) writeMember(b *strings.Builder, in *input, path []string) {
	expression, guards := c.expression(in)
	value := expression
	if len(in.path) == 0 && in.typ.NonNull && in.typ.Elem == nil && c.plan.schema.Types[in.typ.Name()].Kind == ast.InputObject {
		value = "&" + value
	}
	inner := c.member(value, in.typ, "body", path)
	if in.typ.Elem != nil && !in.typ.NonNull {
		guards = append(guards, expression+" != nil")
	}
	if len(guards) > 0 {
		inner = "if " + strings.Join(guards, " && ") + " {\n" + inner + "}\n"
	}
	b.WriteString(inner)
}

// member are the statements that put a value that is there into an object.
func (c *emitted) member(expression string, t *ast.Type, into string, path []string) string {
	if t.Elem != nil {
		if def := c.plan.schema.Types[t.Name()]; def.Kind == ast.InputObject {
			c.need(def)
			expression = "rest.Objects(" + expression + ", restBody" + def.Name + ")"
		}
		return put(into, path, expression)
	}
	return put(into, path, c.bodyValue(expression, t))
}

// bodyValue is a value as a body has it.
func (c *emitted) bodyValue(expression string, t *ast.Type) string {
	def := c.plan.schema.Types[t.Name()]
	if def.Kind == ast.InputObject {
		c.need(def)
		return "restBody" + def.Name + "(" + expression + ")"
	}
	return expression // A pointer is its value, and null where it is nil.
}

// need notes an input object whose body is made by a function of its own.
func (c *emitted) need(def *ast.Definition) {
	if !slices.Contains(c.inputs, def) {
		c.inputs = append(c.inputs, def)
	}
}

// put is the statement that puts a value into an object.
func put(into string, path []string, value string) string {
	if len(path) == 1 {
		return fmt.Sprintf("%s.Set(%q, %s)\n", into, path[0], value)
	}
	names := make([]string, len(path))
	for i, name := range path {
		names[i] = fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("%s.Put(%s, %s)\n", into, value, strings.Join(names, ", "))
}

// inputBody is an input object within bodies as the template sees it.
type inputBody struct {
	def *ast.Definition
	*emitter
}

// InputBodies are those that the calls need, with those within them.
func (e *emitter) InputBodies() []*inputBody {
	var bodies []*inputBody
	for i := 0; i < len(e.inputs); i++ { // Each may need others.
		bodies = append(bodies, &inputBody{e.inputs[i], e})
		bodies[i].Body()
	}
	slices.SortFunc(bodies, func(a, b *inputBody) int { return strings.Compare(a.def.Name, b.def.Name) })
	return bodies
}

// Name is the input object's.
func (i *inputBody) Name() string { return i.def.Name }

// GoType is its Go type.
func (i *inputBody) GoType() string {
	for _, o := range i.data.Inputs {
		if o.Name == i.def.Name {
			return strings.TrimPrefix(templates.CurrentImports.LookupType(o.Reference()), "*")
		}
	}
	return "any"
}

// Body are the statements that fill body from v.
func (i *inputBody) Body() string {
	c := &emitted{call: &call{}, emitter: i.emitter}
	var b strings.Builder
	fmt.Fprintf(&b, "body := rest.NewBody(%d)\n", len(i.def.Fields))
	for _, f := range i.def.Fields {
		expression := "v." + c.inputName(i.def.Name, f.Name)
		value := expression
		if i.isPointed(f.Type) {
			value = "&" + expression // v is there already: a pointer into it costs nothing, a copy an allocation.
		}
		text := c.member(value, f.Type, "body", i.plan.paths[f])
		if !f.Type.NonNull {
			text = "if " + expression + " != nil {\n" + text + "}\n"
		}
		b.WriteString(text)
	}
	return b.String()
}

// isPointed tells a value that the body takes by a pointer to it: a string, an enum, or a list of scalars.
func (i *inputBody) isPointed(t *ast.Type) bool {
	kind := i.plan.schema.Types[t.Name()].Kind
	if t.Elem != nil {
		return kind != ast.InputObject
	}
	return t.NonNull && (kind == ast.Enum || t.Name() == "String" || t.Name() == "ID")
}
