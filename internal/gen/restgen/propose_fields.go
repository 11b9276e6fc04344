package restgen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// root is the sketch of the root type that a field of a method belongs to.
func (p *proposal) root(method string) *sketch {
	name, there := "Query", p.schema.Query
	if method != "get" {
		name, there = "Mutation", p.schema.Mutation
	}
	if p.roots[name] == nil {
		p.roots[name] = &sketch{keyword: "extend type", name: name}
		if there == nil {
			p.roots[name].keyword = "type"
		}
		p.sketches = append(p.sketches, p.roots[name])
	}
	return p.roots[name]
}

// rootName gives a root field a name that no other has.
func (p *proposal) rootName(root *sketch, op *operation) string {
	free := func(name string) bool {
		if name == "" || !graphqlOK.MatchString(name) {
			return false
		}
		for _, def := range p.schema.Types {
			if def.Name == root.name && def.Fields.ForName(name) != nil {
				return false
			}
		}
		return !slices.ContainsFunc(root.drafts, func(d *draft) bool { return strings.HasPrefix(d.text, name+"(") || strings.HasPrefix(d.text, name+":") })
	}
	wanted := cmp.Or(op.fieldName(), p.wish.API)
	name := wanted
	if !free(name) {
		name = camel(p.wish.API + "_" + wanted)
	}
	for i := 2; !free(name); i++ {
		name = fmt.Sprintf("%s%d", camel(p.wish.API+"_"+wanted), i)
	}
	return name
}

// asking is a root field's call being put together.
type asking struct {
	*proposal
	op        *operation
	name      string
	arguments []string
	seen      map[string]bool
	needs     []string
	why       string
	details   string // of @rest, behind the path
}

// field proposes a root field for an operation.
func (p *proposal) field(op *operation) {
	root := p.root(op.method)
	a := &asking{proposal: p, op: op, name: p.rootName(root, op), seen: map[string]bool{}}
	d := &draft{what: strings.ToUpper(op.method) + " " + op.path, description: cmp.Or(sentence(text1(op.raw["summary"])), sentence(text1(op.raw["description"])), strings.ToUpper(op.method)+" "+op.path+" of "+p.wish.API+".")}
	root.drafts = append(root.drafts, d)
	path := a.path()
	query, lists := a.query()
	a.headers()
	a.body()
	typ := a.answer()
	if d.why = a.why; d.why != "" {
		return
	}
	arguments := ""
	if len(a.arguments) > 0 {
		arguments = "(" + strings.Join(a.arguments, ", ") + ")"
	}
	d.text = fmt.Sprintf("%s%s: %s @rest(api: %q, %s: %q%s)%s", a.name, arguments, typ, p.wish.API, op.method, path+query, a.details, p.listSize(typ))
	d.needs = strings.Join(a.needs, " ")
	for _, name := range lists {
		root.drafts = append(root.drafts, &draft{what: a.name + "'s " + name, why: "a list, which the path takes as {args." + camel(name) + "} or {keys}"})
	}
}

// argument adds an argument for a parameter, and gives the reference to it.
func (a *asking) argument(parameter string, schema any, required bool) string {
	s := a.doc.shape(schema).simplest()
	name, typ := camel(parameter), a.scalarType(s, parameter)
	if s.kind == "" && s.alternatives == nil {
		typ = "String"
	}
	if typ == "DateTime" && s.kind == "integer" {
		typ = "Int"
	}
	if name == "" || typ == "" || a.seen[name] {
		if required {
			a.why = "its parameter " + parameter + " is for code"
		}
		return ""
	}
	a.seen[name] = true
	if required {
		typ += "!"
	}
	a.arguments = append(a.arguments, name+": "+typ)
	return "{args." + name + "}"
}

// path is the operation's, with arguments for its parameters.
func (a *asking) path() string {
	path := a.op.path
	for _, name := range pathParameters(a.op.path) {
		var schema any
		if parameter := a.op.parameter("path", name); parameter != nil {
			schema = parameter.schema
		}
		path = strings.Replace(path, "{"+name+"}", a.argument(name, schema, true), 1)
	}
	return path
}

// query has an argument for each parameter that is a scalar; lists may be the keys of a batch, which is for a person to say.
func (a *asking) query() (text string, lists []string) {
	var query []string
	for _, parameter := range a.op.parameters {
		if parameter.in != "query" {
			continue
		}
		if reference := a.argument(parameter.name, parameter.schema, parameter.required); reference != "" {
			query = append(query, parameter.name+"="+reference)
		} else if a.doc.shape(parameter.schema).only("array").kind == "array" {
			lists = append(lists, parameter.name)
		}
	}
	if len(query) == 0 {
		return "", lists
	}
	return "?" + strings.Join(query, "&"), lists
}

// headers has an argument for each header that must be sent, and for the key that makes a repeat harmless.
func (a *asking) headers() {
	var headers []string
	for _, parameter := range a.op.parameters {
		lower := strings.ToLower(parameter.name)
		if parameter.in != "header" || !parameter.required && lower != "idempotency-key" || lower == "accept" || lower == "content-type" || lower == "authorization" {
			continue
		}
		reference := a.argument(parameter.name, parameter.schema, true)
		switch {
		case lower == "idempotency-key":
			a.details += fmt.Sprintf(", idempotencyKey: %q", reference)
		case reference != "":
			headers = append(headers, fmt.Sprintf("%q", parameter.name+": "+reference))
		}
	}
	if len(headers) > 0 {
		a.details += ", headers: [" + strings.Join(headers, ", ") + "]"
	}
}

// body has an input object for the operation's.
func (a *asking) body() {
	schema, _, required, ok := a.op.body()
	if !ok {
		if required {
			a.why = "its body is neither JSON nor a form"
		}
		return
	}
	s := a.doc.sent(schema).only("object")
	if s.kind != "object" || len(s.props) == 0 {
		if required {
			a.why = "its body is " + s.String() + ", which is for code"
		}
		return
	}
	if a.seen["input"] {
		a.why = "it has a parameter input beside its body"
		return
	}
	name, why := a.inputType(schema, s, pascal(a.name)+"Input", 1)
	if why != "" {
		a.why = why
		return
	}
	a.needs = append(a.needs, name)
	a.arguments = append(a.arguments, "input: "+name+"!")
	a.details += `, body: "{args.input}"`
}

// inputType proposes an input object: what must be given, and what may be as far as it is no object itself.
func (p *proposal) inputType(schema any, s *shape, wanted string, depth int) (name, why string) {
	t := &sketch{keyword: "input", name: p.typeName(wanted), description: cmp.Or(sentence(text1(p.doc.at(schema)["description"])), "What "+p.wish.API+" is sent.")}
	p.sketches = append(p.sketches, t)
	seen := map[string]bool{}
	for _, property := range keys(s.props) {
		if p.doc.says(s.props[property], "readOnly") {
			continue
		}
		field := camel(property)
		required := s.required[property]
		d := &draft{what: property, description: sentence(text1(p.doc.at(s.props[property])["description"]))}
		t.drafts = append(t.drafts, d)
		if key := strings.ToLower(goName(field)); field == "" || seen[key] {
			d.why = "no name for it in a schema"
		} else {
			seen[key] = true
			var typ string
			typ, d.needs, d.why = p.inputValue(s.props[property], p.doc.sent(s.props[property]), wanted+pascal(property), property, required, depth)
			if required {
				typ += "!"
			}
			d.text = field + ": " + typ
			if field != property {
				d.text += fmt.Sprintf(" @json(at: %q)", property)
			}
		}
		if d.why != "" && required {
			return "", "its body's " + property + " is " + d.why
		}
	}
	return t.name, ""
}

// inputValue is the type of a value that the API is sent.
func (p *proposal) inputValue(schema any, s *shape, place, name string, required bool, depth int) (typ, needs, why string) {
	s = s.simplest()
	switch {
	case s.alternatives != nil:
		return "", "", "one of several types, which is for code"
	case s.kind == "array":
		items := p.doc.sent(s.items)
		element, needs, why := p.inputValue(s.items, items, singular(place), "", required, depth)
		return "[" + element + "!]", needs, why
	case s.kind == "object" && len(s.props) == 0:
		return "", "", "a map, which is for code"
	case s.kind == "object" && !required:
		return "", "", "an object that need not be sent"
	case s.kind == "object" && depth > p.wish.Depth:
		return "", "", "an object further within: -depth"
	case s.kind == "object":
		name, why := p.inputType(schema, s, place, depth+1)
		return name, name, why
	case s.enum != nil && s.kind == "string":
		if name := p.enumType(schema, s, strings.Replace(place, "Input", "", 1)); name != "" {
			return name, name, ""
		}
		return "String", "", ""
	case s.format == "unix-time":
		return "Int", "", ""
	case s.kind == "integer": // Of 64 bits Int has 32: nobody has to send more.
		return "Int", "", ""
	}
	if typ = p.scalarType(s, name); typ == "" {
		return "", "", "of any type, which is for code"
	}
	return typ, "", ""
}

// simplest is the alternative that can be sent most easily, where there are several: text, if that is one.
func (s *shape) simplest() *shape {
	for _, kind := range []string{"string", "boolean", "integer", "number"} {
		if one := s.only(kind); one.alternatives == nil {
			return one
		}
	}
	return s
}

// answer is the field's type; it adds what of the answer is taken.
func (a *asking) answer() string {
	schema, ok := a.op.answer()
	if !ok {
		if _, stream := a.op.events(); stream {
			a.why = cmp.Or(a.why, "an event stream, which a field of Subscription follows with events:")
		}
		if a.op.method == "get" {
			a.why = cmp.Or(a.why, "its answer is no JSON")
		}
		return "Boolean"
	}
	s := a.doc.given(schema)
	if property := a.envelope(s); property != "" {
		a.details += fmt.Sprintf(", take: %q", property)
		schema, s = s.props[property], a.doc.given(s.props[property])
	}
	typ, needs, why := a.outputType(schema, s, pascal(a.name), "", 0)
	a.why = cmp.Or(a.why, why)
	a.needs = append(a.needs, needs)
	return typ
}

// envelope is the property of an answer that the list is in: the one array of objects, of something that has no id itself.
func (a *asking) envelope(s *shape) string {
	if s.kind != "object" || s.props["id"] != nil {
		return ""
	}
	found := ""
	for _, name := range keys(s.props) {
		property := a.doc.shape(s.props[name])
		if property.kind == "array" && a.doc.shape(property.items).kind == "object" {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	return found
}
