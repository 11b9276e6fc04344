package restgen

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/codegen/templates"
)

var (
	delegates = regexp.MustCompile(`^return r\.(rest\w+)\(`)
	loads     = regexp.MustCompile(`restLoad\(ctx\)\.(\w+)`)
	bodies    = regexp.MustCompile(`\brestBody(\w+)\b`)
	// projects is what says that nobody looks at more than is selected, which is not so of code by hand.
	projects = regexp.MustCompile(`^ctx = rest\.Own\(.*\)\s+`)
)

// before is what was made the last time: whoever takes a directive away goes on with it by hand.
type before struct {
	bodies  map[string]string // of the functions, by name
	imports map[string]string // paths, by name
}

// made reads it.
func made(file string) (before, error) {
	source, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return before{}, nil
	} else if err != nil {
		return before{}, err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return before{}, nil //nolint:nilerr // It is about to be made anew.
	}
	b := before{map[string]string{}, map[string]string{}}
	for _, spec := range tree.Imports {
		address, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(address)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		b.imports[name] = address
	}
	for _, declaration := range tree.Decls {
		if f, ok := declaration.(*ast.FuncDecl); ok && f.Body != nil {
			body := source[set.Position(f.Body.Lbrace).Offset+1 : set.Position(f.Body.Rbrace).Offset]
			b.bodies[f.Name.Name] = strings.TrimSpace(string(body))
		}
	}
	return b, nil
}

// left is the body of a resolver whose directive is gone: what the generated function did, if the resolver called one. A loader that is
// made no longer stands in its place.
func (p *Plan) left(previous string) string {
	m := delegates.FindStringSubmatch(previous)
	if m == nil || p.made.bodies[m[1]] == "" {
		return previous
	}
	body := loads.ReplaceAllStringFunc(projects.ReplaceAllString(p.made.bodies[m[1]], ""), func(load string) string {
		name := loads.FindStringSubmatch(load)[1]
		for _, c := range p.calls {
			if c.batch != nil && c.loaderName() == name {
				return load
			}
		}
		loader, ok := strings.CutPrefix(p.made.bodies["rest"+strings.ToUpper(name[:1])+name[1:]+"Loader"], "return ")
		if !ok {
			return load
		}
		return strings.ReplaceAll(loader, "rest.Shared(ctx)", "ctx")
	})
	return inResolver(p.imported(body))
}

// imported has what is imported that a left body makes use of, in the file of the resolver that is being written.
func (p *Plan) imported(body string) string {
	if templates.CurrentImports == nil {
		return body
	}
	for _, name := range keys(p.made.imports) {
		use := regexp.MustCompile(`\b` + name + `\.`)
		if !use.MatchString(body) {
			continue
		}
		if as := templates.CurrentImports.Lookup(p.made.imports[name]); as != name {
			body = use.ReplaceAllString(body, as+".")
		}
	}
	return body
}

// needLeft notes the input objects of which code by hand makes bodies, which was made once: what does it is made still.
func (e *emitter) needLeft(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	var texts []string
	for _, file := range files {
		if filepath.Base(file) == generatedFile {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		texts = append(texts, string(text))
	}
	for _, o := range e.data.Objects {
		for _, f := range o.Fields { // Those whose directive has just gone.
			if name := o.Name + "." + f.Name; e.plan.calls[name] == nil && e.plan.loads[name] == nil {
				texts = append(texts, e.plan.made.bodies[function(f)])
			}
		}
	}
	call := &emitted{call: &call{}, emitter: e}
	for _, text := range texts {
		for _, m := range bodies.FindAllStringSubmatch(text, -1) {
			if def := e.plan.schema.Types[m[1]]; def != nil {
				call.need(def)
			}
		}
	}
	return nil
}
