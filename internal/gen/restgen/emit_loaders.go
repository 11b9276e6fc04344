package restgen

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"
)

// loader is a call by key as the template sees it.
type loader struct {
	*call
	*emitter
}

// Loaders are those of all calls by key, in the order of their names.
func (e *emitter) Loaders() []*loader {
	var loaders []*loader
	for _, name := range keys(e.plan.calls) {
		if c := e.plan.calls[name]; c.batch != nil {
			loaders = append(loaders, &loader{c, e})
		}
	}
	return loaders
}

// Name is the field or the type, and the loader's in the table of calls.
func (l *loader) Name() string { return l.name() }

// Loader is the Go name.
func (l *loader) Loader() string { return l.loaderName() }

// Place is where the directive is.
func (l *loader) Place() string {
	return fmt.Sprintf("%s:%d", filepath.Base(l.pos.Src.Name), l.pos.Line)
}

// Operation is what is called, for a comment.
func (l *loader) Operation() string { return operationText(l.call) }

// Entry is the loader's entry in the table of calls.
func (l *loader) Entry() string { return loaderText(l.loaderEntry()) }

// object is the Go type of the objects.
func (l *loader) object() string {
	o := l.plan.objects[l.typ().Name()]
	return templates.CurrentImports.Lookup(l.plan.packagePath(o.api)) + "." + o.def.Name
}

// Value is the Go type of what a key has.
func (l *loader) Value() string {
	if l.typ().Elem != nil {
		return "[]*" + l.object()
	}
	return "*" + l.object()
}

// Body are the statements that fetch some keys' values.
func (l *loader) Body() string {
	var b strings.Builder
	single := l.batch.ref.root == "key"
	call := &emitted{call: l.call, emitter: l.emitter}
	query := "nil"
	if len(l.query) > 0 {
		query = "query"
		b.WriteString("query := url.Values{}\n")
	}
	for _, q := range l.query {
		if q.value.ref == nil || !q.value.ref.many() {
			call.writeQuery(&b, q)
			continue
		}
		if l.batch.param.exploded {
			fmt.Fprintf(&b, "query[%q] = keys\n", q.name)
		} else {
			fmt.Fprintf(&b, "joined, err := rest.Joined(keys)\nif err != nil {\nreturn nil, err\n}\nquery.Set(%q, joined)\n", q.name)
		}
	}
	sent := ""
	if len(l.sent.body) > 0 {
		call.writeBody(&b)
		sent = ", Body: body, ReadOnly: true"
	}
	answer := "[]" + l.object()
	if single {
		answer = l.Value()
	}
	at := fmt.Sprintf("clients.At(%q)", l.op.path)
	if single {
		at = fmt.Sprintf("clients.At(%q, key)", l.op.path)
	}
	get := fmt.Sprintf("clients.Get[%s](ctx, r.APIs[%q], %s, %s)", enveloped(answer, l.take), l.api, at, query)
	if more := sent + l.own.text(); more != "" {
		get = fmt.Sprintf("clients.Do[%s](ctx, r.APIs[%q], clients.Call{Method: %q, Path: %s, Query: %s%s})", enveloped(answer, l.take), l.api, strings.ToUpper(l.op.method), at, query, more)
	}
	if single && len(l.take) == 0 {
		return b.String() + "return " + get
	}
	fmt.Fprintf(&b, "answer, err := %s\n", get)
	items := "answer"
	for _, name := range l.take {
		items += "." + structName(name)
	}
	if single {
		return b.String() + "return " + items + ", err"
	}
	key := l.keyText("v")
	b.WriteString("if err != nil {\nreturn nil, err\n}\n")
	if l.typ().Elem != nil {
		fmt.Fprintf(&b, "return clients.GroupBy(keys, %s, func(v *%s) string { %s }), nil", items, l.object(), key)
	} else {
		fmt.Fprintf(&b, "return clients.ByKey(%s, func(v *%s) string { %s }), nil", items, l.object(), key)
	}
	return b.String()
}

// keyText are the statements that give an object's key as text.
func (l *loader) keyText(object string) string {
	m := l.batch.member
	expression, nullable := m.expression(object)
	if !nullable {
		return "return " + textOf(m.value.goType, expression)
	}
	return fmt.Sprintf("if %s == nil {\nreturn \"\"\n}\nreturn %s", expression, textOf(m.value.goType, "*"+expression))
}

// Function is the function that makes the loader.
func (l *loader) Function() string {
	return "rest" + strings.ToUpper(l.loaderName()[:1]) + l.loaderName()[1:] + "Loader"
}

// IsSingle tells a loader that makes a call for each key.
func (l *loader) IsSingle() bool { return l.batch.ref.root == "key" }

// Max is how many keys a call takes.
func (l *loader) Max() int { return l.batch.max }

// enveloped is the Go type of an answer in which the value is at a path.
func enveloped(value string, path []string) string {
	for _, name := range slices.Backward(path) {
		value = fmt.Sprintf("struct { %s %s `json:%q` }", structName(name), value, name)
	}
	return value
}

// loading is a field with @load as the template sees it.
type loading struct {
	*load
	field *codegen.Field
	*emitter
}

// Name is "Type.field".
func (l *loading) Name() string { return l.owner.Name + "." + l.field.Name }

// Function is the name of the function.
func (l *loading) Function() string { return function(l.field) }

// Place is where the directive is.
func (l *loading) Place() string {
	return fmt.Sprintf("%s:%d", filepath.Base(l.pos.Src.Name), l.pos.Line)
}

// Operation is what is called, for a comment.
func (l *loading) Operation() string { return operationText(l.entity) }

// Declaration is the function's signature behind its name.
func (l *loading) Declaration() string { return withoutMarks(declaration(l.field), l.statements()) }

// Entry is the field's entry in the table of calls.
func (l *loading) Entry() string { return fieldText(l.entry()) }

// Body are the function's statements.
func (l *loading) Body() string {
	body := l.statements()
	return withoutMarks(body, body)
}

func (l *loading) statements() string {
	e := &emitted{call: l.entity, field: l.field, emitter: l.emitter}
	if l.key.member != nil {
		return e.eachBody(l.entity.loaderName(), l.key)
	}
	var b strings.Builder
	expression, guards := e.expression(l.key)
	if len(guards) > 0 {
		fmt.Fprintf(&b, "if %s {\nreturn nil, nil\n}\n", strings.ReplaceAll(strings.Join(guards, " || "), "!=", "=="))
		if slices.Contains(guards, expression+" != nil") {
			expression = "*" + expression
		}
	}
	fmt.Fprintf(&b, "value, _, err := restLoad(ctx).%s.Load(ctx, %s)\nreturn value, err", l.entity.loaderName(), e.text(l.key, expression))
	return b.String()
}

// eachBody are the statements of a field that is loaded for all of its parents.
func (c *emitted) eachBody(loader string, key *input) string {
	parent := templates.CurrentImports.LookupType(c.field.Object.Reference())
	m := key.member
	expression, nullable := m.expression("obj")
	if element, list := strings.CutPrefix(m.value.goType, "[]"); list && c.field.TypeReference.GQL.Elem != nil {
		text := "return " + expression
		if element != "string" {
			text = fmt.Sprintf("keys := make([]string, len(%s))\nfor i, v := range %s {\nkeys[i] = %s\n}\nreturn keys", expression, expression, textOf(element, "v"))
		}
		return fmt.Sprintf("return rest.EachList(ctx, restLoad(ctx).%s, objs, %t, func(obj %s) []string {\n%s\n})", loader, c.field.TypeReference.GQL.Elem.NonNull, parent, text)
	}
	if nullable {
		return fmt.Sprintf("return rest.EachKnown(ctx, restLoad(ctx).%s, objs, func(obj %s) (key string, known bool) {\nif v := %s; v != nil {\nreturn %s, true\n}\nreturn \"\", false\n})",
			loader, parent, expression, textOf(m.value.goType, "*v"))
	}
	return fmt.Sprintf("return rest.Each(ctx, restLoad(ctx).%s, objs, func(obj %s) string { return %s })", loader, parent, textOf(m.value.goType, expression))
}
