package restgen

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// proposed is the name of the schema that is proposed, in faults.
const proposed = "proposal"

// Wish says which operations of an API's document somebody wants in the schema.
type Wish struct {
	API string
	// Document is the API's, as it comes.
	Document []byte
	// Operations are each an operationId, or a method with its path.
	Operations []string
	// Depth bounds how many objects are nested in each other; what lies deeper is left out.
	Depth int
}

// draft is a field, or an enum's value, that may come to nothing.
type draft struct {
	description string
	text        string
	needs       string // the type that it names; it goes where that goes
	why         string // why it is left out; empty for what is not
	what        string // what is left out then
}

// sketch is a type that is proposed.
type sketch struct {
	keyword     string // type, input, enum or extend type
	name        string
	description string
	drafts      []*draft
}

// live tells a type that has something in it.
func (s *sketch) live() bool {
	return slices.ContainsFunc(s.drafts, func(d *draft) bool { return d.why == "" })
}

// proposal is a part of a schema that is being made.
type proposal struct {
	wish     Wish
	doc      *document
	schema   *ast.Schema // there already
	sketches []*sketch
	roots    map[string]*sketch
	types    map[string]*sketch // by what they are of: a component's name, or a place
	taken    map[string]bool    // names of types
	enums    map[string]string  // names by values
	queue    []func()
}

// Propose writes schema for operations of an API that the generator accepts together with the sources. What it would not accept is left
// out, with the reason in a comment.
func Propose(sources []*ast.Source, wish Wish) (string, error) {
	base, err := newPlan(slices.Clone(sources), "clients")
	if err != nil {
		return "", err
	}
	doc, err := parseDocument(wish.API, wish.Document)
	if err != nil {
		return "", err
	}
	p := &proposal{wish: wish, doc: doc, schema: base.schema, roots: map[string]*sketch{}, types: map[string]*sketch{}, taken: map[string]bool{}, enums: map[string]string{}}
	var faults []error
	for _, text := range wish.Operations {
		op, err := doc.named(text)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		p.field(op)
	}
	if err := errors.Join(faults...); err != nil {
		return "", err
	}
	for len(p.queue) > 0 { // Breadth first: what can be reached in few steps is not cut off for having been met in many.
		next := p.queue[0]
		p.queue = p.queue[1:]
		next()
	}
	if err := p.settle(sources); err != nil {
		return "", err
	}
	text, _ := p.write(true)
	return text, nil
}

// settle leaves out what the generator does not accept, until it accepts the rest.
func (p *proposal) settle(sources []*ast.Source) error {
	for {
		p.prune()
		text, lines := p.write(false)
		plan, err := newPlan(append(slices.Clone(sources), &ast.Source{Name: proposed, Input: text}), "clients")
		if err != nil {
			return fmt.Errorf("%w in\n%s", err, text)
		}
		plan.documents[p.wish.API] = p.doc
		plan.read()
		progress := false
		for _, fault := range plan.faults.list {
			if fault.File == proposed && lines[fault.Line] != nil {
				progress = lines[fault.Line](fault) || progress
			}
		}
		if !progress {
			return plan.own()
		}
	}
}

// own gives the faults of the proposal. Those of the schema that was there before are reported when it is generated.
func (p *Plan) own() error {
	p.faults.list = slices.DeleteFunc(p.faults.list, func(f *Fault) bool { return f.File != proposed })
	return p.faults.err()
}

// prune leaves out what names a type that has nothing in it.
func (p *proposal) prune() {
	for changed := true; changed; {
		changed = false
		empty := map[string]bool{}
		for _, s := range p.sketches {
			empty[s.name] = !s.live()
		}
		for _, s := range p.sketches {
			for _, d := range s.drafts {
				for name := range strings.FieldsSeq(d.needs) {
					if d.why == "" && empty[name] {
						d.why, changed = "nothing of "+name+" is left", true
					}
				}
			}
		}
	}
}

// write gives the text, and for each of its lines what to do about a fault in it: leave something out, and tell whether there was
// anything. With reasons, what is left out is named in comments, for people.
func (p *proposal) write(reasons bool) (string, map[int]func(*Fault) bool) {
	var b strings.Builder
	handlers := map[int]func(*Fault) bool{}
	line := func(text string, handle func(*Fault) bool) {
		handlers[strings.Count(b.String(), "\n")+1] = handle
		b.WriteString(text + "\n")
	}
	used := p.used()
	for _, s := range p.sketches {
		isRoot := p.roots[s.name] == s
		if !used[s.name] || !s.live() && (!reasons || !isRoot) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		if s.description != "" {
			line(quoted("", s.description), nil)
		}
		if s.live() {
			line(s.keyword+" "+s.name+" {", p.without(s))
		}
		for _, d := range s.drafts {
			if d.why != "" {
				continue
			}
			if d.description != "" {
				line(quoted("  ", d.description), nil)
			}
			line("  "+d.text, d.leave)
		}
		if reasons {
			s.writeReasons(&b)
		}
		if s.live() {
			b.WriteString("}\n")
		}
	}
	return b.String(), handlers
}

// used are the types that the root fields lead to.
func (p *proposal) used() map[string]bool {
	used := map[string]bool{}
	var follow func(s *sketch)
	follow = func(s *sketch) {
		if s == nil || used[s.name] {
			return
		}
		used[s.name] = true
		for _, d := range s.drafts {
			if d.why != "" || d.needs == "" {
				continue
			}
			for name := range strings.FieldsSeq(d.needs) {
				follow(p.sketch(name))
			}
		}
	}
	for _, root := range p.roots {
		follow(root)
	}
	return used
}

func (p *proposal) sketch(name string) *sketch {
	i := slices.IndexFunc(p.sketches, func(s *sketch) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return p.sketches[i]
}

// leave leaves a draft out for a fault.
func (d *draft) leave(fault *Fault) bool {
	if d.why != "" {
		return false
	}
	d.why = fault.Message
	return true
}

// without leaves out all that names a type, of which the generator takes nothing.
func (p *proposal) without(s *sketch) func(*Fault) bool {
	return func(fault *Fault) bool {
		progress := false
		for _, other := range p.sketches {
			for _, d := range other.drafts {
				if slices.Contains(strings.Fields(d.needs), s.name) {
					progress = d.leave(fault) || progress
				}
			}
		}
		return progress
	}
}

// writeReasons writes what is left out, by reason.
func (s *sketch) writeReasons(b *strings.Builder) {
	var reasons []string
	names := map[string][]string{}
	for _, d := range s.drafts {
		if d.why == "" {
			continue
		}
		if names[d.why] == nil {
			reasons = append(reasons, d.why)
		}
		names[d.why] = append(names[d.why], d.what)
	}
	indent := "  "
	if !s.live() {
		indent = ""
	}
	for _, why := range reasons {
		fmt.Fprintf(b, "%s# Left out: %s (%s)\n", indent, strings.Join(names[why], ", "), strings.Join(strings.Fields(why), " "))
	}
}

// quoted is a description.
func quoted(indent, text string) string {
	return indent + `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// Described is what a document says about its API as a whole.
type Described struct {
	// Ending is that of the document's file name: yaml or json.
	Ending string
	// Server is the API's address; empty if the document says none that can be used as it is.
	Server string
	// Bearer tells whether it wants access tokens.
	Bearer bool
	// Operations are "GET /path" with what it says of each.
	Operations []string
}

// Describe reads an API's document. It fails if api cannot be the name of a Go package.
func Describe(api string, text []byte) (Described, error) {
	d := Described{Ending: "yaml"}
	if !isPackageName(api) {
		return d, fmt.Errorf("%q is no name for an API's Go package: want lower-case letters and digits, a letter first, and no word of Go's own", api) //nolint:err113 // For a person.
	}
	doc, err := parseDocument(api, text)
	if err != nil {
		return d, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		d.Ending = "json"
	}
	for _, server := range list(doc.root["servers"]) {
		address := strings.TrimRight(text1(object(server)["url"]), "/")
		if u, err := url.Parse(address); err == nil && d.Server == "" && u.Scheme == "https" && !strings.ContainsAny(address, "{}") {
			d.Server = address
		}
	}
	for _, scheme := range object(object(doc.root["components"])["securitySchemes"]) {
		s := doc.at(scheme)
		kind := text1(s["type"])
		d.Bearer = d.Bearer || kind == "oauth2" || kind == "openIdConnect" || kind == "http" && strings.EqualFold(text1(s["scheme"]), "bearer")
	}
	for _, op := range doc.all() {
		line := strings.ToUpper(op.method) + " " + op.path
		if id := text1(op.raw["operationId"]); id != "" {
			line += "  " + id
		}
		if summary := sentence(text1(op.raw["summary"])); summary != "" {
			line += "  " + summary
		}
		d.Operations = append(d.Operations, line)
	}
	return d, nil
}

// all are a document's operations, by path.
func (d *document) all() []*operation {
	var ops []*operation
	paths := object(d.root["paths"])
	for _, path := range keys(paths) {
		for _, method := range methods() {
			if d.at(paths[path])[method] != nil {
				ops = append(ops, d.operation(path, method))
			}
		}
	}
	return ops
}

// named is the operation of an operationId, or of "GET /path".
func (d *document) named(text string) (*operation, error) {
	method, path, isPath := strings.Cut(strings.TrimSpace(text), " ")
	method, path = strings.ToLower(method), strings.TrimSpace(path)
	var names []string
	for _, op := range d.all() {
		if isPath && op.method == method && op.path == path || !isPath && text1(op.raw["operationId"]) == strings.TrimSpace(text) {
			return op, nil
		}
		if isPath {
			names = append(names, strings.ToUpper(op.method)+" "+op.path)
		} else if id := text1(op.raw["operationId"]); id != "" {
			names = append(names, id)
		}
	}
	return nil, fmt.Errorf("%s has no operation %s%s", d.api, text, meant(text, names)) //nolint:err113 // For a person.
}
