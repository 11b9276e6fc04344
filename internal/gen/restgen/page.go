package restgen

import (
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// page is what @page says.
type page struct {
	style string // cursor, page or offset: the directive's argument
	param string // the query parameter of that
	size  string
	max   int
	link  bool
	// next, more and total are where in the answer something is; nil for what it does not say.
	next, more, total []string
	key               []string
	member            *member // key, as Go has it
	// edge and node are the connection's types.
	edge, node string
	count      *ast.FieldDefinition // totalCount
}

// readPage reads @page.
func (p *Plan) readPage(c *call) {
	if c.field == nil {
		return
	}
	d := c.field.Directives.ForName("page")
	if d == nil {
		return
	}
	if c.sends() {
		p.faults.at(d.Position, "page", "%s: a page is asked for with path and query alone: another such field is hand-written", c.name())
		return
	}
	g := &page{size: argument(d, "size"), link: argument(d, "link") == "true", max: 100}
	for _, style := range []string{"cursor", "page", "offset"} {
		if argument(d, style) == "" {
			continue
		}
		if g.style != "" {
			p.faults.at(d.Position, "page", "%s: @page has %s and %s: want one of cursor, page and offset", c.name(), g.style, style)
			return
		}
		g.style, g.param = style, argument(d, style)
	}
	if g.style == "" {
		p.faults.at(d.Position, "page", "%s: @page says not which page: want one of cursor, page and offset", c.name())
		return
	}
	for name, into := range map[string]*[]string{"next": &g.next, "key": &g.key, "more": &g.more, "total": &g.total} {
		if said := argument(d, name); said != "" {
			*into = strings.Split(said, ".")
		}
	}
	ways := 0
	for _, way := range []bool{g.next != nil, g.key != nil, g.link} {
		if way {
			ways++
		}
	}
	if (g.style == "cursor") != (ways == 1) && (g.style == "cursor" || g.next != nil || g.key != nil) {
		p.faults.at(d.Position, "page", "%s: with cursor, one of next, key and link tells the next page's cursor; with page and offset, none but link is wanted", c.name())
	}
	p.readPageMax(c, g, d)
	for _, name := range []string{g.size, g.param} {
		if c.op.parameter("query", name) == nil {
			p.faults.at(d.Position, "query", "%s %s of %s has no query parameter %s%s", strings.ToUpper(c.op.method), c.op.path, c.api, name, meant(name, c.op.names("query")))
		}
	}
	if c.op.method != "get" {
		p.faults.at(d.Position, "page", "%s: pages are asked for with GET: another such field is hand-written", c.name())
	}
	p.readConnection(c, g, d.Position)
	c.page = g
}

// readConnection checks that the field is a connection, and takes its page by arguments.
func (p *Plan) readConnection(c *call, g *page, pos *ast.Position) {
	first, after := c.field.Arguments.ForName("first"), c.field.Arguments.ForName("after")
	if first == nil || first.Type.String() != "Int!" || after == nil || after.Type.String() != "String" {
		p.faults.at(pos, "page-arguments", "%s: pages are asked for with first: Int! and after: String", c.name())
	}
	connection := p.schema.Types[c.field.Type.Name()]
	edges, info := connection.Fields.ForName("edges"), connection.Fields.ForName("pageInfo")
	ok := connection.Kind == ast.Object && c.field.Type.Elem == nil && edges != nil && edges.Type.Elem != nil && info != nil && info.Type.Name() == "PageInfo"
	if ok {
		edge := p.schema.Types[edges.Type.Name()]
		node, cursor := edge.Fields.ForName("node"), edge.Fields.ForName("cursor")
		if ok = node != nil && node.Type.Elem == nil && cursor != nil && cursor.Type.Name() == "String"; ok {
			g.edge, g.node = edge.Name, node.Type.Name()
		}
		g.count = connection.Fields.ForName("totalCount")
		for _, f := range slices.Concat(connection.Fields, edge.Fields) {
			ok = ok && (slices.Contains([]string{"edges", "pageInfo", "totalCount", "node", "cursor"}, f.Name) || strings.HasPrefix(f.Name, "__"))
		}
	}
	if !ok || p.schema.Types[g.node].Kind != ast.Object {
		p.faults.at(pos, "connection", "%s is %s: want an object of edges { node cursor }, pageInfo and, if the API says it, totalCount, and no more (Relay's connections)", c.name(), c.field.Type)
		return
	}
	if g.count != nil && g.count.Type.NonNull && g.total == nil {
		p.nonNull(g.count.Position, connection.Name+".totalCount", g.count.Type, "@page says not where in the answer it is (total:)")
	}
}

// bindPage makes the Go types of what a page holds.
func (p *Plan) bindPage(c *call, s *shape) {
	g := c.page
	find := func(path []string, kind, what string) *shape {
		at, optional := s, false
		for i, name := range path {
			prop, ok := at.props[name]
			if !ok {
				p.faults.at(c.pos, "take", "the answer of %s %s has no %s%s", strings.ToUpper(c.op.method), c.op.path, strings.Join(path[:i+1], "."), meant(name, keys(at.props)))
				return nil
			}
			required := at.required[name]
			at = c.op.doc.given(prop)
			optional = optional || !required || at.nullable
		}
		if at = at.only(kind); at.kind != kind {
			p.faults.at(c.pos, "page", "%s: %s is %s, not %s", c.name(), what, at, article(kind))
			return nil
		}
		if what == "total" && optional && g.count != nil && g.count.Type.NonNull {
			p.nonNull(g.count.Position, g.count.Name, g.count.Type, "the answer's "+strings.Join(path, ".")+" may be absent or null")
		}
		return at
	}
	c.take, g.next, g.more, g.total = c.op.doc.pathOf(s, c.take), c.op.doc.pathOf(s, g.next), c.op.doc.pathOf(s, g.more), c.op.doc.pathOf(s, g.total)
	for what, path := range map[string][]string{"next": g.next, "more": g.more, "total": g.total} {
		if path != nil {
			find(path, map[string]string{"next": "string", "more": "boolean", "total": "integer"}[what], what)
		}
	}
	items := find(c.take, "array", "what take names")
	if items == nil {
		return
	}
	t := &ast.Type{NamedType: g.node, NonNull: true}
	if p.bindValue(c.api, c.op.doc, t, c.op.doc.given(items.items), place{c.pos, c.name(), "an element of the page"}) == nil || g.key == nil {
		return
	}
	o := p.objects[g.node]
	if g.member = o.members[strings.Join(g.key, ".")]; g.member == nil {
		g.member = p.keep(o, g.key, c.pos, "page-key")
	}
	if g.member != nil && (g.member.value.nilable || g.member.optional) {
		p.faults.at(c.pos, "page-key", "%s: %s may be absent and is no cursor", c.name(), strings.Join(g.key, "."))
	}
}

// readPageMax finds the largest page.
func (p *Plan) readPageMax(c *call, g *page, d *ast.Directive) {
	allowed := 0
	if parameter := c.op.parameter("query", g.size); parameter != nil {
		allowed = whole(c.op.doc.at(parameter.schema)["maximum"])
	}
	if g.style == "cursor" && g.key == nil {
		allowed /= 2 // Whoever goes on in the midst of a page is given that page again, and as many behind it.
	}
	if allowed > 0 {
		g.max = allowed
	}
	said := argument(d, "max")
	if said == "" {
		return
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < 1 || allowed > 0 && n > allowed {
		p.faults.at(d.Arguments.ForName("max").Value.Position, "page-max", "%s: max is %s: want 1 to %d", c.name(), said, g.max)
		return
	}
	g.max = n
}

// whole is a whole number of a document; 0 for none.
func whole(v any) int {
	switch n := v.(type) {
	case int:
		return n
	case float64:
		return int(n)
	}
	return 0
}
