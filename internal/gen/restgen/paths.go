package restgen

import (
	"go/token"
	"slices"
	"strings"
	"unicode"

	"github.com/vektah/gqlparser/v2/ast"
)

// pathOf are the properties that a path names which was cut at its dots. A property's own name may have some ("@odata.count"): what an
// object does not have as far as one dot, it may have as far as another. What is nowhere stays as it is cut.
func (d *document) pathOf(s *shape, names []string) []string {
	if path, ok := d.walk(s, names); ok {
		return path
	}
	return names
}

func (d *document) walk(s *shape, names []string) (path []string, ok bool) {
	s = s.only("object")
	for n := 1; n <= len(names); n++ {
		name := strings.Join(names[:n], ".")
		prop, there := s.props[name]
		if !there {
			continue
		}
		if n == len(names) {
			return []string{name}, true
		}
		if rest, ok := d.walk(d.shape(prop), names[n:]); ok {
			return append([]string{name}, rest...), true
		}
	}
	return nil, false
}

// structName is the Go name of a property that is a struct's field for what it holds alone.
func structName(json string) string {
	if name := goName(json); token.IsExported(name) {
		return name
	}
	return "X" + goName(json)
}

// checkTags finds properties whose names the decoder cannot be told of, nor a comment: those with characters that mean something in a tag.
func (p *Plan) checkTags() {
	for _, name := range keys(p.objects) {
		o := p.objects[name]
		for _, key := range keys(o.members) {
			p.checkTag(o.api, o.members[key].path, o.place(o.members[key]))
		}
	}
	for _, name := range p.order {
		c := p.calls[name]
		p.checkTag(c.api, c.take, c.at("take"))
		if c.page != nil {
			p.checkTag(c.api, slices.Concat(c.page.next, c.page.more, c.page.total), c.pos)
		}
	}
}

func (p *Plan) checkTag(api string, path []string, pos *ast.Position) {
	for _, name := range path {
		if name == "" || name == "-" || strings.ContainsAny(name, ",\\'\"`") || strings.ContainsFunc(name, unicode.IsControl) {
			p.faults.at(pos, "property-name", "%s's property %q cannot be read: no name may be -, nor have a comma, a quote, a backslash or a control character in it; such a field is hand-written", api, name)
		}
	}
}
