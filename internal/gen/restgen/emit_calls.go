package restgen

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

// emitter is what the template sees.
type emitter struct {
	plan  *Plan
	data  *codegen.Data
	Calls []*emitted
	Loads []*loading
	// inputs are the input objects within bodies.
	inputs []*ast.Definition
}

// Clients is the import path of the transport that the calls are made with.
func (e *emitter) Clients() string { return e.plan.module + "/clients" }

// Rest is the import path of what the calls need besides the transport.
func (e *emitter) Rest() string { return e.plan.module + "/graph/rest" }

// Cost is the import path of the table of calls.
func (e *emitter) Cost() string { return e.plan.module + "/graph/cost" }

// Executor is the import path of what runs the operations.
func (e *emitter) Executor() string { return e.plan.module + "/graph/plan" }

// APIs are the names of those called or invalidated, sorted.
func (e *emitter) APIs() []string {
	apis := map[string]bool{}
	for _, c := range e.plan.calls {
		apis[c.api] = true
		for _, api := range c.sent.invalidates {
			apis[api] = true
		}
	}
	return keys(apis)
}

// emitted is a call as the template sees it.
type emitted struct {
	*call
	field *codegen.Field
	*emitter
}

// Name is "Type.field".
func (c *emitted) Name() string { return c.name() }

// Function is the name of the function.
func (c *emitted) Function() string { return function(c.field) }

// Place is where the directive is.
func (c *emitted) Place() string {
	return fmt.Sprintf("%s:%d", filepath.Base(c.pos.Src.Name), c.pos.Line)
}

// Operation is what is called, for a comment.
func (c *emitted) Operation() string { return operationText(c.call) }

func operationText(c *call) string {
	return c.text() + " of " + c.api
}

// Declaration is the function's signature behind its name: the resolver's.
func (c *emitted) Declaration() string { return withoutMarks(declaration(c.field), c.statements()) }

func declaration(field *codegen.Field) string {
	if field.IsBatch() {
		return field.ShortBatchResolverDeclaration()
	}
	return field.ShortResolverDeclaration()
}

// Entry is the call's entry in the table of calls.
func (c *emitted) Entry() string { return fieldText(c.entry()) }

// IsOwn tells whether a call's answer serves its field alone and is made of objects, of which the operation may not select everything.
func (c *emitted) IsOwn() bool {
	return c.batch == nil && !c.none && c.stream == nil && c.plan.schema.Types[c.typ().Name()].IsCompositeType()
}

// Body are the function's statements.
func (c *emitted) Body() string {
	body := c.statements()
	return withoutMarks(body, body)
}

func (c *emitted) statements() string {
	if c.batch != nil {
		return c.eachBody(c.call.loaderName(), c.values[c.batch.ref])
	}
	if c.page != nil {
		return c.pageBody()
	}
	if c.stream != nil {
		return c.streamBody()
	}
	var b strings.Builder
	params := c.pathValues(&b)
	query := "nil"
	if len(c.query) > 0 {
		query = "query"
		b.WriteString("query := url.Values{}\n")
		for _, q := range c.query {
			c.writeQuery(&b, q)
		}
	}
	at := fmt.Sprintf("clients.At(%s)", strings.Join(append([]string{fmt.Sprintf("%q", c.op.path)}, params...), ", "))
	result := templates.CurrentImports.LookupType(c.field.TypeReference.GO)
	if c.payload != nil {
		result = c.fieldType(c.field.TypeReference.GQL.Name(), c.payload.Name)
	}
	answer := enveloped(result, c.take)
	if c.none {
		answer = "clients.None"
	}
	api := fmt.Sprintf("r.APIs[%q]", c.api)
	sent := c.writeSent(&b) + c.own.text()
	call := fmt.Sprintf("clients.Do[%s](ctx, %s, clients.Call{Method: %q, Path: %s, Query: %s%s})", answer, api, strings.ToUpper(c.op.method), at, query, sent)
	if c.op.method == "get" && sent == "" {
		call = fmt.Sprintf("clients.Get[%s](ctx, %s, %s, %s)", answer, api, at, query)
	}
	c.writeAnswer(&b, call, result)
	return b.String()
}

// writeAnswer makes the call, and of its answer the field's value.
func (c *emitted) writeAnswer(b *strings.Builder, call, result string) {
	if len(c.take)+len(c.sent.invalidates) == 0 && !c.none && !c.fallback && c.payload == nil {
		if c.null {
			call = "rest.OrNull(" + call + ")"
		}
		fmt.Fprintf(b, "return %s", call)
		return
	}
	value := within(c.take)
	if c.none {
		value = "true"
		if strings.HasPrefix(result, "*") {
			value = "&done"
		}
		fmt.Fprintf(b, "_, err := %s\n", call)
	} else {
		if c.null && c.fallback {
			call = "rest.OrNull(" + call + ")" // An API that says no is not out of order.
		}
		fmt.Fprintf(b, "answer, err := %s\n", call)
	}
	if c.fallback {
		empty := "nil"
		if c.typ().Elem != nil {
			empty = result + "{}"
		}
		fmt.Fprintf(b, "if rest.IsOutage(err) {\nr.fellBack(ctx, err)\nreturn %s, nil\n}\n", empty)
	}
	if c.none || c.payload != nil || len(c.sent.invalidates) > 0 {
		var zero string
		if c.payload == nil && !strings.HasPrefix(result, "*") && !strings.HasPrefix(result, "[]") {
			zero = "var none " + result + "\nreturn none, err\n"
		} else {
			zero = "return nil, err\n"
		}
		if c.null {
			fmt.Fprintf(b, "if answer, err = rest.OrNull(answer, err); err != nil {\n%s}\n", zero)
		} else {
			fmt.Fprintf(b, "if err != nil {\n%s}\n", zero)
		}
		for _, api := range c.sent.invalidates {
			fmt.Fprintf(b, "r.APIs[%q].Invalidate(ctx)\n", api)
		}
		if value == "&done" {
			b.WriteString("done := true\n")
		}
		if c.payload != nil {
			name := c.field.TypeReference.GQL.Name()
			value = fmt.Sprintf("&%s{%s: %s}", c.model(name), c.modelField(name, c.payload.Name), value)
		}
		fmt.Fprintf(b, "return %s, nil", value)
		return
	}
	if c.null && !c.fallback {
		fmt.Fprintf(b, "return rest.OrNull(%s, err)", value)
		return
	}
	fmt.Fprintf(b, "return %s, err", value)
}

// pathValues gives the path's parameters as text. A parent's value that is null makes the field null.
func (c *emitted) pathValues(b *strings.Builder) []string {
	var params []string
	for _, piece := range c.path {
		if piece.ref == nil {
			continue
		}
		in := c.values[piece.ref]
		expression, guards := c.expression(in)
		if len(guards) > 0 {
			fmt.Fprintf(b, "if %s == nil {\nreturn nil, nil\n}\n", expression)
			expression = "*" + expression
		}
		params = append(params, c.text(in, expression))
	}
	return params
}

// writeQuery sets a parameter; null is not sent.
func (c *emitted) writeQuery(b *strings.Builder, q queryParameter) {
	if q.value.ref == nil {
		fmt.Fprintf(b, "query.Set(%q, %q)\n", q.name, q.value.text)
		return
	}
	in := c.values[q.value.ref]
	c.guarded(b, in, func(expression string) string {
		if in.typ != nil && in.typ.Elem != nil {
			return fmt.Sprintf("for _, v := range %s {\nquery.Add(%q, %s)\n}\n", expression, q.name, c.text(&input{typ: in.typ.Elem}, "v"))
		}
		return fmt.Sprintf("query.Set(%q, %s)\n", q.name, c.text(in, expression))
	})
}

// expression is the Go expression of what a reference stands for. guards are the conditions under which it may be evaluated; the last
// one, if it may be null itself, is that it is not.
func (c *emitted) expression(in *input) (expression string, guards []string) {
	if m := in.member; m != nil {
		expression, nullable := m.expression("obj")
		if nullable {
			guards = []string{expression + " != nil"}
		}
		return expression, guards
	}
	i := slices.IndexFunc(c.field.Args, func(a *codegen.FieldArgument) bool { return a.Name == in.arg.Name })
	expression, t := c.field.Args[i].VarName, in.arg.Type
	for _, f := range in.path {
		if !t.NonNull {
			guards = append(guards, expression+" != nil")
		}
		expression += "." + c.inputName(t.Name(), f.Name)
		t = f.Type
	}
	if !t.NonNull && t.Elem == nil {
		guards = append(guards, expression+" != nil")
	}
	return expression, guards
}

// expression is the Go expression of a property, and whether it is a pointer that may be nil.
func (m *member) expression(object string) (string, bool) {
	if m.isMethod() {
		return object + "." + m.name + "()", m.nullable && !m.value.nilable
	}
	return object + "." + m.fieldName(), m.isPointer()
}

// inputName is the Go name of an input object's field.
func (c *emitted) inputName(object, field string) string {
	for _, o := range c.data.Inputs {
		if o.Name != object {
			continue
		}
		for _, f := range o.Fields {
			if f.Name == field {
				return f.GoFieldName
			}
		}
	}
	return templates.ToGo(field)
}

// text is a value as text.
func (c *emitted) text(in *input, expression string) string {
	if m := in.member; m != nil {
		return textOf(m.value.goType, expression)
	}
	def := c.plan.schema.Types[in.typ.Name()]
	if def.Kind == ast.Enum {
		return "string(" + expression + ")"
	}
	return textOf(c.plan.scalars[def.Name].goType, expression)
}

// textOf makes text of a property's value.
func textOf(goType, expression string) string {
	switch goType {
	case "string":
		return expression
	case "int":
		return "strconv.Itoa(" + expression + ")"
	case "int64":
		return "strconv.FormatInt(" + expression + ", 10)"
	case "float64":
		return "strconv.FormatFloat(" + expression + ", 'g', -1, 64)"
	case "bool":
		return "strconv.FormatBool(" + expression + ")"
	case "time.Time":
		return strings.TrimPrefix(expression, "*") + ".Format(time.RFC3339Nano)"
	}
	return "string(" + expression + ")" // an enum
}
