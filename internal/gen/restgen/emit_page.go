package restgen

import (
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"
)

// branch is a part of an answer's Go type: a value, or an object of others.
type branch struct {
	name     string
	goType   string
	branches []*branch
}

// add puts a value in its place.
func (b *branch) add(path []string, goType string) {
	if len(path) == 0 {
		b.goType = goType
		return
	}
	for _, other := range b.branches {
		if other.name == path[0] {
			other.add(path[1:], goType)
			return
		}
	}
	next := &branch{name: path[0]}
	b.branches = append(b.branches, next)
	next.add(path[1:], goType)
}

func (b *branch) String() string {
	if len(b.branches) == 0 {
		return b.goType
	}
	var text strings.Builder
	text.WriteString("struct {\n")
	for _, other := range b.branches {
		fmt.Fprintf(&text, "%s %s `json:%q`\n", structName(other.name), other, other.name)
	}
	text.WriteString("}")
	return text.String()
}

// within is the expression of what is at a path in an answer.
func within(path []string) string {
	at := "answer"
	for _, name := range path {
		at += "." + structName(name)
	}
	return at
}

// pageBody are the statements of a connection's field.
func (c *emitted) pageBody() string {
	g := c.page
	var b strings.Builder
	params := c.pathValues(&b)
	o := c.plan.objects[g.node]
	node := templates.CurrentImports.Lookup(c.plan.packagePath(o.api)) + "." + g.node
	style, argument, typ := "ByCursor", "cursor", "string"
	switch {
	case g.style == "page":
		style, argument, typ = "ByNumber", "number", "int"
	case g.style == "offset":
		style, argument, typ = "ByOffset", "offset", "int"
	case g.key != nil:
		style = "ByKey"
	}
	fmt.Fprintf(&b, "page, err := rest.%s(rest.Pages{Cursors: r.cursors, Field: %q, First: first, After: after, Max: %d}, ", style, c.name(), g.max)
	if g.key != nil {
		expression, _ := g.member.expression("v")
		fmt.Fprintf(&b, "func(v *%s) string { return %s }, ", node, textOf(g.member.value.goType, expression))
	}
	fmt.Fprintf(&b, "func(%s %s, size int) (part rest.Part[%s], err error) {\nquery := url.Values{}\n", argument, typ, node)
	for _, q := range c.query {
		c.writeQuery(&b, q)
	}
	fmt.Fprintf(&b, "query.Set(%q, strconv.Itoa(size))\n", g.size)
	if typ == "int" {
		fmt.Fprintf(&b, "query.Set(%q, strconv.Itoa(%s))\n", g.param, argument)
	} else {
		fmt.Fprintf(&b, "if cursor != \"\" {\nquery.Set(%q, cursor)\n}\n", g.param)
	}
	answer := &branch{}
	answer.add(c.take, "[]"+node)
	part := "Items: " + within(c.take)
	for _, said := range []struct {
		path         []string
		goType, name string
	}{{g.next, "*string", "Next"}, {g.more, "*bool", "More"}, {g.total, "*int", "Total"}} {
		if said.path != nil {
			answer.add(said.path, said.goType)
			part += ", " + said.name + ": " + within(said.path)
		}
	}
	at := strings.Join(append([]string{fmt.Sprintf("%q", c.op.path)}, params...), ", ")
	switch own := c.own.text(); {
	case g.link:
		fmt.Fprintf(&b, "answer, header, err := clients.DoHeader[%s](ctx, r.APIs[%q], clients.Call{Method: http.MethodGet, Path: clients.At(%s), Query: query%s})\n", answer, c.api, at, own)
	case own != "":
		fmt.Fprintf(&b, "answer, err := clients.Do[%s](ctx, r.APIs[%q], clients.Call{Method: http.MethodGet, Path: clients.At(%s), Query: query%s})\n", answer, c.api, at, own)
	default:
		fmt.Fprintf(&b, "answer, err := clients.Get[%s](ctx, r.APIs[%q], clients.At(%s), query)\n", answer, c.api, at)
	}
	fmt.Fprintf(&b, "part = rest.Part[%s]{%s}\n", node, part)
	switch {
	case g.link && typ == "string":
		fmt.Fprintf(&b, "if next := rest.Next(header); next != nil {\ncursor := next.Query().Get(%q)\npart.Next = &cursor\n}\n", g.param)
	case g.link:
		b.WriteString("more := rest.Next(header) != nil\npart.More = &more\n")
	}
	b.WriteString("return part, err\n})\nif err != nil {\nreturn nil, err\n}\n")
	c.writeConnection(&b)
	return b.String()
}

// writeConnection makes the connection of a page.
func (c *emitted) writeConnection(b *strings.Builder) {
	name := c.field.TypeReference.GQL.Name()
	fmt.Fprintf(b, "connection := &%s{\n%s: make([]*%s, len(page.Items)),\n", c.model(name), c.modelField(name, "edges"), c.model(c.page.edge))
	fmt.Fprintf(b, "%s: &%s{%s: page.HasNext, %s: after != nil, %s: page.Start(), %s: page.End()},\n", c.modelField(name, "pageInfo"), c.model("PageInfo"),
		c.modelField("PageInfo", "hasNextPage"), c.modelField("PageInfo", "hasPreviousPage"), c.modelField("PageInfo", "startCursor"), c.modelField("PageInfo", "endCursor"))
	if count := c.page.count; count != nil {
		value := "page.Total"
		if count.Type.NonNull {
			value = "page.TotalCount()"
		}
		fmt.Fprintf(b, "%s: %s,\n", c.modelField(name, "totalCount"), value)
	}
	fmt.Fprintf(b, "}\nedges := make([]%s, len(page.Items))\nfor i, node := range page.Items {\nedges[i] = %s{%s: page.Cursors[i], %s: node}\nconnection.%s[i] = &edges[i]\n}\nreturn connection, nil",
		c.model(c.page.edge), c.model(c.page.edge), c.modelField(c.page.edge, "cursor"), c.modelField(c.page.edge, "node"), c.modelField(name, "edges"))
}

// objectOf is an object type as gqlgen has it.
func (c *emitted) objectOf(name string) *codegen.Object {
	for _, o := range c.data.Objects {
		if o.Name == name {
			return o
		}
	}
	return nil
}

// model is an object type in Go.
func (c *emitted) model(name string) string {
	return strings.TrimPrefix(templates.CurrentImports.LookupType(c.objectOf(name).Reference()), "*")
}

// modelField is a field of an object type in Go.
func (c *emitted) modelField(object, field string) string {
	for _, f := range c.objectOf(object).Fields {
		if f.Name == field {
			return f.GoFieldName
		}
	}
	return templates.ToGo(field)
}

// fieldType is the Go type of a field of an object type.
func (c *emitted) fieldType(object, field string) string {
	for _, f := range c.objectOf(object).Fields {
		if f.Name == field {
			return templates.CurrentImports.LookupType(f.TypeReference.GO)
		}
	}
	return "any"
}
