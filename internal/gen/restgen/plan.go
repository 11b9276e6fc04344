package restgen

import (
	_ "embed"
	"errors"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed rest.graphqls
var definitions string

// Definitions are the directives, which the schema uses and does not define.
func Definitions() *ast.Source {
	return &ast.Source{Name: "rest.graphqls", Input: definitions, BuiltIn: true}
}

// Plan is what is to be made of a schema.
type Plan struct {
	// Warnings are what works, but not for long.
	Warnings []*Fault

	schema    *ast.Schema
	module    string
	within    string           // where in the module the schema is
	dir       string           // of the APIs' packages
	calls     map[string]*call // by "Type.field", or by "Type" for one by key
	order     []string
	loads     map[string]*load // by "Type.field"
	faulty    map[string]bool  // what has a fault instead, by the same names
	objects   map[string]*goObject
	enums     map[string]*enum
	made      before                            // what was made the last time, see left
	inputs    map[string]bool                   // the input objects within bodies that are checked, each for each call
	paths     map[*ast.FieldDefinition][]string // where in bodies the fields of input objects go
	documents map[string]*document
	byHand    func(typ, field string) bool
	scalars   map[string]scalar
	faults    faults
	warnings  faults
}

// Used tells whether a schema has any of the directives.
func Used(sources []*ast.Source) bool {
	return slices.ContainsFunc(sources, func(s *ast.Source) bool { return strings.Contains(s.Input, "@rest(") })
}

// Made tells whether something was made for a configuration's resolvers before.
func Made(cfg *config.Config) bool {
	if !cfg.Resolver.IsDefined() {
		return false
	}
	_, err := os.Stat(filepath.Join(cfg.Resolver.Dir(), generatedFile))
	return err == nil
}

// generatedFile is what is made beside the resolvers.
const generatedFile = "rest_gen.go"

// Load reads the schema of a gqlgen configuration, in the working directory. Its error tells every [Fault].
func Load(cfg *config.Config) (*Plan, error) {
	p, err := newPlan(slices.Clone(cfg.Sources), "clients")
	if err != nil {
		return nil, err
	}
	if p.module, p.within, err = moduleName("."); err != nil {
		return nil, err
	}
	if p.made, err = made(filepath.Join(cfg.Resolver.Dir(), generatedFile)); err != nil {
		return nil, err
	}
	p.byHand = func(typ, field string) bool { return cfg.Models[typ].Fields[field].Resolver }
	p.read()
	return p, p.faults.err()
}

func newPlan(sources []*ast.Source, dir string) (*Plan, error) {
	schema, err := gqlparser.LoadSchema(append(sources, Definitions())...)
	if err != nil {
		return nil, err
	}
	return &Plan{
		schema: schema, dir: dir, calls: map[string]*call{}, loads: map[string]*load{}, faulty: map[string]bool{}, objects: map[string]*goObject{}, enums: map[string]*enum{}, inputs: map[string]bool{}, paths: map[*ast.FieldDefinition][]string{},
		documents: map[string]*document{}, byHand: func(string, string) bool { return false }, scalars: scalars(),
	}, nil
}

// moduleName reads the name of the module that a directory is in, and where in it that is.
func moduleName(dir string) (name, within string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if errors.Is(err, os.ErrNotExist) && dir != filepath.Dir(dir) {
			dir, within = filepath.Dir(dir), path.Join(filepath.Base(dir), within)
			continue
		} else if err != nil {
			return "", "", err
		}
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(line, "module "); ok {
				return strings.TrimSpace(name), within, nil
			}
		}
		return "", "", errors.New("restgen: go.mod names no module")
	}
}

// packagePath is the import path of an API's package.
func (p *Plan) packagePath(api string) string {
	return path.Join(p.module, p.within, filepath.ToSlash(p.dir), api)
}

// read reads all directives: first what the calls answer, so that every object is known, and then what they are asked with.
func (p *Plan) read() {
	for _, def := range p.definitions() {
		if d := def.Directives.ForName("rest"); d != nil {
			p.readCall(def, nil, d)
		}
		for _, f := range def.Fields {
			if d := f.Directives.ForName("rest"); d != nil {
				p.readCall(def, f, d)
			}
		}
	}
	// Streams come last: their types may be those of others.
	slices.SortStableFunc(p.order, func(a, b string) int { return p.calls[a].late() - p.calls[b].late() })
	for _, name := range p.order {
		p.bindAnswer(p.calls[name])
	}
	for _, def := range p.definitions() {
		p.readKeep(def)
	}
	for _, name := range p.order {
		p.bindRequest(p.calls[name])
	}
	for _, def := range p.definitions() {
		for _, f := range def.Fields {
			if d := f.Directives.ForName("load"); d != nil {
				p.readLoad(def, f, d)
			}
		}
	}
	p.checkLists()
	p.checkNames()
	p.checkTags()
	p.breakCircles()
	p.Warnings = p.warnings.list
}

// definitions are the schema's own objects, in its order.
func (p *Plan) definitions() []*ast.Definition {
	var defs []*ast.Definition
	for _, def := range p.schema.Types {
		if def.Kind == ast.Object && !def.BuiltIn && def.Position != nil && !def.Position.Src.BuiltIn {
			defs = append(defs, def)
		}
	}
	slices.SortFunc(defs, func(a, b *ast.Definition) int {
		if c := strings.Compare(a.Position.Src.Name, b.Position.Src.Name); c != 0 {
			return c
		}
		return a.Position.Line - b.Position.Line
	})
	return defs
}

// isRoot tells Query, Mutation and Subscription.
func (p *Plan) isRoot(def *ast.Definition) bool {
	return def == p.schema.Query || def == p.schema.Mutation || def == p.schema.Subscription
}

// document is an API's, read once.
func (p *Plan) document(api string, pos *ast.Position) *document {
	if d, read := p.documents[api]; read {
		return d
	}
	if !isPackageName(api) {
		p.faults.at(pos, "api-name", "%q is no name for an API's Go package: want lower-case letters and digits, a letter first, and no word of Go's own", api)
		p.documents[api] = nil
		return nil
	}
	d, err := readDocument(p.dir, api)
	if err != nil {
		p.faults.at(pos, "api-unknown", "no OpenAPI document of API %q: %v%s", api, err, meant(api, p.apis()))
	}
	p.documents[api] = d
	return d
}

// apis are those that have a document.
func (p *Plan) apis() []string {
	var names []string
	entries, _ := os.ReadDir(p.dir)
	for _, entry := range entries {
		if found, _ := filepath.Glob(filepath.Join(p.dir, entry.Name(), "openapi.*")); len(found) > 0 {
			names = append(names, entry.Name())
		}
	}
	return names
}

// isPackageName tells names that an API's package may have: others can import it.
func isPackageName(name string) bool {
	if token.IsKeyword(name) || slices.Contains([]string{"main", "internal", "vendor", "testdata"}, name) {
		return false
	}
	for i, c := range name {
		if (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
