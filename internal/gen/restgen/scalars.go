package restgen

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// scalar is how a scalar of the schema is in Go.
type scalar struct {
	goType string
	// from are the JSON types that it may be read from, "kind" or "kind/format"; what follows an equals sign is the conversion.
	from []string
}

func scalars() map[string]scalar {
	return map[string]scalar{
		"ID":       {"string", []string{"string", "integer=id"}},
		"String":   {"string", []string{"string"}},
		"URL":      {"string", []string{"string"}},
		"Decimal":  {"string", []string{"string", "number=number", "integer=number"}},
		"Int":      {"int", []string{"integer"}},
		"Float":    {"float64", []string{"number", "integer"}},
		"Boolean":  {"bool", []string{"boolean"}},
		"DateTime": {"time.Time", []string{"string/date-time", "string/", "integer/unix-time=unix"}},
	}
}

func (p *Plan) bindScalar(def *ast.Definition, t *ast.Type, s *shape, at place) *value {
	known, ok := p.scalars[def.Name]
	if !ok {
		p.faults.at(at.pos, "scalar", "%s is a scalar whose form in an API's JSON is not known: want one of %s, or write the field by hand", def.Name, strings.Join(keys(p.scalars), ", "))
		return nil
	}
	var kinds []string
	for _, from := range known.from {
		kind, _, _ := strings.Cut(from, "=")
		kind, _, _ = strings.Cut(kind, "/")
		kinds = append(kinds, kind)
	}
	s = s.only(kinds...)
	if def.Name == "Int" && s.kind == "integer" && s.format == "int64" {
		p.faults.at(at.pos, "format", "%s is %s, of 32 bits, but %s has 64 (int64): want ID, Float or Decimal", at.schema, t, at.json)
		return nil
	}
	for _, from := range known.from {
		from, convert, _ := strings.Cut(from, "=")
		kind, format, strict := strings.Cut(from, "/")
		if kind != s.kind || strict && format != s.format {
			continue
		}
		v := &value{goType: known.goType, convert: convert, kind: s.kind}
		switch convert {
		case "id", "unix":
			v.raw = "int64"
		case "number":
			v.raw = "clients.Digits"
		}
		return v
	}
	p.mismatch(at, t, s)
	return nil
}

// bindEnum notes that an enum is an API's. Every value that the API may give must be in the schema; if it is only asked for with
// it, every value of the schema must be the API's.
func (p *Plan) bindEnum(api string, def *ast.Definition, s *shape, at place, given bool) *value {
	e := p.enums[def.Name]
	if e == nil {
		e = &enum{def: def, api: api, values: map[string]string{}}
		for _, v := range def.EnumValues {
			e.values[v.Name] = matching(v, s.enum)
		}
		p.enums[def.Name] = e
	}
	if e.api != api {
		p.faults.at(at.pos, "two-apis", "%s has %s with %s, and others with %s: an enum is of one API; want one of its own", at.schema, def.Name, api, e.api)
		return nil
	}
	if s.enum == nil {
		return &value{goType: def.Name, kind: "string"}
	}
	known := map[string]bool{}
	for _, v := range def.EnumValues {
		known[e.values[v.Name]] = true
		if !slices.Contains(s.enum, e.values[v.Name]) {
			p.faults.at(v.Position, "enum-value", "%s.%s is none of the values of %s: want @json(at:) with one of %s", def.Name, v.Name, at.json, strings.Join(s.enum, ", "))
		}
	}
	for _, v := range s.enum {
		if given && !known[v] {
			p.faults.at(def.Position, "enum-missing", "%s has no value for %s of %s: add it, or another with @json(at: %q)", def.Name, v, at.json, v)
		}
	}
	return &value{goType: def.Name, kind: "string"}
}

// matching is what an enum's value is called by the API.
func matching(v *ast.EnumValueDefinition, there []string) string {
	if d := v.Directives.ForName("json"); d != nil {
		return argument(d, "at")
	}
	for _, name := range there {
		if strings.EqualFold(goName(name), goName(v.Name)) {
			return name
		}
	}
	return strings.ToLower(v.Name)
}
