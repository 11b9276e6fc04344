package restgen

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"vestibule.example/graph/cost"
)

// Schema is the schema with the directives.
func (p *Plan) Schema() *ast.Schema { return p.schema }

// Table says how the calls are made, for predictions.
func (p *Plan) Table() cost.Table {
	table := cost.Table{Fields: map[string]cost.Field{}, Loaders: map[string]cost.Loader{}}
	for name, c := range p.calls {
		if c.field != nil {
			table.Fields[name] = c.entry()
		}
		if c.batch != nil {
			table.Loaders[name] = c.loaderEntry()
		}
	}
	for name, l := range p.loads {
		table.Fields[name] = l.entry()
	}
	return table
}

// entry is a call's own entry.
func (c *call) entry() cost.Field {
	if c.batch != nil {
		return cost.Field{Loader: c.name()}
	}
	f := cost.Field{API: c.api, Each: c.each, Call: c.text()}
	if c.page != nil && c.page.style == "page" {
		f.More = map[string]int{"after": 1} // A page that begins between two of the API's takes both.
	}
	return f
}

// loaderEntry is that of a call by key.
func (c *call) loaderEntry() cost.Loader {
	l := cost.Loader{API: c.api, Chunk: c.batch.max, Each: c.each, Call: c.text()}
	if c.batch.ref.root == "key" {
		l.Chunk = 1
	}
	return l
}

// entry is that of a field with @load. What an argument names is the same for all parents; a list has a key for each of its elements.
func (l *load) entry() cost.Field {
	return cost.Field{Loader: l.entity.name(), Same: l.key.member == nil, Many: l.field.Type.Elem != nil}
}

// text is what is called.
func (c *call) text() string { return strings.ToUpper(c.op.method) + " " + c.op.path }

// fieldText is an entry in Go.
func fieldText(f cost.Field) string {
	var b strings.Builder
	if f.Loader != "" {
		fmt.Fprintf(&b, "Loader: %q", f.Loader)
		if f.Same {
			b.WriteString(", Same: true")
		}
		if f.Many {
			b.WriteString(", Many: true")
		}
		return "{" + b.String() + "}"
	}
	fmt.Fprintf(&b, "API: %q", f.API)
	if len(f.More) > 0 {
		fmt.Fprintf(&b, ", More: %#v", f.More)
	}
	return "{" + b.String() + eachText(f.Each, f.Call) + "}"
}

func loaderText(l cost.Loader) string {
	return fmt.Sprintf("{API: %q, Chunk: %d%s}", l.API, l.Chunk, eachText(l.Each, l.Call))
}

func eachText(each bool, call string) string {
	if each {
		return fmt.Sprintf(", Each: true, Call: %q", call)
	}
	return fmt.Sprintf(", Call: %q", call)
}
